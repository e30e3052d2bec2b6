from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from lxml import html  # type: ignore[import-untyped]

from bot.messages import message
from bot.types import Answer, Citation, Composer, Piece, QuotedVersion, Timings
from ui.chat_page.cards import EXAMPLES, conversation_html, heading_html, problem_html
from ui.chat_page.conversation import Turn
from ui.chat_page.words import words_in

ENGLISH = words_in("en")
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "{{7*7}}",
    "${7*7}",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</p></blockquote><h1>taken over</h1>",
    "&lt;b&gt;",
)
FRENCH = QuotedVersion("fr", "La formation dure six semaines.", "training-fr", 3, 34)
CITATION = Citation(
    marker=1,
    quote="The training takes six weeks.",
    document="training-en",
    source_uri="file:///training/en.txt",
    title="Training",
    language="en",
    start=10,
    end=39,
    passage="Welcome! The training takes six weeks. It is paid.",
    passage_start=1,
    versions=(FRENCH,),
)
SELECTED = re.compile(r"(> )?(?=[.\w\[])([a-z]\w*)?((?:\.[\w-]+)*)((?:\[[^\]]+\])*) ?")
ANSWER = Answer(
    question="How long is it?",
    language="en",
    status="answered",
    text="The training takes six weeks.",
    confidence=0.9,
    notice=None,
    citations=(CITATION,),
    timings_ms=Timings(1, 1, 1, 3),
    pieces=(Piece("The training takes six weeks.", (1,)),),
)
PAID = replace(CITATION, marker=2, quote="It is paid.", start=40, end=51, versions=())
PROSE = replace(
    ANSWER,
    text="It takes six weeks. All of it is paid.",
    pieces=(Piece("It takes six weeks.", (1,)), Piece(" All of it is paid.", (1, 2))),
    citations=(CITATION, PAID),
    composer="generative",
)


def shown(*turns: Turn, language: str = "en") -> Any:
    return html.fromstring(conversation_html(turns, words_in(language)))


def answered(answer: Answer) -> Any:
    return shown(Turn("a1", answer.question, answer))


def select(root: Any, selector: str) -> list[Any]:
    """As a style sheet would select, for the few forms that are needed here."""
    path = ""
    for child, tag, classes, attributes in SELECTED.findall(selector):
        path += ("/" if child else "//") + (tag or "*")
        path += "".join(f"[contains(concat(' ', @class, ' '), ' {name} ')]" for name in classes.split(".")[1:])
        path += "".join(f"[@{name}='{value}']" for name, value in re.findall(r"\[([\w-]+)=([\w-]+)\]", attributes))
    return list(root.xpath(f".{path}"))


def text_of(element: Any) -> str:
    return " ".join(element.text_content().split())


def test_before_the_first_question_there_are_five_to_choose_from() -> None:
    page = shown()
    buttons = select(page, ".welcome button")
    assert [(button.get("lang"), button.text) for button in buttons] == list(EXAMPLES)
    assert [button.get("data-number") for button in buttons] == ["0", "1", "2", "3", "4"]


def test_the_quote_is_marked_in_its_passage() -> None:
    (quotation,) = select(answered(ANSWER), ".card > blockquote")
    assert quotation.text_content() == CITATION.passage
    assert select(quotation, "mark")[0].text_content() == CITATION.quote
    assert (quotation.get("lang"), quotation.get("dir")) == ("en", "ltr")


def test_of_a_quote_that_stands_twice_the_cited_one_is_marked() -> None:
    twice = replace(CITATION, passage=f"{CITATION.quote} {CITATION.quote}", passage_start=10 - len(CITATION.quote) - 1)
    (quotation,) = select(answered(replace(ANSWER, citations=(twice,))), ".card > blockquote")
    (mark,) = select(quotation, "mark")
    assert (quotation.text, mark.text, mark.tail) == (f"{CITATION.quote} ", CITATION.quote, None)


def test_a_quote_that_is_not_in_its_passage_is_shown_alone() -> None:
    (quotation,) = select(
        answered(replace(ANSWER, citations=(replace(CITATION, passage="Else."),))), ".card > blockquote"
    )
    assert quotation.text_content() == CITATION.quote


def test_a_passage_that_is_cited_twice_is_shown_once() -> None:
    elsewhere = replace(PAID, marker=3, document="another")
    quotations = select(answered(replace(PROSE, citations=(CITATION, PAID, elsewhere))), ".card > blockquote")
    assert [quotation.text_content() for quotation in quotations] == [
        CITATION.passage,
        "… It is paid.",
        CITATION.passage,
    ]
    assert [select(quotation, "mark")[0].text for quotation in quotations] == [CITATION.quote, PAID.quote, PAID.quote]


def test_a_citation_leads_to_its_place_in_the_document() -> None:
    own, other = select(answered(ANSWER), "a.open")
    assert own.get("href") == "/documents/training-en?start=10&end=39#cited"
    assert other.get("href") == "/documents/training-fr?start=3&end=34#cited"
    assert {(link.get("target"), link.get("rel")) for link in (own, other)} == {("_blank", "noopener")}


