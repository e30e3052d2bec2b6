from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.messages import message
from index.types import Embedder
from tests.browser.conftest import OpenTab
from tests.browser.prose import AGENTS, Pen, served_with_model
from tests.browser.served import Served
from tests.browser.test_chat_page import ENGLISH, TRAINING, fits
from tests.model_server import ModelServer

FIRST, SECOND, THIRD = (text for text, _ in AGENTS)
QUOTE = AGENTS[0][1][0]
SLOWLY = 0.03
"""Seconds between pieces of eight characters: half a second a sentence, so that each is seen by itself."""

ALLOWANCE = "For each full day at home you receive an allowance of 2.50 euros."
ARABIC, ARABIC_ALLOWANCE = "كم أحصل عن كل يوم عمل في المنزل؟", "تحصل عن كل يوم كامل في المنزل على 2.50 يورو."
CARPORT = "How much does the carport permit cost?"

WATCH = """() => {
    window.seen = [];
    const look = () => {
        const turn = document.querySelector("article:last-of-type");
        const said = turn?.querySelector(".said");
        if (said && !window.said) window.said = said;
        const shown = [
            turn?.className ?? "",
            said ? said.innerText.replace(/\\s+/g, " ") : "",
            document.querySelector(".conversation > [role=status]").innerText,
        ];
        if (JSON.stringify(shown) !== JSON.stringify(window.seen.at(-1))) window.seen.push(shown);
    };
    new MutationObserver(look).observe(document.querySelector("#conversation"),
        { subtree: true, childList: true, characterData: true, attributes: true });
}"""
"""Keeps what is shown after each change: the newest turn's class, its text, and what screen readers are told."""


@pytest.fixture(scope="module")
def pen() -> Pen:
    return Pen()


@pytest.fixture(scope="module")
def with_model(
    browser_index: Path, bundled_embedder: Embedder, tmp_path_factory: pytest.TempPathFactory, pen: Pen
) -> Iterator[tuple[Served, ModelServer]]:
    feedback = tmp_path_factory.mktemp("prose") / "feedback.sqlite3"
    with served_with_model(browser_index, bundled_embedder, feedback, pen) as running:
        yield running


@pytest.fixture
def server(with_model: tuple[Served, ModelServer]) -> Served:
    """In the place of the one that has no model."""
    return with_model[0]


@pytest.fixture
def model(with_model: tuple[Served, ModelServer]) -> ModelServer:
    with_model[1].abandoned.clear()
    return with_model[1]


def ask(page: Any, question: str) -> Any:
    """Asks, and gives back the turn once its answer is whole."""
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")
    turn = page.locator("article.answered")
    turn.wait_for()
    return turn


def begin(page: Any, question: str) -> Any:
    """Asks, and gives back the turn once its first sentence is there."""
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")
    turn = page.locator("article.writing")
    turn.locator(".said").wait_for()
    return turn


def test_sentences_appear_one_after_another_and_the_answer_takes_their_place(open_tab: OpenTab, pen: Pen) -> None:
    pen.write(*AGENTS, pause=SLOWLY)
    page = open_tab()
    page.evaluate(WATCH)
    turn = ask(page, TRAINING)
    one, two, three = f"{FIRST} 1", f"{FIRST} 1 {SECOND} 2", f"{FIRST} 1 {SECOND} 2 {THIRD} 3"
    assert page.evaluate("seen.filter(([turn]) => turn)") == [
        ["turn searching", "", ENGLISH.searching],
        ["turn writing", one, ENGLISH.writing],
        ["turn writing", two, ENGLISH.writing],
        ["turn writing", three, ENGLISH.writing],
        ["turn answered", three, f"{FIRST} {SECOND} {THIRD}"],
    ]
    assert page.evaluate("said === document.querySelector('article .said')")  # nothing was drawn anew
    assert turn.locator(".caret").count() == 0
    assert turn.locator(".by-model").inner_text() == ENGLISH.by_model
    assert [mark.inner_text() for mark in turn.locator(".card > blockquote mark").all()] == [
        source for _, (source,) in AGENTS
    ]
    turn.locator(".marker").nth(1).click()
    assert page.evaluate("document.activeElement.querySelector('mark').textContent") == SECOND


