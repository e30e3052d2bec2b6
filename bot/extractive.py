"""Evidence -> quotes, word for word. No model is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from bot.types import Citation, Piece, QuotedVersion
from index.types import Document, Evidence, SentenceScore, Statement

__all__ = ["NEARLY_EQUAL", "citation", "cite", "quoted"]

NEARLY_EQUAL = 0.02
"""A second statement of the passage is quoted too where its score is that near the best one's (docs/retrieval.md)."""

OMISSION = " … "


def cite(evidence: Evidence, statement: Statement, document: str, most: int) -> tuple[Citation, ...]:
    """The statement as this version has it, and after it, up to `most` in all, those of its passage nearly as good.

    The offsets are the sentences' own, so each quote is exact by construction.
    """
    passage = statement.versions[document][0].unit.passage
    chosen = [statement]
    for other in evidence.statements:
        run = other.versions.get(document)
        is_near = abs(statement.score - other.score) <= NEARLY_EQUAL
        if (
            len(chosen) < most
            and run
            and is_near
            and run[0].unit.passage == passage
            and not _overlap(chosen, other, document)
        ):
            chosen.append(other)
    return tuple(citation(evidence, found, document, marker) for marker, found in enumerate(chosen, start=1))


def citation(evidence: Evidence, statement: Statement, document: str, marker: int) -> Citation:
    """One statement, quoted from this version, with what the other versions say in its place."""
    source, run = evidence.documents[document], statement.versions[document]
    start, end = _span(run)
    return Citation(
        marker=marker,
        quote=source.text[start:end],
        document=source.id,
        source_uri=source.source_uri,
        title=source.title,
        language=source.language,
        start=start,
        end=end,
        passage=source.text[run[0].unit.passage_start : run[-1].unit.passage_end],
        passage_start=run[0].unit.passage_start,
        versions=_others(evidence.documents, statement, document),
    )


def quoted(citations: Sequence[Citation], text: str) -> tuple[Piece, ...]:
    """The quotes one after another, with "…" where one does not directly follow the other in the document's `text`."""
    pieces = [Piece(citations[0].quote, (citations[0].marker,))]
    for before, after in pairwise(citations):
        follows = before.end <= after.start and not text[before.end : after.start].strip()
        pieces.append(Piece((" " if follows else OMISSION) + after.quote, (after.marker,)))
    return tuple(pieces)


def _others(documents: Mapping[str, Document], statement: Statement, quoted: str) -> tuple[QuotedVersion, ...]:
    others = []
    for name, run in statement.versions.items():
        if name != quoted:
            start, end = _span(run)
            source = documents[name]
            others.append(QuotedVersion(source.language, source.text[start:end], name, start, end))
    return tuple(sorted(others, key=lambda version: (version.language, version.document)))


def _span(run: Sequence[SentenceScore]) -> tuple[int, int]:
    return run[0].unit.start, run[-1].unit.end


def _overlap(chosen: Sequence[Statement], other: Statement, document: str) -> bool:
    taken = {sentence.unit.id for statement in chosen for sentence in statement.versions[document]}
    return any(sentence.unit.id in taken for sentence in other.versions[document])
