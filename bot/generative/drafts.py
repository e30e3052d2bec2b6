"""What a model said, read: it may be anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.generative.model import CallFailed

__all__ = ["Draft", "drafts", "wordings"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence as the model wrote it; `cites` are the numbers that it gave, whatever they are."""

    text: str
    cites: tuple[int, ...]


def drafts(heard: Iterator[Mapping[str, Any]], most: int) -> Iterator[Draft]:
    """Sentences as they are finished: each once the next has begun, the last in the end. After `most` nobody listens.

    Raises CallFailed where it is not what was asked for, or ends in the middle.
    """
    done, said = 0, None
    for said in heard:
        for sentence in _listed(said)[done:-1]:
            yield _draft(sentence)
            done += 1
            if done == most:
                return
    if said is None or not isinstance(said.get("sentences"), list):
        raise CallFailed("unreadable")
    for sentence in _listed(said)[done:most]:
        yield _draft(sentence)


def wordings(said: Mapping[str, Any], texts: int) -> list[tuple[str, ...]]:
    """The translations of so many texts. Raises CallFailed where there are not as many."""
    listed = said.get("texts")
    if not isinstance(listed, list) or len(listed) != texts:
        raise CallFailed("unreadable")
    found = [text.get("wordings") if isinstance(text, Mapping) else None for text in listed]
    return [tuple(str(one) for one in each) if isinstance(each, list) else () for each in found]


def _listed(said: Mapping[str, Any]) -> list[Any]:
    sentences = said.get("sentences")
    return sentences if isinstance(sentences, list) else []


def _draft(said: object) -> Draft:
    if isinstance(said, Mapping):
        text, cites = said.get("text"), said.get("cites")
        if isinstance(text, str) and isinstance(cites, list) and all(type(number) is int for number in cites):
            return Draft(text, tuple(cites))
    raise CallFailed("unreadable")
