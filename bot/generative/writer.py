"""Writes an answer in prose: asks the model, checks each sentence as it comes, has failed ones repaired once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from langchain_core.language_models import BaseChatModel

from bot.exhibits import Exhibit
from bot.generative import prompts
from bot.generative.calls import Calls
from bot.generative.drafts import Draft, drafts, wordings
from bot.generative.model import CallFailed, Message, Model, ModelSettings
from bot.notices import notice
from bot.proof import Objection, Prover, Source
from bot.question import QUESTION_LIMIT
from bot.types import Answer, Citation, Fallback, Listener, ModelUse, Piece, Said
from bot.writing import Understood
from index.language import question_language
from index.types import Embedder

__all__ = ["ModelWriter"]

FOR_UNDERSTANDING = 0.4
"""Of an answer's time, what the question may take before it is searched for as it is."""

MOST_WORDINGS = 4
"""Translations back of one sentence: any of them may be the one that its source's words are found in."""

WARMING_UP = "1, 2, 3."

RUN_ON = {"zh", "ja"}
"""Languages that put no space between sentences."""


class ModelWriter:
    """Threads share it. To be closed after use."""

    def __init__(self, chat: BaseChatModel, settings: ModelSettings, embedder: Embedder) -> None:
        """`embedder` is the index's, by which sentences are compared with what they cite."""
        self._model = Model(chat, settings.method)
        self._settings = settings
        self._prover = Prover(embedder)

    def begin(self, listener: Listener) -> ModelWork:
        """For one answer."""
        return ModelWork(Calls(self._model, self._settings, listener), self._settings, self._prover, listener)

    def warm_up(self, languages: Iterable[str]) -> None:
        """Does what the first answer in these languages would have to do besides."""
        self._model.prepare(prompts.SENTENCES)
        for language in languages:
            self._prover.objection(WARMING_UP, [Source(WARMING_UP, language)], language)

    def close(self) -> None:
        """Gives up what is being written."""
        self._model.close()


class ModelWork:
    """What the model does for one answer."""

    def __init__(self, calls: Calls, settings: ModelSettings, prover: Prover, listener: Listener) -> None:
        self._calls = calls
        self._settings = settings
        self._prover = prover
        self._listener = listener
        self._written = 0
        self._rejected: list[str] = []
        self._shown = 0

    @property
    def use(self) -> ModelUse:
        """Until now."""
        calls = self._calls
        return ModelUse(
            model=self._settings.name,
            calls=calls.made,
            input_tokens=calls.input_tokens,
            output_tokens=calls.output_tokens,
            cost=calls.cost,
            written=self._written,
            rejected=tuple(self._rejected),
            shown=self._shown,
        )

    def understand(self, question: str, language: str, history: Sequence[str], into: str | None) -> Understood | None:
        """None also where the model changed the language, which the answer would then be in."""
        if not self._settings.rewrite:
            return None
        told = prompts.understand(question, history, language, into)
        try:
            understood = self._calls.whole(prompts.UNDERSTOOD, told, FOR_UNDERSTANDING)
        except CallFailed:
            return None
        alone = _question(understood.get("question"), language)
        return Understood(alone, into and _question(understood.get("translation"), into)) if alone else None

    def write(self, answer: Answer, exhibits: Sequence[Exhibit]) -> Answer:
        """Prose in the asker's language, every sentence with what it stands on; else the answer, and why."""
        prose = _Prose(answer.language, exhibits, self._listener)
        history = () if answer.understood_as or not answer.follow_up_of else (answer.follow_up_of,)
        told = prompts.write(
            answer.understood_as or answer.question, history, exhibits, answer.language, self._settings.sentences
        )
        checking = _Checking(self._prover, self._calls, answer.language, exhibits)
        try:
            for draft in drafts(self._calls.stream(prompts.SENTENCES, told), self._settings.sentences):
                checking.add(draft)
                self._written += 1
                for passed in checking.passed():
                    prose.say(passed)
        except CallFailed as error:
            self._rejected += checking.rejected
            return replace(answer, fallback=error.reason)
        checking.translate_back()
        checking.repair(told)
        self._rejected += checking.rejected
        for passed in checking.passed(at_last=True):
            prose.say(passed)
        self._shown = len(prose.pieces)
        if not prose.pieces:
            reason: Fallback = "nothing_proven" if self._written else "nothing_written"
            return replace(answer, fallback=reason)
        return replace(
            answer,
            text="".join(piece.text for piece in prose.pieces),
            pieces=tuple(prose.pieces),
            citations=tuple(prose.citations),
            notice=notice(answer, [citation.language for citation in prose.citations], prose=True),
            composer="generative",
        )


