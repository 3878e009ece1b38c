"""A search finds words in every script."""

# ruff: noqa: RUF001 (words of many scripts)

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd.chat import limits
from chatd.chat import search_words as words
from chatd.chat.errors import BadSearch

#: A text, a search that finds it, and one that does not.
FOUND = [
    # case and diacritics
    ("Grüße aus Łódź", "GRUSSE lodz", "graz"),
    ("el niño comió jamón", "nino jamo", "nina"),
    ("ﬁle № ①", "file no 1", "le"),
    ("Đorđe, Søren und ĿL", "dorde soren", "orde"),
    ("DİYARBAKIR ve ısırgan", "diyarbakir isirgan", "bakır"),
    ("Việt Nam", "viet nam", "vit"),
    ("cafe\u0301 and café", '"café and cafe"', '"café café"'),
    # Greek, Cyrillic
    ("Καλημέρα κόσμε", "ΚΑΛΗΜΕΡΑ κοσμε", "κόσμος"),
    ("ΟΔΟΣ", "οδός", "οδο "),
    ("Ещё один чай", "ЕЩЕ чай", "чаи"),
    ("за́мок и мой район", "замок район", "мои"),
    ("Їжак у Києві, ў Мінску", "їжак києві", "іжак"),
    # Arabic, Hebrew, Persian
    ("السَّلَامُ عَلَيْكُمْ", "السلام عليكم", "سلامة"),
    ("أهلاً وسهلاً", "اهلا", "سهلا"),
    ("شَلـــوم", "شلوم", "لوم"),
    ("שָׁלוֹם עולם", "שלום", "לום"),
    ("می\u200cخواهم", "میخواهم", "خواهم"),
    # scripts of India: vowel signs and the virama are part of a word
    ("हिन्दी में नमस्ते", "नमस्ते हिन्दी", "हनद"),
    ("வணக்கம் நண்பா", "வணக்கம்", "வணகம"),
    ("বাংলা ভাষা", "বাংলা", "বল"),
    # written without spaces
    ("ภาษาไทยไม่มีช่องว่าง", "ไทย", "ไทร"),
    ("ບໍ່ມີຫຍັງ", "ມີ", "ມຫ"),
    ("សួស្តី​ពិភពលោក", "ពិភព", "ភពក"),
    ("မင်္ဂလာပါ", "လာပါ", "လပ"),
    ("我爱北京天安门", "北京", "京北"),
    ("我爱北京天安门", "天安门 我爱", "天门"),
    ("東京タワーに行く", "タワー", "ターワ"),
    ("これはテストです", "テスト", "スト゛"),
    ("ｶﾀｶﾅとひらがな", "カタカナ", "カカ"),
    ("がぎぐ", "ぎ", "き"),
    ("서울에서 만나요", "서울", "울서"),
    ("서울에서 만나요", "에서", "서에"),
    ("chatd是聊天软件v2", "chatd 软件 v2", "chat软"),
    # symbols
    ("👍🏽 gut gemacht", "👍", "👎"),
    ("party🎉🎉heute", "🎉", "🎊"),
    ("👨\u200d👩\u200d👧 familie", "👨\u200d👩\u200d👧", "👩\u200d👨"),
    ("❤️ you", "❤", "💔"),
    ("5 € + 3 ≤ 9", "€ ≤", "£"),
    ("🇩🇪 🇫🇷", "🇩🇪", "🇪🇩"),
    # punctuation separates words, and what has it is found as words in a row
    ("see https://example.org/a_b?c=1", "example.org", "org.example"),
    ("foo-bar baz", "foo-bar", '"bar foo"'),
    ("don\u2019t", "don't", "dont"),
    ("C++ and c#", "c++", "d++"),
    ("«Привет», — сказал он", "привет сказал", "он привет пока"),
    ("snake_case", "case", "ase"),
    # the last word may be a beginning, unless it is in quotes or a space ends it
    ("searching", "sea", "arch"),
    ("searching", "search", '"search"'),
    ("searching", "sea", "sea "),
    ("one two three", "one thr", "tw one"),
    ("one two three", '"one two" thr', '"one thr"'),
    ("one two three", '"two three', '"two thr'),
    ("one two three", "“one two”", "„two one“"),
    ("one two three", "three two one", "one two four"),
    # what would be syntax of FTS5
    ("not and or near", "NOT AND OR NEAR", "NOT AND maybe"),
    ("a or b", 'a" OR "b', "c* OR a"),
    ("words col", "words:col", "words:a"),
    ("near x y", "NEAR(x y)", "^nearby"),
    ("semi; drop table messages", "'; DROP TABLE messages; --", "{a b}"),
]


