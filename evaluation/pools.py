"""Which documents a question is tried on: the pools of each setting, and the judging of what is found there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evaluation.locate import holds, relevant
from evaluation.types import GRAINS, Asked, Found, Pool, Ranking, Retrieved, Setting

__all__ = ["Trial", "is_right", "judge", "pools"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One search. `documents` is the language searched in the settings of one language, "" otherwise."""

    setting: Setting
    documents: str
    pool: Pool


def pools(asked: Asked, languages: Iterable[str], settings: Iterable[Setting]) -> list[Trial]:
    """The trials of a question over an index of these languages: those where its answer is in the pool."""
    spoken, own = frozenset(languages), asked.question.language
    trials = {
        "mono": [Trial("mono", own, frozenset({own}))] if own in spoken else [],
        "cross": [Trial("cross", other, frozenset({other})) for other in sorted(spoken - {own})],
        "mixed": [Trial("mixed", "", spoken)],
        "cross-only": [Trial("cross-only", "", spoken - {own})] if own in spoken else [],
    }
    return [trial for setting in settings for trial in trials[setting] if relevant(asked.places, trial.pool)]


def judge(asked: Asked, trial: Trial, ranking: Ranking, articles: Mapping[str, str]) -> list[Found]:
    """What of the answer's documents was found, and at which rank, for each grain that the system ranks."""
    return [
        Found(
            setting=trial.setting,
            documents=trial.documents,
            grain=grain,
            ranks=_ranks(asked, ranking[grain]),
            article_rank=_article_rank(asked, ranking[grain], articles),
        )
        for grain in GRAINS
        if grain in ranking
    ]


def _ranks(asked: Asked, ranking: Sequence[Retrieved]) -> dict[str, int]:
    ranks: dict[str, int] = {}
    uris = {place.uri for place in asked.places}
    for rank, unit in enumerate(ranking, start=1):
        if unit.uri in uris - ranks.keys() and is_right(asked, unit.uri, unit.start, unit.end):
            ranks[unit.uri] = rank
    return ranks


def _article_rank(asked: Asked, ranking: Sequence[Retrieved], articles: Mapping[str, str]) -> int | None:
    """The rank of the article whose first unit is right: an article takes the place of its best unit only."""
    seen: set[str] = set()
    for unit in ranking:
        article = articles[unit.uri]
        if article not in seen and is_right(asked, unit.uri, unit.start, unit.end):
            return len(seen) + 1
        seen.add(article)
    return None


def is_right(asked: Asked, uri: str, start: int, end: int) -> bool:
    """Whether this stretch of the document at `uri` holds a gold of the question."""
    return any(place.uri == uri and holds(place, start, end) for place in asked.places)
