"""Exhibits and the answer that would be quoted, made by hand."""

from __future__ import annotations

from collections.abc import Sequence

from bot.exhibits import Exhibit
from bot.extractive import quoted
from bot.types import Answer, Timings
from index.types import Document, Evidence, SentenceScore, Statement, Unit

__all__ = ["answer", "exhibits"]


def exhibits(*sentences: tuple[str, str], title: str = "") -> list[Exhibit]:
    """One for each `(text, language)`, each a document of its own."""
    made = []
    for number, (text, language) in enumerate(sentences, start=1):
        name = f"document-{number}"
        document = Document(name, f"file:///{name}.txt", title, language, text, None, "hash")
        unit = Unit(number, number, name, language, 0, len(text), 0, len(text))
        statement = Statement(1.0, {name: (SentenceScore(unit, 0.9, 0.1, 0.1, 0.5, 0.5),)})
        made.append(Exhibit(Evidence(1, name, {name: document}, (statement,)), statement, name))
    return made


def answer(question: str, language: str, shown: Sequence[Exhibit]) -> Answer:
    """That quotes the first of them."""
    citation = shown[0].citation(1)
    pieces = quoted((citation,), shown[0].source.text)
    return Answer(
        question,
        language,
        "answered",
        citation.quote,
        0.9,
        None,
        (citation,),
        Timings(0.0, 0.0, 0.0, 0.0),
        pieces=pieces,
    )
