"""Text to passages to sentences: worked examples in many scripts, and properties that hold for any text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.segmentation import segment
from index.segmentation.characters import is_blank, weight
from index.segmentation.lengths import LONGEST_SENTENCE
from index.types import Block, Passage, Role


def quotes(text: str, language: str) -> list[str]:
    return [text[s.start : s.end] for passage in segment(text, language) for s in passage.sentences]


def shown(text: str, passages: list[Passage]) -> list[tuple[str, Role]]:
    return [(text[p.start : p.end], p.role) for p in passages]


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("fr", ["Le casque protège les oreilles.", "En effet, il isole du bruit.", "De même, il est léger."]),
        ("vi", ["Chúng tôi mở cửa mỗi ngày.", "Điều này rất tiện."]),
        ("ar", ["نحن هنا لمساعدتك دائماً.", "اتصل بنا غداً."]),
        ("zh", ["他们每天上班。", "你能来吗？", "当然可以！"]),
        ("ja", ["店は九時に開きます。", "今日は休みですか？", "はい。"]),
        ("hi", ["यह दुकान बंद है।", "कल आइए।"]),
        ("en", ["The door (on the left) shuts (slowly).", "Push it."]),
        ("en", ["It will ring...", "Then pick it up."]),
    ],
)
def test_sentences_split_with_and_without_a_space_between(language: str, sentences: list[str]) -> None:
    assert quotes(" ".join(sentences), language) == sentences
    assert quotes("".join(sentences), language) == sentences


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Write to info@shop.be or see www.shop.be/Help.Page and https://a.example/B.C?d=E.F today."),
        ("en", "Dr. Ward and Mr. Hill met J. K. Low, Ph.D., of the U.S.A. in St. Ives."),
        ("en", "Version v1.2 costs 3.14 euro, e.g. on example.com in index.html of No. 5 there."),
        ("en", "Call fastapi.FastAPI or `a.B c. D` with foo.bar.Baz in Node.JS now."),
        ("nl", "Dhr. Smit en mevr. De Wit komen, bijv. Om te praten, incl. btw."),
        ("fr", "M. Petit et Mme. Grand sont là."),
        ("vi", "Ông sống ở TP. Hồ Chí Minh với GS. Nam."),
        ("pt", "A loja fica na Av. Central com o Sr. Lima."),
        ("ro", "Dl. Ionescu este aici."),
        ("id", "Toko di Jl. Merdeka sudah buka."),
        ("ru", "Он живёт в г. Москве, т.е. там."),
        ("hi", "डॉ. राम कल आए।"),
    ],
)
def test_full_stops_inside_a_sentence_do_not_split_it(language: str, sentence: str) -> None:
    assert quotes(sentence, language) == [sentence]


def test_a_small_letter_after_a_glued_stop_splits_where_no_file_name_looks_so() -> None:
    assert quotes("Họ nói khi làm việc.của các nhóm khác.", "vi") == ["Họ nói khi làm việc.", "của các nhóm khác."]
    assert len(quotes("Xem tệp tổng.txt hoặc trang tổng.com của chúng tôi.", "vi")) == 1


def test_a_small_letter_after_a_glued_stop_needs_the_habit_and_a_word_of_the_text() -> None:
    glued = "We open early.You are welcome.Then we close the shop.the door is red, and the shop is shut.See you."
    assert "the door is red, and the shop is shut." in quotes(glued, "en")
    assert quotes("Look at readme.the or shop.com for more of it.", "en") == [
        "Look at readme.the or shop.com for more of it."
    ]


def test_a_reference_mark_stays_with_its_sentence() -> None:
    assert quotes("It was so.[1][2] Then it was not.", "en") == ["It was so.[1][2]", "Then it was not."]


def test_thai_splits_at_spaces_only() -> None:
    text = "ผมรักเมืองนี้ แต่ว่าผมไม่ชอบอากาศร้อน วันนี้อากาศดีมาก ฉันจะไปตลาด"
    found = quotes(text, "th")
    assert len(found) > 1
    assert " ".join(found) == text
    assert quotes(text, "unknown") == found


def test_questions_of_every_script() -> None:
    for question in ("Why?", "为什么？", "لماذا؟", "Γιατί;", "Ինչո՞ւ։", "“Why?”", "Why?!", "(¿Por qué?)"):
        text = f"{question} "
        block = [Block(0, len(text), Role.PROSE)]
        language = "el" if question == "Γιατί;" else "hy" if "՞" in question else "xx"
        roles = [s.role for p in segment(text, language, block) for s in p.sentences]
        assert roles == [Role.QUESTION], question


def test_a_title_line_directly_above_a_long_line_is_a_heading() -> None:
    body = "The shop in the old town opens at nine. " * 7
    text = f"When is it open?\n{body}"
    assert shown(text, segment(text, "en")) == [("When is it open?", Role.HEADING), (body.strip(), Role.PROSE)]


def test_wrapped_lines_are_one_paragraph() -> None:
    lines = [
        "A helmet that fits well sits level on the head and does not move when you",
        "shake it. The strap closes under the chin, with room for two fingers. It",
        "should be replaced after every fall.",
    ]
    for separator in ("\n", "\r\n", "\u2028"):
        text = separator.join(lines)
        passages = segment(text, "en")
        assert [(p.start, p.end) for p in passages] == [(0, len(text))]
        assert len(passages[0].sentences) == 3


def test_short_lines_are_a_list() -> None:
    text = "You need:\nbread\nbutter\nmilk\n\n- one\n- two"
    assert [quote for quote, _ in shown(text, segment(text, "en"))] == [
        "You need:", "bread", "butter", "milk", "- one", "- two",
    ]  # fmt: skip
    assert {role for _, role in shown(text, segment(text, "en"))} == {Role.PROSE}


def test_short_paragraphs_below_a_lead_in_are_no_headings() -> None:
    text = "You can pay in these ways:\n\nCash\n\nCredit card\n\nOpening hours\n\nWe open at nine."
    roles = [role for _, role in shown(text, segment(text, "en"))]
    assert roles[:3] == [Role.PROSE] * 3
    assert roles[-1] is Role.PROSE


def test_run_together_paragraphs_part_where_the_white_space_differs() -> None:
    paragraph = "".join(f"Đây là câu số {word} của đoạn văn này, khá dài.Điều đó đúng." for word in ("một", "hai"))
    text = " ".join([paragraph] * 6)
    passages = segment(text, "vi")
    assert [text[p.start : p.end] for p in passages] == [paragraph] * 6
    assert {len(p.sentences) for p in passages} == {4}


def test_an_overlong_paragraph_is_cut_into_similar_parts() -> None:
    text = " ".join(f"This is the sentence with number {number} of them all." for number in range(20))
    passages = segment(text, "en")
    assert [len(p.sentences) for p in passages] == [7, 7, 6] or [len(p.sentences) for p in passages] == [7, 6, 7]


def test_an_overlong_sentence_is_cut_behind_clauses() -> None:
    clause = "the red shop sells bread and the blue shop sells milk; "
    text = (clause * 30).strip()
    found = quotes(text, "en")
    assert all(len(quote) <= LONGEST_SENTENCE and quote.endswith(";") for quote in found)
    assert " ".join(found) == text


def test_a_quote_that_never_closes_does_not_swallow_the_text() -> None:
    sentence = "The shop sells fresh bread on every day of the week."
    text = '5" tubes. ' + " ".join([sentence] * 30) + ' And 6" tubes.'
    assert quotes(text, "en").count(sentence) >= 28


def test_blocks_give_passages_and_roles() -> None:
    text = "# Title here\n\nOne. Two?\n\nx = 1. Y = 2.\n\n  \n"
    blocks = [
        Block(2, 12, Role.HEADING),
        Block(13, 24, Role.PROSE),
        Block(25, 40, Role.CODE),
        Block(40, 43, Role.PROSE),
    ]
    passages = segment(text, "en", blocks)
    assert shown(text, passages) == [
        ("Title here", Role.HEADING), ("One. Two?", Role.PROSE), ("x = 1. Y = 2.", Role.CODE),
    ]  # fmt: skip
    assert [s.role for p in passages for s in p.sentences] == [Role.HEADING, Role.PROSE, Role.QUESTION, Role.CODE]


@pytest.mark.parametrize("blocks", [[(0, 9)], [(3, 5), (1, 2)], [(0, 3), (2, 5)], [(-1, 2)]])
def test_impossible_blocks_are_refused(blocks: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="block"):
        segment("Hello.", "en", [Block(start, end, Role.PROSE) for start, end in blocks])


def check(text: str, passages: list[Passage]) -> None:
    spans = [(s.start, s.end) for p in passages for s in p.sentences]
    for start, end in spans:
        assert start < end
        assert not is_blank(text[start])
        assert not is_blank(text[end - 1])
        assert weight(text[start:end]) <= LONGEST_SENTENCE or {p.role for p in passages} != {Role.PROSE}
    gaps = pairwise([(0, 0), *spans, (len(text), len(text))])
    assert all(before[1] <= after[0] and all(map(is_blank, text[before[1] : after[0]])) for before, after in gaps)
    for passage in passages:
        assert (passage.start, passage.end) == (passage.sentences[0].start, passage.sentences[-1].end)


ALPHABET = 'aBé.?! \n\r\t\0\u202e\ud800ﷺ。กเ"“”([«-•1۔؟;:,\u0301\ufeff`@/\u200b\U0001f600'


@settings(max_examples=150, deadline=None)
@given(st.text(ALPHABET, max_size=300), st.sampled_from(["en", "th", "zh", "vi", "", "x-\0"]))
def test_any_text_is_covered_without_overlap(text: str, language: str) -> None:
    check(text, segment(text, language))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["de", "ja", "ar"]))
def test_any_unicode_is_covered_without_overlap(text: str, language: str) -> None:
    check(text, segment(text, language))


@pytest.mark.parametrize(
    "text",
    ["a" * 200_000, "ﷺ" * 3000, "\0" * 100_000, "\u202e" * 5000, "\ud800" * 5000, '"a. b.' * 20_000, "\u0301" * 5000,
     "ก" * 5000, "a." * 50_000, "\n" * 100_000, "[" * 50_000, "a@" * 20_000],
)  # fmt: skip
def test_hostile_text_is_survived(text: str) -> None:
    check(text, segment(text, "en"))


def test_empty_text_has_no_passages() -> None:
    assert segment("", "en") == []
    assert segment(" \n\0\ufeff\t", "en") == []
