"""`dragoman ask`: an engine as its options describe it, with a language model where one is set up; and its answers.

Without a model nothing is imported that only a model needs.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.text import Text

from bot.engine import DEFAULT_THRESHOLD, AnswerEngine
from bot.types import Listener, Piece, Question, Said
from index.embedding import open_embedder
from index.retriever import Retriever
from index.store import Store
from ui.console import answer_json, answer_text, pieces_text, print_answer, print_below

if TYPE_CHECKING:
    from ui.settings import ModelTable

__all__ = ["Asker", "asked", "chosen_model", "opened_engine"]

SETTINGS_FILE = Path("dragoman.toml")
"""As in `ui.settings`, which is imported only where there is something to read: that costs a part of the start."""

MODEL_VARIABLES = "DRAGOMAN_MODEL"


def chosen_model(file: Path | None) -> ModelTable | None:
    """That of the settings file, of `dragoman.toml` in this folder, or of the environment.

    Raises SettingsError for settings that cannot be used.
    """
    in_environment = any(name.upper().startswith(MODEL_VARIABLES) for name in os.environ)
    if file is None and not in_environment and not _may_have_model(SETTINGS_FILE):
        return None
    from ui.settings import read_settings

    return read_settings(file).model


def _may_have_model(file: Path) -> bool:
    try:
        return "model" in tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return False
    except (OSError, ValueError):  # what is wrong with it is said where it is read
        return True


@contextlib.contextmanager
def opened_engine(
    folder: Path,
    embedder: str | None,
    threshold: float | None,
    preferred: Sequence[str],
    model: ModelTable | None,
    say: Callable[[str], None],
) -> Iterator[AnswerEngine]:
    """Raises DragomanError where the index, the embedder or the model cannot be had. The model is not asked yet."""
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(Store.open_to_read(folder))
        chosen = open_embedder(embedder or store.embedder.name, progress=say)
        writer = None
        if model is not None:
            from bot.generative import ModelWriter, open_model

            logging.getLogger("bot.generative").addHandler(logging.NullHandler())  # the answer says what went wrong
            told = model.settings()
            writer = stack.enter_context(contextlib.closing(ModelWriter(open_model(told), told, chosen)))
        yield AnswerEngine(
            Retriever(store, chosen),
            threshold=DEFAULT_THRESHOLD if threshold is None else threshold,
            preferred=preferred,
            writer=writer,
        )


class Asker:
    """Puts questions to an engine and prints the answers; prose at a terminal while it is `written`."""

    def __init__(
        self, engine: AnswerEngine, console: Console, language: str | None, *, as_json: bool, written: bool
    ) -> None:
        self._engine = engine
        self._console = console
        self._language = language
        self._as_json = as_json
        self._live = written and console.is_interactive and not as_json

    def ask(self, text: str, history: tuple[str, ...]) -> None:
        """Raises QuestionError."""
        question = Question(text, self._language, history)
        if self._live:
            with _Telling(self._console) as telling:
                answer = self._engine.answer(question, telling)
                telling.show(answer_text(answer))
            print_below(self._console, answer)
        elif self._as_json:
            print(answer_json(self._engine.answer(question)))
        else:
            print_answer(self._console, self._engine.answer(question))


class _Telling(Listener):
    """Shows sentences as they come. What is shown last takes the place of all before."""

    def __init__(self, console: Console) -> None:
        self._live = Live(Text("…", "dim"), console=console, auto_refresh=False, transient=True)
        self._pieces: list[Piece] = []

    def said(self, said: Said) -> None:
        self._pieces.append(said.piece)
        self.show(pieces_text(self._pieces))

    def show(self, text: Text) -> None:
        self._live.transient = False
        self._live.update(text, refresh=True)

    def __enter__(self) -> _Telling:
        self._live.start(refresh=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()


def asked() -> Iterator[str]:
    """Questions from the prompt until Ctrl-D, "" to begin a new conversation; or a line each from a pipe."""
    if not sys.stdin.isatty():
        yield from (line for line in sys.stdin if line.strip())
        return
    with contextlib.suppress(ImportError):  # arrow keys and history, where the platform has them
        import readline  # noqa: F401
    print("Ask in any language. An empty line begins a new conversation, Ctrl-D ends.", file=sys.stderr)
    with contextlib.suppress(EOFError):
        while True:
            yield input("\n? ").strip()
