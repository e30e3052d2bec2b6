"""`AnswerEngine.answer`: the one way from a question to an answer, for the command, the page, Slack and the tests."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.confidence import Features, confidence, features, unrelated_cosine
from bot.extractive import citation, cite, quoted_text
from bot.followup import earlier_question, may_follow_up
from bot.messages import MessageKey, language_name, message
from bot.question import checked_language, checked_text
from bot.types import Answer, Citation, Question, Reason, Timings
from index.errors import EmptyQuestion, QuestionError
from index.language import question_language
from index.retriever import Retriever
from index.types import Evidence, Statement

__all__ = ["DEFAULT_THRESHOLD", "AnswerEngine", "Found"]

DEFAULT_THRESHOLD = 0.2
"""Below this probability that the quote answers the question, the engine abstains."""

MOST_QUOTES = 2
"""Statements that one answer quotes at most."""

MOST_RELATED = 3
"""Passages that are shown where nothing answers."""

OWN_LANGUAGE = 0.5
"""What the asker's language holds is quoted before something better elsewhere, from this part of its confidence on."""

UNTIMED = Timings(0.0, 0.0, 0.0, 0.0)
SAID: dict[Reason, MessageKey] = {
    "no_documents": "no_documents",
    "no_evidence": "abstained",
    "below_threshold": "abstained",
    "empty_question": "empty_question",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to: the statement to quote, from which document, and how likely it is to answer.

    `everything` is all that the search found; `earlier` the question that this one was understood together with.
    """

    everything: Sequence[Evidence]
    evidence: Evidence
    statement: Statement
    document: str
    features: Features
    confidence: float
    earlier: str | None


class AnswerEngine:
    """Answers questions from one index. Threads may share it."""

    def __init__(
        self,
        retriever: Retriever,
        *,
        threshold: float = DEFAULT_THRESHOLD,
        most_quotes: int = MOST_QUOTES,
        preferred: Sequence[str] = (),
    ) -> None:
        """`preferred` are the languages to quote from, best first, where the asker's has no version of an answer.

        Raises QuestionError for one that is no language code.
        """
        self._retriever = retriever
        self._threshold = threshold
        self._most_quotes = most_quotes
        self._preferred = [checked_language(code) for code in preferred]
        self._unrelated = unrelated_cosine(retriever)

    def answer(self, question: Question) -> Answer:
        """Quotes the best statement in the asker's language; failing that, in another; failing that, abstains.

        Raises QuestionError for a question or language code that cannot be used.
        """
        started = time.perf_counter()
        known = checked_language(question.language)
        try:
            text = checked_text(question.text)
        except EmptyQuestion:
            language = known or question_language("", self._retriever.languages)
            return _abstention("", language, "empty_question", 0.0, ())
        language = known or question_language(text, self._retriever.languages)
        spent: dict[str, float] = {"embed": 0.0, "search": 0.0}
        found = self.find(text, language, question.history, spent)
        composing = time.perf_counter()
        answer = self._compose(text, language, found)
        done = time.perf_counter()
        milliseconds = (spent["embed"], spent["search"], done - composing, done - started)
        return replace(answer, timings_ms=Timings(*(round(seconds * 1000, 1) for seconds in milliseconds)))

    def passages(self, question: Question, limit: int) -> tuple[Citation, ...]:
        """The best statement of each of the nearest articles, however likely they are to answer, best first.

        Raises QuestionError.
        """
        text, known = checked_text(question.text), checked_language(question.language)
        language = known or question_language(text, self._retriever.languages)
        found = self.find(text, language, question.history)
        return self._related(found, language, limit) if found else ()

    def find(
        self, text: str, language: str, history: Sequence[str] = (), spent: dict[str, float] | None = None
    ) -> Found | None:
        """What the question finds, alone or together with the one that it follows up on, whichever is likelier.

        One that looks as if it stood alone is asked alone: together it could find the earlier one's answer again. Adds
        the seconds of its two parts to `spent`.
        """
        spent = {"embed": 0.0, "search": 0.0} if spent is None else spent
        alone = self._search(text, language, None, spent)
        usable = [earlier for earlier in map(_usable, history) if earlier]
        if not usable or not may_follow_up(text, language):
            return alone
        earlier = earlier_question(usable, lambda asked: question_language(asked, self._retriever.languages))
        together = self._search(text, language, earlier, spent)
        return max((alone, together), key=lambda found: found.confidence if found else 0.0)

    def _search(self, text: str, language: str, earlier: str | None, spent: dict[str, float]) -> Found | None:
        started = time.perf_counter()
        asked = f"{earlier} {text}" if earlier else text
        query = self._retriever.embed(asked)
        embedded = time.perf_counter()
        found = self._retriever.search(asked, query, self._retriever.languages, asker=language)
        spent["embed"] += embedded - started
        spent["search"] += time.perf_counter() - embedded
        return self._chosen(found, language, earlier)

    def _chosen(self, found: Sequence[Evidence], language: str, earlier: str | None) -> Found | None:
        """The best statement, or the best that the asker's language has where that is nearly as likely to answer."""
        best = own = None
        for evidence, statement in _ranked(found):
            document = _in_language(evidence, statement, language)
            if best is None:
                best = evidence, statement, document
            if document is not None:
                own = evidence, statement, document
                break
        if best is None:
            return None
        told = self._features(best[1], found, language)
        sure = confidence(told, self._retriever.embedder.name)
        if own is not None and own is not best:
            own_told = self._features(own[1], found, language)
            own_sure = confidence(own_told, self._retriever.embedder.name)
            if own_sure >= max(self._threshold, OWN_LANGUAGE * sure):
                best, told, sure = own, own_told, own_sure
        evidence, statement, document = best
        quoted = document or self._closest(evidence, statement)
        return Found(found, evidence, statement, quoted, told, sure, earlier)

    def _features(self, statement: Statement, found: Sequence[Evidence], language: str) -> Features:
        return features(statement, found, language, self._unrelated)

    def _closest(self, evidence: Evidence, statement: Statement) -> str:
        """The version to quote where the asker's language has none: the preferred one, else the nearest in meaning."""

        def order(document: str) -> tuple[int, float]:
            language = evidence.documents[document].language
            place = self._preferred.index(language) if language in self._preferred else len(self._preferred)
            return place, -statement.best(document).dense

        return min(statement.versions, key=order)

    def _compose(self, text: str, language: str, found: Found | None) -> Answer:
        if found is None:
            return _abstention(text, language, "no_evidence" if self._retriever.languages else "no_documents", 0.0, ())
        sure = round(found.confidence, 4)
        if found.confidence < self._threshold:
            return _abstention(text, language, "below_threshold", sure, self._related(found, language))
        citations = cite(found.evidence, found.statement, found.document, self._most_quotes)
        document = found.evidence.documents[found.document]
        return Answer(
            question=text,
            language=language,
            status="answered",
            text=quoted_text(citations, document.text),
            confidence=sure,
            notice=_notice(language, document.language, found.earlier),
            citations=citations,
            timings_ms=UNTIMED,
            follow_up_of=found.earlier,
        )

    def _related(self, found: Found, language: str, limit: int = MOST_RELATED) -> tuple[Citation, ...]:
        """The best statement of each of the nearest articles."""
        best = [(evidence, evidence.statements[0]) for evidence in found.everything[:limit]]
        versions = [_in_language(*pair, language) or self._closest(*pair) for pair in best]
        return tuple(
            citation(*pair, document, marker)
            for marker, (pair, document) in enumerate(zip(best, versions, strict=True), start=1)
        )


def _usable(earlier: str) -> str | None:
    try:
        return checked_text(earlier)
    except QuestionError:
        return None


def _ranked(found: Iterable[Evidence]) -> Iterator[tuple[Evidence, Statement]]:
    """All statements that were found, best first."""
    everything = [(evidence, statement) for evidence in found for statement in evidence.statements]
    yield from sorted(everything, key=lambda pair: -pair[1].score)


def _in_language(evidence: Evidence, statement: Statement, language: str) -> str | None:
    """The version of the statement in this language; the nearest where there are two."""
    versions = [name for name in statement.versions if evidence.documents[name].language == language]
    return max(versions, key=lambda name: statement.best(name).dense, default=None)


def _notice(language: str, quoted: str, earlier: str | None) -> str | None:
    notices = []
    if earlier:
        notices.append(message("follow_up", language, question=earlier))
    if quoted != language:
        notices.append(message("other_language", language, language=language_name(quoted, language)))
    return "\n".join(notices) or None


def _abstention(text: str, language: str, reason: Reason, confidence: float, related: tuple[Citation, ...]) -> Answer:
    said = message(SAID[reason], language)
    return Answer(text, language, "abstained", said, confidence, None, (), UNTIMED, None, reason, related)
