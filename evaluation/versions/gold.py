"""Pairs of sentences against the gold."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TypeAlias

from evaluation.datasets import open_dataset
from evaluation.errors import DatasetError
from evaluation.versions.bench import Bench, corpus_of, embed_once, linked_anew
from evaluation.versions.rows import AlignmentRow, Score
from index.store import Store

__all__ = ["GoldArticle", "aligned_with_gold", "pairs_of_units", "read_gold", "score_alignment"]

GOLD = Path(__file__).parents[1] / "data" / "alignment"

Span: TypeAlias = tuple[str, int, int]
"""A sentence: its document, start and end."""

Unit: TypeAlias = Mapping[str, Sequence[Span]]
"""By version, the run of sentences that say the same."""

Pair: TypeAlias = "tuple[Span, Span]"


@dataclass(frozen=True, slots=True)
class GoldArticle:
    """Versions of one article, aligned by hand: `documents` names each version's, `units` has offsets only."""

    name: str
    documents: Mapping[str, str]
    sha256: Mapping[str, str]
    units: Sequence[Mapping[str, Sequence[Sequence[int]]]]


def read_gold(name: str) -> list[GoldArticle]:
    """The gold of `samples` or `seeds`."""
    content = json.loads((GOLD / f"{name}.json").read_text("utf-8"))
    return [GoldArticle(**article) for article in content["articles"]]


def aligned_with_gold(name: str, corpus: Path | None, bench: Bench) -> list[AlignmentRow]:
    """A row for each article, where there are several, and one for all."""
    embedded = embed_once(name, corpus_of(open_dataset(name, corpus=corpus)), bench)
    with linked_anew(embedded, bench) as (store, _):
        rows = [_alignment_row(article, store) for article in read_gold(name)]
    if len(rows) == 1:
        return [AlignmentRow(name, rows[0].score, rows[0].left_out, rows[0].cut_otherwise)]
    whole = AlignmentRow(
        f"{name}, all",
        sum((row.score for row in rows), Score()),
        sum(row.left_out for row in rows),
        sum(row.cut_otherwise for row in rows),
    )
    return [*rows, whole]


def _alignment_row(article: GoldArticle, store: Store) -> AlignmentRow:
    ids = _documents_of(article, store)
    units = [
        {ids[language]: [(ids[language], start, end) for start, end in run] for language, run in unit.items()}
        for unit in article.units
    ]
    mentioned = {span for unit in units for run in unit.values() for span in run}
    held = {place: (document, start, end) for place, document, start, end in store.places("sentence")}
    wanted = {found for document, found in store.articles.of_documents(ids.values()).items()}
    stated = [
        _by_document(held[sentence] for sentence in statement if sentence in held)
        for found in sorted(wanted)
        for statement in store.articles.statements_of(found).values()
    ]
    score, left_out = score_alignment(pairs_of_units(units), mentioned, pairs_of_units(stated), set(ids.values()))
    return AlignmentRow(article.name, score, left_out, len(mentioned - set(held.values())))


def _documents_of(article: GoldArticle, store: Store) -> dict[str, str]:
    """The id of each version. Raises DatasetError where one is missing, or has not the text that was aligned."""
    ids = {}
    documents = list(store.documents())
    for language, name in article.documents.items():
        found = [document for document in documents if document.source_uri.endswith(f"/{name}")]
        if len(found) != 1:
            raise DatasetError(f"the gold alignment of {article.name!r} names {name}, which {len(found)} documents are")
        (document,) = found
        digest = hashlib.sha256(document.text.encode()).hexdigest()
        if digest != article.sha256[language]:
            raise DatasetError(
                f"{document.source_uri} is not the text that the gold alignment of {article.name!r} was made for "
                f"(SHA-256 {digest[:12]}, not {article.sha256[language][:12]}): restore it, or align it anew by hand"
            )
        ids[language] = document.id
    return ids


def _by_document(spans: Iterable[Span]) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        found[span[0]].append(span)
    return found


def pairs_of_units(units: Iterable[Unit]) -> set[Pair]:
    """Each sentence of a version with each of another's, of all units."""
    return {
        (min(left, right), max(left, right))
        for unit in units
        for one, other in combinations(unit.values(), 2)
        for left in one
        for right in other
    }


def score_alignment(
    gold: Set[Pair], mentioned: Collection[Span], found: Set[Pair], documents: Collection[str]
) -> tuple[Score, int]:
    """The score of what was found in these documents, and how many pairs were of sentences that the gold leaves out.

    A sentence that overlaps one of the gold counts as mentioned, so that it is wrong, not left out, where it is cut
    otherwise.
    """
    of_interest = {pair for pair in found if any(span[0] in documents for span in pair)}
    by_document = _by_document(sorted(mentioned))
    left_out = {pair for pair in of_interest - gold if not any(_overlaps(span, by_document) for span in pair)}
    return Score(len(of_interest & gold), len(of_interest - left_out), len(gold)), len(left_out)


def _overlaps(span: Span, by_document: Mapping[str, Sequence[Span]]) -> bool:
    document, start, end = span
    return any(start < other_end and other_start < end for _, other_start, other_end in by_document.get(document, ()))
