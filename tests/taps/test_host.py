"""``chatd host``: its options, its invitation, and the question before the chat ends for all."""

import os
from collections.abc import Sequence
from typing import Any

import pytest

from chatd.client.invitation import layout
from chatd.discovery.subnets import default_subnets
from chatd.state_directory import state_directory
from chatd.taps import host, server
from chatd.taps.host import LeaveQuestion
from chatd.taps.invitation import make_invitation
from chatd.taps.remembered_nickname import read_nickname, save_nickname
from tests.fakes import FakeUI
from tests.taps.command_lines import EXAMPLE_HOST, error_message, parse

HERE = "--ifaddrs 127.0.0.1/8"


@pytest.fixture(autouse=True)
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "zoe")


# --- options ------------------------------------------------------------------------------------


def test_the_name_is_the_id_and_there_are_a_page_and_a_store() -> None:
    options = parse(host.Options(), f"class {HERE}")
    assert (options["id"], options["store"]) == ("class", None)
    assert options.extra_ports == {"web": None, "web-tls": None}


def test_without_a_name_the_id_is_the_hosts_name_as_that_of_a_server() -> None:
    assert parse(host.Options(), HERE)["id"] is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("class --id work", "'class': give NAME or --id, not both"),
        ("''", "'': NAME is not 1 to 64 printable characters"),
        ("'  '", "'  ': NAME is blank"),
        ("class work", "unexpected argument 'work'"),
    ],
)
def test_a_bad_name_is_refused_in_one_line(line: str, said: str) -> None:
    assert error_message("host", f"{line} {HERE}").startswith(f"chatd host: {said}")


def test_the_nickname_is_that_of_the_last_time_else_the_login_name() -> None:
    assert parse(host.Options(), HERE).nickname == "zoe"
    save_nickname("Ms Frost".replace(" ", "_"), os.environ)
    assert parse(host.Options(), HERE).nickname == "Ms_Frost"
    assert parse(host.Options(), f"{HERE} -n ice").nickname == "ice"


# --- the remembered nickname --------------------------------------------------------------------


@pytest.mark.parametrize("kept", ["", "two words\n", "x" * 100, "\udcff", "\n"])
def test_a_file_that_holds_no_nickname_counts_for_nothing(kept: str) -> None:
    path = state_directory(os.environ) / "nickname"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(kept.encode(errors="surrogateescape"))
    assert read_nickname(os.environ) == ""


def test_without_a_place_for_it_nothing_is_remembered() -> None:
    nowhere = {"XDG_STATE_HOME": "/proc/nowhere"}
    save_nickname("ice", nowhere)
    assert read_nickname(nowhere) == ""


# --- the question -------------------------------------------------------------------------------


class Leaving:
    """A user who leaves while others are here.

    :ivar count: how often the user has left.
    """

    def __init__(self, others: int, is_interactive: bool = True) -> None:
        self.ui = FakeUI(is_interactive)
        ui: Any = self.ui  # as much of one as the question needs
        self.question = LeaveQuestion(ui, lambda: others)
        self.count = 0

    def leave(self) -> None:
        self.question.ask(self._left)

    def _left(self) -> None:
        self.count += 1


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (1, "1 other is here; end the chat for all?"),
        (28, "28 people are here; end the chat for all?"),
        (1_000, "1,000 people are here; end the chat for all?"),
    ],
)
def test_a_user_who_would_end_the_chat_for_others_is_asked(others: int, said: str) -> None:
    leaving = Leaving(others)
    leaving.leave()
    assert leaving.ui.prompts == [said]
    assert leaving.ui.default == "no"
    assert leaving.count == 0


@pytest.mark.parametrize("answer", ["yes", " Y "])
def test_yes_ends_the_chat(answer: str) -> None:
    leaving = Leaving(28)
    leaving.leave()
    leaving.ui.answer(answer)
    assert leaving.count == 1


@pytest.mark.parametrize("answer", ["no", "n", "", "hello"])
def test_anything_else_does_not_and_the_next_time_asks_again(answer: str) -> None:
    leaving = Leaving(28)
    leaving.leave()
    leaving.ui.answer(answer)
    assert (leaving.count, leaving.ui.notices) == (0, ["The chat goes on."])
    leaving.leave()
    assert (leaving.count, len(leaving.ui.prompts)) == (0, 2)


def test_whoever_leaves_while_the_question_is_open_leaves() -> None:
    leaving = Leaving(28)
    leaving.leave()
    leaving.leave()
    assert (leaving.count, len(leaving.ui.prompts)) == (1, 1)


@pytest.mark.parametrize("leaving", [Leaving(0), Leaving(28, is_interactive=False)])
def test_nobody_is_asked_where_there_is_nobody_to_lose_or_to_ask(leaving: Leaving) -> None:
    leaving.leave()
    assert (leaving.count, leaving.ui.prompts) == (1, [])


# --- the invitation -----------------------------------------------------------------------------


