"""The bot's own sentences, one small TOML file a language, and the names of languages."""

from __future__ import annotations

import tomllib
from functools import cache, lru_cache
from importlib import resources
from typing import Literal, TypeAlias, get_args

__all__ = ["KEYS", "MessageKey", "language_name", "languages", "message"]

MessageKey: TypeAlias = Literal[
    "abstained",
    "empty_question",
    "question_too_long",
    "no_documents",
    "other_language",
    "maybe_related",
    "written_from",
    "follow_up",
    "understood_as",
    "searching",
    "other_languages",
    "thanks",
    "failed",
]
KEYS: tuple[MessageKey, ...] = get_args(MessageKey)

FALLBACK = "en"
SAME_LANGUAGE = {"no": "nb", "nn": "nb", "iw": "he", "in": "id"}
"""Norwegian under its other codes, and the withdrawn codes that some systems still send."""


def message(key: MessageKey, language: str, /, **values: str) -> str:
    """The bot's sentence `key` in `language`, or in English where it has none, with `{placeholders}` filled.

    `language` is a code such as `pt` or `pt-BR`. Values are inserted as they are: braces in them mean nothing.
    Raises `KeyError` for an unknown key or a missing value.
    """
    code = _primary(language)
    sentences = _sentences(code if code in languages() else FALLBACK)
    return sentences[key].format_map(values)


@cache
def languages() -> frozenset[str]:
    """The codes of the languages that the bot can speak."""
    names = (entry.name for entry in resources.files(__name__).iterdir())
    return frozenset(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def language_name(code: str, in_language: str) -> str:
    """What the language `code` is called in `in_language` (`nl` in `fr` is `néerlandais`), as CLDR spells it.

    English where `in_language` is unknown to CLDR; `code` itself where CLDR has no name for it.
    """
    names = _names(_primary(in_language)) or _names(FALLBACK)
    return names.get(_primary(code), code)


@cache
def _sentences(code: str) -> dict[str, str]:
    text = resources.files(__name__).joinpath(f"{code}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=256)
def _names(code: str) -> dict[str, str]:
    from babel import Locale, UnknownLocaleError  # most answers need no language's name

    try:
        return dict(Locale.parse(code).languages)
    except (UnknownLocaleError, ValueError):
        return {}


def _primary(language: str) -> str:
    code = language.strip().lower().replace("_", "-").split("-", 1)[0]
    return SAME_LANGUAGE.get(code, code)
