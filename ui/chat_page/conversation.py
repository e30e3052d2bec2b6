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
    """A question of a conversation, and its answer: None while it is looked for. `id` names the answer in feedback."""

    id: str
    question: str
    answer: Answer | None = None
    helpful: bool | None = None
    commented: bool = False


@dataclass(slots=True)
class Conversation:
    """The turns that have an answer, oldest first; `asking` is the one that is being answered, by `work`."""

    turns: list[Turn] = field(default_factory=list)
    asking: Turn | None = None
    work: asyncio.Task[Answer] | None = field(default=None, compare=False)

    def shown(self) -> list[Turn]:
        return [*self.turns, *([self.asking] if self.asking else [])]

    def history(self) -> tuple[str, ...]:
        """The questions before the one that is asked now."""
        return tuple(turn.question for turn in self.turns[-MOST_HISTORY:])

    def stop(self) -> Turn | None:
        """Gives up the question that is being answered, if any; gives back what it was. To be called in its loop."""
        asking, self.asking = self.asking, None
        if self.work is not None:
            self.work.cancel()
        return asking

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
