"""Quotes from statements that are made by hand, so that their scores are known."""

from __future__ import annotations

import pytest

from bot.extractive import NEARLY_EQUAL, citation, cite
from bot.extractive import quoted as laid_out
from index.types import Document, Evidence, SentenceScore, Statement, Unit

ENGLISH = "Ham one. Ham two. Ham three.\n\nHam four."
DUTCH = "Ham en nog een. Ham drie.\n\nHam vier."
SENTENCES = {
    "en": [(0, 8, 0), (9, 17, 0), (18, 28, 0), (30, 39, 1)],
    "nl": [(0, 15, 0), (16, 25, 0), (27, 36, 1)],
}
PASSAGES = {"en": [(0, 28), (30, 39)], "nl": [(0, 25), (27, 36)]}


def document(language: str, text: str) -> Document:
    return Document(language, f"file:///{language}.txt", language.upper(), language, text, None, "hash")


def statement(score: float, **places: tuple[int, ...]) -> Statement:
    """Of these sentences of each version."""
    versions = {}
    for number, (language, chosen) in enumerate(places.items()):
        run = []
        for place in chosen:
            start, end, passage = SENTENCES[language][place]
            held = PASSAGES[language][passage]
            unit = Unit(number * 100 + place, number * 100 + passage, language, language, start, end, *held)
            run.append(SentenceScore(unit, 0.9, 0.1, 0.1, 0.0, 0.0))
        versions[language] = tuple(run)
    return Statement(score, versions)


def evidence(*statements: Statement) -> Evidence:
    documents = {"en": document("en", ENGLISH), "nl": document("nl", DUTCH)}
    return Evidence(1, "en", documents, statements)


def quoted(found: Evidence, language: str = "en", most: int = 2) -> list[str]:
    return [one.quote for one in cite(found, found.statements[0], language, most)]


def test_the_statement_is_quoted_with_what_the_other_version_says() -> None:
    found = evidence(statement(1.0, en=(0, 1), nl=(0,)))
    one = citation(found, found.statements[0], "en", 3)
    assert (one.marker, one.quote, one.start, one.end) == (3, "Ham one. Ham two.", 0, 17)
    assert (one.document, one.source_uri, one.title, one.language) == ("en", "file:///en.txt", "EN", "en")
    assert one.passage == "Ham one. Ham two. Ham three."
    (other,) = one.versions
    assert (other.language, other.document, other.quote, other.start, other.end) == (
        "nl",
        "nl",
        "Ham en nog een.",
        0,
        15,
    )
    (back,) = cite(found, found.statements[0], "nl", 2)
    assert (back.quote, [version.quote for version in back.versions]) == ("Ham en nog een.", ["Ham one. Ham two."])


def test_versions_are_in_the_order_of_languages() -> None:
    found = evidence(statement(1.0, nl=(1,), en=(2,)))
    french = {"fr": (*statement(1.0, en=(3,)).versions["en"],)}
    held = Statement(1.0, {**found.statements[0].versions, **french})
    documents = {**found.documents, "fr": document("fr", ENGLISH)}
    one = citation(Evidence(1, "en", documents, (held,)), held, "nl", 1)
    assert [version.language for version in one.versions] == ["en", "fr"]


@pytest.mark.parametrize(("less", "both"), [(0.0, True), (0.5 * NEARLY_EQUAL, True), (1.1 * NEARLY_EQUAL, False)])
def test_a_second_statement_is_quoted_where_it_is_nearly_as_good(less: float, both: bool) -> None:
    found = evidence(statement(1.0, en=(0,)), statement(1.0 - less, en=(2,)))
    assert quoted(found) == ["Ham one.", "Ham three."][: 2 if both else 1]


def test_the_quoted_statement_need_not_be_the_best() -> None:
    """That of the asker's language is quoted before a better one elsewhere; what is nearly as good may be better."""
    found = evidence(statement(1.0, nl=(0,)), statement(0.91, en=(2,)), statement(0.9, en=(0,)))
    assert [one.quote for one in cite(found, found.statements[2], "en", 2)] == ["Ham one.", "Ham three."]
    assert [one.marker for one in cite(found, found.statements[2], "en", 2)] == [1, 2]


def test_at_most_so_many_are_quoted() -> None:
    found = evidence(*(statement(1.0, en=(place,)) for place in range(3)))
    assert [len(quoted(found, most=most)) for most in (1, 2, 3, 4)] == [1, 2, 3, 3]


def test_another_passage_is_not_quoted_with_it() -> None:
    assert quoted(evidence(statement(1.0, en=(0,)), statement(1.0, en=(3,)))) == ["Ham one."]


def test_what_this_version_does_not_say_is_not_quoted_with_it() -> None:
    assert quoted(evidence(statement(1.0, en=(0,)), statement(1.0, nl=(1,)), statement(1.0, en=(2,)))) == [
        "Ham one.",
        "Ham three.",
    ]


def test_no_sentence_is_quoted_twice() -> None:
    found = evidence(
        statement(1.0, en=(0, 1), nl=(0,)), statement(1.0, en=(1, 2), nl=(0, 1)), statement(1.0, en=(2,), nl=(1,))
    )
    assert quoted(found, "en", 3) == ["Ham one. Ham two.", "Ham three."]
    assert quoted(found, "nl", 3) == ["Ham en nog een.", "Ham drie."]


def test_quotes_are_joined_with_a_mark_where_they_do_not_follow_each_other() -> None:
    def said(*places: int) -> str:
        found = evidence(*(statement(1.0, en=(place,)) for place in places))
        return "".join(piece.text for piece in laid_out(cite(found, found.statements[0], "en", 3), ENGLISH))

    assert said(0) == "Ham one."
    assert said(0, 1) == "Ham one. Ham two."
    assert said(0, 2) == "Ham one. … Ham three."
    assert said(1, 0) == "Ham two. … Ham one."
    assert said(0, 1, 2) == "Ham one. Ham two. Ham three."
