from __future__ import annotations

import re
from pathlib import Path

from tests.ui.conftest import Run


def test_articles_are_listed_with_their_languages_and_how_they_were_found(run: Run, folder: Path) -> None:
    ran = run("articles", "--index", folder)
    assert ran.status == 0
    assert [re.split("  +", line) for line in ran.out.splitlines()] == [
        ["article", "title", "languages", "versions", "aligned", "found by"],
        ["help/nl/money", "Help/En/Money", "en fr nl", "3", "86 %", "content 0.23"],
        ["rest/nl/ask", "Rest/Nl/Ask", "nl vi", "2", "100 %", "path"],
        ["2 articles of 2 or more versions, 1 document alone"],
    ]


def test_a_document_alone_is_listed_when_asked_for(run: Run, folder: Path) -> None:
    assert "Alone" not in run("articles", "--index", folder).out
    lines = run("articles", "--all", "--index", folder).out.splitlines()
    assert lines[1].split() == ["alone", "Alone", "en", "1", "–", "alone"]
    assert len(lines) == 5


def test_a_language_limits_the_list_to_articles_that_have_it(run: Run, folder: Path) -> None:
    lines = run("articles", "--language", "vi-VN", "--index", folder).out.splitlines()
    assert [line.split()[0] for line in lines] == ["article", "rest/nl/ask", "1"]
    assert run("articles", "--language", "el", "--index", folder).out == (
        "0 articles of 2 or more versions, 0 documents alone\n"
    )


def test_the_list_as_json(run: Run, folder: Path) -> None:
    listed = run("articles", "--json", "--index", folder).json
    assert listed["alone"] == 1
    assert listed["articles"][0] == {
        "article": "help/nl/money",
        "title": "Help/En/Money",
        "languages": ["en", "fr", "nl"],
        "versions": 3,
        "aligned": 0.8571,
        "found_by": "content",
        "score": 0.2345,
    }
    assert len(run("articles", "--json", "--all", "--index", folder).json["articles"]) == 3
