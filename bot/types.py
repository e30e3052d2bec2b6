"""The words of `bot`, as types: a question goes in, an answer comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = [
    "Answer",
    "Citation",
    "Composer",
    "Fallback",
    "Listener",
    "ModelUse",
    "Piece",
    "Question",
    "QuotedVersion",
    "Reason",
    "Said",
    "Status",
    "Stopped",
    "Timings",
]

Status: TypeAlias = Literal["answered", "abstained"]

Reason: TypeAlias = Literal["no_documents", "no_evidence", "below_threshold", "empty_question"]
"""Why there is no answer: the index is empty, nothing was found, what was found is too uncertain, nothing was asked."""

Composer: TypeAlias = Literal["extractive", "generative"]
"""What put the answer together: quotes word for word, or sentences of a language model, each checked."""

Fallback: TypeAlias = Literal[
    "unreachable", "failed", "late", "cut_short", "unreadable", "nothing_written", "nothing_proven"
]
"""Why an answer is quoted though a model is configured: it could not be reached, answered with an error, had not
finished in time or within its tokens, answered with something else than was asked for, found nothing to write, or wrote
nothing that passed the checks."""


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
class Piece:
    """A stretch of an answer, and the markers of the citations that it stands on."""

    text: str
    markers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """A part of an answer that is still being written, with the citations that it is the first to stand on."""

    piece: Piece
    citations: tuple[Citation, ...]


class Stopped(Exception):
    """Nobody waits for the answer any more."""


class Listener:
    """Hears an answer come about, in the thread that works on it; this one hears nothing and never leaves."""

    def said(self, said: Said) -> None:
        """A sentence is ready. Unless the model fails later, it stands in the answer as it is."""

    @property
    def gone(self) -> bool:
        """Whether nobody waits for the answer any more; then `AnswerEngine.answer` raises Stopped."""
        return False


@dataclass(frozen=True, slots=True)
class ModelUse:
    """What a language model did for an answer, whether that was used or not.

    `written` are the sentences that it wrote, repairs not counted; `rejected` the checks that they and their repairs
    failed, one a sentence; `shown` is what is left. Tokens are as the model's server counts them: 0 where it does not,
    and those of a call that was given up are missing. `cost` is in the currency of the settings' prices, None without.
    """

    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost: float | None
    written: int
    rejected: tuple[str, ...]
    shown: int


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
    `follow_up_of` is the earlier question that this one was understood together with; `understood_as` what a language
    model made of the question, where that was searched for. An abstention has its `reason`, and in `related` the
    passages that come nearest.

    `pieces` are `text` in its order, with the citations that each stretch stands on; an abstention has none. Where a
    model is configured, `model_use` says what it did, and `fallback` why its prose is not what is shown.
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
    pieces: tuple[Piece, ...] = ()
    composer: Composer = "extractive"
    fallback: Fallback | None = None
    model_use: ModelUse | None = None
    understood_as: str | None = None