def test_what_the_other_versions_say_is_folded_away_under_the_name_of_their_language() -> None:
    (details,) = select(answered(ANSWER), "details")
    assert details.get("open") is None
    assert text_of(select(details, "summary")[0]) == "The same in other languages (1)"
    assert text_of(select(details, "h5")[0]) == "French"
    quotation = select(details, "blockquote")[0]
    assert (quotation.text, quotation.get("lang")) == (FRENCH.quote, "fr")


def test_each_number_stands_after_what_it_is_the_source_of() -> None:
    (said,) = select(answered(PROSE), ".said")
    assert text_of(said) == "It takes six weeks. 1 All of it is paid. 1 2"
    assert [button.get("data-shows") for button in select(said, "button")] == [
        "source-a1-1",
        "source-a1-1",
        "source-a1-2",
    ]


def test_prose_says_who_wrote_it_in_the_page_s_language_and_quotes_do_not() -> None:
    page = shown(Turn("a1", "How long is it?", PROSE), language="nl")
    (by_model,) = select(page, "article > .by-model")
    assert text_of(by_model) == words_in("nl").by_model
    assert next(element.get("lang") for element in by_model.iterancestors() if element.get("lang")) == "nl"
    assert select(answered(ANSWER), ".by-model") == []


def test_prose_is_in_the_asker_s_language_and_its_sources_in_theirs() -> None:
    page = answered(replace(PROSE, language="ar"))
    for place in (".said", "[role=status] > span"):
        assert [(one.get("lang"), one.get("dir")) for one in select(page, place)] == [("ar", "rtl")]
    assert {(one.get("lang"), one.get("dir")) for one in select(page, ".card > blockquote")} == {("en", "ltr")}


def test_a_draft_shows_what_has_been_said_and_that_more_is_to_come() -> None:
    page = shown(Turn("a1", "How long is it?", PROSE, writing=True))
    assert text_of(select(page, ".turn.writing .said")[0]) == "It takes six weeks. 1 All of it is paid. 1 2"
    (caret,) = select(page, ".said > .caret")
    assert caret.get("aria-hidden") == "true" and caret.getnext() is None
    assert text_of(select(page, ".sureness.writing")[0]) == ENGLISH.writing
    assert len(select(page, ".card")) == 2
    assert select(page, ".actions") == [] and select(page, "[data-do=rate]") == []


def test_an_answer_takes_the_place_of_its_draft_element_by_element() -> None:
    def elements(turn: Turn) -> list[tuple[str, str]]:
        (article,) = select(shown(turn), "article")
        return [(child.tag, text_of(child)) for child in article]

    draft = elements(Turn("a1", "How long is it?", PROSE, writing=True))
    whole = elements(Turn("a1", "How long is it?", PROSE))
    assert [tag for tag, _ in draft] == [tag for tag, _ in whole[: len(draft)]]
    assert {shown for shown, stays in zip(draft, whole, strict=False) if shown != stays} == {("p", ENGLISH.writing)}


def test_screen_readers_are_told_once_that_an_answer_is_written_and_once_what_it_is() -> None:
    def told(answer: Answer, *, writing: bool) -> str:
        (region,) = select(shown(Turn("a1", "How?", answer, writing=writing)), "[aria-live=polite]")
        return text_of(region)

    first = replace(PROSE, pieces=PROSE.pieces[:1], text=PROSE.pieces[0].text)
    assert told(first, writing=True) == told(PROSE, writing=True) == ENGLISH.writing
    assert told(PROSE, writing=False) == "It takes six weeks. All of it is paid."


@pytest.mark.parametrize(
    ("confidence", "words"),
    [(0.8, ENGLISH.sure), (0.79, ENGLISH.likely), (0.5, ENGLISH.likely), (0.49, ENGLISH.unsure), (0.0, ENGLISH.unsure)],
)
def test_confidence_is_put_in_words(confidence: float, words: str) -> None:
    (sureness,) = select(answered(replace(ANSWER, confidence=confidence)), ".sureness")
    assert text_of(sureness) == words


def test_an_abstention_looks_like_one_and_shows_what_comes_nearest() -> None:
    page = answered(
        replace(
            ANSWER,
            language="nl",
            status="abstained",
            text=message("abstained", "nl"),
            citations=(),
            related=(CITATION,),
        )
    )
    assert text_of(select(page, ".turn.abstained .badge")[0]) == ENGLISH.not_in_documents
    assert select(page, ".sureness") == []
    heading = select(page, "h3")[0]
    assert (text_of(heading), heading.get("lang")) == (message("maybe_related", "nl"), "nl")
    assert len(select(page, ".related .card")) == 1 and select(page, ".number") == []


def test_an_answer_keeps_the_language_and_direction_of_its_asker() -> None:
    page = shown(Turn("a1", "كم تدوم؟", replace(ANSWER, language="ar", notice="لا توجد نسخة")), language="nl")
    assert page.get("lang") == "nl" and page.get("dir") == "ltr"
    for place in (".answer", ".turn > h2"):
        (element,) = select(page, place)
        assert (element.get("lang"), element.get("dir")) == ("ar", "rtl")
    assert select(page, ".card > blockquote")[0].get("dir") == "ltr"


