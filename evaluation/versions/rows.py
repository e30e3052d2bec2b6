"""The rows of the tables, and the score that each holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from evaluation.report.terminal import shown

__all__ = ["AlignmentRow", "AnswersRow", "LinksRow", "Part", "Score"]


@dataclass(frozen=True, slots=True)
class Score:
    """How many were right, of those found and of those wanted."""

    right: int = 0
    found: int = 0
    wanted: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(self.right + other.right, self.found + other.found, self.wanted + other.wanted)

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else math.nan

    @property
    def recall(self) -> float:
        return self.right / self.wanted if self.wanted else math.nan

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.found + self.wanted) if self.found + self.wanted else math.nan


@dataclass(frozen=True, slots=True)
class AlignmentRow:
    """Pairs of sentences against the gold's. `left_out` counts pairs of sentences neither of which the gold mentions.

    `cut_otherwise` counts the gold's sentences that are no sentences of the index, whose pairs are lost.
    """

    HEADER: ClassVar = (
        "articles", "pairs in the gold", "found", "precision", "coverage", "of sentences that the gold leaves out",
        "gold sentences cut otherwise",
    )  # fmt: skip

    name: str
    score: Score
    left_out: int
    cut_otherwise: int

    def cells(self) -> tuple[str, ...]:
        score = self.score
        counts = f"{score.wanted:,}", f"{score.found:,}"
        return (
            self.name,
            *counts,
            shown(score.precision),
            shown(score.recall),
            f"{self.left_out:,}",
            f"{self.cut_otherwise}",
        )


@dataclass(frozen=True, slots=True)
class AnswersRow:
    """Questions in one language and another: whether the sentences that hold the two answers are aligned."""

    HEADER: ClassVar = "questions of", "pairs of answers", "with an aligned sentence", "precision", "coverage"

    name: str
    score: Score

    def cells(self) -> tuple[str, ...]:
        score = self.score
        return self.name, f"{score.wanted:,}", f"{score.found:,}", shown(score.precision), shown(score.recall)


@dataclass(frozen=True, slots=True)
class LinksRow:
    """Pairs of documents that were found to be versions of one article, against the true ones.

    `mixed` counts the articles found that hold documents of more than one true article. `linking` is the seconds of
    linking and aligning, `indexing` those of all that `dragoman index` does, in the run that embedded the documents.
    `wrong` names some of the wrong pairs.
    """

    HEADER: ClassVar = (
        "documents", "count", "true pairs", "found", "wrong", "precision", "recall", "F1", "articles mixed", "found by",
        "linking and aligning, s per 1,000", "all of indexing, s per 1,000",
    )  # fmt: skip

    name: str
    documents: int
    score: Score
    mixed: int
    found_by: dict[str, int]
    linking: float
    indexing: float | None
    wrong: tuple[tuple[str, str], ...]

    def cells(self) -> tuple[str, ...]:
        score = self.score
        counts = self.documents, score.wanted, score.found, score.found - score.right
        return (
            self.name,
            *(f"{count:,}" for count in counts),
            *map(shown, (score.precision, score.recall, score.f1)),
            f"{self.mixed}",
            ", ".join(f"{found_by} {count:,}" for found_by, count in self.found_by.items()),
            self._per_thousand(self.linking),
            "–" if self.indexing is None else self._per_thousand(self.indexing),
        )

    def _per_thousand(self, seconds: float) -> str:
        return f"{1000 * seconds / max(1, self.documents):.1f}"


Row: TypeAlias = "AlignmentRow | AnswersRow | LinksRow"


@dataclass(frozen=True, slots=True)
class Part:
    """One table."""

    title: str
    rows: tuple[Row, ...]
