"""What the service counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.messages import languages
from bot.types import Answer, ModelUse

__all__ = ["Metrics"]

BUCKETS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
OTHER = "other"
NO_FALLBACK = "none"


class Metrics:
    """Each app has its own. A language is a label only where the bot speaks it, so that labels stay few.

    What a model did is counted with the answer; of a question that got none it is not known.
    """

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
        self._answers = Counter(
            "dragoman_answers",
            "Answers that are no abstentions, by what composed them, and why they are quoted though a model is there.",
            ["composer", "fallback"],
            registry=self.registry,
        )
        self._first_sentence = Histogram(
            "dragoman_first_sentence_seconds",
            "From the question's arrival to the first sentence that a model wrote and the checks let pass.",
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._calls = Counter("dragoman_model_calls", "Calls to the model.", registry=self.registry)
        self._tokens = Counter(
            "dragoman_model_tokens", "As the model's server counts them.", ["direction"], registry=self.registry
        )
        self._cost = Counter(
            "dragoman_model_cost", "By the prices of the settings, in their currency.", registry=self.registry
        )
        self._sentences = Counter(
            "dragoman_model_sentences",
            "That the model wrote, and what of them was shown.",
            ["outcome"],
            registry=self.registry,
        )
        self._rejections = Counter(
            "dragoman_model_rejections",
            "Sentences and their repairs that were not shown, by the check that they failed.",
            ["check"],
            registry=self.registry,
        )
        self.inside = Gauge("dragoman_questions_inside", "Questions in work or waiting.", registry=self.registry)

    def answered(self, answer: Answer, seconds: float) -> None:
        language = _label(answer.language)
        self._questions.labels(language, answer.status).inc()
        self._seconds.labels(language).observe(seconds)
        if answer.status == "answered":
            self._answers.labels(answer.composer, answer.fallback or NO_FALLBACK).inc()
        if answer.model_use:
            self._used(answer.model_use)

    def _used(self, use: ModelUse) -> None:
        self._calls.inc(use.calls)
        self._tokens.labels("input").inc(use.input_tokens)
        self._tokens.labels("output").inc(use.output_tokens)
        self._cost.inc(use.cost or 0)
        self._sentences.labels("written").inc(use.written)
        self._sentences.labels("shown").inc(use.shown)
        for check in use.rejected:
            self._rejections.labels(check).inc()

    def began(self, seconds: float) -> None:
        """The first sentence of an answer has come."""
        self._first_sentence.observe(seconds)

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
