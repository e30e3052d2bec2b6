from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from index.sources.declared import declared_text, primary_language
from index.sources.joining import join_lines
from index.sources.pieces import Piece, assemble, clean
from index.types import Role

ANY_TEXT = st.text(alphabet=st.characters(), max_size=40)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(Role), ANY_TEXT)))
def test_blocks_are_stripped_in_order_and_blank_lines_lie_between(given_pieces: list[tuple[Role, str]]) -> None:
    text, blocks = assemble(Piece(role, piece) for role, piece in given_pieces)
    expected = [(role, clean(piece).strip()) for role, piece in given_pieces if clean(piece).strip()]
    assert [(block.role, text[block.start : block.end]) for block in blocks] == expected
    assert text == "\n\n".join(piece for _, piece in expected)


@settings(deadline=None, max_examples=100)
@given(ANY_TEXT)
def test_clean_text_can_be_encoded_and_cleaning_twice_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert "\0" not in cleaned
    assert "\r" not in cleaned
    assert clean(cleaned) == cleaned


def test_clean_touches_only_line_ends_nul_and_surrogates() -> None:
    assert (
        clean("a\r\nb\rc\0d\ud800e \u00e9\u0065\u0301\u202e\ufdfa")
        == "a\nb\nc\ufffdd\ufffde \u00e9\u0065\u0301\u202e\ufdfa"
    )


def test_languages_are_reduced_to_the_primary_subtag_in_use_today() -> None:
    given_codes = ["pt-BR", "zh-Hant", "no", "iw", "EN_us", "fil", "und", "x-default", "Nederlands", "", None]
    assert list(map(primary_language, given_codes)) == ["pt", "zh", "nb", "he", "en", "fil", *[None] * 5]


def test_declared_text_is_one_line_and_numbers_count() -> None:
    values = [" Opening\n hours\t", 2024, True, None, "  ", ["x"]]
    assert list(map(declared_text, values)) == ["Opening hours", "2024", None, None, None, None]


def test_a_word_cut_by_a_hyphen_is_made_whole() -> None:
    assert join_lines(["The admin-", "istration is", "closed."]) == "The administration is closed."
    assert join_lines(["a co\u00ad", "Ordinator"]) == "a coOrdinator"
    assert join_lines(["the years 2019-", "2024"]) == "the years 2019- 2024"


def test_a_compound_that_the_document_knows_keeps_its_hyphen() -> None:
    assert join_lines(["a well-", "known place"], {"well-known"}) == "a well-known place"
    assert join_lines(["a well-", "known place"], {"well-known", "wellknown"}) == "a wellknown place"


def test_scripts_without_spaces_are_joined_without_one() -> None:
    assert join_lines(["窓口は九時に", "開きます。"]) == "窓口は九時に開きます。"
    assert join_lines(["창구는 아홉 시에", "엽니다."]) == "창구는 아홉 시에 엽니다."
