from __future__ import annotations

import tomllib
from dataclasses import fields
from importlib import resources
from string import Formatter

import pytest

from ui.chat_page.words import Words, languages, preferred, words_in

LANGUAGES = {"ar", "de", "en", "es", "fr", "nl", "pt", "vi"}


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_the_page_speaks_eight_languages() -> None:
    assert languages() == LANGUAGES


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_has_all_words_and_the_places_in_them(language: str) -> None:
    file = resources.files("ui.chat_page").joinpath("words", f"{language}.toml")
    words = tomllib.loads(file.read_text("utf-8"))
    assert set(words) == {field.name for field in fields(Words)} - {"language"}
    assert [key for key, text in words.items() if not text.strip()] == []
    english = words_in("en")
    assert {key: places(text) for key, text in words.items()} == {key: places(getattr(english, key)) for key in words}


def test_only_arabic_runs_from_right_to_left() -> None:
    assert {language for language in LANGUAGES if words_in(language).direction == "rtl"} == {"ar"}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("nl", "nl"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt"),
        ("en;q=0.2, VI ; q=0.9", "vi"),
        ("ja,ko;q=0.9,de;q=0.1", "de"),
        ("fr;q=0, es;q=0.5", "es"),
        ("nl;q=much, fr;q=0.1", "fr"),
        ("fr,nl", "fr"),
        ("*", "en"),
        ("", "en"),
        ("../../en;q=1", "en"),
        (";;;,,,=q", "en"),
        ("ja," * 5_000 + "nl", "en"),
    ],
)
def test_the_browser_s_first_choice_among_them_wins(header: str, language: str) -> None:
    assert preferred(header) == language
