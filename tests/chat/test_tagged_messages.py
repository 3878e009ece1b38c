"""A message keeps all that it has, whether it has tags or not."""

from msgspec.structs import asdict

from chatd.chat.events import File, Message, PrivateMessage
from chatd.chat.tagged_messages import TaggedPrivate, tagged, untagged, untagged_private
from chatd.chat.tags import Tags

TAGS = Tags("+typing=done", account=True)
FILE = File("id", "a.png", 4, "image/png")
MESSAGE = Message("#dev", 7, 1_000, "ice", "a.png", True, FILE, "moon", True)
PRIVATE = PrivateMessage("ice", ("moon",), 1_000, "a.png", 3, True, FILE, True)


def test_a_message_has_the_same_fields_with_tags_and_without_them_again() -> None:
    with_tags = tagged(MESSAGE, TAGS)
    assert asdict(with_tags) == asdict(MESSAGE) | {"tags": TAGS}
    assert untagged(with_tags) == untagged(MESSAGE) == MESSAGE


def test_a_private_message_has_the_same_fields_without_tags() -> None:
    with_tags = TaggedPrivate(**asdict(PRIVATE), number=9, tags=TAGS)
    assert untagged_private(with_tags) == untagged_private(PRIVATE) == PRIVATE
    assert type(untagged_private(with_tags)) is PrivateMessage
