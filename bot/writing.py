"""What the engine asks of a language model; `bot.generative` is one, and nothing of it is imported here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.exhibits import Exhibit
from bot.types import Answer, Listener, ModelUse

__all__ = ["Understood", "Work", "Writer"]


@dataclass(frozen=True, slots=True)
class Understood:
    """What a language model made of a question: one that stands alone, and the same in a language of the documents."""

    question: str
    translation: str | None


class Work(Protocol):
    """What a language model does for one answer; its time and its tokens are counted together."""

    @property
    def use(self) -> ModelUse: ...

    def understand(self, question: str, language: str, history: Sequence[str], into: str | None) -> Understood | None:
        """The question upon its history, and translated `into` that language; None where the model does not serve."""

    def write(self, answer: Answer, exhibits: Sequence[Exhibit]) -> Answer:
        """The quoted answer in prose; or as it is, with the reason."""


class Writer(Protocol):
    """A language model that answers are written with (`bot.generative`). Threads share it."""

    def begin(self, listener: Listener) -> Work:
        """For one answer. What it does raises Stopped as soon as the listener is gone."""
