"""Scores -> the probability that the best sentence answers the question."""

from __future__ import annotations

import math
from collections.abc import Sequence

from index.types import Hit

__all__ = ["confidence"]


def confidence(hits: Sequence[Hit]) -> float:
    return 1 / (1 + math.exp(-(hits[0].score - 0.35) * 10))
