"""Scores -> the probability that a statement answers the question (ADR 6)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from index.retriever import Retriever
from index.types import Evidence, SentenceScore, Statement

__all__ = ["UNRELATED_COSINE", "WEIGHTS", "Features", "confidence", "features", "unrelated_cosine"]

UNRELATED_COSINE = {"multilingual-e5-small": 0.79}
"""By embedder, the mean cosine of two unrelated sentences of one language: on XQuAD-R, the mean of 11 languages."""

BACKGROUND = slice(5, 15)
"""The ranks, from 0, of the statements that are taken for this question's background: near it, and seldom an answer."""

NO_BACKGROUND = 0.1


@dataclass(frozen=True, slots=True)
class Features:
    """What the confidence is worked out from. None depends on how high one language's cosines are.

    `relatedness`: the cosine of the asker's version, else that of all, from 0 (unrelated) to 1 (the same).
    `agreement`: the same of the better half of all versions. `coverage`: how much of the question's words stand there.
    `lift`: how far the score is above that of the question's background in this index.
    """

    relatedness: float
    agreement: float
    coverage: float
    lift: float


WEIGHTS: dict[str, tuple[tuple[float, float, float, float], float]] = {
    "multilingual-e5-small": ((2.31, 4.74, -0.03, 5.12), -3.75),
}
"""By embedder: the weights of the features, in their order, and the intercept, of a logistic regression.

Written by `python -m evaluation.fit_confidence`, which says on what it was fitted and how well it does on the rest.
"""

OTHERWISE = "multilingual-e5-small"
"""Whose weights are used for an embedder that none were fitted for."""


def unrelated_cosine(retriever: Retriever) -> float:
    """What the retriever's embedder gives to sentences that have nothing in common; estimated where not known."""
    return UNRELATED_COSINE.get(retriever.embedder.name, min(retriever.mean_cosine(), 0.95))


def features(statement: Statement, found: Sequence[Evidence], asker: str, unrelated: float) -> Features:
    """Of one of the statements that were found. `unrelated` is the embedder's `unrelated_cosine`."""
    best = [statement.best(document) for document in statement.versions]
    own = [sentence.cosine for sentence in best if sentence.unit.language == asker]
    all_of_them = _better_half(best)
    scores = sorted((s.score for evidence in found for s in evidence.statements), reverse=True)
    background = scores[BACKGROUND] or scores[1:]
    lift = statement.score - sum(background) / len(background) if background else NO_BACKGROUND
    return Features(
        relatedness=(max(own, default=all_of_them) - unrelated) / (1 - unrelated),
        agreement=(all_of_them - unrelated) / (1 - unrelated),
        coverage=max(sentence.coverage for run in statement.versions.values() for sentence in run),
        lift=lift / (1 - unrelated),
    )


def confidence(found: Features, embedder: str) -> float:
    """In [0, 1]: how likely it is that the statement is an answer."""
    weights, intercept = WEIGHTS.get(embedder, WEIGHTS[OTHERWISE])
    value = sum(weight * feature for weight, feature in zip(weights, astuple(found), strict=True)) + intercept
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, value))))


def _better_half(sentences: Sequence[SentenceScore]) -> float:
    cosines = sorted((sentence.cosine for sentence in sentences), reverse=True)[: (len(sentences) + 1) // 2]
    return sum(cosines) / len(cosines)
