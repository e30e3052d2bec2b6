from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from bot.feedback import Feedback
from bot.messages import message
from index.types import Embedder
from tests.browser.conftest import OpenTab
from tests.browser.served import HELD, Served, served
from ui.chat_page.cards import EXAMPLES
from ui.chat_page.words import languages, words_in
from ui.server.access import Access

ENGLISH = words_in("en")
TRAINING = "How long is the training for new agents?"
UNANSWERABLE = "Who won the football world cup in 1998?"
HOME, NEEDED = "How many days a week may I work from home?", "And what do I need there?"
ARABIC = "كم يومًا في الأسبوع يمكنني العمل من المنزل؟"
WEEKS = {
    "nl": "zes weken",
    "fr": "six semaines",
    "en": "six weeks",
    "pt": "seis semanas",
    "vi": "sáu tuần",
}


def ask(page: Any, question: str) -> Any:
    """Types the question, sends it, and gives back the newest turn once it has an answer."""
    before = page.locator("article").count()
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")
    page.wait_for_function("before => document.querySelectorAll('article .said').length > before", arg=before)
    return page.locator("article").last


def fits(page: Any) -> bool:
    wide = page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth, window.innerWidth]")
    return bool(max(wide[:2]) <= wide[2])


@pytest.mark.parametrize(("number", "language", "question"), [(i, *example) for i, example in enumerate(EXAMPLES)])
def test_an_example_is_answered_in_its_language(open_tab: OpenTab, number: int, language: str, question: str) -> None:
    page = open_tab()
    page.get_by_role("button", name=question).click()
    answer = page.locator("article.answered .answer")
    assert WEEKS[language] in answer.locator(".said").inner_text()
    assert answer.get_attribute("lang") == language
    assert page.locator("article h2").inner_text() == question
    assert page.locator(".card").first.locator("> blockquote").get_attribute("lang") == language


def test_a_question_in_a_language_without_documents_is_answered_from_another_and_says_so(open_tab: OpenTab) -> None:
    turn = ask(open_tab(), ARABIC)
    answer = turn.locator(".answer")
    assert (answer.get_attribute("lang"), answer.get_attribute("dir")) == ("ar", "rtl")
    assert turn.locator(".notice").inner_text().startswith("لا توجد نسخة بالعربية")
    assert turn.locator(".said").get_attribute("dir") == "ltr"
    quotation = turn.locator(".card > blockquote").first
    assert quotation.get_attribute("lang") in WEEKS and quotation.get_attribute("dir") == "ltr"


def test_a_citation_opens_in_its_document_with_the_same_words_marked(open_tab: OpenTab) -> None:
    page = open_tab()
    turn = ask(page, TRAINING)
    quote = turn.locator("mark").first.inner_text()
    with page.context.expect_page() as opened:
        turn.locator(".card > a.open").first.click()
    source = opened.value
    assert source.locator("mark#cited").inner_text() == quote
    assert source.locator("mark#cited").is_visible()
    assert source.evaluate("window.opener") is None


def test_another_version_is_one_click_away_and_leads_to_its_own_document(open_tab: OpenTab) -> None:
    page = open_tab()
    turn = ask(page, TRAINING)
    versions = turn.locator(".card").first.locator(".versions")
    assert not versions.is_visible()
    turn.locator("summary").first.click()
    dutch = versions.locator("li", has=page.get_by_role("heading", name="Dutch"))
    quote = dutch.locator("blockquote").inner_text()
    assert WEEKS["nl"] in quote
    with page.context.expect_page() as opened:
        dutch.locator("a.open").click()
    assert opened.value.locator("html").get_attribute("lang") == "nl"
    assert opened.value.locator("mark#cited").inner_text() == quote


def test_what_the_documents_do_not_say_looks_different_and_shows_what_comes_nearest(open_tab: OpenTab) -> None:
    turn = ask(open_tab(), UNANSWERABLE)
    assert "abstained" in turn.get_attribute("class")
    assert turn.locator(".badge").inner_text() == ENGLISH.not_in_documents
    assert turn.locator(".said").inner_text() == message("abstained", "en")
    assert turn.locator(".related .card mark").count() >= 1
    assert turn.locator(".sureness").count() == 0


def test_a_follow_up_is_understood_with_the_question_before_it(open_tab: OpenTab) -> None:
    page = open_tab()
    ask(page, HOME)
    turn = ask(page, NEEDED)
    assert turn.locator(".notice").inner_text() == message("follow_up", "en", question=HOME)
    assert "answered" in turn.get_attribute("class")
    assert page.locator("article").count() == 2
    page.get_by_role("button", name=ENGLISH.new).click()
    page.locator(".welcome").wait_for()
    turn = ask(page, NEEDED)
    assert turn.locator(".notice").count() == 0


