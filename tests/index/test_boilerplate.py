"""Page chrome is marked by its shape, in languages and words that the code has never seen; content never is."""

from __future__ import annotations

import pytest

from index.boilerplate import mark_boilerplate, repetition_key
from index.segmentation import segment
from index.types import Block, Role

BODY = "A kettle boils water for tea. Fill the kettle with fresh water and switch it on. It stops by itself."
TITLE = "How does a kettle boil water?"


def marked(*paragraphs: str, language: str = "en") -> list[str]:
    text = "\n\n".join(paragraphs)
    passages = mark_boilerplate(text, segment(text, language))
    for passage in passages:
        if passage.role is Role.BOILERPLATE:
            assert {s.role for s in passage.sentences} == {Role.BOILERPLATE}
    return [text[p.start : p.end] for p in passages if p.role is Role.BOILERPLATE]


@pytest.mark.parametrize(
    "chrome",
    [
        "MEER TALEN",
        "was deze tekst nuttig? dank voor je mening dank voor je mening",
        "Waarmee helpen wij jou? Waarmee helpen wij jou?",
        "有帮助吗？感谢您的反馈感谢您的反馈",
        "Gerelateerd",
        "© 2024 Kettle & Co. All rights reserved.",
        "Home | Products | Contact",
        "NL FR EN PT",
        "English Русский 中文 العربية",
        "* * *",
    ],
)
def test_chrome_below_the_article_is_marked(chrome: str) -> None:
    assert marked(TITLE, BODY, chrome) == [chrome]


@pytest.mark.parametrize("chrome", ["Jump to what matters", "Home > Help > Kitchen", "NL | FR | EN", "----"])
def test_chrome_above_the_title_is_marked(chrome: str) -> None:
    assert marked(chrome, TITLE, BODY) == [chrome]


def test_a_menu_with_wide_gaps_is_chrome_wherever_a_heading_could_stand() -> None:
    menu = "Kettles   Search   Sign in   Contact"
    skip = "Jump to what matters"
    assert marked(skip, menu, TITLE, BODY, "How to clean a kettle", BODY) == [skip, menu]
    assert marked(TITLE, BODY, "MEER TALEN   English   Français   Tiếng Việt", "Dank je! Dank je!") == [
        "MEER TALEN   English   Français   Tiếng Việt",
        "Dank je! Dank je!",
    ]


def test_names_of_languages_in_a_row_are_a_menu_wherever_they_stand() -> None:
    menu = ("Français", "Nederlands", "Tiếng Việt")
    assert marked(TITLE, BODY, *menu, BODY) == list(menu)
    assert marked(TITLE, BODY, "Read this in", *menu, BODY) == ["Read this in", *menu]
    assert marked(TITLE, BODY, "Français", BODY, "Latijn", BODY) == []


def test_a_title_above_a_menu_stays_and_so_does_a_table() -> None:
    assert marked(TITLE, "NL | FR | EN", "Before you begin", BODY) == ["NL | FR | EN"]
    table = ("Model   Litres   Watts", "Small   1.0   1500", "Large   1.7   2200")
    assert marked(TITLE, BODY, *table, BODY) == []


def test_the_last_item_of_a_list_stays_above_chrome() -> None:
    text = "\n\n".join((TITLE, BODY, "Milk", "Was this useful? Was this useful?"))
    starts = [text.index(part) for part in (TITLE, BODY, "Milk", "Was")]
    roles = (Role.HEADING, Role.PROSE, Role.PROSE, Role.PROSE)
    ends = [*(start - 2 for start in starts[1:]), len(text)]
    blocks = [Block(start, end, role) for start, end, role in zip(starts, ends, roles, strict=True)]
    found = mark_boilerplate(text, segment(text, "en", blocks))
    assert [text[p.start : p.end] for p in found if p.role is Role.BOILERPLATE] == ["Was this useful? Was this useful?"]


def test_a_link_past_the_menu_on_the_line_above_it_is_chrome() -> None:
    assert marked("Past the menu\nKettles   Search   Sign in", TITLE, BODY) == [
        "Past the menu",
        "Kettles   Search   Sign in",
    ]


def test_a_link_past_the_menu_is_chrome_also_where_the_title_has_no_word_of_the_page() -> None:
    skip, menu = "Past the menu", "Topics  Search  Account"
    assert marked(f"{skip}\n{menu}", "Who is calling?", BODY) == [skip, menu]


