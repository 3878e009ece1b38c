"""The state of the page after actions and frames, whatever they contain and in any order."""

from typing import Any

from tests.browser.chat_page import ChatPage

_REDUCE = """async (actions) => {
  const [{INITIAL_STATE, isComplete}, {reduce}, {LOBBY}] = await Promise.all(
    ['state', 'reducer', 'names'].map((name) => import(`/static/${name}.js`)))
  const state = actions.reduce(reduce, INITIAL_STATE)
  const room = state.rooms.get(LOBBY)
  return {
    keys: Object.keys(state).sort(),
    initialKeys: Object.keys(INITIAL_STATE).sort(),
    numbers: room.items.map(({seq}) => seq),
    isComplete: isComplete(room),
    error: state.error,
  }
}"""


def reduce(module_page: ChatPage, *actions: dict[str, Any]) -> Any:
    """What the page knows, above all of the lobby, after `actions`."""
    return module_page.run(_REDUCE, actions)


def frame(kind: str, identity: str = "", /, **data: Any) -> dict[str, Any]:
    """The action of receiving a frame."""
    with_id = {"id": identity} if identity else {}
    return {"type": "frameReceived", "frame": {"type": kind, "data": data, **with_id}, "now": 1}


def messages(*numbers: int) -> list[dict[str, Any]]:
    """Messages with these numbers, in the lobby."""
    return [
        {"room": "#lobby", "seq": seq, "time": seq, "source": "moon", "text": f"number {seq}"}
        for seq in numbers
    ]


def history(purpose: str, *numbers: int) -> dict[str, Any]:
    """The action of receiving the reply to a request for the lobby's history."""
    return frame(
        "history", f"{purpose} #lobby", room="#lobby", messages=messages(*numbers), more=False
    )


WELCOME = frame("welcome", "hello", server="party", started=1, nickname="ice")


def test_older_messages_that_were_dropped_can_be_read_again(module_page: ChatPage) -> None:
    complete = [
        WELCOME,
        history("history", *range(1_500, 2_001)),
        history("older", *range(1_001, 1_500)),
        history("older"),
    ]
    assert reduce(module_page, *complete)["isComplete"]
    in_other_room = [
        *complete,
        {"type": "roomSelected", "room": "#dev"},
        frame("message", **messages(2_001)[0]),
    ]
    back = reduce(module_page, *in_other_room, {"type": "roomSelected", "room": "#lobby"})
    assert back["numbers"][0] > 1_001
    assert not back["isComplete"]


def test_an_empty_history_removes_nothing(module_page: ChatPage) -> None:
    online = [WELCOME, *(frame("message", **message) for message in messages(1, 2, 3))]
    lost = {"type": "connectionLost", "until": 5}
    state = reduce(module_page, *online, lost, WELCOME, history("history"))
    assert [number for number in state["numbers"] if number] == [1, 2, 3]


def test_a_frame_of_an_unknown_type_changes_nothing(module_page: ChatPage) -> None:
    kinds = ("toString", "__proto__", "valueOf", "constructor", "hasOwnProperty", "dance")
    state = reduce(module_page, *(frame(kind) for kind in kinds))
    assert state["keys"] == state["initialKeys"]


def test_a_refused_watch_does_not_hide_why_entering_was_refused(module_page: ChatPage) -> None:
    hello_refused = frame("error", "hello", code="nickname-taken", message="It is taken.")
    watch_refused = frame("error", "watch", code="too-many-watchers", message="Too many watchers.")
    requested = {"type": "nicknameRequested", "nickname": "ice"}
    state = reduce(module_page, requested, hello_refused, watch_refused)
    assert state["error"] == "It is taken."
    assert reduce(module_page, watch_refused)["error"] == "Too many watchers."


def test_what_is_kept_without_its_messages_goes_back_to_its_place(module_page: ChatPage) -> None:
    """The page's idea of the server's clock may be a little wrong in both directions."""
    order = module_page.run(
        """async () => {
          const {merge, unnumbered} = await import('/static/timeline.js')
          const notice = (time, words) => ({kind: 'notice', time, words})
          const messages = [1, 2, 3].map((seq) => ({kind: 'message', seq, time: 10 * seq}))
          const items = [notice(15, 'a'), messages[0], notice(5, 'b'), notice(90, 'c'),
                         messages[1], messages[2], notice(1, 'd'), notice(99, 'e')]
          return merge(unnumbered(items), messages).map(({seq, words}) => seq ?? words)
        }"""
    )
    assert order == ["a", 1, "b", "c", 2, 3, "d", "e"]
