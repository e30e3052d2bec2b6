"""`AnswerEngine.answer`: the one way from a question to an answer, for the command, the page, Slack and the tests."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.confidence import Features, confidence, features, unrelated_cosine
from bot.exhibits import Exhibit
from bot.extractive import citation, cite, quoted
from bot.followup import earlier_question, may_follow_up
from bot.messages import MessageKey, message
from bot.notices import notice
from bot.question import checked_language, checked_text
from bot.types import Answer, Citation, Listener, Question, Reason, Stopped, Timings
from bot.writing import Work, Writer
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

MOST_PASSAGES = 4
MOST_CHARACTERS = 8_000
"""What a language model is given to read for one answer."""

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

    `asked` is what was searched for and `everything` all that was found; `earlier` is the question that this one was
    understood together with, and `understood` what a language model made of it.
    """

    asked: str
    everything: Sequence[Evidence]
    evidence: Evidence
    statement: Statement
    document: str
    features: Features
    confidence: float
    earlier: str | None = None
    understood: str | None = None


class AnswerEngine:
    """Answers questions from one index. Threads may share it."""

    def __init__(
        self,
        retriever: Retriever,
        *,
        threshold: float = DEFAULT_THRESHOLD,
        most_quotes: int = MOST_QUOTES,
        preferred: Sequence[str] = (),
        writer: Writer | None = None,
    ) -> None:
        """`preferred` are the languages to quote from, best first, where the asker's has no version of an answer.

        With a `writer` answers are prose. Raises QuestionError for one that is no language code.
        """
        self._retriever = retriever
        self._threshold = threshold
        self._most_quotes = most_quotes
        self._preferred = [checked_language(code) for code in preferred]
        self._unrelated = unrelated_cosine(retriever)
        self._writer = writer

    def answer(self, question: Question, listener: Listener | None = None) -> Answer:
        """Quotes the best statement in the asker's language; failing that, in another; failing that, abstains.

        With a writer, what would be quoted is told in prose, of which the `listener` hears each sentence as it comes.
        Raises QuestionError for a question or language code that cannot be used, Stopped when the listener is gone.
        """
        started = time.perf_counter()
        listener = listener or Listener()
        known = checked_language(question.language)
        try:
            text = checked_text(question.text)
        except EmptyQuestion:
            language = known or question_language("", self._retriever.languages)
            return _abstention("", language, "empty_question", 0.0, ())
        language = known or question_language(text, self._retriever.languages)
        spent: dict[str, float] = {"embed": 0.0, "search": 0.0}
        work = self._writer.begin(listener) if self._writer else None
        found = self.find(text, language, question.history, spent, work)
        composing = time.perf_counter()
        answer = self._compose(text, language, found)
        if work is not None:
            if found is not None and answer.status == "answered":
                answer = work.write(answer, self._exhibits(found, language))
            answer = replace(answer, model_use=work.use)
        if listener.gone:
            raise Stopped
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
        self,
        text: str,
        language: str,
        history: Sequence[str] = (),
        spent: dict[str, float] | None = None,
        work: Work | None = None,
    ) -> Found | None:
        """What the question finds, alone or understood upon the ones before it, whichever is likelier.

        One that looks as if it stood alone is asked alone: together it could find the earlier one's answer again. A
        follow-up is asked as a language model understands it, else together with the one that it stands on; and a
        question in a language that no document has is asked in one of the documents' too, where a model translates it.
        Adds the seconds of its two parts to `spent`.
        """
        spent = {"embed": 0.0, "search": 0.0} if spent is None else spent
        held = self._retriever.languages
        usable = [earlier for earlier in map(_usable, history) if earlier]
        follows = bool(usable) and may_follow_up(text, language)
        found = [self._search(text, language, language, spent)]
        into = next(iter(held)) if held and language not in held else None
        earlier = earlier_question(usable, lambda asked: question_language(asked, held)) if follows else None
        understood = None
        if work is not None and (follows or into):
            understood = work.understand(text, language, usable if follows else (), into)
        if understood is not None:
            for asked, its_language in ((understood.question, language), (understood.translation, into)):
                if asked and its_language and asked != text:
                    more = self._search(asked, language, its_language, spent)
                    found.append(replace(more, earlier=earlier, understood=asked) if more else None)
        elif earlier:
            together = self._search(f"{earlier} {text}", language, language, spent)
            found.append(replace(together, earlier=earlier) if together else None)
        return max(found, key=lambda one: one.confidence if one else 0.0)

    def _search(self, asked: str, language: str, its_language: str, spent: dict[str, float]) -> Found | None:
        """For an asker of this language; `asked` may be in another."""
        started = time.perf_counter()
        query = self._retriever.embed(asked)
        embedded = time.perf_counter()
        found = self._retriever.search(asked, query, self._retriever.languages, asker=its_language)
        spent["embed"] += embedded - started
        spent["search"] += time.perf_counter() - embedded
        return self._chosen(asked, found, language, its_language)

    def _chosen(self, asked: str, found: Sequence[Evidence], language: str, its_language: str) -> Found | None:
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
        told = self._features(best[1], found, its_language)
        sure = confidence(told, self._retriever.embedder.name)
        if own is not None and own is not best:
            own_told = self._features(own[1], found, its_language)
            own_sure = confidence(own_told, self._retriever.embedder.name)
            if own_sure >= max(self._threshold, OWN_LANGUAGE * sure):
                best, told, sure = own, own_told, own_sure
        evidence, statement, document = best
        quoted = document or self._closest(evidence, statement)
        return Found(asked, found, evidence, statement, quoted, told, sure)

    def _exhibits(self, found: Found, language: str) -> list[Exhibit]:
        """What is said around the statements that were found: passage by passage, the likeliest first, in order."""
        chosen: dict[tuple[str, int], None] = {}
        for evidence, statement in ((found.evidence, found.statement), *_ranked(found.everything)):
            document = _in_language(evidence, statement, language) or self._closest(evidence, statement)
            if statement is found.statement:
                document = found.document
            chosen.setdefault((document, statement.versions[document][0].unit.passage))
            if len(chosen) == MOST_PASSAGES:
                break
        query = self._retriever.embed(found.asked)
        read = self._retriever.read(found.asked, query, {passage for _, passage in chosen}, asker=language)
        exhibits, characters = [], 0
        for document, passage in chosen:
            said = [
                Exhibit(evidence, statement, document)
                for evidence, statement in _ranked(read)
                if any(sentence.unit.passage == passage for sentence in statement.versions.get(document, ()))
            ]
            for exhibit in sorted(said, key=lambda exhibit: exhibit.units[0].start):
                characters += len(exhibit.text)
                if characters <= MOST_CHARACTERS:
                    exhibits.append(exhibit)
        return exhibits

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
        pieces = quoted(citations, document.text)
        answer = Answer(
            question=text,
            language=language,
            status="answered",
            text="".join(piece.text for piece in pieces),
            confidence=sure,
            notice=None,
            citations=citations,
            timings_ms=UNTIMED,
            follow_up_of=found.earlier,
            pieces=pieces,
            understood_as=found.understood,
        )
        return replace(answer, notice=notice(answer, [document.language], prose=False))

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


def _abstention(text: str, language: str, reason: Reason, confidence: float, related: tuple[Citation, ...]) -> Answer:
    said = message(SAID[reason], language)
    return Answer(text, language, "abstained", said, confidence, None, (), UNTIMED, None, reason, related)