class Listening:
    """A server that listens, as far as an invitation needs it."""

    def __init__(self, server_id: str, **ports: Sequence[tuple[str, int]]) -> None:
        self.port = 7777
        self.fingerprint = "0" * 64 if ports.get("web-tls") else ""
        self.chat: Any = type("Chat", (), {})()
        self.chat.settings = type("Settings", (), {"server_id": server_id})()
        self._ports = ports

    def addresses(self, name: str) -> Sequence[tuple[str, int]]:
        return self._ports.get(name, ())


PAGE = [("127.0.0.1", 8080), ("10.35.11.113", 8080)]


def invitation(
    server_id: str = "class",
    line: str = "",
    encrypted: Sequence[tuple[str, int]] = (),
    **ports: Sequence[tuple[str, int]],
) -> Any:
    options = parse(server.Options(), f"{HERE} {line}")
    options.known_subnets = default_subnets(EXAMPLE_HOST)
    listening: Any = Listening(server_id, **{"web": PAGE, "web-tls": encrypted, **ports})
    return make_invitation(listening, options, has_code=True, advice="/qr shows this again.")


def test_the_invitation_has_the_page_and_what_others_type() -> None:
    made = invitation()
    assert made.lines == (
        "Others join class in a browser:",
        "  http://10.35.11.113:8080/",
        "or with chatd:",
        "  chatd client class",
        "/qr shows this again.",
    )
    assert len(made.code) == 15


@pytest.mark.parametrize(
    ("server_id", "line", "typed"),
    [
        ("class", "", "chatd client class"),
        ("Year 7", "", "chatd client 'Year 7'"),
        ("class", "--discovery-port 4000", "chatd client --discovery-port 4000 class"),
        # As words these would be addresses, or options.
        ("chat.example", "", "chatd client --server=chat.example"),
        ("localhost", "", "chatd client --server=localhost"),
        ("-7", "", "chatd client --server=-7"),
    ],
)
def test_what_others_type_works_for_any_id(server_id: str, line: str, typed: str) -> None:
    assert f"  {typed}" in invitation(server_id, line).lines


def test_where_nothing_can_be_discovered_others_type_the_address() -> None:
    options = parse(server.Options(), "--ifaddrs 127.0.0.1/32")
    listening: Any = Listening("class", web=PAGE)
    lines = make_invitation(listening, options, has_code=False).lines
    assert "  chatd client 127.0.0.1 7777" in lines


ENCRYPTED_PAGE = [("127.0.0.1", 8443), ("10.35.11.113", 8443)]


def test_with_tls_the_invitation_has_both_addresses_and_the_words_of_the_key() -> None:
    made = invitation("class", "", ENCRYPTED_PAGE, plain=[("10.35.11.113", 7778)])
    assert made.lines == (
        "Others join class in a browser:",
        "  http://10.35.11.113:8080/",
        "or encrypted, though it warns first:",
        "  https://10.35.11.113:8443/",
        "or with chatd, encrypted:",
        "  chatd client class",
        "or with nc or telnet:",
        "  nc 10.35.11.113 7778",
        "This server's key: abandon abandon abandon abandon abandon abandon",
        "/qr shows this again.",
    )
    rows = layout(made, 80, 24)
    assert len(rows) == 15
    assert all(len(row.code) + len(row.text) <= 80 for row in rows)
    assert any("██" in row.code for row in rows)


def test_where_the_page_is_only_encrypted_the_code_is_of_that() -> None:
    made = invitation("class", "", ENCRYPTED_PAGE, web=PAGE[:1])
    assert made.lines[:2] == (
        "Others join class in a browser, though it warns first:",
        "  https://10.35.11.113:8443/",
    )
    assert made.code


def test_with_a_certificate_of_ones_own_the_encrypted_page_comes_without_a_warning() -> None:
    line = "--tls-cert cert.pem --tls-key key.pem"
    made = invitation("class", line, ENCRYPTED_PAGE)
    assert made.lines[2:4] == ("or encrypted:", "  https://10.35.11.113:8443/")


def test_a_page_that_only_this_computer_can_open_has_no_code_and_says_so() -> None:
    made = invitation(web=PAGE[:1])
    assert made.lines[:2] == (
        "On this computer, join class in a browser:",
        "  http://127.0.0.1:8080/",
    )
    assert made.code == ()


def test_a_port_for_telnet_is_named_too() -> None:
    assert "  nc 10.35.11.113 7778" in invitation(plain=[("10.35.11.113", 7778)]).lines


def test_a_port_for_irc_is_named_as_an_address_that_leads_to_the_lobby() -> None:
    made = invitation(irc=[("127.0.0.1", 6667), ("10.35.11.113", 6667)])
    assert made.lines.count("or with an IRC client:") == 1
    assert "  irc://10.35.11.113:6667/lobby" in made.lines


def test_a_name_of_the_page_comes_before_its_addresses() -> None:
    made = invitation(line="--web-name chat.example --web-name a.example:8443")
    assert made.lines[1:3] == ("  http://a.example:8443/", "  http://chat.example:8080/")
    behind_proxy = invitation(line="--web-name chat.example --web-proxy 127.0.0.1")
    assert behind_proxy.lines[1] == "  http://10.35.11.113:8080/"
