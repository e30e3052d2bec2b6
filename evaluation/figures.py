"""From the outcomes of one system to its figures: every metric, by language and over all, with intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from evaluation.locate import relevant
from evaluation.metrics import abstention, prose
from evaluation.metrics.intervals import Figure, Floats, Resamples
from evaluation.metrics.retrieval import article_recall, language_preference, per_query
from evaluation.types import GRAINS, SETTINGS, Asked, Found, Grain, Outcome, Setting

__all__ = ["BY_KIND", "BY_PAIR", "Measured", "measured"]

BY_KIND, BY_PAIR = "accuracy by kind", "accuracy by pair"


@dataclass(slots=True)
class Measured:
    """Figures by the name of the metric. `cells` has those of each language, pair ("vi>en") or kind.

    `drawn` has the figures in every resample, for paired tests (float64 (draws,)).
    """

    figures: dict[str, Figure] = field(default_factory=dict)
    cells: dict[str, dict[str, Figure]] = field(default_factory=dict)
    drawn: dict[str, Floats] = field(default_factory=dict)

    def add(self, name: str, figure: Figure, cells: Mapping[str, Figure], drawn: Floats | None = None) -> None:
        self.figures[name] = figure
        if cells:
            self.cells[name] = dict(cells)
        if drawn is not None:
            self.drawn[name] = drawn


@dataclass(frozen=True, slots=True)
class _Rows:
    """Questions with their outcomes, and how to resample them."""

    asked: Sequence[Asked]
    outcomes: Sequence[Outcome]
    resamples: Resamples
    languages: frozenset[str]

    def mean(self, into: Measured, name: str, value: Callable[[Asked, Outcome], float]) -> None:
        """The mean of each asker's language, and the mean of these; NaN where a question does not count."""
        values = [value(asked, outcome) for asked, outcome in zip(self.asked, self.outcomes, strict=True)]
        cells = [asked.question.language for asked in self.asked]
        into.add(name, *self.resamples.macro_mean(values, range(len(values)), cells))


def measured(
    asked: Sequence[Asked],
    outcomes: Sequence[Outcome],
    languages: frozenset[str],
    calibrated: bool,
    resamples: Resamples,
) -> Measured:
    """Every metric that the outcomes allow; those that nothing was asked for are left out."""
    rows = _Rows(asked, outcomes, resamples, languages)
    result = Measured()
    _answers(rows, result)
    _citations(rows, result)
    _abstention(rows, calibrated, result)
    _prose(rows, result)
    _latency(rows, result)
    for setting in SETTINGS:
        for grain in GRAINS:
            _retrieval(rows, setting, grain, result)
    return _without_empty(result)


def _answers(rows: _Rows, result: Measured) -> None:
    rows.mean(result, "accuracy", lambda _, outcome: float(outcome.right))
    rows.mean(result, "exact_match", lambda _, outcome: _or_nan(outcome.exact_match))
    rows.mean(result, "token_f1", lambda _, outcome: _or_nan(outcome.token_f1))
    rows.mean(result, "containment", lambda _, outcome: _or_nan(outcome.containment))
    rows.mean(result, "language_match", _language_match)
    right = [float(outcome.right) for outcome in rows.outcomes]
    kinds = [asked.question.kind for asked in rows.asked]
    result.cells[BY_KIND] = rows.resamples.macro_mean(right, range(len(right)), kinds)[1]
    pairs = [
        f"{asked.question.language}>{outcome.quotes[0].language}" if outcome.quotes else ""
        for asked, outcome in zip(rows.asked, rows.outcomes, strict=True)
    ]
    of_pairs = [value if pair else np.nan for value, pair in zip(right, pairs, strict=True)]
    result.cells[BY_PAIR] = rows.resamples.macro_mean(of_pairs, range(len(right)), pairs)[1]


def _language_match(asked: Asked, outcome: Outcome) -> float:
    """Of answers whose fact has a version in the asker's language: whether all quotes are in it, or the prose is."""
    own = asked.question.language
    if not outcome.quotes or not relevant(asked.places, {own}):
        return np.nan
    if outcome.composer == "generative":
        return float(outcome.language == own)
    return float(all(quote.language == own for quote in outcome.quotes))


def _citations(rows: _Rows, result: Measured) -> None:
    def exactness(_: Asked, outcome: Outcome) -> float:
        return float(np.mean([quote.exact for quote in outcome.quotes])) if outcome.quotes else np.nan

    def precision(asked: Asked, outcome: Outcome) -> float:
        judged = outcome.quotes if asked.places else ()
        return float(np.mean([quote.right for quote in judged])) if judged else np.nan

    def recall(asked: Asked, outcome: Outcome) -> float:
        return float(any(quote.right for quote in outcome.quotes)) if asked.places else np.nan

    rows.mean(result, "citation_exactness", exactness)
    rows.mean(result, "citation_precision", precision)
    rows.mean(result, "citation_recall", recall)


