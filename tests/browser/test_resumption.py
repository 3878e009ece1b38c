"""A session that is resumed: what the page knows after frames, and what it sends, each once."""

from typing import Any, Final

from tests.browser.chat_page import ChatPage

#: After these steps: the ids of the lines that were sent, in order; the outbox; the items of the
#: lobby, and of the talk with moon; what a ``hello`` would resume with; and the unread marks.
_RUN: Final = """async (steps) => {
  const [{INITIAL_STATE}, {reduce}, {nextToSend}, {parse}, {encode}, {LOBBY}] = await Promise.all(
    ['state', 'reducer', 'outbox', 'commands', 'resumption', 'names'].map(
      (name) => import(`/static/${name}.js`)))
  let state = INITIAL_STATE
  const sent = []
  for (const step of steps) {
    const action = step.line
      ? {type: 'lineQueued', line: step.line, frame: parse(step.line, LOBBY), now: step.now}
      : step
    state = reduce(state, action)
    if (state.connection.state === 'online') {
      const ids = nextToSend(state.outbox).map(({id}) => id)
      sent.push(...ids)
      state = reduce(state, {type: 'entriesSent', ids})
    }
  }
  const show = ({kind, text, words}) =>
    kind === 'notice' ? words.map((word) => word.name ?? word).join('') : text
  return {
    sent,
    nickname: state.nickname,
    rooms: [...state.joinedRooms.values()],
    outbox: state.outbox.map(({line, status}) => [line, status]),
    items: state.rooms.get(LOBBY).items.map(show),
    talk: state.rooms.get('@moon')?.items.map(show),
    unread: [...state.rooms.values()].map(({name, unread}) => [name, unread]),
    resume: state.resumption && encode(state.resumption),
    users: [...state.users.values()].map(({nickname, isAway}) => [nickname, isAway]),
  }
}"""

_LOST: Final = {"type": "connectionLost", "until": 5}


def run(module_page: ChatPage, *steps: dict[str, Any]) -> Any:
    return module_page.run(_RUN, steps)


def frame(kind: str, identity: Any = None, /, **data: Any) -> dict[str, Any]:
    """The step of receiving a frame."""
    with_id = {} if identity is None else {"id": identity}
    return {"type": "frameReceived", "frame": {"type": kind, "data": data, **with_id}, "now": 1_000}


def welcome(nickname: str = "ice", rooms: tuple[str, ...] = ("#lobby",), **data: Any) -> Any:
    """The step of entering."""
    data = {"server": "party", "started": 1, "session": "token", **data}
    return frame("welcome", "hello", nickname=nickname, rooms=rooms, **data)


RESUMED: Final = welcome(resumed=True)


def line(text: str, now: int = 0) -> dict[str, Any]:
    """The step of typing a line."""
    return {"line": text, "now": now}


def message(seq: int, time: int = 0, room: str = "#lobby") -> dict[str, Any]:
    """A message of another user; its text is its number."""
    return {"room": room, "seq": seq, "time": time or seq, "source": "moon", "text": str(seq)}


def live(seq: int, **options: Any) -> dict[str, Any]:
    """The step of receiving a message."""
    return frame("message", **message(seq, **options))


def missed(*numbers: int, room: str = "#lobby", **data: Any) -> dict[str, Any]:
    """The step of receiving what was said meanwhile."""
    return frame(
        "missed", room=room, messages=[message(each, room=room) for each in numbers], **data
    )


def private(seq: int, time: int) -> dict[str, Any]:
    """The step of receiving a private message."""
    return frame("private", source="moon", to=["ice"], time=time, text=f"private {seq}", seq=seq)


def test_a_hello_resumes_with_the_last_messages_that_arrived(module_page: ChatPage) -> None:
    steps = [
        welcome(),
        live(7),
        live(8),
        line("hello"),
        frame("ok", 1, room="#lobby", seq=9, time=9),
    ]
    state = run(module_page, *steps, private(1, 10), private(2, 11), _LOST)
    assert state["resume"] == {"session": "token", "seen": {"#lobby": 9}, "private": 2}


def test_what_was_missed_counts_as_arrived(module_page: ChatPage) -> None:
    state = run(module_page, welcome(), live(1), _LOST, RESUMED, missed(2, 3))
    assert state["resume"]["seen"] == {"#lobby": 3}
    assert state["items"] == ["1", "2", "3"]


