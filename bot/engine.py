"""`AnswerEngine.answer`: the one way from a question to an answer, for the command, the page, Slack and the tests."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.confidence import confidence, unrelated_cosine
from bot.extractive import cite, quoted_text
from bot.messages import language_name, message
from bot.question import checked_language, checked_text
from bot.types import Answer, Question, Timings
from index.language import question_language
from index.retriever import Retriever
from index.types import Hit, Vectors

__all__ = ["DEFAULT_THRESHOLD", "AnswerEngine"]

DEFAULT_THRESHOLD = 0.15
"""Below this probability that the quote answers the question, the engine abstains."""

MOST_QUOTES = 2
"""Sentences that one answer quotes at most."""

UNTIMED = Timings(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class _Found:
    """The best hit of a search and how likely it is to answer; `hit` is None where there is nothing at all."""

    hit: Hit | None
    confidence: float


class AnswerEngine:
    """Answers questions from one index. Threads may share it."""

    def __init__(
        self, retriever: Retriever, *, threshold: float = DEFAULT_THRESHOLD, most_quotes: int = MOST_QUOTES
    ) -> None:
        self._retriever = retriever
        self._threshold = threshold
        self._most_quotes = most_quotes
        self._unrelated = unrelated_cosine(retriever)

    def answer(self, question: Question) -> Answer:
        """Quotes the best sentence in the asker's language; failing that, in another; failing that, abstains.

        Raises QuestionError for a question or language code that cannot be used.
        """
        started = time.perf_counter()
        text = checked_text(question.text)
        language = checked_language(question.language) or question_language(text, self._retriever.languages)
        query = self._retriever.embed(text)
        embedded = time.perf_counter()
        found = self._find(text, query, language)
        searched = time.perf_counter()
        answer = self._compose(text, language, found)
        done = time.perf_counter()
        spent = (embedded - started, searched - embedded, done - searched, done - started)
        return replace(answer, timings_ms=Timings(*(round(seconds * 1000, 1) for seconds in spent)))

    def _find(self, text: str, query: Vectors, language: str) -> _Found:
        """In the asker's language; the others have a say only where that does not answer."""
        languages = list(self._retriever.languages)
        own = self._best(text, query, [language] if language in languages else [])
        if own.hit and own.confidence >= self._threshold:
            return own
        others = self._best(text, query, [other for other in languages if other != language])
        return others if others.confidence > own.confidence else own

    def _best(self, text: str, query: Vectors, languages: Sequence[str]) -> _Found:
        hits = self._retriever.search(text, query, languages)
        return _Found(hits[0] if hits else None, confidence(hits, self._unrelated))

    def _compose(self, text: str, language: str, found: _Found) -> Answer:
        if found.hit is None or found.confidence < self._threshold:
            said = message("abstained" if self._retriever.languages else "no_documents", language)
            return Answer(text, language, "abstained", said, round(found.confidence, 4), None, (), UNTIMED)
        citations = cite(found.hit, self._most_quotes)
        quoted, notice = found.hit.document.language, None
        if quoted != language:
            notice = message("other_language", language, language=language_name(quoted, language))
        return Answer(
            question=text,
            language=language,
            status="answered",
            text=quoted_text(found.hit, citations),
            confidence=round(found.confidence, 4),
            notice=notice,
            citations=citations,
            timings_ms=UNTIMED,
        )
