from __future__ import annotations

from pathlib import Path

import pytest

from index.store import Store
from tests.toy import put
from tests.ui.conftest import Run


@pytest.mark.parametrize(
    "show", ["fr/money", "fr/money.html", "/help/en", "./en/money", "file:///help/nl/money", "rest"]
)
def test_an_article_is_found_by_where_a_version_lies(run: Run, folder: Path, show: str) -> None:
    shown = run("articles", show, "--json", "--index", folder).json
    assert shown["article"] == ("rest/nl/ask" if show == "rest" else "help/nl/money")


def test_an_article_is_found_by_the_title_of_a_version(run: Run, folder: Path) -> None:
    assert run("articles", "help/EN/money", "--json", "--index", folder).json["article"] == "help/nl/money"
    assert run("articles", "Rest/Vi/Ask", "--json", "--index", folder).json["article"] == "rest/nl/ask"


def test_an_article_is_found_by_the_beginning_of_its_id(run: Run, folder: Path) -> None:
    assert run("articles", "re", "--json", "--index", folder).json["article"] == "rest/nl/ask"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["oney"], "no article has the id or the title 'oney'"),
        (["/"], "no article has the id or the title '/'"),
        (["nl"], "2 articles match 'nl': help/nl/money (Help/Nl/Money), rest/nl/ask (Rest/Nl/Ask); name one by its id"),
        (["rest", "--language", "fr"], "has no version in fr: it has nl, vi"),
        (["--language", "xx-klingon"], "'xx-klingon' is not a language code"),
    ],
)
def test_what_does_not_name_one_article(run: Run, folder: Path, arguments: list[str], complaint: str) -> None:
    ran = run("articles", *arguments, "--index", folder)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert complaint in ran.err


def test_an_ending_wins_over_a_folder_of_that_name(run: Run, folder: Path) -> None:
    with Store.open_to_write(folder, Store.embedder_of(folder)) as store:
        put(store, "docs/alone/else", ["Something else."], language="en")
        with store.transaction():
            store.articles.put_alone("docs/alone/else")
    assert run("articles", "/alone", "--json", "--index", folder).json["article"] == "alone"
