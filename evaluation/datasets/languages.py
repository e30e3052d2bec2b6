"""Which languages a dataset is in: as the operator says, else as its name says, else as its texts read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from bot.question import checked_language
from evaluation.errors import DatasetError
from index.errors import QuestionError
from index.language import LANGUAGES, document_language

__all__ = ["NamedLanguages", "language_in", "language_of_questions", "named_languages"]


@dataclass(frozen=True, slots=True)
class NamedLanguages:
    """The languages of a dataset's documents and questions; None: to be found from the texts.

    `note` says what was taken from the dataset's name, which can mislead: "it-support" need not be Italian.
    """

    documents: str | None
    questions: str | None
    note: str = ""


def language_in(code: str | None, where: str) -> str | None:
    """The language's ISO 639-1 code; None for None. Raises DatasetError that begins with `where`."""
    try:
        return checked_language(code)
    except QuestionError as error:
        raise DatasetError(f"{where}: {error}") from error


def named_languages(name: str, language: str | None, where: str) -> NamedLanguages:
    """Those that the operator names by `language`, else those that stand in the dataset's name between "-", "_" or ".".

    "test-context-ar-question-en" names one for each side, as MLQA does (Lewis et al. 2020, arXiv:1910.07475). Otherwise
    only the codes of LANGUAGES count, since "to", "new" and "min" are codes too, and only where the name has one of
    them. Raises DatasetError for a `language` that is none.
    """
    if language is not None:
        known = language_in(language, where)
        return NamedLanguages(known, known)
    parts = re.split("[-_.]", name.lower())
    documents, questions = _after("context", parts), _after("question", parts)
    if documents is None or questions is None:
        found = set(parts).intersection(LANGUAGES)
        documents = questions = found.pop() if len(found) == 1 else None
    if documents is None or questions is None:
        return NamedLanguages(None, None)
    note = f"by its name, {name} has documents in {documents} and questions in {questions}"
    return NamedLanguages(documents, questions, note)


def language_of_questions(texts: Iterable[str], where: str) -> str:
    """The language that the questions are in, all together. Raises DatasetError where they have no letters."""
    found = document_language("\n".join(texts))
    try:
        return checked_language(found) or found
    except QuestionError as error:
        raise DatasetError(f"{where}: the questions are in no language known here: name it") from error


def _after(word: str, parts: list[str]) -> str | None:
    following = next((after for before, after in pairwise(parts) if before == word), None)
    try:
        return checked_language(following)
    except QuestionError:
        return None
