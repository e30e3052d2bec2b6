"""Asks a system every question, judges what comes back, and keeps each outcome as soon as it is there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.layout import text_language
from bot.types import Answer, Citation, ModelUse
from evaluation.metrics.answers import contains, exact_match, token_f1
from evaluation.pools import is_right, judge, pools
from evaluation.types import Asked, Found, Outcome, Quote, Setting, System
from index.types import Document

__all__ = ["Bench", "collect", "outcome_from_json"]


class Bench:
    """One system, and what its outcomes are judged against: the documents of an index and their articles."""

    def __init__(
        self,
        system: System,
        documents: Iterable[Document],
        articles: Mapping[str, str],
        settings: Sequence[Setting],
    ) -> None:
        self._system = system
        self._documents = {document.source_uri: document for document in documents}
        self._languages = frozenset(document.language for document in self._documents.values())
        self._articles = articles
        self._settings = settings

    def measure(self, asked: Asked) -> Outcome:
        """Asks the question as it would be asked of the product, and then searches each pool for its golds."""
        started = time.perf_counter()
        answer = self._system.answer(asked.question)
        milliseconds = (time.perf_counter() - started) * 1000
        answered = answer.status == "answered"
        best = answer if answered else self._system.insist(asked.question)
        quotes = tuple(self._quote(asked, citation) for citation in answer.citations)
        scores = _scores(asked, answer)
        return Outcome(
            question=asked.question.id,
            answered=answered,
            right=self._answers(asked, answer) if asked.question.answerable else not answered,
            text=answer.text,
            confidence=answer.confidence,
            quotes=quotes,
            best_right=self._answers(asked, best),
            best_confidence=best.confidence,
            exact_match=scores[0],
            token_f1=scores[1],
            containment=scores[2],
            milliseconds=round(milliseconds, 2),
            found=self._found(asked),
            language=text_language(answer),
            composer=answer.composer,
            fallback=answer.fallback,
            model_use=answer.model_use,
        )

    def _quote(self, asked: Asked, citation: Citation) -> Quote:
        text = self._documents[citation.source_uri].text
        return Quote(
            uri=citation.source_uri,
            language=citation.language,
            start=citation.start,
            end=citation.end,
            text=citation.quote,
            exact=text[citation.start : citation.end] == citation.quote,
            right=is_right(asked, citation.source_uri, citation.start, citation.end),
        )

    def _answers(self, asked: Asked, answer: Answer) -> bool:
        """By the places that it cites, in prose too; where the gold stands nowhere word for word, by its words."""
        if not asked.question.answerable or answer.status != "answered":
            return False
        if not asked.places and asked.answers:
            return contains(answer.text, asked.answers, asked.question.language) == 1
        return any(self._quote(asked, citation).right for citation in answer.citations)

    def _found(self, asked: Asked) -> tuple[Found, ...]:
        trials = pools(asked, self._languages, self._settings)
        if not trials:
            return ()
        rankings = self._system.rank(asked.question, [trial.pool for trial in trials])
        return tuple(
            found
            for trial, ranking in zip(trials, rankings, strict=True)
            for found in judge(asked, trial, ranking, self._articles)
        )


def _scores(asked: Asked, answer: Answer) -> tuple[float | None, float | None, float | None]:
    """Exact match, token F1 and containment of the answer's text; 0 each for an abstention, None without gold texts."""
    if not asked.answers:
        return None, None, None
    if answer.status != "answered":
        return 0.0, 0.0, 0.0
    language = text_language(answer) if answer.citations else asked.question.language
    return (
        exact_match(answer.text, asked.answers, language),
        token_f1(answer.text, asked.answers, language),
        contains(answer.text, asked.answers, language),
    )


def collect(
    questions: Sequence[Asked],
    measure_all: Callable[[Sequence[Asked]], Iterable[Outcome]],
    checkpoint: Path,
    advance: Callable[[], None] = lambda: None,
) -> list[Outcome]:
    """The outcomes in the order of the questions.

    Each is written to `checkpoint` at once, and those that an interrupted run left there are not measured again.
    """
    done = _read(checkpoint)
    pending = [asked for asked in questions if asked.question.id not in done]
    for _ in range(len(questions) - len(pending)):
        advance()
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    with checkpoint.open("a", encoding="utf-8") as stream:
        for outcome in measure_all(pending):
            stream.write(json.dumps(asdict(outcome)) + "\n")  # in ASCII, in which only line ends divide lines
            stream.flush()
            done[outcome.question] = outcome
            advance()
    return [done[asked.question.id] for asked in questions]


def _read(checkpoint: Path) -> dict[str, Outcome]:
    """A last line that was cut off is measured again, like all that is not there."""
    done: dict[str, Outcome] = {}
    if not checkpoint.exists():
        return done
    whole = checkpoint.read_bytes()
    kept = whole[: whole.rfind(b"\n") + 1]
    for line in kept.decode("utf-8").splitlines():
        outcome = outcome_from_json(json.loads(line))
        done[outcome.question] = outcome
    if len(kept) < len(whole):
        checkpoint.write_bytes(kept)
    return done


def outcome_from_json(row: Mapping[str, Any]) -> Outcome:
    """The outcome that `dataclasses.asdict` made the row of. Raises KeyError or TypeError for another."""
    quotes = tuple(Quote(**quote) for quote in row["quotes"])
    found = tuple(Found(**found) for found in row["found"])
    use = row.get("model_use")
    model_use = ModelUse(**{**use, "rejected": tuple(use["rejected"])}) if use else None
    return Outcome(**{**row, "quotes": quotes, "found": found, "model_use": model_use})
