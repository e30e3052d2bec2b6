"""The results as one HTML page that an operator reads: it holds all it needs, and nothing it shows can act."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import takewhile
from typing import Any
from urllib.parse import unquote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bot.messages import language_name
from bot.visible import visible
from evaluation.figures import BY_KIND
from evaluation.metrics.catalogue import HEADLINES, METRICS, Metric
from evaluation.metrics.intervals import Figure
from evaluation.report.charts import HeatMap, Plot, dots, heat_map, risk_plot
from evaluation.report.composers import composers
from evaluation.report.terminal import SIGNIFICANT, shown
from evaluation.results import Against, AskedQuestion, Results, SystemResults
from evaluation.types import UNANSWERABLE, Outcome

__all__ = ["LISTED", "html_page"]

LISTED = 500
"""Wrong answers at the most on one page; a browser gets slow with many thousands."""

BY_LANGUAGE = ("accuracy", "citation_recall", "language_match", "containment", "token_f1")

WRONG = {
    "unanswerable": "Answered, though the documents do not answer",
    "abstained": "Abstained, though the documents answer",
    "elsewhere": "Quoted something else than the answer",
}
"""Why an answer counts as wrong. To have quoted it from another language is none of the reasons."""


def html_page(results: Results) -> str:
    """The whole report.

    Questions, quotes, names and addresses come from strangers: all of them are shown as text, whatever they hold.
    """
    wrong = list(_failures(results))
    listed = _spread(wrong, LISTED)
    heat = heat_map(results.systems)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            results=results,
            first=results.first,
            part=_part(results.dataset),
            tallies=_tallies(results),
            composers=composers(results),
            headlines=_measured(results.systems, HEADLINES),
            by_language=_measured(results.systems, BY_LANGUAGE),
            every=_measured(results.systems, dict.fromkeys(name for one in results.systems for name in one.figures)),
            by_kind=BY_KIND,
            kinds=_kinds(results),
            heat=heat,
            heat_measures=[_heat_measure(measure) for measure in heat.measures] if heat else [],
            heat_data=_heat_data(heat) if heat else None,
            risk=risk_plot(system.curve for system in results.systems),
            square=Plot(),
            wrong=wrong,
            listed=listed,
            root=_common_folder(quote.uri for failure in listed for quote in failure.outcome.quotes),
            reasons=WRONG,
            made=_made(results),
            significant=SIGNIFICANT,
        )
    )


@cache
def _environment() -> Environment:
    """Autoescaping, and `visible` over every value that a template puts out, so that none can be forgotten."""
    environment = Environment(
        loader=PackageLoader("evaluation.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
    )
    environment.filters |= {
        "comparison": _comparison,
        "csp_hash": _csp_hash,
        "date": _date,
        "dots": dots,
        "interval": _interval,
        "language": _language,
        "place": _place,
        "shown": shown,
    }
    return environment


# What it comes to.


def _part(dataset: Mapping[str, Any]) -> str:
    """Which of the dataset's questions were asked."""
    sample = f"{dataset['sample']:,} questions a language" if dataset["sample"] is not None else ""
    return ", ".join(filter(None, [dataset["split"], sample])) or "all of it"


@dataclass(frozen=True, slots=True)
class _Part:
    """`tone` is the CSS class: right, abstained or wrong."""

    tone: str
    name: str
    n: int


@dataclass(frozen=True, slots=True)
class _Tally:
    """What became of the questions that the documents answer, or of those that they do not (`answerable`)."""

    answerable: bool
    asked: int
    right: int
    wrong: int
    abstained: int

    @property
    def parts(self) -> list[_Part]:
        """Best first; of what the documents do not answer, to abstain is what is right."""
        parts = [
            _Part("right", "answered right" if self.answerable else "abstained from", self.right),
            _Part("abstained", "abstained from", self.abstained),
            _Part("wrong", "answered wrong" if self.answerable else "answered", self.wrong),
        ]
        return [part for part in parts if part.n]


