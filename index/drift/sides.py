"""The versions of one article side by side, and the shape in which a difference between them is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from index.store import Store
from index.types import Unit

__all__ = ["Drift", "DriftKind", "Quote", "Row", "Versions", "side_by_side"]


class DriftKind(StrEnum):
    """In what a version differs."""

    CUT_SHORT = "cut short"
    MISSING = "missing passage"
    NUMBERS = "numbers"
    DATES = "dates"
    EMAIL = "e-mail"
    URL = "URL"


@dataclass(frozen=True, slots=True)
class Quote:
    """A stretch of a document: `text` is the document's own, `[start, end)`."""

    document: str
    language: str
    source_uri: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing in which a version (`document`, `language`, `source_uri`) differs from the others.

    `quote` is what the version says, None where it says nothing; it would then stand after `after`, or at the
    beginning. `other` is what another version says there. `detail` puts the difference in a few words.
    """

    article: str
    kind: DriftKind
    document: str
    language: str
    source_uri: str
    quote: Quote | None
    after: Quote | None
    other: Quote
    detail: str


@dataclass(frozen=True, slots=True)
class Row:
    """What versions say alike, or what one of them says alone: the sentences of each document that has any, in order.

    `scores` says how sure the place of each document's sentences is; it is empty where there is only one document.
    """

    sentences: Mapping[str, tuple[Unit, ...]]
    scores: Mapping[str, float]


def side_by_side(store: Store, article: str) -> list[Row]:
    """All quotable sentences of the article's versions, in order of the text.

    Statements that share a sentence are one row. A sentence in no statement follows the row that it follows in its
    document.
    """
    units = {version.document: _units(store, version.document) for version in store.articles.versions([article])}
    known = {unit.id for of_document in units.values() for unit in of_document}
    rows = [
        {sentence: score for sentence, score in statement.items() if sentence in known}
        for statement in _merged(list(store.articles.statements_of(article).values()))
    ]
    row_of = {sentence: place for place, row in enumerate(rows) for sentence in row}
    alone: dict[int, list[Row]] = defaultdict(list)
    together: list[dict[str, list[Unit]]] = [defaultdict(list) for _ in rows]
    for document, of_document in units.items():
        place = -1
        for unit in of_document:
            if unit.id in row_of:
                place = row_of[unit.id]
                together[place][document].append(unit)
            else:
                alone[place].append(Row({document: (unit,)}, {}))
    result = alone[-1]
    for place, row in enumerate(together):
        if row:
            scores = {document: min(rows[place][unit.id] for unit in found) for document, found in row.items()}
            sentences = {document: tuple(found) for document, found in row.items()}
            result.append(Row(sentences, scores if len(row) > 1 else {}))
        result += alone[place]
    return result


def _units(store: Store, document: str) -> list[Unit]:
    return store.quotable_sentences(store.articles.sentences(document).ids.tolist(), [])


def _merged(statements: Sequence[Mapping[int, float]]) -> Iterator[dict[int, float]]:
    """Those that share a sentence, with all between them, as one."""
    last = {sentence: place for place, statement in enumerate(statements) for sentence in statement}
    merged: dict[int, float] = {}
    until = 0
    for place, statement in enumerate(statements):
        for sentence, score in statement.items():
            merged[sentence] = min(score, merged.get(sentence, score))
        until = max([until, *(last[sentence] for sentence in statement)])
        if place >= until:
            yield merged
            merged = {}


class Versions:
    """The versions of one article, the one in English first, with the rows that they share by place."""

    def __init__(self, store: Store, article: str) -> None:
        versions = sorted(
            store.articles.versions([article]),
            key=lambda version: (version.language != "en", version.language, version.document),
        )
        documents = {document.id: document for document in store.documents(version.document for version in versions)}
        self._article = article
        self.documents = {version.document: documents[version.document] for version in versions}
        self.rows = side_by_side(store, article)

    def places(self, *documents: str) -> list[int]:
        """Of the rows in which all of these say something."""
        return [place for place, row in enumerate(self.rows) if all(one in row.sentences for one in documents)]

    def shared(self, document: str) -> list[int]:
        """The places at which other versions say what this one says."""
        return [place for place in self.places(document) if len(self.rows[place].sentences) > 1]

    def language(self, document: str) -> str:
        return self.documents[document].language

    def between(self, document: str, before: int | None, behind: int | None) -> str:
        """All of the text between two rows, headings and all; from the beginning, to the end where there is none."""
        start = 0 if before is None else self.rows[before].sentences[document][-1].end
        end = None if behind is None else self.rows[behind].sentences[document][0].start
        return self.documents[document].text[start:end]

    def quote(self, document: str, first: int, last: int) -> Quote:
        """From the document's first sentence in one row to its last in another."""
        held = self.documents[document]
        start = self.rows[first].sentences[document][0].start
        end = self.rows[last].sentences[document][-1].end
        return Quote(document, held.language, held.source_uri, start, end, held.text[start:end])

    def drift(
        self, kind: DriftKind, version: str, quote: Quote | None, other: Quote, detail: str, after: Quote | None = None
    ) -> Drift:
        held = self.documents[version]
        return Drift(self._article, kind, version, held.language, held.source_uri, quote, after, other, detail)
