"""How well rankings put what is right in front. The metrics proper are those of ir-measures (MacAvaney et al. 2022).

A ranking is judged by document: the first unit of a document that holds a gold of the question is that document, found
at the unit's rank; every other unit is one that is not relevant. So each version of a fact counts once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import ir_measures
import numpy as np
from ir_measures import AP, RR, R, Success, nDCG

from evaluation.errors import MetricError

__all__ = ["MEASURES", "article_recall", "language_preference", "per_query"]

MEASURES = {
    "R@1": R @ 1,
    "R@5": R @ 5,
    "R@10": R @ 10,
    "Success@1": Success @ 1,
    "MRR@10": RR @ 10,
    "nDCG@10": nDCG @ 10,
    "AP": AP,
}
"""By the names that reports use. Means over queries are macro-averaged by language later, with AP becoming MAP."""

ARTICLES = 5


def per_query(
    relevant: Mapping[str, Mapping[str, int]], ranks: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, float]]:
    """Every measure of every query: `relevant` gives its documents' grades, `ranks` where (from 1) they were found.

    A query without an entry in `ranks` was not answered and scores 0. Raises MetricError where a query or a document is
    ranked that `relevant` does not know: the ranking then belongs to another dataset.
    """
    _require_known(relevant, ranks)
    queries = _numbers(relevant)
    documents = {query: _numbers(grades) for query, grades in relevant.items()}
    qrels = [
        ir_measures.Qrel(queries[query], documents[query][document], grade)
        for query, grades in relevant.items()
        for document, grade in grades.items()
    ]
    scores = {name: dict.fromkeys(relevant, 0.0) for name in MEASURES}
    names = {measure: name for name, measure in MEASURES.items()}
    named = {number: query for query, number in queries.items()}
    run = [scored for query, found in ranks.items() for scored in _run(queries[query], found, documents[query])]
    if run:
        for metric in ir_measures.iter_calc(list(MEASURES.values()), qrels, run):
            scores[names[metric.measure]][named[metric.query_id]] = float(metric.value)
    return scores


def _numbers(names: Iterable[str]) -> dict[str, str]:
    """Numbers for names: to the scorer, written in C, a NUL is a name's end, and a lone surrogate a crash."""
    return {name: str(number) for number, name in enumerate(names)}


def _run(query: str, found: Mapping[str, int], numbers: Mapping[str, str]) -> Iterator[ir_measures.ScoredDoc]:
    """The ranking down to the last relevant document, with a stand-in at each rank that none has."""
    at = {rank: numbers[document] for document, rank in found.items()}
    for rank in range(1, max(at, default=0) + 1):
        yield ir_measures.ScoredDoc(query, at.get(rank, f"other {rank}"), -float(rank))


def _require_known(relevant: Mapping[str, Mapping[str, int]], ranks: Mapping[str, Mapping[str, int]]) -> None:
    for query, found in ranks.items():
        if query not in relevant:
            raise MetricError(f"query {query!r} was ranked and has no relevance judgements: not the same dataset")
        if unknown := sorted(found.keys() - relevant[query].keys()):
            raise MetricError(f"query {query!r}: {unknown[0]!r} was found as relevant and is not judged so")
        if len(set(found.values())) < len(found):
            raise MetricError(f"query {query!r}: two documents were found at the same rank")


def article_recall(article_rank: int | None) -> float:
    """Distinct-article Recall@5: 1.0 where the right article is among the first 5 when each takes one place."""
    return float(article_rank is not None and article_rank <= ARTICLES)


def language_preference(ranks: Mapping[str, int], languages: Mapping[str, str], own: str) -> float:
    """Language Preference Rate, of one query: 1.0 where the version found first is that in the asker's language.

    After Jang et al. 2026 (MLAIRE, arXiv:2605.07249), who ask it of pools of parallel passages. NaN where the answer
    has no version in the asker's language, or none in another, or no version was found: there is nothing to prefer.
    """
    spoken = set(languages.values())
    if own not in spoken or len(spoken) < 2 or not ranks:
        return float(np.nan)
    first = min(ranks, key=lambda document: ranks[document])
    return float(languages[first] == own)
