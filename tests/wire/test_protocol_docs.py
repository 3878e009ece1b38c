"""docs/reference/protocol.rst and discovery.rst tell the truth, and so do the schemas."""

import json
import re
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatd.chat.errors import BadNickname, NotReached, Refusal
from chatd.chat.events import Event, JoinDone, Ok, Pong, PrivateSent, Reply, SearchResult
from chatd.wire import client_frames, discovery, frames, native_client
from chatd.wire.dialect import LocalReply, Resume
from chatd.wire.jim import Jim
from chatd.wire.native import Native
from docs.generate import FILES, generated

DOCS = Path(__file__).parents[2] / "docs"
PAGE = "".join(
    (DOCS / "reference" / f"{name}.rst").read_text(encoding="utf-8")
    for name in ("protocol", "discovery")
)
DIALECT = Native()

_EXAMPLE = re.compile(
    r"^\.\. code-block:: json\n   :class: ([\w-]+)\n\n((?:   .*\n)+)", re.MULTILINE
)


def examples(kind: str) -> list[dict[str, Any]]:
    """The examples on the page that are marked as `kind`."""
    return [json.loads(text) for marked, text in _EXAMPLE.findall(PAGE) if marked == kind]


def on_the_wire(example: dict[str, Any]) -> bytes:
    return json.dumps(example, separators=(",", ":"), ensure_ascii=False).encode()


def named(found: Iterable[dict[str, Any]]) -> list[Any]:
    """Examples as parameters of a test, called by their types."""
    return [pytest.param(example, id=example["type"]) for example in found]


def types_of(union: Any) -> dict[str, Any]:
    """The frames of one direction by their types."""
    return {str(frame.__struct_config__.tag): frame for frame in union.__args__}


FROM_CLIENT = examples("from-client")
FROM_SERVER = examples("from-server")
DIRECTIONS = [
    pytest.param(FROM_CLIENT, client_frames.FromClient, id="from client to server"),
    pytest.param(FROM_SERVER, frames.FromServer, id="from server to client"),
]


@pytest.mark.parametrize(("shown", "union"), DIRECTIONS)
def test_every_frame_type_has_an_example_and_a_heading(
    shown: list[dict[str, Any]], union: Any
) -> None:
    assert {example["type"] for example in shown} == set(types_of(union))
    for kind in types_of(union):
        assert f"\n{kind}\n{'~' * len(kind)}\n" in PAGE


@pytest.mark.parametrize(("shown", "union"), DIRECTIONS)
def test_every_key_of_every_frame_is_in_an_example(shown: list[dict[str, Any]], union: Any) -> None:
    for kind, frame in types_of(union).items():
        of_this_kind = [example for example in shown if example["type"] == kind]
        keys = {key for example in of_this_kind for key in example.get("data", {})}
        assert keys == data_keys(frame), kind


def data_keys(frame: Any) -> set[str]:
    """The keys that the data of a frame may have."""
    data = {field.name: field.type for field in msgspec.structs.fields(frame)}.get("data")
    kinds = [kind for kind in getattr(data, "__args__", (data,)) if kind not in (None, type(None))]
    return {
        name
        for kind in kinds
        for name in (
            kind.__struct_encode_fields__
            if issubclass(kind, msgspec.Struct)
            else [field.name for field in fields(kind)]
        )
    }


def test_every_example_on_the_page_is_looked_at() -> None:
    marked = {"from-client", "from-server", "discover", "offer"}
    assert {kind for kind, _ in _EXAMPLE.findall(PAGE)} == marked
    conversations = re.findall(r"code-block:: text\n   :class: (basic)\n\n", PAGE)
    assert PAGE.count("code-block::") == len(_EXAMPLE.findall(PAGE)) + len(conversations)


@pytest.mark.parametrize("example", named(FROM_CLIENT))
def test_the_server_understands_the_example(example: dict[str, Any]) -> None:
    request = DIALECT.decode(on_the_wire(example))
    assert request.request_id == example.get("id")
    assert not isinstance(request.command, LocalReply)
    again = json.loads(
        native_client.encode(
            request.command, request.request_id, request.number or None, resume_data(request.resume)
        )
    )
    assert again["type"] == example["type"]
    assert again.get("data", {}).items() >= example.get("data", {}).items()
    assert DIALECT.decode(on_the_wire(again)) == request


