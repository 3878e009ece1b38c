"""The line behind ``/setname`` may be the account's password: it waits, and is never said.

It stays where the user can edit or discard it. The lines behind it are sent.
"""

import json
import signal
from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.browser.chat_page import ChatPage, OpenPage
from tests.browser.disconnection import come_back, cut
from tests.browser.server_harness import Server
from tests.browser.tcp_proxy import tcp_proxy
from tests.ports import HOST

#: After these steps, each line in the outbox with its status, and the texts that were sent.
_RUN: Final = """async (steps) => {
  const [{INITIAL_STATE}, {reduce}, {nextToSend}, {parse}] = await Promise.all(
    ['state', 'reducer', 'outbox', 'commands'].map((name) => import(`/static/${name}.js`)))
  let state = INITIAL_STATE
  const sent = []
  const send = () => {
    const entries = nextToSend(state.outbox)
    sent.push(...entries.map(({line}) => line))
    state = reduce(state, {type: 'entriesSent', ids: entries.map(({id}) => id)})
  }
  for (const step of steps) {
    const action = step.line
      ? {type: 'lineQueued', line: step.line, frame: parse(step.line, '#lobby')}
      : step
    state = reduce(state, action)
    if (step.type !== 'connectionLost') send()
  }
  return {sent, outbox: state.outbox.map(({line, status, reason}) => [line, status, reason])}
}"""

_REASON: Final = (
    "the line behind /setname ice, as it may be the password. Send it again if it is none."
)
_LOST: Final = {"type": "connectionLost", "until": 5}


def lines(*texts: str) -> list[dict[str, str]]:
    """The steps of typing them."""
    return [{"line": text} for text in texts]


def reply(kind: str, line: int, **data: Any) -> dict[str, Any]:
    """The step of receiving the reply to a line; the first is 1."""
    return {
        "type": "frameReceived",
        "frame": {"type": kind, "id": line, "data": data},
        "now": 1,
    }


def refusal(code: str, line: int = 1) -> dict[str, Any]:
    return reply("error", line, code=code, message="No.")


@pytest.mark.parametrize("code", ["password-required", "nickname-taken", "blocked"])
@pytest.mark.parametrize("password", ["cold", "@moon cold", "//cold"])
def test_a_password_typed_before_the_reply_is_kept_and_not_said(
    module_page: ChatPage, code: str, password: str
) -> None:
    typed = lines("/setname ice", "/users", password, "hello")
    result = module_page.run(_RUN, typed)
    assert result["sent"] == ["/setname ice"], "the rest waits for the reply"
    result = module_page.run(_RUN, [*typed, refusal(code)])
    assert result["sent"] == ["/setname ice", "/users", "hello"]
    assert [password, "refused", _REASON] in result["outbox"]


def test_a_password_is_not_said_if_the_connection_is_lost_before_the_reply(
    module_page: ChatPage,
) -> None:
    typed = lines("/setname ice", "cold", "hello")
    result = module_page.run(_RUN, [*typed, _LOST, reply("welcome", 0, nickname="moon")])
    assert result["sent"] == ["/setname ice", "hello"]
    assert result["outbox"][:2] == [
        ["/setname ice", "unknown", ""],
        ["cold", "refused", _REASON],
    ]


def test_lines_behind_setname_are_sent_once_it_is_carried_out(module_page: ChatPage) -> None:
    typed = lines("first", "/setname sun", "hello", "you")
    assert module_page.run(_RUN, [*typed, reply("ok", 2)])["sent"] == [
        line["line"] for line in typed
    ]


def test_lines_typed_offline_behind_setname_wait_for_its_reply(module_page: ChatPage) -> None:
    sent = module_page.run(
        """async () => {
          const {add, nextToSend} = await import('/static/outbox.js')
          const types = ['message', 'set-name', 'message']
          const outbox = types.reduce((all, type, index) => add(all, {id: 1 + index, line: '',
            room: '#lobby', frame: {type, data: {nickname: 'ice'}}}), [])
          return nextToSend(outbox).map(({id}) => id)
        }"""
    )
    assert sent == [1, 2]


@pytest.mark.parametrize("code", ["nickname-taken", "bad-nickname"])
def test_after_another_nickname_was_taken_the_next_line_is_sent(
    module_page: ChatPage, code: str
) -> None:
    typed = lines("/setname ice", "/setname sun", "hello")
    result = module_page.run(_RUN, [*typed, refusal(code), reply("ok", 2)])
    assert result["sent"][-1] == "hello"


def test_the_line_behind_a_nickname_that_no_account_can_have_is_sent(module_page: ChatPage) -> None:
    typed = lines("/setname #", "hello")
    assert module_page.run(_RUN, [*typed, refusal("bad-nickname")])["sent"][-1] == "hello"


