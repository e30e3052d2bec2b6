"""The words of `bot`, as types: a question goes in, an answer comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = ["Answer", "Citation", "Question", "QuotedVersion", "Reason", "Status", "Timings"]

Status: TypeAlias = Literal["answered", "abstained"]

Reason: TypeAlias = Literal["no_documents", "no_evidence", "below_threshold", "empty_question"]
"""Why there is no answer: the index is empty, nothing was found, what was found is too uncertain, nothing was asked."""


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked. An explicit `language` (ISO 639-1) wins over what the text looks like.

    `history` holds what the asker asked before in this conversation, oldest first, in whatever languages.
    """

    text: str
    language: str | None = None
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuotedVersion:
    """The same statement in another version of the article: `[start, end)` of that document."""

    language: str
    quote: str
    document: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a quote stands: `document.text[start:end] == quote`, in code points, always.

    `document` is the document's id in the index; `marker` is the number that the answer refers to it by. `passage`, in
    which the quote stands, begins at `passage_start`. `versions` has what the article's other versions say in its
    place, where they are aligned with it, by language.
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
    passage_start: int
    versions: tuple[QuotedVersion, ...] = ()


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
    `follow_up_of` is the earlier question that this one was understood together with. An abstention has its `reason`,
    and in `related` the passages that come nearest.
    """

    question: str
    language: str
    status: Status
    text: str
    confidence: float
    notice: str | None
    citations: tuple[Citation, ...]
    timings_ms: Timings = field(compare=False)
    follow_up_of: str | None = None
    reason: Reason | None = None
    related: tuple[Citation, ...] = ()