def _tallies(results: Results) -> list[_Tally]:
    """Counts of the first system. The means of the kinds give them exactly, even where the questions are left out."""
    cells = results.first.cells.get(BY_KIND, {})
    tallies = []
    for answerable in (True, False):
        kinds = [figure for kind, figure in cells.items() if (kind not in UNANSWERABLE) == answerable]
        asked = sum(figure.n for figure in kinds)
        right = sum(round(figure.value * figure.n) for figure in kinds)
        error_rate = results.first.figures.get("error_rate") if answerable else None
        abstained = round(error_rate.value * asked) if error_rate else 0
        if asked:
            tallies.append(_Tally(answerable, asked, right, asked - right - abstained, abstained))
    return tallies


def _measured(systems: Sequence[SystemResults], names: Iterable[str]) -> list[Metric]:
    """Those of the metrics that some system has a figure for, in the catalogue's order."""
    order = {name: place for place, name in enumerate(METRICS)}
    found = [name for name in names if any(name in system.figures for system in systems)]
    found.sort(key=lambda name: order.get(name, len(order)))
    return [METRICS.get(name) or Metric(name, name, "", "") for name in found]


@dataclass(frozen=True, slots=True)
class _Comparison:
    """How a system does against the first: `sign` is that of the first system's advantage, 0 for no clear one."""

    sign: int
    by: float
    p: str


def _comparison(against: Against | None, metric: Metric) -> _Comparison | None:
    """None where the two were not compared."""
    if against is None or math.isnan(against.difference) or math.isnan(against.p):
        return None
    ahead = -against.difference if metric.lower_is_better else against.difference
    sign = int(math.copysign(1, ahead)) if against.p < SIGNIFICANT and ahead else 0
    # The test cannot tell apart what is rarer than one in its number of draws, a thousand as a rule.
    p = f"p\u00a0=\u00a0{shown(against.p)}" if against.p > 0.001 else "p\u00a0≤\u00a0.001"
    return _Comparison(sign, abs(against.difference), p)


def _interval(figure: Figure) -> str:
    """Empty where there is none."""
    if math.isnan(figure.low) or math.isnan(figure.high):
        return ""
    return f"{shown(figure.low)}–{shown(figure.high)}"


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    n: int
    answerable: bool


def _kinds(results: Results) -> list[_Kind]:
    """Those that nothing answers last."""
    counts = {kind: figure.n for system in results.systems for kind, figure in system.cells.get(BY_KIND, {}).items()}
    kinds = [_Kind(name, n, name not in UNANSWERABLE) for name, n in counts.items()]
    return sorted(kinds, key=lambda kind: (not kind.answerable, kind.name))


# The heat map.


@dataclass(frozen=True, slots=True)
class _HeatMeasure:
    label: str
    meaning: str


def _heat_measure(measure: str) -> _HeatMeasure:
    """What to call "sentence.Success@1" and what it says, whichever documents are searched."""
    grain, _, name = measure.partition(".")
    # A meaning of the catalogue ends with the documents searched, in brackets.
    return _HeatMeasure(f"{grain}s: {name}", METRICS[f"cross.{measure}"].meaning.rpartition(" (")[0])


def _heat_data(heat: HeatMap) -> list[list[list[tuple[str, str, str]]]]:
    """For each system and measure its cells, row by row with the means: text, CSS class, interval."""
    systems, measures = range(len(heat.matrices)), range(len(heat.measures))
    return [[list(_heat_cells(heat, system, measure)) for measure in measures] for system in systems]


def _heat_cells(heat: HeatMap, system: int, measure: int) -> Iterator[tuple[str, str, str]]:
    matrix = heat.matrices[system][measure]
    for row, mean in zip(matrix.rows, matrix.row_means, strict=True):
        yield from (_heat_cell(heat, figure) for figure in row)
        yield shown(mean), "mean", ""
    yield from ((shown(mean), "mean", "") for mean in matrix.column_means)
    yield shown(matrix.mean), "mean", ""