def outbox_text(page: ChatPage) -> str:
    """What the page shows of the lines that were not sent."""
    return str(page.run("() => document.querySelector('#outbox').innerText"))


def wait_for_withheld(page: ChatPage, line: str) -> None:
    page.wait_until(
        """(line) => [...document.querySelectorAll('#outbox [data-status=refused]')].some((each) =>
             each.innerText.startsWith(`Not sent: ${line}`)
             && each.innerText.includes('the line behind /setname ice'))""",
        line,
    )


def test_a_password_behind_setname_can_be_discarded_and_entered_where_it_belongs(
    server_with_account: Server, open_url: OpenPage
) -> None:
    moon = server_with_account.add_member("moon")
    visitor = open_url(server_with_account.url)
    visitor.join("sun")
    server_with_account.program.send_signal(signal.SIGSTOP)
    for line in ("/setname ice", "cold", "hello"):
        visitor.send(line)
    server_with_account.program.send_signal(signal.SIGCONT)
    wait_for_withheld(visitor, "cold")
    assert moon.receive("message")["data"]["text"] == "hello", "the first message"
    visitor.click(visitor.find("button", "Discard", "#outbox"))
    visitor.wait_until("() => document.querySelector('#outbox').hidden")
    visitor.fill(visitor.find("textbox", "Password", "#password-form"), "cold")
    visitor.press("Enter")
    visitor.wait_for_status("Online as ice")


def test_a_line_behind_a_taken_nickname_can_be_sent_after_all(
    server: Server, open_page: OpenPage
) -> None:
    server.add_member("ice")
    moon, visitor = server.add_member("moon"), open_page("sun")
    server.program.send_signal(signal.SIGSTOP)
    for line in ("/setname ice", "no secret", "hello"):
        visitor.send(line)
    server.program.send_signal(signal.SIGCONT)
    wait_for_withheld(visitor, "no secret")
    assert moon.receive("message")["data"]["text"] == "hello"
    visitor.wait_for_draft("/setname ice")
    visitor.fill_message("")
    visitor.click(visitor.find("button", "Edit", "#outbox"))
    visitor.wait_for_draft("no secret")
    visitor.press("Enter")
    assert moon.receive("message")["data"]["text"] == "no secret"


def test_a_password_behind_setname_is_kept_and_not_said_after_a_lost_connection(
    server_with_account: Server, open_url: OpenPage
) -> None:
    server = server_with_account
    moon = server.add_member("moon")
    with tcp_proxy(HOST, server.web) as proxy:
        visitor = open_url(proxy.url)
        visitor.join("sun")
        server.program.send_signal(signal.SIGSTOP)
        for line in ("/setname ice", "cold", "hello"):
            visitor.send(line)
        cut(visitor, proxy)
        server.program.send_signal(signal.SIGCONT)
        come_back(visitor, proxy)
        wait_for_withheld(visitor, "cold")
        assert moon.receive("message")["data"]["text"] == "hello"
        visitor.find("textbox", "Password", "#password-form")
        visitor.reload()
        wait_for_withheld(visitor, "cold")


def test_a_password_behind_setname_is_kept_and_not_said_if_the_session_is_over(
    start_server: Callable[..., Server], open_url: OpenPage
) -> None:
    server = start_server("--store", "none")
    visitor = open_url(server.url)
    visitor.join("sun")
    visitor.expect_connection_errors()
    server.program.send_signal(signal.SIGSTOP)
    for line in ("/setname ice", "cold", "hello"):
        visitor.send(line)
    server.kill()
    visitor.wait_for_state("reconnecting")
    server.start()
    moon = server.add_member("moon")
    visitor.retry_now()
    wait_for_withheld(visitor, "cold")
    assert moon.receive("message")["data"]["text"] == "hello"


def test_a_password_behind_setname_is_kept_and_not_said_after_a_reload(
    server: Server, open_page: OpenPage
) -> None:
    moon, visitor = server.add_member("moon"), open_page()
    typed = [
        ("/setname ice", "sent", {"type": "set-name", "data": {"nickname": "ice"}}),
        *(
            (text, "waiting", {"type": "message", "data": {"text": text, "room": "#lobby"}})
            for text in ("cold", "hello")
        ),
    ]
    outbox = [
        {
            "id": 1 + i,
            "line": line,
            "room": "#lobby",
            "status": status,
            "reason": "",
            "frame": frame,
        }
        for i, (line, status, frame) in enumerate(typed)
    ]
    visitor.run(
        "(stored) => sessionStorage.setItem('unsent', stored)",
        json.dumps({"drafts": [], "outbox": outbox}),
    )
    visitor.reload()
    wait_for_withheld(visitor, "cold")
    visitor.join("sun")
    assert moon.receive("message")["data"]["text"] == "hello"
    assert "May not have arrived: /setname ice" in outbox_text(visitor)
    wait_for_withheld(visitor, "cold")
