"""Scores -> the probability that the best sentence answers the question: a first, small model of it (ADR 4)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from index.retriever import Retriever
from index.types import Hit

__all__ = ["UNRELATED_COSINE", "confidence", "unrelated_cosine"]

UNRELATED_COSINE = {"multilingual-e5-small": 0.79}
"""The mean cosine of two unrelated sentences of one language: measured on XQuAD-R, mean of 11 languages."""

# Logistic regression on XQuAD-R's even articles, with and without the answering paragraph, and on every second question
# about the sample articles (docs/retrieval.md has the figures on the other halves).
RELATEDNESS, COVERAGE, INTERCEPT = 7.89, 2.25, -2.97


def unrelated_cosine(retriever: Retriever) -> float:
    """What the retriever's embedder gives to sentences that have nothing in common; estimated where not known."""
    return UNRELATED_COSINE.get(retriever.embedder.name, retriever.mean_cosine())


def confidence(hits: Sequence[Hit], unrelated: float) -> float:
    """In [0, 1]: how likely it is that the first sentence of the first hit is an answer; 0 where there is no hit.

    `unrelated` is the embedder's `unrelated_cosine`, which brings different embedders onto one scale.
    """
    if not hits:
        return 0.0
    best = hits[0].sentences[0]
    relatedness = (best.dense - unrelated) / (1 - unrelated)
    return 1 / (1 + math.exp(-(RELATEDNESS * relatedness + COVERAGE * best.coverage + INTERCEPT)))
