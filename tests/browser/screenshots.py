"""Takes the pictures in docs/screenshots: `python -m tests.browser.screenshots`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from index.embedding import open_embedder
from index.indexer import index_paths
from tests.browser.conftest import FLAGS, SAMPLES, installed_browser
from tests.browser.served import served
from ui.chat_page.cards import EXAMPLES

PICTURES = Path(__file__).parents[2] / "docs" / "screenshots"
DESK = {"width": 1100, "height": 1060}
PHONE = {"width": 360, "height": 740}
DUTCH = EXAMPLES[0][1]
SHOTS: tuple[tuple[str, dict[str, Any], str | None], ...] = (
    ("start", {"viewport": DESK, "locale": "en"}, None),
    ("answer", {"viewport": DESK, "locale": "nl"}, DUTCH),
    ("abstention", {"viewport": DESK, "locale": "en"}, "Who won the football world cup in 1998?"),
    ("phone", {"viewport": PHONE, "locale": "vi", "device_scale_factor": 2}, EXAMPLES[4][1]),
    ("dark", {"viewport": DESK, "locale": "fr", "color_scheme": "dark"}, EXAMPLES[1][1]),
    ("arabic", {"viewport": DESK, "locale": "ar"}, "كم يومًا في الأسبوع يمكنني العمل من المنزل؟"),
)


def main() -> None:
    """All of them."""
    embedder = open_embedder()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as driver:
        index = Path(scratch) / "index"
        index_paths([SAMPLES], index, embedder)
        with served(index, embedder, Path(scratch) / "feedback.sqlite3") as server:
            browser = driver.chromium.launch(executable_path=installed_browser(), args=FLAGS)
            for name, settings, question in SHOTS:
                page = browser.new_context(**settings).new_page()
                page.goto(server.address)
                page.wait_for_selector("html[data-ready]")
                if question:
                    page.locator("#question textarea").fill(question)
                    page.keyboard.press("Enter")
                    page.locator("article .said").wait_for()
                    if page.locator("summary").count() and name != "phone":
                        page.locator("summary").first.click()
                page.wait_for_timeout(500)
                page.screenshot(path=PICTURES / f"{name}.png")
            browser.close()


if __name__ == "__main__":
    main()