def _heat_cell(heat: HeatMap, figure: Figure | None) -> tuple[str, str, str]:
    if figure is None:
        return "–", "none", "not measured"
    bounds = _interval(figure)
    said = f"95 % interval {bounds}, n = {figure.n:,}" if bounds else f"n = {figure.n:,}"
    return shown(figure.value), f"h{heat.shade(figure.value)}", said


# The wrong answers.


@dataclass(frozen=True, slots=True)
class _Failure:
    question: AskedQuestion
    outcome: Outcome

    @property
    def reason(self) -> str:
        """A key of WRONG."""
        if self.question.kind in UNANSWERABLE:
            return "unanswerable"
        return "elsewhere" if self.outcome.answered else "abstained"

    @property
    def says_more(self) -> bool:
        """Whether the answer's text is more than its quotes put together, as a language model's or an apology is."""
        quotes = " ".join(quote.text for quote in self.outcome.quotes)
        return self.outcome.text.replace("…", " ").split() != quotes.replace("…", " ").split()


def _failures(results: Results) -> Iterator[_Failure]:
    """The first system's, in the order of the questions."""
    outcomes = {outcome.question: outcome for outcome in results.first.outcomes}
    for question in results.questions:
        outcome = outcomes.get(question.id)
        if outcome is not None and not outcome.right:
            yield _Failure(question, outcome)


def _spread(failures: Sequence[_Failure], most: int) -> Sequence[_Failure]:
    """Up to `most`, evenly over all of them: datasets have a language after the other, and all should be seen."""
    if len(failures) <= most:
        return failures
    return [failures[place * len(failures) // most] for place in range(most)]


def _common_folder(uris: Iterable[str]) -> str:
    """The address of the folder that all of them are below, so that it need not be said of each; else empty."""
    known = sorted(uris)
    if not known:
        return ""
    # What the first and the last in order have in common, all between them have too.
    shared = takewhile(lambda pair: pair[0] == pair[1], zip(known[0], known[-1], strict=False))
    folder = "".join(character for character, _ in shared).rpartition("/")[0]
    return folder if "://" in folder and not folder.endswith("://") else ""


def _place(uri: str, root: str) -> str:
    """The address from `root` on, with percent escapes read."""
    return unquote(uri.removeprefix(root).removeprefix("/") if root else uri)


# How it was made.


def _made(results: Results) -> dict[str, list[tuple[str, str]]]:
    """Terms and what to say of them, by heading."""
    dataset, index, made = results.dataset, results.index, results.made
    software = {key: made.get(key) for key in ("dragoman", "python", "code")} | (made.get("packages") or {})
    apart = {*software, "packages", "machine", "model"}
    languages = {_language(code): counts for code, counts in (index.get("languages") or {}).items()}
    seconds = {f"seconds of {system.name}": system.seconds for system in results.systems}
    return {
        "Dataset": _terms({key: value for key, value in dataset.items() if value not in (None, "")}),
        "Index": _terms(languages),
        "Embedder": _terms(index.get("embedder") or {}),
        "Language model": _terms(made.get("model") or {}),
        "This run": _terms({key: value for key, value in made.items() if key not in apart} | seconds),
        "Software": _terms(software),
        "Machine": _terms(made.get("machine") or {}),
    }


def _terms(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(str(key).replace("_", " "), _said(value)) for key, value in values.items()]


def _said(value: Any) -> str:  # noqa: ANN401 - any JSON
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(item)}" for key, item in value.items())
    return ", ".join(map(_said, value)) if isinstance(value, list | tuple) else str(value)


# Small words.


def _language(code: str) -> str:
    """Name and code, such as Vietnamese (vi); the code alone where it is not known."""
    name = language_name(code, "en")
    return code if name == code else f"{name} ({code})"


def _date(iso: str | None) -> str:
    """For people."""
    try:
        at = datetime.fromisoformat(iso or "")
    except ValueError:
        return iso or "–"
    return f"{at.day} {at:%B %Y, %H:%M} {at.tzname() or ''}".rstrip()


def _csp_hash(text: str) -> str:
    """The source expression that allows just this inline style or script (Content Security Policy, level 2)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
