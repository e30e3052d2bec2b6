"""A model that says what the labelled records say, right and wrong, through the real client: what of it is shown?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from bot.generative import ModelWriter
from bot.proof import Prover
from bot.types import Listener
from evaluation.proof import Attempt, Record, objection, read_records
from index.types import Embedder
from tests.bot.generative.evidence import answer, exhibits
from tests.model_server import ModelServer, Reply, Request, sentences

Writers: TypeAlias = Callable[..., ModelWriter]

RESULTS = Path(__file__).parents[3] / "evaluation" / "results" / "proof" / "counts.json"


class Model:
    """Answers about one record at a time: first, when it is told what was wrong, and when it is to translate back."""

    def __init__(self) -> None:
        self.record: Record | None = None

    def __call__(self, request: Request) -> Reply:
        assert self.record is not None
        attempts = [self.record.first, *([self.record.repaired] if self.record.repaired else [])]
        if "careful translator" in request.system:
            (text,) = json.loads("\n".join(request.user.splitlines()[1:-1]))["texts"]
            attempt = next(attempt for attempt in attempts if attempt.sentence == text)
            return Reply(json.dumps({"texts": [{"wordings": attempt.back}]}, ensure_ascii=False))
        if "cannot be shown" not in request.user:
            return said(self.record.first)
        return said(self.record.repaired) if self.record.repaired else sentences()


def said(attempt: Attempt) -> Reply:
    return sentences((attempt.sentence, list(attempt.cites)))


@contextmanager
def answers(writer: Writers) -> Iterator[Callable[[Record], str]]:
    """What is shown of each record: its first sentence, the repaired one, or nothing."""
    model = Model()
    with ModelServer(model) as server:
        made = writer(server)

        def of(record: Record) -> str:
            model.record = record
            shown = exhibits(*((source.text, source.language) for _, source in sorted(record.evidence.items())))
            work = made.begin(Listener())
            found = work.write(answer(record.question, record.language, shown), shown)
            assert (found.composer == "generative") == (found.fallback is None)
            if found.composer == "extractive":
                return "nothing"
            return "repaired" if work.use.rejected else "first"

        yield of
        assert server.problems == []


@pytest.fixture(scope="module")
def committed() -> dict[str, dict[str, Any]]:
    read: dict[str, dict[str, Any]] = json.loads(RESULTS.read_text("utf-8"))["test"]
    return read


def test_what_is_shown_is_what_the_committed_results_say(writer: Writers, committed: dict[str, dict[str, Any]]) -> None:
    """Of the test set, which the checks were not written with."""
    records = read_records("test")
    assert len(records) >= 120 and len({record.language for record in records}) >= 15
    shown: dict[str, list[str]] = {"first": [], "repaired": [], "nothing": []}
    with answers(writer) as of:
        for record in records:
            shown[of(record)].append(record.verdict)
    for verdict in ("faithful", "contradicts"):
        groups = [committed[f"{verdict}, {where}"] for where in ("own language", "across languages")]
        assert shown["first"].count(verdict) == sum(group["shown"] for group in groups)
        first_or_repaired = shown["first"].count(verdict) + shown["repaired"].count(verdict)
        assert first_or_repaired == sum(group["shown_after_repair"] for group in groups)


def test_of_what_the_checks_were_written_with_nothing_wrong_is_shown(bundled_embedder: Embedder) -> None:
    """A part of it, without the client: `python -m evaluation.proof` judges all."""
    records = [record for record in read_records("tune") if record.verdict == "contradicts"][::4]
    assert {"ar", "el", "en", "he", "hi", "ja", "ko", "ru", "th", "zh"} <= {record.language for record in records}
    prover = Prover(bundled_embedder)
    assert [record.id for record in records if objection(prover, record, record.first) is None] == []
