"""The checks in their order: what is wrong with a sentence, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from bot.proof.belonging import belonging
from bot.proof.form import form, injection, spoken
from bot.proof.limits import limits
from bot.proof.nearness import Nearness
from bot.proof.omissions import omissions
from bot.proof.order import order
from bot.proof.reading import read
from bot.proof.stated import facts
from bot.proof.support import unsupported
from bot.proof.used import used_clauses
from index.types import Embedder

__all__ = ["CHECKS", "Check", "Objection", "Prover", "Source"]

Check: TypeAlias = Literal[
    "citation",
    "source",
    "form",
    "language",
    "facts",
    "words",
    "limits",
    "omissions",
    "belonging",
    "order",
    "closeness",
    "back",
]
CHECKS: tuple[Check, ...] = get_args(Check)

CLOSE = 0.87
CLOSE_ACROSS = 0.81
"""The cosine that a sentence has with what it cites, at the least: in its language, and in another."""


@dataclass(frozen=True, slots=True)
class Source:
    """A sentence of a document that a written one stands on; `title` is its document's."""

    text: str
    language: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Objection:
    """Which check a sentence failed, and why, in English, for the model that wrote it."""

    check: Check
    reason: str


FAR = Objection("closeness", "it is about something else than what it cites")


class Prover:
    """Checks sentences against their sources. Threads may share it."""

    def __init__(self, embedder: Embedder) -> None:
        self._near = Nearness(embedder)

    def objection(self, text: str, sources: Sequence[Source], language: str) -> Objection | None:
        """Why a sentence in this language may not be shown, its sources being in this language too; None if it may."""
        return next(self._objections(text, sources, language), None)

    def _objections(self, text: str, sources: Sequence[Source], language: str) -> Iterator[Objection]:
        yield from self._at_first_sight(text, sources, language)
        said, cited = read(text, language), [read(source.text, language) for source in sources]
        titles = [read(source.title, language) for source in sources if source.title]
        if far := unsupported(said, cited, titles, self._near):
            yield Objection("words", far)
        used = used_clauses(said, cited)
        if limited := limits(said, used):
            yield Objection("limits", limited)
        if left_out := omissions(said, used):
            yield Objection("omissions", left_out)
        if strays := belonging(said, used):
            yield Objection("belonging", strays)
        if exchanged := order(said, cited):
            yield Objection("order", exchanged)
        if not self._is_near(text, sources, CLOSE):
            yield FAR

    def across(self, text: str, sources: Sequence[Source], language: str) -> Objection | None:
        """What already speaks against a sentence whose sources are in another language.

        Without a word in common the rest can only be told of the sentence translated back: see `back`.
        """
        return next(self._objections_across(text, sources, language), None)

    def _objections_across(self, text: str, sources: Sequence[Source], language: str) -> Iterator[Objection]:
        yield from self._at_first_sight(text, sources, language)
        if not self._is_near(text, sources, CLOSE_ACROSS):
            yield FAR

    def back(self, wordings: Sequence[str], sources: Sequence[Source]) -> Objection | None:
        """None where one of the translations of a sentence back into its sources' language can be shown to stand there.

        Whoever translates must not have seen the sources. What is wrong in the sentence is wrong in every translation.
        """
        language = sources[0].language
        objections = [self.objection(wording, sources, language) for wording in wordings if wording.strip()]
        if not objections:
            return Objection("back", "it cannot be translated back")
        if any(objection is None for objection in objections):
            return None
        return Objection("back", f"translated back, {objections[0].reason}" if objections[0] else "")

    def _at_first_sight(self, text: str, sources: Sequence[Source], language: str) -> Iterator[Objection]:
        if any(injection(source.text, source.language) for source in sources):
            yield Objection("source", "what it cites is written for a language model, not for readers")
        if wrong := form(text, [source.text for source in sources]):
            yield Objection("form", wrong)
        if other := spoken(text, language):
            yield Objection("language", other)
        if missing := facts(read(text, language), [read(source.text, source.language) for source in sources]):
            yield Objection("facts", missing)

    def _is_near(self, text: str, sources: Sequence[Source], least: float) -> bool:
        texts = [source.text for source in sources]
        return self._near.of_texts(text, [*texts, " ".join(texts)]) >= least
