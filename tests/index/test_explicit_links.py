from __future__ import annotations

from collections import defaultdict

import pytest

from index.articles import DocumentStub
from index.explicit_links import declared_keys, place_keys


def declared(uri: str, article: str | None, language: str = "en") -> DocumentStub:
    """A document whose id is its address."""
    return DocumentStub(uri, uri, language, article)


def beside(*documents: tuple[str, str]) -> list[list[str]]:
    """Those of these `(address, language)` that lie at one place with another, place by place."""
    groups: dict[str, list[str]] = defaultdict(list)
    for document, key in place_keys(declared(uri, None, language) for uri, language in documents).items():
        groups[key].append(document)
    return sorted(sorted(group) for group in groups.values() if len(group) > 1)


# What documents declare.


def test_documents_that_declare_the_same_key_have_it() -> None:
    keys = declared_keys([declared("file:///a.md", "start"), declared("file:///b.md", "start", "fr")])
    assert keys == {"file:///a.md": "start", "file:///b.md": "start"}


def test_a_document_that_declares_nothing_and_is_not_named_has_no_key() -> None:
    keys = declared_keys([declared("file:///a.md", "start"), declared("file:///b.md", None), declared("file:///c", "")])
    assert keys == {"file:///a.md": "start"}


@pytest.mark.parametrize(
    "key",
    [
        "start.md",
        "start",
        "guide/start.md",
        "guide/start",
        "/guide/start.md",
        "docs/guide/start.md",
        "docs/guide/start",
    ],
)
def test_the_original_is_named_by_the_end_of_its_path(key: str) -> None:
    original, other = declared("file:///docs/guide/start.md", None), declared("file:///docs/guide/restart.md", None)
    translation = declared("file:///docs/fr/debut.md", key, "fr")
    assert declared_keys([translation, other, original]) == {translation.id: key, original.id: key}


@pytest.mark.parametrize("key", ["tart.md", "uide/start.md", "guide", "docs/start.md", "guide/start.txt", "md"])
def test_part_of_a_name_or_another_folder_names_nothing(key: str) -> None:
    original = declared("file:///docs/guide/start.md", None)
    translation = declared("file:///docs/fr/debut.md", key, "fr")
    assert declared_keys([original, translation]) == {translation.id: key}


def test_a_path_that_two_documents_end_in_names_neither() -> None:
    first, second = declared("file:///one/start.md", None), declared("file:///two/start.md", None)
    translation = declared("file:///debut.md", "start.md", "fr")
    assert declared_keys([first, second, translation]) == {translation.id: "start.md"}
    exact = declared("file:///debut.md", "two/start.md", "fr")
    assert declared_keys([first, second, exact]) == {exact.id: "two/start.md", second.id: "two/start.md"}


def test_an_original_that_declares_a_key_itself_keeps_it() -> None:
    original = declared("file:///start.md", "beginning")
    translation = declared("file:///debut.md", "start.md", "fr")
    assert declared_keys([original, translation]) == {original.id: "beginning", translation.id: "start.md"}


def test_the_original_is_named_by_the_path_of_a_web_address_as_people_read_it() -> None:
    original = declared("https://example.org/guide/d%C3%A9but?print=1", None)
    translation = declared("file:///start.md", "guide/début")
    assert declared_keys([original, translation])[original.id] == "guide/début"


# Where documents lie.


@pytest.mark.parametrize(
    ("french", "dutch"),
    [
        ("file:///fr/x.md", "file:///nl/x.md"),
        ("file:///docs/fr/docs/x.md", "file:///docs/nl/docs/x.md"),
        ("file:///docs/x.fr.md", "file:///docs/x.nl.md"),
        ("file:///docs/x-fr.md", "file:///docs/x_nl.md"),
        ("file:///docs/training/fr.html", "file:///docs/training/nl.txt"),
        ("file:///docs/x.fr.md", "file:///docs/x.md"),
        ("file:///docs/x.md", "file:///docs/x.nl.md"),
        ("file:///docs/fr/x.md", "file:///docs/x.md"),
        ("file:///FR/X.md", "file:///nl/x.md"),
        ("file:///fr-BE/x.md", "file:///nl_BE/x.md"),
        ("https://example.org/fr/x", "https://example.org/nl/x"),
        ("https://example.org/fr/", "https://example.org/nl/"),
        ("https://example.org/fr/x?id=7", "https://example.org/nl/x?id=7"),
        ("https://example.org/x.fr.html", "https://example.org/x.html"),
        ("https://example.org/fr/caf%C3%A9", "https://example.org/nl/café"),
        ("https://example.org/index.html.fr", "https://example.org/index.html.nl"),
    ],
)
def test_two_languages_at_one_place_lie_beside_each_other(french: str, dutch: str) -> None:
    assert beside((french, "fr"), (dutch, "nl")) == [sorted([french, dutch])]


