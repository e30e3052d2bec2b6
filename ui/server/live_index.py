"""The engine over an index that may change under it: what `dragoman index` commits shows in answers within seconds."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.engine import AnswerEngine
from index.caches import are_current
from index.errors import DragomanError
from index.retriever import Retriever
from index.store import Store
from index.types import Embedder

__all__ = ["LiveIndex", "Opened"]

INTERVAL = 1.0
"""Seconds between two looks at the index."""

PATIENCE = 30.0
"""After so many seconds without search files that fit, the index is opened without them: a writer may have died."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Opened:
    """One state of the index, open for as long as anybody reads it."""

    generation: int
    store: Store
    retriever: Retriever
    engine: AnswerEngine
    readers: int = field(default=0)


class LiveIndex:
    """Threads share it. To be closed after use."""

    def __init__(self, folder: Path, embedder: Embedder, engine: Callable[[Retriever], AnswerEngine]) -> None:
        """`engine` makes the engine over a retriever. Raises as opening an index does."""
        self._folder = folder
        self._embedder = embedder
        self._make = engine
        self._lock = threading.Lock()
        self._current = self._open()
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="index-watcher", daemon=True)
        self._watcher.start()

    @contextmanager
    def opened(self) -> Iterator[Opened]:
        """The newest state, which stays open inside, whatever is written meanwhile."""
        with self._lock:
            state = self._current
            state.readers += 1
        try:
            yield state
        finally:
            with self._lock:
                state.readers -= 1
                done = state is not self._current and state.readers == 0
            if done:
                state.store.close()

    def close(self) -> None:
        self._ended.set()
        self._watcher.join()
        self._current.store.close()

    def _open(self) -> Opened:
        store = Store.open_to_read(self._folder)
        try:
            retriever = Retriever(store, self._embedder)
            return Opened(store.generation, store, retriever, self._make(retriever))
        except BaseException:
            store.close()
            raise

    def _watch(self) -> None:
        since: float | None = None
        while not self._ended.wait(INTERVAL):
            try:
                since = self._look(since)
            except DragomanError as error:  # what is open goes on answering
                log.warning("the index cannot be opened anew", extra={"reason": str(error)})
            except Exception:
                log.exception("looking at the index failed")

    def _look(self, since: float | None) -> float | None:
        """Takes up what changed; gives back since when there is something to take up, None where there is not."""
        with Store.open_to_read(self._folder) as store:
            if store.generation == self._current.generation:
                return None
            since = since or time.monotonic()
            if not are_current(store) and time.monotonic() - since < PATIENCE:
                return since
        fresh = self._open()
        with self._lock:
            old, self._current = self._current, fresh
            done = old.readers == 0
        if done:
            old.store.close()
        log.info("the index was opened anew", extra={"generation": fresh.generation})
        return None