def _abstention(rows: _Rows, calibrated: bool, result: Measured) -> None:
    """Over all questions together: of each language alone there are too few that nothing answers."""
    answerable = np.array([asked.question.answerable for asked in rows.asked])
    answered = np.array([outcome.answered for outcome in rows.outcomes])
    right = np.array([outcome.best_right for outcome in rows.outcomes])
    confidence = np.array([outcome.best_confidence for outcome in rows.outcomes])
    n, unanswerable = len(answerable), int((~answerable).sum())

    def pooled(name: str, metric: Callable[[Floats], float], size: int = n) -> None:
        figure, drawn = rows.resamples.pooled(metric, range(n), size)
        result.add(name, figure, {}, drawn)

    pooled("error_rate", lambda w: abstention.error_rate(answerable, answered, w), n - unanswerable)
    pooled("coverage_at_5", lambda w: abstention.coverage_at_risk(right, confidence, 0.05, w))
    if unanswerable:
        pooled("hallucination_rate", lambda w: abstention.hallucination_rate(answerable, answered, w), unanswerable)
        pooled("abstention_f1", lambda w: abstention.abstention_f1(answerable, answered, w))
        pooled("auroc", lambda w: abstention.auroc(answerable, confidence, w))
        result.cells["auroc"] = _by_language(rows, answerable, confidence)
    if calibrated:
        pooled("brier", lambda w: abstention.brier_score(right, confidence, w))
        pooled("calibration_error", lambda w: abstention.calibration_error(right, confidence, w))


def _by_language(rows: _Rows, answerable: abstention.Booleans, confidence: Floats) -> dict[str, Figure]:
    """AUROC of each asker's language that has questions of both sorts."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, asked in enumerate(rows.asked):
        places[asked.question.language].append(place)
    result = {}
    for language, at in sorted(places.items()):
        metric = partial(abstention.auroc, answerable[at], confidence[at])
        if len(set(answerable[at].tolist())) == 2:
            result[language] = rows.resamples.pooled(metric, at, len(at))[0]
    return result


def _prose(rows: _Rows, result: Measured) -> None:
    """Over all questions together that the language model was there for; where there is none, nothing."""
    used = [(place, outcome, use) for place, outcome in enumerate(rows.outcomes) if (use := outcome.model_use)]
    if not used:
        return
    answered = np.array([outcome.answered for _, outcome, _ in used])
    in_prose = np.array([outcome.composer == "generative" for _, outcome, _ in used])
    written = np.array([use.written for *_, use in used])
    rejected = np.array([len(use.rejected) for *_, use in used])
    shown = np.array([use.shown for *_, use in used])
    metrics = {
        "prose_rate": partial(prose.prose_rate, in_prose, answered),
        "rejection_rate": partial(prose.rejection_rate, written, rejected, shown),
        "shown_rate": partial(prose.shown_rate, written, shown),
    }
    for name, metric in metrics.items():
        figure, drawn = rows.resamples.pooled(metric, [place for place, *_ in used], len(used))
        result.add(name, figure, {}, drawn)


def _latency(rows: _Rows, result: Measured) -> None:
    """No interval: what varies is the machine, not the draw of questions."""
    values = np.array([outcome.milliseconds for outcome in rows.outcomes])
    for q in (50, 95, 99):
        value = abstention.percentile(values, q)
        result.add(f"latency_p{q}", Figure(value, np.nan, np.nan, len(values)), {})


def _retrieval(rows: _Rows, setting: Setting, grain: Grain, result: Measured) -> None:
    places, cells, found = [], [], []
    for place, (asked, outcome) in enumerate(zip(rows.asked, rows.outcomes, strict=True)):
        for entry in outcome.found:
            if (entry.setting, entry.grain) == (setting, grain):
                own = asked.question.language
                places.append(place)
                found.append(entry)
                cells.append(f"{own}>{entry.documents}" if setting == "cross" else own)
    if not found:
        return
    searches = {
        str(number): (rows.asked[place], entry) for number, (place, entry) in enumerate(zip(places, found, strict=True))
    }

    judged = {query: relevant(asked.places, _pool(rows, asked, entry)) for query, (asked, entry) in searches.items()}
    scores = per_query(judged, {query: entry.ranks for query, (_, entry) in searches.items()})
    for measure, values in scores.items():
        name = f"{setting}.{grain}.{measure}"
        result.add(name, *rows.resamples.macro_mean([values[query] for query in searches], places, cells))
    if setting == "mixed":
        articles = [article_recall(entry.article_rank) for entry in found]
        result.add(f"mixed.{grain}.ArticleR@5", *rows.resamples.macro_mean(articles, places, cells))
        preferred = [_preference(asked, entry) for asked, entry in searches.values()]
        result.add(f"mixed.{grain}.LPR", *rows.resamples.macro_mean(preferred, places, cells))


def _pool(rows: _Rows, asked: Asked, entry: Found) -> frozenset[str]:
    if entry.documents:
        return frozenset({entry.documents})
    return rows.languages if entry.setting == "mixed" else rows.languages - {asked.question.language}


def _preference(asked: Asked, entry: Found) -> float:
    languages = {place.uri: place.language for place in asked.places}
    return language_preference(entry.ranks, languages, asked.question.language)


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _without_empty(result: Measured) -> Measured:
    kept = {name for name, figure in result.figures.items() if not np.isnan(figure.value)}
    result.figures = {name: figure for name, figure in result.figures.items() if name in kept}
    result.cells = {name: cells for name, cells in result.cells.items() if name in kept or name in (BY_KIND, BY_PAIR)}
    result.drawn = {name: drawn for name, drawn in result.drawn.items() if name in kept}
    return result
