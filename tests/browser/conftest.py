"""A browser, a server to look at, and tabs that nothing leaves."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from index.types import Embedder
from tests.browser.served import Served, served

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-background-networking"]
SAMPLES = Path(__file__).parents[2] / "samples"
HOSTILE = """<script>document.title = "taken"</script>

How much does the <img src=x onerror='document.title="taken"'> carport permit cost?

The carport permit costs {{7*7}} euros, <b onclick="x">see</b> [the form](javascript:alert(1)) and ${7*7}.
"""

OpenTab = Callable[..., Any]


def installed_browser() -> str | None:
    """Where Chromium, or a browser made of it, is."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@pytest.fixture(scope="session")
def browser_index(tmp_path_factory: pytest.TempPathFactory, bundled_embedder: Embedder) -> Path:
    """The samples, and one document by somebody who means ill."""
    from index.indexer import index_paths

    folder = tmp_path_factory.mktemp("browser")
    (folder / "carport.txt").write_text(HOSTILE, "utf-8")
    index_paths([SAMPLES, folder / "carport.txt"], folder / "index", bundled_embedder)
    return folder / "index"


@pytest.fixture(scope="package")
def server(
    browser_index: Path, bundled_embedder: Embedder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    feedback = tmp_path_factory.mktemp("feedback") / "feedback.sqlite3"
    with served(browser_index, bundled_embedder, feedback) as running:
        yield running


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    from playwright import sync_api as playwright

    path = installed_browser()
    if path is None:
        reason = f"no browser is installed: none of {', '.join(BROWSERS)}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_tab(chromium: Any, server: Served) -> Iterator[OpenTab]:
    """Opens the page as a browser with these settings would. In the end nothing may have been asked of another host."""
    asked: list[str] = []
    errors: list[str] = []
    contexts = []

    def opened(**settings: Any) -> Any:
        context = chromium.new_context(**{"locale": "en-GB"} | settings)
        contexts.append(context)
        context.set_default_timeout(15_000)
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(server.address)
        page.wait_for_selector("html[data-ready]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert asked
    assert [url for url in asked if not url.startswith((server.address, "data:", "blob:"))] == []
    assert errors == []
