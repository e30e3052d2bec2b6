"""What one browser tab asked, and what it was answered."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.types import Answer
from ui.server.service import MOST_HISTORY

__all__ = ["Conversation", "Turn"]

MOST_TURNS = 50
"""That are kept and shown; earlier ones are dropped."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A question of a conversation, and its answer: None while it is looked for. `id` names the answer in feedback.

    While it is `writing`, the answer is what has been written so far.
    """

    id: str
    question: str
    answer: Answer | None = None
    writing: bool = False
    helpful: bool | None = None
    commented: bool = False


@dataclass(slots=True)
class Conversation:
    """The turns that have an answer, oldest first; `asking` is the one that is being answered, by `work`.

    Until that work has ended, stopped or not, whoever waits for it is the only one to draw the page, or an older page
    could come last; others set `changed` instead. `back` is what then belongs in the box.
    """

    turns: list[Turn] = field(default_factory=list)
    asking: Turn | None = None
    work: asyncio.Task[Answer] | None = field(default=None, compare=False)
    changed: asyncio.Event | None = field(default=None, compare=False)
    back: str = field(default="", compare=False)

    @property
    def busy(self) -> bool:
        """Whether the work for a question has not ended."""
        return self.changed is not None

    def shown(self) -> list[Turn]:
        return [*self.turns, *([self.asking] if self.asking else [])]

    def history(self) -> tuple[str, ...]:
        """The questions before the one that is asked now."""
        return tuple(turn.question for turn in self.turns[-MOST_HISTORY:])

    def stop(self) -> None:
        """Gives up the question that is being answered, if any: it goes back into the box. To be called in its loop."""
        if self.asking is not None:
            self.back = self.asking.question
            self.asking = None
        if self.work is not None:
            self.work.cancel()

    def put(self, turn: Turn) -> None:
        """In the place of the turn with its id, or as the last."""
        ids = [one.id for one in self.turns]
        if turn.id in ids:
            self.turns[ids.index(turn.id)] = turn
        else:
            self.turns = [*self.turns, turn][-MOST_TURNS:]

    def answered(self, name: object) -> Turn | None:
        """The turn with this id, whatever a browser sent as one."""
        return next((turn for turn in self.turns if turn.id == name), None)
