"""The words of `bot`, as types: a question goes in, an answer comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = ["Answer", "Citation", "Question", "Status", "Timings"]

Status: TypeAlias = Literal["answered", "abstained"]


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked. An explicit `language` (ISO 639-1) wins over what the text looks like."""

    text: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a quote stands: `document.text[start:end] == quote`, in code points, always.

    `document` is the document's id in the index; `marker` is the number that the answer refers to it by.
    """

    marker: int
    quote: str
    document: str
    source_uri: str
    title: str
    language: str
    start: int
    end: int
    passage: str


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds spent on one answer."""

    embed: float
    search: float
    compose: float
    total: float


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in the asker's language, or a typed abstention.

    `language` is the asker's. `confidence`, in [0, 1], is the probability that the quote answers the question.
    `notice`, in the asker's language, says what the asker should know besides: that the quote is in another language.
    """

    question: str
    language: str
    status: Status
    text: str
    confidence: float
    notice: str | None
    citations: tuple[Citation, ...]
    timings_ms: Timings = field(compare=False)
