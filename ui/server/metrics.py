"""What the service counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.messages import languages
from bot.types import Answer

__all__ = ["Metrics"]

BUCKETS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
OTHER = "other"


class Metrics:
    """Each app has its own. A language is a label only where the bot speaks it, so that labels stay few."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._questions = Counter(
            "dragoman_questions",
            "Questions, by asker's language and what became of them.",
            ["language", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "dragoman_answer_seconds",
            "From the question's arrival to its answer, waiting included.",
            ["language"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._errors = Counter(
            "dragoman_errors", "Responses that are errors, by status.", ["status"], registry=self.registry
        )
        self._feedback = Counter("dragoman_feedback", "Thumbs.", ["helpful"], registry=self.registry)
        self.inside = Gauge("dragoman_questions_inside", "Questions in work or waiting.", registry=self.registry)

    def answered(self, answer: Answer, seconds: float) -> None:
        language = _label(answer.language)
        self._questions.labels(language, answer.status).inc()
        self._seconds.labels(language).observe(seconds)

    def unanswered(self, language: str, outcome: str) -> None:
        """An error took the place of the answer."""
        self._questions.labels(_label(language), outcome).inc()

    def failed(self, status: int) -> None:
        self._errors.labels(str(status)).inc()

    def rated(self, *, helpful: bool) -> None:
        self._feedback.labels("yes" if helpful else "no").inc()

    def text(self) -> bytes:
        """In Prometheus's text format."""
        return generate_latest(self.registry)


def _label(language: str) -> str:
    return language if language in languages() else OTHER
