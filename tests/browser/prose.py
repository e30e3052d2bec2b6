"""A language model for the page, played on this machine: it writes what a test has it write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.generative import ModelSettings, ModelWriter, open_model
from index.types import Embedder
from tests.browser.served import Served, served
from tests.model_server import ModelServer, Reply, Request, sentences

__all__ = ["AGENTS", "Pen", "Written", "served_with_model"]

Written = tuple[tuple[str, tuple[str, ...]], ...]
"""Sentences, each with the sentences of documents that it stands on."""

AGENTS: Written = (
    (
        "Every new agent goes through six weeks of training before taking calls alone.",
        ("Every new agent at Tarrow goes through six weeks of training before taking calls alone.",),
    ),
    (
        "The first two weeks are spent in the classroom, the next three beside an experienced colleague, and the last "
        "one on real calls with a coach listening in.",
        (
            "The first two weeks are spent in the classroom, the next three beside an experienced colleague, and the "
            "last one on real calls with a coach listening in.",
        ),
    ),
    (
        "The course comes to 210 hours, all of them paid at the full rate.",
        ("The whole course comes to 210 hours, all of them paid at the full rate.",),
    ),
)
"""On the question how long the training for new agents is."""


@dataclass
class Pen:
    """What the model writes, and how."""

    written: Written = ()
    pause: float = 0.0
    cut_after: int | None = None

    def write(self, *written: tuple[str, tuple[str, ...]], pause: float = 0.0, cut_after: int | None = None) -> None:
        """To all questions from now on; with none, what the documents say word for word."""
        self.written, self.pause, self.cut_after = written, pause, cut_after

    def reply(self, request: Request) -> Reply:
        told: dict[str, Any] = json.loads(request.user.split(">\n", 1)[1].rsplit("\n</", 1)[0])
        if "questions" in told:
            return Reply(json.dumps({"question": told["questions"][-1], "translation": ""}))
        if "texts" in told:  # to be translated back into the documents' language
            back = {text: " ".join(sources) for text, sources in self.written}
            return Reply(json.dumps({"texts": [{"wordings": [back[text]]} for text in told["texts"]]}))
        numbers = {sentence["text"]: sentence["number"] for sentence in told["sentences"]}
        written = self.written or tuple((text, (text,)) for text in numbers)
        cited = [(text, [numbers[source] for source in sources]) for text, sources in written]
        return sentences(*cited, pause=self.pause, cut_after=self.cut_after)


@contextmanager
def served_with_model(
    index: Path, embedder: Embedder, feedback: Path, pen: Pen
) -> Iterator[tuple[Served, ModelServer]]:
    """The page over this index, whose model writes with this pen."""
    with ModelServer(pen.reply) as model:
        settings = ModelSettings("openai:scripted", base_url=model.url, api_key="none")
        writer = ModelWriter(open_model(settings), settings, embedder)
        try:
            with served(index, embedder, feedback, writer=writer) as running:
                yield running, model
        finally:
            writer.close()
        assert model.problems == []