def test_a_thumb_and_a_comment_are_kept_once(open_tab: OpenTab, server: Served) -> None:
    page = open_tab()
    turn = ask(page, TRAINING)
    name = turn.get_attribute("data-answer")

    def kept() -> list[Feedback]:
        return [one for one in server.service.feedback.all() if one.answer == name]

    turn.locator("summary").first.click()
    assert kept() == []
    turn.get_by_role("button", name=ENGLISH.yes, exact=True).click()
    turn.locator("[data-helpful=yes][aria-pressed=true]").wait_for()
    turn.get_by_role("button", name=ENGLISH.no, exact=True).click()
    turn.locator("[data-helpful=no][aria-pressed=true]").wait_for()
    turn.get_by_label(ENGLISH.comment).fill("<b>It</b> is five weeks.")
    turn.get_by_role("button", name=ENGLISH.send, exact=True).click()
    turn.locator("textarea").wait_for(state="detached")
    (feedback,) = kept()
    assert (feedback.helpful, feedback.comment) == (False, "<b>It</b> is five weeks.")
    assert (feedback.question, feedback.language) == (TRAINING, "en")
    assert len(feedback.documents) == 1
    assert turn.locator(".versions").first.is_visible()  # what was unfolded stays so


@pytest.mark.parametrize("language", sorted(languages() | {"ja"}))
def test_the_page_speaks_the_browser_s_language(open_tab: OpenTab, language: str) -> None:
    page = open_tab(locale=language)
    words = words_in(language if language in languages() else "en")
    root = page.locator("html")
    assert (root.get_attribute("lang"), root.get_attribute("dir")) == (words.language, words.direction)
    assert page.locator("#heading p").inner_text() == words.tagline
    assert page.get_by_role("button", name=words.ask, exact=True).is_visible()
    assert page.get_by_label(words.question).get_attribute("placeholder") == words.placeholder


def test_on_a_phone_nothing_is_wider_than_the_screen(open_tab: OpenTab) -> None:
    page = open_tab(viewport={"width": 360, "height": 740})
    assert fits(page)
    turn = ask(page, TRAINING)
    turn.locator("summary").first.click()
    turn.get_by_role("button", name=ENGLISH.no, exact=True).click()
    turn.locator("textarea").wait_for()
    assert fits(page)
    ask(page, "w" * 300)
    assert fits(page)


