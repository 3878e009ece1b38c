"""Names that look alike: nobody can take another's, or the server's, in other letters."""

import unicodedata

import pytest

from chatd.chat import names
from chatd.chat.commands import Enter, JoinRoom, Rename
from chatd.chat.errors import BadNickname, NicknameConfusable
from tests.fakes import Chat

CYRILLIC_ICE = "\u0456\u0441\u0435"

#: Two names each that look the same in a common font.
CONFUSABLE = [
    ("ice", CYRILLIC_ICE),
    ("ice", "i\u0441e"),  # one Cyrillic letter
    ("ICE", "\u0406\u0421\u0415"),  # in capitals
    ("hello", "\u041d\u0415LL\u041e"),  # the capitals look so, the small letters do not
    ("anna", "\u0430nn\u0430"),
    ("omega", "\u03bfmega"),  # a Greek o
    ("sasha", "\u0455\u0430\u0455h\u0430"),
    ("peace", "\u0440\u0435\u0430\u0441\u0435"),
    ("all", "a\u2113l"),
]
#: Names that only resemble each other, in one script.
DISTINCT = [
    ("modem", "modern"),
    ("l1", "Il"),
    ("root", "r0ot"),
    ("vvolf", "wolf"),
    ("\u043b\u0435\u043d\u0430", "lena"),
    ("\u5c0f\u660e", "xiaoming"),
]


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.mark.parametrize(("name", "look_alike"), CONFUSABLE)
def test_no_name_of_a_member_can_be_taken_in_other_letters(
    chat: Chat, name: str, look_alike: str
) -> None:
    for first, second in ((name, look_alike), (look_alike, name)):
        if names.casefold(first) == names.casefold(second):
            continue
        member = chat.enter(first)
        other = chat.enter("someone")
        with pytest.raises(NicknameConfusable):
            chat.handle(other, Rename(second))
        chat.hub.remove_member(member, "quit", 0)
        chat.handle(other, Rename(second))
        chat.hub.remove_member(other, "quit", 0)


@pytest.mark.parametrize(("name", "other"), DISTINCT)
def test_names_of_one_script_may_resemble_each_other(chat: Chat, name: str, other: str) -> None:
    chat.enter(name)
    chat.enter(other)


def test_a_member_may_rename_itself_to_what_its_own_name_looks_like(chat: Chat) -> None:
    ice = chat.enter("ice")
    chat.handle(ice, Rename(CYRILLIC_ICE))
    chat.handle(ice, Rename("Ice"))
    with pytest.raises(NicknameConfusable):
        chat.enter(CYRILLIC_ICE)


def test_no_guest_can_take_the_name_of_an_account_in_other_letters(chat: Chat) -> None:
    chat.hub.accounts = {"ice": False}
    with pytest.raises(NicknameConfusable):
        chat.enter(CYRILLIC_ICE)
    chat.hub.accounts = {}
    chat.enter(CYRILLIC_ICE)


@pytest.mark.parametrize(
    "name",
    [
        "\u3010Server\u3011",
        "\u27e6server\u27e7",
        "\u2772\u0405erver\u2773",
        "\u3014private\u3015",
        "\u276aS\u0435rver\u276b",
    ],
)
def test_no_name_can_be_taken_for_the_server_in_brackets(name: str) -> None:
    with pytest.raises(BadNickname):
        names.nickname(name)


def test_a_user_may_be_called_server() -> None:
    assert names.nickname("Server") == "Server"


def test_room_names_may_resemble_each_other(chat: Chat) -> None:
    ice = chat.enter("ice")
    chat.handle(ice, JoinRoom("#ice"))
    chat.handle(ice, JoinRoom(f"#{CYRILLIC_ICE}"))


def test_entering_is_refused_as_renaming_is(chat: Chat) -> None:
    chat.enter("ice")
    member = chat.hub.reserve_slot("10.35.11.112:1")
    with pytest.raises(NicknameConfusable):
        chat.handle(member, Enter(CYRILLIC_ICE))


#: Default_Ignorable_Code_Point as of Unicode 15 to 17 (DerivedCoreProperties.txt).
DEFAULT_IGNORABLE = [
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x61C, 0x61C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
]


def test_no_character_that_shows_nothing_is_in_a_name() -> None:
    for begin, end in [*DEFAULT_IGNORABLE, (0x2800, 0x2800), (0xFDD0, 0xFDEF), (0xFFFE, 0xFFFF)]:
        for code_point in range(begin, end + 1):
            raw = f"ice{chr(code_point)}"
            if unicodedata.normalize("NFKC", raw) != "ice":
                with pytest.raises(BadNickname):
                    names.nickname(raw)