def test_what_a_page_sees_while_it_only_watches_is_not_skipped_later(module_page: ChatPage) -> None:
    """Its nickname is taken for a while; it watches, and resumes later."""
    watching = frame("watching", "watch", server="party", started=1)
    state = run(module_page, welcome(), live(1), _LOST, watching, live(5))
    assert state["resume"]["seen"] == {"#lobby": 1}
    state = run(
        module_page, welcome(), live(1), _LOST, watching, live(5), RESUMED, missed(2, 3, 4, 5)
    )
    assert state["items"] == ["1", "2", "3", "4", "5"]


def test_a_room_that_the_user_has_left_or_joined_again_counts_from_the_beginning(
    module_page: ChatPage,
) -> None:
    """Its numbers may have begun again."""
    seen = [welcome(), live(40, room="#dev")]
    assert run(module_page, *seen)["resume"]["seen"] == {"#dev": 40}
    for event in ("joined", "parted"):
        state = run(module_page, *seen, frame(event, room="#dev", nickname="ice"))
        assert state["resume"]["seen"] == {}


def test_missed_messages_private_ones_and_own_lines_take_their_places(
    module_page: ChatPage,
) -> None:
    steps = [welcome(), live(10), line("mine", now=11), line("also mine", now=17), _LOST, RESUMED]
    steps += [private(1, time=12), private(2, time=15), private(3, time=18)]
    steps += [missed(13, 14, more=True), missed(16)]
    steps += [frame("ok", seq, room="#lobby", seq=seq, time=seq) for seq in (11, 17)]
    state = run(module_page, *steps)
    assert state["items"] == ["10", "mine", "13", "14", "16", "also mine"]
    assert state["talk"] == ["private 1", "private 2", "private 3"]


def test_a_late_confirmation_of_a_private_message_takes_its_place(module_page: ChatPage) -> None:
    steps = [welcome(), line("@moon psst", now=11), _LOST, RESUMED, private(1, 12)]
    assert run(module_page, *steps, frame("ok", 11, time=11))["talk"] == ["psst", "private 1"]


def test_each_message_is_shown_once(module_page: ChatPage) -> None:
    steps = [welcome(), live(1), private(1, 1), _LOST, RESUMED, private(1, 1), private(2, 2)]
    state = run(module_page, *steps, missed(1, 2), missed(2, 3), live(3))
    assert state["items"] == ["1", "2", "3"]
    assert state["talk"] == ["private 1", "private 2"]


def test_missed_messages_of_a_room_that_is_not_shown_are_unread_once(module_page: ChatPage) -> None:
    rooms = ("#lobby", "#dev")
    resumed = welcome(rooms=rooms, resumed=True)
    steps = [
        welcome(rooms=rooms),
        live(1, room="#dev"),
        _LOST,
        resumed,
        missed(1, 2, 3, room="#dev"),
    ]
    assert ["#dev", 3] in run(module_page, *steps, missed(2))["unread"]


def test_a_gap_is_said_where_it_is(module_page: ChatPage) -> None:
    notice = "What was said in #lobby before this is not kept any more"
    steps = [welcome(), live(1), _LOST, RESUMED]
    state = run(module_page, *steps, missed(50, 51, gap=True))
    assert state["items"] == ["1", notice, "50", "51"]
    assert run(module_page, *steps, missed(gap=True))["items"] == ["1", notice]


def test_a_hole_in_the_numbers_of_private_messages_is_said(module_page: ChatPage) -> None:
    steps = [welcome(), private(1, 1), _LOST, RESUMED]
    for first, notice in {
        3: "1 private message before this is not kept any more",
        5: "3 private messages before this are not kept any more",
    }.items():
        state = run(module_page, *steps, private(first, 9))
        assert state["talk"] == ["private 1", notice, f"private {first}"]


def test_unconfirmed_lines_are_sent_again_under_their_numbers(module_page: ChatPage) -> None:
    typed = [line("one", 100), line("two", 101)]
    state = run(module_page, welcome(), *typed, _LOST, line("three", 102), RESUMED)
    assert state["sent"] == [100, 101, 100, 101, 102]
    assert state["outbox"] == [["one", "sent"], ["two", "sent"], ["three", "sent"]]


