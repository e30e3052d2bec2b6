"""How many questions are worked on at once, how many may wait, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

__all__ = ["Admission", "Late", "Overloaded"]

T = TypeVar("T")


class Overloaded(Exception):
    """As many wait as may."""


class Late(Exception):
    """The time is up."""


class Admission:
    """Lets work into threads: `at_once` at a time, `waiting` in the queue, each for `seconds` in all."""

    def __init__(self, at_once: int, waiting: int, seconds: float) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="question")
        self._most = at_once + waiting
        self._seconds = seconds
        self.inside = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Raises Overloaded at once where the queue is full, and Late when the time is up.

        A thread that is late goes on to its end, unheard, and keeps its place until then.
        """
        if self.inside >= self._most:
            raise Overloaded
        self.inside += 1
        try:
            async with asyncio.timeout(self._seconds):
                loop, context = asyncio.get_running_loop(), copy_context()
                return await loop.run_in_executor(self._threads, context.run, work)
        except TimeoutError as error:
            raise Late from error
        finally:
            self.inside -= 1