def test_all_can_be_done_from_the_keyboard(open_tab: OpenTab, server: Served) -> None:
    page = open_tab()
    focused = "document.activeElement"

    def tab_to(condition: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate(f"{focused}.matches({condition!r})"):
                return
        raise AssertionError(f"Tab never came to {condition}")

    assert page.evaluate(f"{focused}.matches('#question textarea')")
    page.keyboard.type(TRAINING)
    page.keyboard.press("Enter")
    turn = page.locator("article.answered")
    turn.wait_for()
    assert page.evaluate(f"{focused}.matches('#question textarea')")
    tab_to(".marker")
    assert page.evaluate(f"getComputedStyle({focused}).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate(f"{focused}.matches('.card')")
    tab_to("summary")
    page.keyboard.press("Enter")
    assert turn.locator(".versions").first.is_visible()
    tab_to("[data-helpful=yes]")
    page.keyboard.press("Space")
    turn.locator("[data-helpful=yes][aria-pressed=true]").wait_for()
    assert turn.get_attribute("data-answer") in {one.answer for one in server.service.feedback.all()}


def test_a_hostile_document_and_question_are_shown_as_text(open_tab: OpenTab) -> None:
    page = open_tab()
    asked = (
        "How much does the carport permit cost? <img src=x onerror='document.title=1'> {{7*7}} **b** [x](javascript:1)"
    )
    turn = ask(page, asked)
    assert turn.locator("h2").inner_text() == asked
    shown = turn.inner_text()
    assert 'costs {{7*7}} euros, <b onclick="x">see</b> [the form](javascript:alert(1)) and ${7*7}.' in shown
    assert turn.locator("img, script, b, strong, [onclick], [onerror]").count() == 0
    assert {link[:11] for link in turn.locator("a").evaluate_all("all => all.map(a => a.getAttribute('href'))")} == {
        "/documents/"
    }
    assert page.title() == "Dragoman"


def test_where_too_many_ask_the_question_stays_in_the_box(open_tab: OpenTab, server: Served) -> None:
    page = open_tab(locale="nl")
    server.service.admission.inside += 1_000
    try:
        page.locator("#question textarea").fill("Hoe lang duurt de opleiding?")
        page.keyboard.press("Enter")
        page.get_by_text(words_in("nl").overloaded).wait_for()
    finally:
        server.service.admission.inside -= 1_000
    assert page.locator("#question textarea").input_value() == "Hoe lang duurt de opleiding?"
    assert page.locator("article").count() == 0
    page.keyboard.press("Enter")
    page.locator("article.answered").wait_for()
    assert page.locator(".problem").inner_text() == ""


@pytest.mark.parametrize(
    ("question", "problem"),
    [("w" * 2_001, message("question_too_long", "fr")), ("?!", message("empty_question", "en"))],
)
def test_a_question_that_cannot_be_asked_stays_in_the_box(open_tab: OpenTab, question: str, problem: str) -> None:
    page = open_tab(locale="fr")
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.problem').textContent")
    if len(question) > 2_000:
        assert page.locator(".problem").inner_text() == problem
    assert page.locator("#question textarea").input_value() == question


def test_a_question_can_be_stopped_and_asked_again(open_tab: OpenTab, server: Served) -> None:
    page = open_tab()
    question = f"{TRAINING} ({HELD})"
    server.let_go.clear()
    try:
        page.locator("#question textarea").fill(question)
        page.keyboard.press("Enter")
        page.locator("article.searching").wait_for()
        page.get_by_role("button", name=ENGLISH.stop, exact=True).click()
        page.locator(".welcome").wait_for()
        assert page.locator("#question textarea").input_value() == question
    finally:
        server.let_go.set()
    page.locator("#question textarea").press("Enter")
    page.locator("article.answered").wait_for()
    assert page.locator("article").count() == 1
    name = page.locator("article").get_attribute("data-answer")
    page.get_by_role("button", name=ENGLISH.again).click()
    page.locator(f"article.answered:not([data-answer='{name}'])").wait_for()
    assert page.locator("article").count() == 1


def test_an_answer_can_be_copied_with_its_sources(open_tab: OpenTab) -> None:
    page = open_tab(permissions=["clipboard-read", "clipboard-write"])
    turn = ask(page, TRAINING)
    turn.get_by_role("button", name=ENGLISH.copy, exact=True).click()
    turn.get_by_role("button", name=ENGLISH.copied, exact=True).wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert WEEKS["en"] in copied and re.search(r"^\[1\] .+ \(English\)$", copied, re.MULTILINE)


def test_it_is_dark_where_the_browser_is(open_tab: OpenTab) -> None:
    def brightness(page: Any) -> int:
        color = page.evaluate("getComputedStyle(document.querySelector('.welcome button')).backgroundColor")
        return max(int(number) for number in re.findall(r"\d+", color)[:3])

    assert brightness(open_tab(color_scheme="dark")) < 80
    assert brightness(open_tab(color_scheme="light")) > 200


def test_nothing_can_be_uploaded_and_no_address_of_another_host_is_allowed(open_tab: OpenTab, server: Served) -> None:
    page = open_tab()
    refused = page.request.post(
        f"{server.address}/gradio_api/upload",
        multipart={"files": {"name": "a.txt", "mimeType": "text/plain", "buffer": b"a"}},
    )
    assert refused.status == 404
    policy = page.request.get(server.address).headers["content-security-policy"]
    assert policy.startswith("default-src 'self';") and "http" not in policy


def test_where_a_login_is_needed_nothing_is_shown_without(
    chromium: Any, browser_index: Path, bundled_embedder: Embedder, tmp_path: Path
) -> None:
    access = Access(keys=(), a_minute=100, logins={"team": "correct horse"})
    with served(browser_index, bundled_embedder, tmp_path / "feedback", access) as private:
        for headers in ({}, {"Authorization": f"Basic {b64encode(b'team:battery staple').decode()}"}):
            context = chromium.new_context(extra_http_headers=headers)
            for place in ("/", "/config", "/gradio_api/info", "/gradio_api/queue/join", "/documents/x", "/v1/articles"):
                assert context.request.fetch(private.address + place).status == 401
            context.close()
        context = chromium.new_context(http_credentials={"username": "team", "password": "correct horse"})
        page = context.new_page()
        page.goto(private.address)
        turn = ask(page, TRAINING)
        assert WEEKS["en"] in turn.locator(".said").inner_text()
        with page.expect_popup() as opened:
            turn.get_by_role("link").first.click()
        assert WEEKS["en"] in opened.value.locator("#cited").inner_text()
        context.close()