@pytest.mark.parametrize(
    ("french", "dutch"),
    [
        ("file:///fr/x.md", "file:///nl/y.md"),
        ("file:///a/fr/x.md", "file:///b/nl/x.md"),
        ("https://example.org/fr/x", "https://example.com/nl/x"),
        ("https://example.org/fr/x?id=7", "https://example.org/nl/x?id=8"),
        ("file:///training/fr.html", "file:///holidays/nl.html"),
    ],
)
def test_two_languages_at_two_places_do_not(french: str, dutch: str) -> None:
    assert beside((french, "fr"), (dutch, "nl")) == []


def test_a_place_where_nobody_names_a_language_says_nothing() -> None:
    assert beside(("file:///docs/x.md", "fr"), ("file:///docs/y.md", "nl")) == []
    assert beside(("https://example.org/x", "fr"), ("https://example.org/x", "nl")) == []


def test_a_language_is_named_only_where_the_text_is_in_it() -> None:
    assert beside(("file:///docs/x.fr.md", "en"), ("file:///docs/x.md", "nl")) == []
    department, page = "file:///it/x.md", "file:///x.md"
    assert beside((department, "en"), (page, "nl")) == []
    assert beside((department, "it"), (page, "nl")) == [[department, page]]
    assert beside(("file:///fr/x.md", "en"), ("file:///nl/x.md", "nl")) == []


def test_a_department_is_part_of_the_place() -> None:
    english, dutch, elsewhere = "file:///it/en/x.md", "file:///it/nl/x.md", "file:///hr/nl/x.md"
    assert beside((english, "en"), (dutch, "nl"), (elsewhere, "nl")) == [[english, dutch]]


@pytest.mark.parametrize(
    ("folder", "language"),
    [("pt-BR", "pt"), ("pt_br", "pt"), ("zh-Hant", "zh"), ("zh-Hans-CN", "zh"), ("es-419", "es")],
)
def test_a_language_may_be_named_with_its_region_or_script(folder: str, language: str) -> None:
    here, english = f"file:///{folder}/x.md", "file:///en/x.md"
    assert beside((here, language), (english, "en")) == [sorted([here, english])]


def test_a_code_that_has_another_here_names_the_language_too() -> None:
    assert beside(("file:///no/x.md", "nb"), ("file:///iw/x.md", "he")) == [["file:///iw/x.md", "file:///no/x.md"]]


def test_of_two_documents_of_one_language_at_one_place_only_one_is_taken() -> None:
    brazil, portugal, english = "file:///pt-BR/x.md", "file:///pt-PT/x.md", "file:///en/x.md"
    assert beside((portugal, "pt"), (english, "en"), (brazil, "pt")) == [[english, brazil]]
    named, unnamed, dutch = "file:///x.en.md", "file:///x.md", "file:///x.nl.md"
    assert beside((unnamed, "en"), (named, "en"), (dutch, "nl")) == [[named, dutch]]


@pytest.mark.parametrize("uri", ["file:///fr/all.jsonl#12", "urn:help:fr:12", "mailto:fr@example.org", "fr/x.md"])
def test_a_record_of_a_file_and_what_is_no_address_have_no_place(uri: str) -> None:
    assert place_keys([declared(uri, None, "fr"), declared(uri, None, "nl")]) == {}


@pytest.mark.parametrize("name", ["contact-us", "sign-in", "how.to", "my_faq"])
def test_a_short_word_in_the_name_does_not_hide_the_language_after_it(name: str) -> None:
    french, english = f"file:///{name}.fr.md", f"file:///{name}.md"
    assert beside((french, "fr"), (english, "en")) == [sorted([french, english])]


def test_a_department_that_is_called_as_a_language_has_versions_in_it() -> None:
    italian, dutch = "file:///it/docs/it/x.md", "file:///it/docs/nl/x.md"
    assert beside((italian, "it"), (dutch, "nl")) == [[italian, dutch]]


def test_the_language_may_be_named_by_the_folder_and_the_name() -> None:
    french, dutch = "file:///fr/x.fr.md", "file:///nl/x.nl.md"
    assert beside((french, "fr"), (dutch, "nl")) == [[french, dutch]]