def test_doubled_feedback_above_a_last_question_is_chrome() -> None:
    thanks, poll = "Thanks for rating! Thanks for rating!", "Was this clear? Yes / No"
    assert marked(TITLE, BODY, f"{thanks}\n{poll}") == [thanks, poll]
    assert marked(TITLE, BODY, "Was this clear? It was not, to most of us.") == []


def test_several_stubs_below_are_all_marked() -> None:
    assert marked(TITLE, BODY, "OTHER PAGES", "Was this helpful?", "Yes", "No") == [
        "OTHER PAGES", "Was this helpful?", "Yes", "No",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "paragraphs",
    [
        (TITLE, BODY),
        ("Kettles", "How they boil", BODY, "How to clean one", "Use vinegar. Rinse it."),
        ("Getting started", "Plug it in", BODY, "Clean it", BODY),
        ("New York New York", BODY),
        (BODY, "- Tea\n- Coffee\n- Milk"),
        (BODY, "Call us on 555-0100 any day of the week."),
        (BODY, "WARNING", "The water is hot. Mind your hands."),
        ("Just a title",),
        (TITLE, BODY, "Example", "Boil one litre. Wait.", "Example", "Boil two litres. Wait."),
        (BODY, "Open Settings > Water > Heat to change it.", "That is all there is to do."),
        (BODY, "Size | Price | Weight", "S | 10 | 1 kg", "L | 20 | 2 kg"),
        ("See [https://kettle.example/docs](https://kettle.example/docs) for the docs.", BODY),
        ("## Kettles { #kettles }", BODY),
    ],
)
def test_content_is_never_marked(paragraphs: tuple[str, ...]) -> None:
    assert marked(*paragraphs) == []


def test_title_stays_a_heading() -> None:
    text = f"Ga naar de inhoud\n\n{TITLE}\n\n{BODY}"
    roles = [p.role for p in mark_boilerplate(text, segment(text, "en"))]
    assert roles == [Role.BOILERPLATE, Role.HEADING, Role.PROSE]


def test_chrome_in_blocks_that_a_file_calls_paragraphs_is_marked() -> None:
    lines = [TITLE, BODY, "ANDRE SPRÅK", "Takk for svaret Takk for svaret", "Var dette til hjelp?"]
    text = "\n".join(lines)
    starts = [text.index(line) for line in lines]
    blocks = [
        Block(start, start + len(line), Role.HEADING if line == TITLE else Role.PROSE)
        for start, line in zip(starts, lines, strict=True)
    ]
    roles = [p.role for p in mark_boilerplate(text, segment(text, "nb", blocks))]
    assert roles == [Role.HEADING, Role.PROSE, Role.BOILERPLATE, Role.BOILERPLATE, Role.BOILERPLATE]


def test_code_is_never_chrome() -> None:
    text = f"{BODY}\n\nrun run run run run"
    blocks = [Block(0, len(BODY), Role.PROSE), Block(len(BODY) + 2, len(text), Role.CODE)]
    assert [p.role for p in mark_boilerplate(text, segment(text, "en", blocks))] == [Role.PROSE, Role.CODE]


def test_labels_and_questions_have_a_key_that_case_and_marks_do_not_change() -> None:
    assert repetition_key("  Was THIS helpful? ") == repetition_key("was this: helpful") == "was this helpful"
    assert repetition_key("Thanks for your answer!") == "thanks for your answer"
    assert repetition_key("ＡＢＣ　Menu") == "abc menu"


@pytest.mark.parametrize(
    "text",
    [
        "Call us on weekdays.",
        "电话打给我们。",
        "Call 555-0100",
        "word " * 13,
        "说" * 41,
        "?!",
        "",
        "Was it good? " * 20,
    ],
)
def test_what_may_be_content_has_no_key(text: str) -> None:
    assert repetition_key(text) is None


def test_passages_keep_their_offsets_and_order() -> None:
    text = f"Ga naar de inhoud\n\n{TITLE}\n\n{BODY}\n\nMEER"
    before = segment(text, "en")
    after = mark_boilerplate(text, before)
    assert [(p.start, p.end) for p in after] == [(p.start, p.end) for p in before]
    assert mark_boilerplate(text, after) == after
    assert mark_boilerplate("", []) == []