class _Checking:
    """The sentences of one answer, in order, each with what speaks against it."""

    def __init__(self, prover: Prover, calls: Calls, language: str, exhibits: Sequence[Exhibit]) -> None:
        self.rejected: list[str] = []
        self._prover = prover
        self._calls = calls
        self._language = language
        self._exhibits = exhibits
        self._drafts: list[Draft] = []
        self._objections: list[Objection | None] = []
        self._open: set[int] = set()
        """Places of sentences that have still to be translated back."""
        self._given = 0

    def add(self, draft: Draft) -> None:
        """Checks it as far as that goes without the model."""
        self._drafts.append(draft)
        self._objections.append(None)
        self._check(len(self._drafts) - 1, draft)

    def passed(self, *, at_last: bool = False) -> list[Draft]:
        """Those that passed and were not given before, up to the first that has not; `at_last`, without that one."""
        ready = []
        for place in range(self._given, len(self._drafts)):
            if self._objections[place] is None and place not in self._open:
                ready.append(self._drafts[place])
            elif not at_last:
                break
            self._given = place + 1
        return ready

    def translate_back(self) -> None:
        """Checks sentences that stand on another language's, by their translations into it."""
        by_language: dict[str, list[int]] = {}
        for place in sorted(self._open):
            by_language.setdefault(self._sources(self._drafts[place])[0].language, []).append(place)
        for language, places in by_language.items():
            texts = [self._drafts[place].text for place in places]
            try:
                said = self._calls.whole(prompts.WORDINGS, prompts.translate(texts, language, MOST_WORDINGS))
                found = wordings(said, len(texts))
            except CallFailed:
                found = [()] * len(texts)
            for place, translations in zip(places, found, strict=True):
                self._put(place, self._prover.back(translations[:MOST_WORDINGS], self._sources(self._drafts[place])))
        self._open = set()

    def repair(self, told: Sequence[Message]) -> None:
        """Has the model write once more what did not pass, and checks that; where it fails, nothing is changed."""
        wrong = [(place, objection) for place, objection in enumerate(self._objections) if objection]
        if not wrong or not self._calls.has_tokens:
            return
        again = prompts.repair(self._drafts, [(self._drafts[place].text, objection) for place, objection in wrong])
        try:
            repaired = list(drafts(self._calls.stream(prompts.SENTENCES, [*told, *again]), len(wrong)))
        except CallFailed:
            return
        for (place, _), draft in zip(wrong, repaired, strict=False):
            if draft.text.strip():
                self._check(place, draft)
        self.translate_back()

    def _check(self, place: int, draft: Draft) -> None:
        self._drafts[place] = draft
        objection = self._wrong_citation(draft)
        if objection is None:
            sources = self._sources(draft)
            across = sources[0].language != self._language
            check = self._prover.across if across else self._prover.objection
            objection = check(draft.text, sources, self._language)
            if across and objection is None:
                self._open.add(place)
        self._put(place, objection)

    def _put(self, place: int, objection: Objection | None) -> None:
        self._objections[place] = objection
        if objection:
            self.rejected.append(objection.check)

    def _wrong_citation(self, draft: Draft) -> Objection | None:
        unknown = [number for number in draft.cites if not 1 <= number <= len(self._exhibits)]
        if unknown:
            return Objection("citation", f"there is no sentence {', '.join(map(str, unknown))}")
        if not draft.cites:
            return Objection("citation", "it cites nothing")
        if len({source.language for source in self._sources(draft)}) > 1:
            return Objection("citation", "what it cites is in several languages: cite sentences of one language only")
        return None

    def _sources(self, draft: Draft) -> list[Source]:
        cited = [self._exhibits[number - 1] for number in dict.fromkeys(draft.cites)]
        return [Source(exhibit.text, exhibit.source.language, exhibit.source.title) for exhibit in cited]


class _Prose:
    """The answer as far as it has been said."""

    def __init__(self, language: str, exhibits: Sequence[Exhibit], listener: Listener) -> None:
        self.pieces: list[Piece] = []
        self.citations: list[Citation] = []
        self._language = language
        self._exhibits = exhibits
        self._listener = listener
        self._markers: dict[int, int] = {}

    def say(self, draft: Draft) -> None:
        """Citations are numbered in the order of their first use. What was said already is not said again."""
        if any(piece.text.strip() == draft.text.strip() for piece in self.pieces):
            return
        numbers = dict.fromkeys(draft.cites)
        new = [number for number in numbers if number not in self._markers]
        self._markers |= {number: marker for marker, number in enumerate(new, start=len(self._markers) + 1)}
        citations = [self._exhibits[number - 1].citation(self._markers[number]) for number in new]
        space = " " if self.pieces and self._language not in RUN_ON else ""
        piece = Piece(space + draft.text.strip(), tuple(sorted(self._markers[number] for number in numbers)))
        self.pieces.append(piece)
        self.citations += citations
        self._listener.said(Said(piece, tuple(citations)))


def _question(said: object, language: str) -> str | None:
    """What the model made of a question, where it can be used as one."""
    text = " ".join(said.split()) if isinstance(said, str) else ""
    usable = any(character.isalnum() for character in text) and len(text) <= QUESTION_LIMIT
    return text if usable and question_language(text, {language: 1}) == language else None