def test_a_quote_in_another_language_is_spoken_and_runs_as_that_language_does() -> None:
    page = answered(replace(ANSWER, language="ar", notice="لا توجد نسخة"))
    for place in (".said", "[role=status] > span"):
        assert (select(page, place)[0].get("lang"), select(page, place)[0].get("dir")) == ("en", "ltr")
    assert select(page, ".notice")[0].get("dir") is None and select(page, ".answer")[0].get("dir") == "rtl"


def test_a_page_in_arabic_runs_from_right_to_left() -> None:
    page = shown(Turn("a1", ANSWER.question, ANSWER), language="ar")
    assert (page.get("lang"), page.get("dir")) == ("ar", "rtl")
    assert select(page, ".answer")[0].get("dir") == "ltr"
    assert 'dir="rtl"' in heading_html(words_in("ar"))


def test_what_is_new_is_told_to_screen_readers() -> None:
    def told(*turns: Turn) -> tuple[str, str]:
        (region,) = select(shown(*turns), "[aria-live=polite]")
        return text_of(region), region.get("lang")

    assert told() == ("", "en")
    assert told(Turn("a1", "How?")) == (ENGLISH.searching, "en")
    assert told(Turn("a1", "Hoe?", replace(ANSWER, language="nl", notice="Let op."))) == (
        f"{ANSWER.text} Let op.",
        "nl",
    )


def test_a_thumb_once_given_is_shown_with_room_for_a_comment_until_there_is_one() -> None:
    page = shown(Turn("a1", "How?", ANSWER, helpful=False))
    pressed = {button.get("data-helpful"): button.get("aria-pressed") for button in select(page, "[data-do=rate]")}
    assert pressed == {"yes": "false", "no": "true"}
    assert len(select(page, "textarea")) == 1
    assert select(shown(Turn("a1", "How?", ANSWER, helpful=False, commented=True)), "textarea") == []
    assert select(shown(Turn("a1", "How?", ANSWER)), ".feedback") == []


def test_only_the_last_question_can_be_asked_again() -> None:
    page = shown(Turn("a1", "How?", ANSWER), Turn("a2", "Why?", ANSWER))
    assert [button.getparent().getparent().get("id") for button in select(page, "[data-do=again]")] == ["turn-a2"]


def test_a_copy_names_its_sources() -> None:
    (button,) = select(answered(ANSWER), "[data-do=copy]")
    assert button.get("data-text") == "The training takes six weeks.\n\n[1] Training (English)"


def test_a_copy_of_prose_has_its_numbers_too() -> None:
    (button,) = select(answered(PROSE), "[data-do=copy]")
    assert button.get("data-text") == (
        "It takes six weeks.[1] All of it is paid.[1][2]\n\n[1] Training (English)\n[2] Training (English)"
    )


@pytest.mark.parametrize("writing", [False, True])
@pytest.mark.parametrize("composer", ["extractive", "generative"])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_whatever_comes_from_outside_is_shown_as_text(hostile: str, composer: Composer, writing: bool) -> None:
    version = replace(FRENCH, quote=hostile, document=hostile, language=hostile)
    citation = replace(
        CITATION,
        quote=hostile,
        end=10 + len(hostile),
        passage=f"a {hostile} z",
        passage_start=8,
        title=hostile,
        document=hostile,
        language=hostile,
        versions=(version,),
    )
    answer = replace(
        ANSWER,
        question=hostile,
        text=hostile,
        pieces=(Piece(hostile, (1,)),),
        language=hostile,
        notice=hostile,
        citations=(citation,),
        related=(citation,),
        composer=composer,
    )
    benign = replace(ANSWER, notice="!", related=(CITATION,), composer=composer)
    page = shown(Turn(hostile, hostile, answer, writing=writing, helpful=True))
    harmless = shown(Turn("a1", "How?", benign, writing=writing, helpful=True))
    assert [element.tag for element in page.iter()] == [element.tag for element in harmless.iter()]
    assert [sorted(element.keys()) for element in page.iter()] == [
        sorted(element.keys()) for element in harmless.iter()
    ]
    assert {link.get("href")[:11] for link in select(page, "a")} == {"/documents/"}
    assert select(page, "h2")[0].text_content() == hostile
    assert select(page, ".card > blockquote")[0].text_content() == f"a {hostile} z"
    assert select(page, ".said")[0].text_content() == f"{hostile} 1"
    assert select(page, ".title")[0].text_content() == hostile
    assert problem_html(hostile, ENGLISH).count("<") == 2


def test_what_would_act_instead_of_show_is_replaced() -> None:
    (question,) = select(shown(Turn("a1", "a\u202eb\x1b\ud800c")), "h2")
    assert question.text_content() == "a\ufffdb\ufffd\ufffdc"
