"""What the page makes of frames, whatever is in them and in which order they come."""

from typing import Any

from tests.browser.page import Page

_REDUCE = """async (actions, look) => {
  const [{BEGINNING, isWhole}, {reduced}, {LOBBY}] = await Promise.all(
    ['state', 'actions', 'names'].map((name) => import(`/static/${name}.js`)))
  const state = actions.reduce(reduced, BEGINNING)
  const room = state.rooms.get(LOBBY)
  return {
    keys: Object.keys(state).sort(),
    beginning: Object.keys(BEGINNING).sort(),
    numbers: room.items.map(({seq}) => seq),
    isWhole: isWhole(room),
    problem: state.problem,
  }
}"""


def after(modules: Page, *actions: dict[str, Any]) -> Any:
    """What the page knows of the lobby when all that has happened."""
    return modules.run(_REDUCE, actions)


def frame(kind: str, identity: str = "", /, **data: Any) -> dict[str, Any]:
    """That frame comes."""
    named = {"id": identity} if identity else {}
    return {"type": "received", "frame": {"type": kind, "data": data, **named}, "now": 1}


def said(*numbers: int) -> list[dict[str, Any]]:
    """Messages of those numbers, in the lobby."""
    return [
        {"room": "#lobby", "seq": seq, "time": seq, "source": "moon", "text": f"number {seq}"}
        for seq in numbers
    ]


def history(why: str, *numbers: int) -> dict[str, Any]:
    """That much of the lobby's history comes, since it was asked for."""
    return frame("history", f"{why} #lobby", room="#lobby", messages=said(*numbers), more=False)


WELCOME = frame("welcome", "hello", server="party", started=1, nickname="ice")


def test_what_is_let_go_of_a_room_can_be_read_again(modules: Page) -> None:
    everything = [
        WELCOME,
        history("history", *range(1_500, 2_001)),
        history("older", *range(1_001, 1_500)),
        history("older"),
    ]
    assert after(modules, *everything)["isWhole"]
    elsewhere = [*everything, {"type": "shown", "room": "#dev"}, frame("message", **said(2_001)[0])]
    back = after(modules, *elsewhere, {"type": "shown", "room": "#lobby"})
    assert back["numbers"][0] > 1_001
    assert not back["isWhole"]


def test_a_server_that_keeps_no_history_takes_nothing_away(modules: Page) -> None:
    here = [WELCOME, *(frame("message", **each) for each in said(1, 2, 3))]
    back = after(modules, *here, {"type": "lost", "until": 5}, WELCOME, history("history"))
    assert [number for number in back["numbers"] if number] == [1, 2, 3]


def test_a_type_that_the_page_does_not_know_changes_nothing(modules: Page) -> None:
    kinds = ("toString", "__proto__", "valueOf", "constructor", "hasOwnProperty", "dance")
    state = after(modules, *(frame(kind) for kind in kinds))
    assert state["keys"] == state["beginning"]


def test_why_one_was_not_taken_in_matters_more_than_that_one_cannot_watch(modules: Page) -> None:
    taken = frame("error", "hello", code="nickname-taken", message="It is taken.")
    crowded = frame("error", "watch", code="too-many-watchers", message="Too many watch.")
    wanted = {"type": "wanted", "nickname": "ice"}
    assert after(modules, wanted, taken, crowded)["problem"] == "It is taken."
    assert after(modules, crowded)["problem"] == "Too many watch."
