"""The page's own words, one small TOML file a language, and which of them a browser asks for."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from ui.server.source_view import direction

__all__ = ["Words", "languages", "preferred", "words_in"]

FALLBACK = "en"
READ = 1_000
"""Characters of an Accept-Language header; browsers send some tens."""


@dataclass(frozen=True, slots=True)
class Words:
    """All words of the page in one language. `source` has a place for a `{number}`, `versions` for a `{count}`."""

    language: str
    tagline: str
    examples: str
    question: str
    placeholder: str
    ask: str
    stop: str
    new: str
    conversation: str
    searching: str
    writing: str
    sources: str
    source: str
    open: str
    new_tab: str
    versions: str
    not_in_documents: str
    sure: str
    likely: str
    unsure: str
    by_model: str
    helpful: str
    yes: str
    no: str
    comment: str
    send: str
    thanks: str
    copy: str
    copied: str
    again: str
    overloaded: str
    late: str
    too_many: str
    failed: str

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`."""
        return direction(self.language)


@cache
def languages() -> frozenset[str]:
    """The codes of the languages that the page speaks."""
    names = (entry.name for entry in resources.files(__package__).joinpath("words").iterdir())
    return frozenset(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


@cache
def words_in(language: str) -> Words:
    """In a language of `languages()`. Raises TypeError where its file lacks a word or has one too many."""
    text = resources.files(__package__).joinpath("words", f"{language}.toml").read_text("utf-8")
    return Words(language=language, **tomllib.loads(text))


def preferred(accept_language: str) -> str:
    """The language of the page that a browser with this Accept-Language header (RFC 9110, 12.5.4) would rather have."""
    wanted = [_weighed(part) for part in accept_language[:READ].split(",")]
    spoken = [(weight, code) for weight, code in wanted if weight > 0 and code in languages()]
    return max(spoken, key=lambda one: one[0], default=(0.0, FALLBACK))[1]


def _weighed(part: str) -> tuple[float, str]:
    """`pt-BR;q=0.8` -> 0.8, pt; a weight that is no number is 0."""
    tag, _, parameter = part.partition(";")
    name, _, value = parameter.strip().partition("=")
    code = tag.strip().lower().split("-", 1)[0]
    if name.strip().lower() != "q":
        return 1.0, code
    try:
        return float(value), code
    except ValueError:
        return 0.0, code