def test_a_line_may_not_have_arrived_only_if_the_session_is_over(module_page: ChatPage) -> None:
    typed = [welcome(), line("one"), _LOST]
    assert run(module_page, *typed)["outbox"] == [["one", "sent"]]
    assert run(module_page, *typed, welcome())["outbox"] == [["one", "unknown"]]
    assert run(module_page, welcome(session=""), *typed[1:])["outbox"] == [["one", "unknown"]]
    outdated = frame("error", 1, code="outdated-number", message="It is not known any more.")
    assert run(module_page, *typed, RESUMED, outdated)["outbox"] == [["one", "unknown"]]


def test_a_new_session_begins_without_what_the_old_one_has_seen(module_page: ChatPage) -> None:
    state = run(module_page, welcome(), live(9), private(4, 4), _LOST, welcome(session="other"))
    assert state["resume"] == {"session": "other", "seen": {}, "private": 0}


def test_a_session_that_has_ended_is_not_resumed(module_page: ChatPage) -> None:
    for reason, is_over in {
        "quit": True,
        "inactive": True,
        "server is stopping": False,
        "resumed elsewhere": False,
    }.items():
        state = run(module_page, welcome(), frame("goodbye", reason=reason))
        assert (state["resume"] is None) == is_over, reason


def test_who_leaves_while_offline_goes_on_only_under_the_same_nickname(
    module_page: ChatPage,
) -> None:
    left = [welcome(), line("one"), _LOST, {"type": "connectionClosed"}]
    for nickname, is_same in {"ICE": True, "sun": False}.items():
        requested = {"type": "nicknameRequested", "nickname": nickname}
        state = run(module_page, *left, requested)
        assert (state["resume"] is not None) == is_same
    state = run(module_page, *left, {"type": "nicknameRequested", "nickname": "ice"}, RESUMED)
    assert state["sent"] == [1], "what was sent before the user left is not sent again"
    assert state["outbox"] == [["one", "unknown"]]


def test_the_server_knows_best_who_and_where_the_user_is(module_page: ChatPage) -> None:
    """The replies to ``/setname`` and ``/join`` were lost; both were carried out."""
    typed = [welcome(), line("/setname sun", 1), frame("ok", 1), line("/join #dev", 2), _LOST]
    state = run(module_page, *typed, welcome("sun", ("#lobby", "#dev"), resumed=True))
    assert (state["nickname"], state["rooms"]) == ("sun", ["#lobby", "#dev"])
    assert "ice renamed to sun" in state["items"]


def test_a_password_behind_setname_waits_for_the_outcome_after_resuming(
    module_page: ChatPage,
) -> None:
    typed = [welcome(), line("/setname sun", 1), line("cold", 2), _LOST, welcome(resumed=True)]
    assert run(module_page, *typed)["sent"] == [1, 1]
    refused = frame("error", 1, code="password-required", message="No.")
    state = run(module_page, *typed, refused)
    assert (state["sent"], state["outbox"]) == ([1, 1], [["cold", "refused"]])
    assert run(module_page, *typed, frame("ok", 1))["sent"] == [1, 1, 2]


def test_a_line_has_a_higher_number_than_those_of_a_window_that_went_on_meanwhile(
    module_page: ChatPage,
) -> None:
    """The numbers are times; and they grow if the clock is set back."""
    typed = [line("one", 500), line("two", 500), line("three", 100), line("four", 9_000)]
    assert run(module_page, welcome(), *typed)["sent"] == [500, 501, 502, 9_000]


def test_who_does_something_is_not_away(module_page: ChatPage) -> None:
    users: list[dict[str, Any]] = [
        {"nickname": name, "rooms": [], "away": True} for name in ("moon", "sun")
    ]
    listed = [welcome(), frame("users", "users", users=users, more=False)]
    assert run(module_page, *listed)["users"] == [["moon", True], ["sun", True]]
    for does in (live(1), private(1, 1), frame("joined", room="#dev", nickname="moon")):
        assert ["moon", True] not in run(module_page, *listed, does)["users"]
        assert ["sun", True] in run(module_page, *listed, does)["users"]
