"""What may be asked. A question is data from outside: it is checked once, here, before anything looks at it."""

from __future__ import annotations

import re

from bot.messages import language_name
from index.errors import EmptyQuestion, QuestionError
from index.language import canonical_language

__all__ = ["QUESTION_LIMIT", "checked_language", "checked_text"]

QUESTION_LIMIT = 2_000
"""Characters; the embedder reads about the first 2,000 anyhow."""

UNREADABLE = re.compile("[\0\ud800-\udfff]")


def checked_text(text: str) -> str:
    """The question with what no text can hold (NULs, lone surrogates) replaced, and outer white space taken off.

    Raises EmptyQuestion where it has no letter and no digit, QuestionError where it is longer than `QUESTION_LIMIT`.
    """
    text = UNREADABLE.sub("\ufffd", text).strip()
    if not text:
        raise EmptyQuestion("the question is empty")
    if len(text) > QUESTION_LIMIT:
        raise QuestionError(
            f"the question has {len(text):,} characters; at most {QUESTION_LIMIT:,} are read: shorten it"
        )
    if not any(character.isalnum() for character in text):
        raise EmptyQuestion("the question has no letters or digits")
    return text


def checked_language(code: str | None) -> str | None:
    """The language's ISO 639-1 code; None for None. Raises QuestionError for a code that is no language's."""
    if code is None:
        return None
    language = canonical_language(code)
    if language is None or language_name(language, "en") == language:
        raise QuestionError(f"{code!r} is not a language code: use one such as nl, fr, en, pt-BR or vi")
    return language
