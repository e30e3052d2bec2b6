"""Takes the pictures in docs/screenshots: `python -m tests.browser.screenshots`."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from playwright.sync_api import Browser, sync_playwright

from index.embedding import open_embedder
from index.indexer import index_paths
from tests.browser.conftest import FLAGS, SAMPLES, installed_browser
from tests.browser.prose import AGENTS, Pen, served_with_model
from tests.browser.served import Served, served
from ui.chat_page.cards import EXAMPLES

PICTURES = Path(__file__).parents[2] / "docs" / "screenshots"
DESK = {"width": 1100, "height": 1060}
PHONE = {"width": 360, "height": 740}
DUTCH = EXAMPLES[0][1]
Shot: TypeAlias = tuple[str, dict[str, Any], str | None]
"""A picture's name, the browser's settings, and what is asked."""

SHOTS: tuple[Shot, ...] = (
    ("start", {"viewport": DESK, "locale": "en"}, None),
    ("answer", {"viewport": DESK, "locale": "nl"}, DUTCH),
    ("abstention", {"viewport": DESK, "locale": "en"}, "Who won the football world cup in 1998?"),
    ("phone", {"viewport": PHONE, "locale": "vi", "device_scale_factor": 2}, EXAMPLES[4][1]),
    ("dark", {"viewport": DESK, "locale": "fr", "color_scheme": "dark"}, EXAMPLES[1][1]),
    ("arabic", {"viewport": DESK, "locale": "ar"}, "كم يومًا في الأسبوع يمكنني العمل من المنزل؟"),
)

WITH_MODEL: tuple[Shot, ...] = (("prose", {"viewport": DESK, "locale": "en"}, EXAMPLES[2][1]),)


def main() -> None:
    """All of them."""
    embedder = open_embedder()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as driver:
        index, feedback = Path(scratch) / "index", Path(scratch) / "feedback.sqlite3"
        index_paths([SAMPLES], index, embedder)
        browser = driver.chromium.launch(executable_path=installed_browser(), args=FLAGS)
        with served(index, embedder, feedback) as server:
            take(browser, server, SHOTS)
        with served_with_model(index, embedder, feedback, Pen(AGENTS)) as (server, _):
            take(browser, server, WITH_MODEL)
        browser.close()


def take(browser: Browser, server: Served, shots: Sequence[Shot]) -> None:
    """Each picture in a browser of its own."""
    for name, settings, question in shots:
        context = browser.new_context(**settings)
        page = context.new_page()
        page.goto(server.address)
        page.wait_for_selector("html[data-ready]")
        if question:
            page.locator("#question textarea").fill(question)
            page.keyboard.press("Enter")
            page.locator("article:is(.answered, .abstained) .said").wait_for()
            if page.locator("summary").count() and name not in ("phone", "prose"):
                page.locator("summary").first.click()
        page.wait_for_timeout(500)
        page.screenshot(path=PICTURES / f"{name}.png")
        context.close()


if __name__ == "__main__":
    main()