def test_nothing_moves_for_whoever_has_scrolled_or_wants_no_motion(open_tab: OpenTab, pen: Pen) -> None:
    pen.write(*AGENTS, pause=SLOWLY)
    page = open_tab(viewport={"width": 360, "height": 740}, reduced_motion="reduce")
    turn = begin(page, TRAINING)
    assert turn.locator(".caret").evaluate("it => getComputedStyle(it).animationName") == "none"
    assert page.evaluate("scrollY") > 0
    page.evaluate("scrollTo(0, 7)")
    page.locator("article.answered").wait_for()
    assert page.evaluate("scrollY") == 7
    assert fits(page)


def test_where_the_connection_breaks_off_the_quoted_answer_takes_the_draft_s_place(open_tab: OpenTab, pen: Pen) -> None:
    pen.write(*AGENTS, pause=SLOWLY, cut_after=30)
    page = open_tab()
    page.evaluate(WATCH)
    turn = ask(page, TRAINING)
    _, written, answered = page.evaluate("seen.filter(([turn]) => turn)")
    assert written == ["turn writing", f"{FIRST} 1", ENGLISH.writing]
    assert answered[1].startswith(QUOTE) and answered[2].startswith(QUOTE)
    assert FIRST not in turn.inner_text()
    assert turn.locator(".by-model, .caret").count() == 0


def test_stopping_an_answer_that_is_written_stops_the_model_and_takes_the_draft_away(
    open_tab: OpenTab, pen: Pen, model: ModelServer
) -> None:
    pen.write(*AGENTS, pause=0.06)
    page = open_tab()
    page.evaluate(WATCH)
    begin(page, TRAINING)
    page.get_by_role("button", name=ENGLISH.stop, exact=True).click()
    page.locator(".welcome").wait_for()
    assert model.abandoned.wait(2)
    assert page.locator("#question textarea").input_value() == TRAINING
    pen.write(*AGENTS[2:])
    page.keyboard.press("Control+A")
    ask(page, "How many hours is the training for new agents, and is it paid?")
    shown = [said for turn, said, _ in page.evaluate("seen") if "writing" in turn or "answered" in turn]
    assert set(shown) == {f"{FIRST} 1", f"{THIRD} 1"}
    assert page.locator("article").count() == 1


def test_closing_the_tab_stops_the_model_before_it_has_said_anything(
    open_tab: OpenTab, pen: Pen, model: ModelServer
) -> None:
    pen.write(*AGENTS, pause=0.3)
    page = open_tab()
    asked = len(model.requests)
    page.locator("#question textarea").fill(TRAINING)
    page.keyboard.press("Enter")
    page.locator("article.searching").wait_for()
    until = time.monotonic() + 5
    while len(model.requests) == asked and time.monotonic() < until:
        time.sleep(0.02)
    page.close()
    assert model.abandoned.wait(2)


def test_prose_for_whoever_reads_from_right_to_left_stands_beside_quotes_that_do_not(
    open_tab: OpenTab, pen: Pen
) -> None:
    pen.write((ARABIC_ALLOWANCE, (ALLOWANCE,)))
    turn = ask(open_tab(locale="ar"), ARABIC)
    assert turn.locator(".said").inner_text().startswith(ARABIC_ALLOWANCE)
    for place in (".said", ".answer"):
        assert turn.locator(place).get_attribute("lang") == "ar"
        assert turn.locator(place).evaluate("it => getComputedStyle(it).direction") == "rtl"
    assert turn.locator(".notice").inner_text() == message("written_from", "ar", language="الإنجليزية")
    quotation = turn.locator(".card > blockquote")
    assert (quotation.get_attribute("lang"), quotation.get_attribute("dir")) == ("en", "ltr")
    assert quotation.locator("mark").inner_text() == ALLOWANCE


def test_prose_over_a_hostile_document_is_shown_as_text(open_tab: OpenTab, pen: Pen) -> None:
    pen.write()
    page = open_tab()
    turn = ask(page, CARPORT)
    assert turn.locator(".by-model").is_visible()
    said = (
        'The carport permit costs {{7*7}} euros, <b onclick="x">see</b> [the form](javascript:alert(1)) and ${7*7}. 1'
    )
    assert turn.locator(".said").inner_text().startswith(said)
    assert turn.locator(".title").first.inner_text() == (
        "How much does the <img src=x onerror='document.title=\"taken\"'> carport permit cost?"
    )
    assert turn.locator("img, script, b, strong, [onclick], [onerror]").count() == 0
    assert page.title() == "Dragoman"
