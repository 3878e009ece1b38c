"""Starts chatd for irctest, which judges IRC servers: see README.rst beside this file."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import ClassVar

from irctest.basecontrollers import BaseServerController, DirectoryBasedController
from irctest.cases import BaseServerTestCase
from irctest.runner import NotImplementedByController
from irctest.specifications import Capabilities, OptionalBehaviors

ROOT = Path(__file__).parent.parent.parent
#: Has chatd's packages; irctest may run with another one.
PYTHON = os.environ.get("CHATD_PYTHON", sys.executable)
SERVER = Path(__file__).parent / "server.py"
#: An accounts file, made by the first test.
_TEMPLATE = Path(tempfile.mkdtemp()) / "accounts"
#: A change of the password file is noticed a tenth of a second later: see server.py.
NOTICED_SECONDS = 0.4


class ChatdController(BaseServerController, DirectoryBasedController):  # type: ignore[misc]  # irctest is not installed where this is checked
    """chatd with an IRC port, accounts, and irctest's own name and operator."""

    software_name = "chatd"
    isupport: ClassVar = {
        "BOT": "B",
        "CASEMAPPING": "ascii",
        "CHANTYPES": "#",
        "CHATHISTORY": "50",
        "MONITOR": "100",
        "NICKLEN": "25",
        "PREFIX": "(ov)@+",
        "UTF8ONLY": None,
        "WHOX": None,
    }
    supported_sasl_mechanisms = frozenset({"PLAIN"})
    supports_sts = False
    capabilities = frozenset(
        {
            Capabilities.ACCOUNT_NOTIFY,
            Capabilities.ACCOUNT_TAG,
            Capabilities.AWAY_NOTIFY,
            Capabilities.BATCH,
            Capabilities.ECHO_MESSAGE,
            Capabilities.EXTENDED_JOIN,
            Capabilities.EXTENDED_MONITOR,
            Capabilities.LABELED_RESPONSE,
            Capabilities.MESSAGE_REDACTION,
            Capabilities.MESSAGE_TAGS,
            Capabilities.MULTILINE,
            Capabilities.MULTI_PREFIX,
            Capabilities.READ_MARKER,
            Capabilities.SERVER_TIME,
            Capabilities.SETNAME,
        }
    )
    optional_behaviors = frozenset(
        {
            OptionalBehaviors.INVITE_LIST,
            OptionalBehaviors.INVITE_OVERRIDES_LIMIT,
            OptionalBehaviors.MULTI_KICK,
            OptionalBehaviors.MULTI_NAMES_COMMAND,
        }
    )

    def create_config(self) -> None:
        super().create_config()
        with self.open_file("server.conf"):
            pass

    def run(
        self,
        hostname: str,
        port: int,
        *,
        password: str | None,
        ssl: bool,
        run_services: bool,
        faketime: str | None,
        websocket_hostname: str | None,
        websocket_port: int | None,
    ) -> None:
        if password is not None:
            raise NotImplementedByController("a password of the server")
        if ssl:
            raise NotImplementedByController("TLS with a given key")
        web = f"tcp:{websocket_port}:interface={websocket_hostname}"
        self.port, self.hostname = port, hostname
        self.create_config()
        # A kept chat has more to offer; but nobody is told of a message before it is on the disk,
        # and the tests of WebSockets ask another client for it at once.
        store = "none" if websocket_port else str(self.directory / "chat")
        _, main_port = self.get_hostname_and_port()
        self._accounts = self.directory / "accounts"
        if _TEMPLATE.exists():
            shutil.copy(_TEMPLATE, self._accounts)  # an account takes a second to make
        else:
            self._account("add", "nobody", "a password that nobody gives")
            shutil.copy(self._accounts, _TEMPLATE)
        self.proc = self.execute(
            [
                PYTHON,
                SERVER,
                "server",
                *("--id", "My.Little.Server", "--flood", "0"),
                *("--store", store),
                *("--auth", f"chatd:{self._accounts}", "--port", str(main_port)),
                *("--discovery-port", str(main_port), "--log-level", "warn"),
                *("--irc", f"tcp:{port}:interface={hostname}", "127.0.0.1"),
                *(("--web", web, "--web-name", websocket_hostname) if websocket_port else ()),
            ],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )

    def registerUser(
        self, case: BaseServerTestCase, username: str, password: str | None = None
    ) -> None:
        self._account("add", username, password or "")
        time.sleep(NOTICED_SECONDS)

    def wait_for_services(self) -> None:
        pass

    def kill_proc(self) -> None:
        # A server that is asked to stop says goodbye first, which would take two seconds a test.
        assert self.proc
        self.proc.kill()
        self.proc.wait()
        self.proc = None

    def _account(self, what: str, name: str, password: str) -> None:
        subprocess.run(
            [PYTHON, SERVER, "account", what, self._accounts, name],
            input=password + "\n",
            text=True,
            check=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
        )


def get_irctest_controller_class() -> type[ChatdController]:
    return ChatdController