def found_by_index(text: str, search: str) -> bool:
    """Whether SQLite says so."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(
            "CREATE VIRTUAL TABLE search USING fts5"
            "(words, content='', columnsize=0, tokenize='ascii')"
        )
        connection.execute(
            "INSERT INTO search (rowid, words) VALUES (1, ?)", (words.normalize(text),)
        )
        expression = " AND ".join(phrase.expression for phrase in words.parse(search))
        rows = connection.execute(
            "SELECT count(*) FROM search WHERE search MATCH ?", (expression,)
        ).fetchone()
        return bool(rows[0])
    finally:
        connection.close()


@pytest.mark.parametrize(("text", "search", "other"), FOUND)
def test_a_text_is_found_by_its_words_and_not_by_others(text: str, search: str, other: str) -> None:
    assert found_by_index(text, search)
    assert not found_by_index(text, other)
    assert words.matches(words.parse(search), text)
    assert not words.matches(words.parse(other), text)


def scripts() -> Iterator[st.SearchStrategy[str]]:
    yield st.text("ab \"'*:^(){}-+ANDORNOT", max_size=20)
    yield st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    for block in (0x400, 0x5D0, 0x620, 0x900, 0xE00, 0x3040, 0x4E00, 0xAC00, 0x1F600):
        yield st.text(
            st.one_of(
                st.characters(min_codepoint=block, max_codepoint=block + 0x60),
                st.sampled_from(' "\u0301\u200d'),
            ),
            max_size=12,
        )


typed = st.one_of(*scripts())


@given(typed, typed)
@example("a", "\U000e0000")
@example("\u0130", "i\u0307")
@example("\u1e9b\u0323", "\u1e69")
def test_the_index_and_what_is_not_in_it_yet_agree(text: str, search: str) -> None:
    try:
        phrases = words.parse(search)
    except BadSearch:
        return
    if phrases:
        assert found_by_index(text, search) == words.matches(phrases, text)


@given(typed)
def test_every_text_is_found_by_itself(text: str) -> None:
    try:
        phrases = words.parse(text)
    except BadSearch:
        return
    assert words.matches(phrases, text.replace('"', " "))


@pytest.mark.parametrize(
    "search", ['"', '""', "!?", "*", "-", "()", "...", "\u200d", "\u0301", '" "']
)
def test_what_has_no_word_is_refused_in_words(search: str) -> None:
    with pytest.raises(BadSearch, match="needs a word"):
        words.parse(search)


@pytest.mark.parametrize("search", ["", " ", "\n\t\u3000"])
def test_nothing_at_all_is_no_word(search: str) -> None:
    assert words.parse(search) == ()


@pytest.mark.parametrize("character", ["a", "a ", '"', "京", "\u0301", "ไ", "😀"])
def test_what_is_too_long_is_refused_in_words(character: str) -> None:
    search = "a" + character * limits.SEARCH_CHARACTERS
    with pytest.raises(BadSearch, match=f"at most {limits.SEARCH_CHARACTERS} characters"):
        words.parse(search)


def test_a_text_of_nothing_but_marks_is_put_in_order_quickly() -> None:
    """The time for that would grow with the square of their number."""
    text = "a" + "\u0f71\u0f74\u0344\u0316" * 1_024
    assert len(words.normalize(text)) < 40


def test_the_characters_that_are_remembered_are_bounded() -> None:
    for start in range(0x100, 0x20000, 512):
        words.normalize("".join(chr(code) for code in range(start, start + 512) if code < 0xD800))
    assert len(words._separated) <= words._REMEMBERED