def resume_data(resume: Resume | None) -> client_frames.ResumeData | None:
    """What the client says to resume that session."""
    if resume is None or not resume.token:
        return None
    return client_frames.ResumeData(resume.token, dict(resume.seen), resume.private)


@pytest.mark.parametrize("example", named(FROM_SERVER))
def test_the_client_understands_the_example_and_the_server_says_just_that(
    example: dict[str, Any],
) -> None:
    frame = native_client.decode(on_the_wire(example))
    assert frame is not None
    assert json.loads(said(frame)) == example


def said(frame: frames.FromServer) -> bytes:
    """The line in which the server says the same."""
    match frame:
        case frames.Error(data=error):
            return DIALECT.encode_reply(refusal_of(error), frame.id)
        case frames.Pong():
            return DIALECT.encode_reply(Pong(), frame.id)
        case frames.Ok():
            return DIALECT.encode_reply(outcome_of(frame.data), frame.id)
        case frames.SearchResult(data=data):
            return DIALECT.encode_reply(SearchResult(data.messages, data.before), frame.id)
        case _ if isinstance(frame.data, Event):
            return DIALECT.encode_event(frame.data)
        case _:
            assert frame.data is not None
            return DIALECT.encode_reply(frame.data, frame.id)


def outcome_of(ok: frames.OkData | None) -> Reply:
    """What the server answers with this ``ok``."""
    match ok:
        case None:
            return Ok()
        case frames.OkData(room=str(room), created=bool(created)):
            return JoinDone(room, created)
        case frames.OkData(room=None, time=int(time)):
            return PrivateSent(time, ok.missed, away=ok.away)
        case _:
            return Ok(ok.room, ok.seq, ok.time)


def refusal_of(error: frames.ErrorData) -> Refusal:
    """That refusal with that sentence, whatever its kind needs to make one."""
    [kind] = [each for each in refusals() if each.code == error.code]
    refusal = kind.__new__(kind)
    Refusal.__init__(refusal, error.message)
    if isinstance(refusal, BadNickname):
        refusal.suggestion = error.suggestion
    return refusal


def test_the_discovery_examples_are_those_that_are_sent() -> None:
    [discover] = examples("discover")
    assert discover == json.loads(discovery.DISCOVER)
    discovery.check_discover(on_the_wire(discover))
    offers = examples("offer")
    assert offers
    for offer in offers:
        again = discovery.encode_offer(discovery.decode_offer(on_the_wire(offer)))
        assert json.loads(again) == offer


def refusals(root: type[Refusal] = Refusal) -> list[type[Refusal]]:
    """The refusals that have a code of their own, but for those that one dialect alone makes."""
    below = [found for child in root.__subclasses__() for found in refusals(child)]
    is_shared = root.__module__.startswith("chatd.chat.")
    return [root, *below] if "code" in vars(root) and is_shared else below


def test_the_table_of_codes_is_the_tree_of_refusals() -> None:
    rows = re.findall(r"^``([a-z0-9-]+)`` +(yes|no) +([\d/]+) +\S", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted(
        (leaf.code, "yes" if leaf.closes_connection else "no", jim_code(leaf))
        for leaf in refusals()
    )


def jim_code(leaf: type[Refusal]) -> str:
    """What JIM says instead of the code."""
    if leaf is NotReached:
        return "404/410"
    answer = Jim().encode_reply(refusal_of(frames.ErrorData(leaf.code, "No.")))
    return str(json.loads(answer)["response"])


def test_every_code_on_the_page_is_one() -> None:
    codes = {leaf.code for leaf in refusals()}
    assert set(re.findall(r"``error``\s``([a-z0-9-]+)``", PAGE)) <= codes
    lists = re.findall(r"Refused\swith\s([^.]*)\.", PAGE)
    assert len(lists) == 23
    assert {code for each in lists for code in re.findall(r"``(.*?)``", each)} <= codes


def test_the_schemas_name_every_frame_in_its_direction() -> None:
    schema = json.loads(generated()["native.schema.json"])
    for name, union in (
        ("FromClient", client_frames.FromClient),
        ("FromServer", frames.FromServer),
    ):
        mapping = schema["$defs"][name]["discriminator"]["mapping"]
        assert set(mapping) == set(types_of(union))


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".schema.json")])
def test_a_schema_refers_to_nothing_that_it_lacks(name: str) -> None:
    text = generated()[name]
    wanted = set(re.findall(r'"#/\$defs/([^"]+)"', text))
    assert wanted
    assert wanted <= set(json.loads(text)["$defs"])
