"""The results of one evaluation, and the JSON file that they are kept in."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from evaluation.errors import ResultsError
from evaluation.metrics.abstention import Bin
from evaluation.metrics.intervals import Figure
from evaluation.metrics.prose import Composed
from evaluation.run import outcome_from_json
from evaluation.types import Outcome

__all__ = ["Against", "AskedQuestion", "Results", "SystemResults", "read_results", "write_results"]

FORMAT = 1

ONE_LINE_FROM = 4
"""Depth in the file from which a value is written on one line: a figure, an outcome."""


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question as a reader of the report needs it. `gold` are the texts that would have answered."""

    id: str
    text: str
    language: str
    kind: str
    group: str
    split: str
    history: tuple[str, ...]
    gold: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Against:
    """How much better the first system of the report is than this one: the difference, its interval, and p."""

    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class SystemResults:
    """Figures by metric, and by metric and cell (a language, a pair such as "vi>en", a kind).

    `curve` has the risk-coverage curve as (coverage, risk); `against` how the first system of the report compares.
    Results from before there were language models do not say how answers were `composed`: all were quoted.
    """

    name: str
    seconds: float
    figures: dict[str, Figure]
    cells: dict[str, dict[str, Figure]]
    reliability: tuple[Bin, ...]
    curve: tuple[tuple[float, float], ...]
    against: dict[str, Against] = field(default_factory=dict)
    composed: Composed = field(default_factory=Composed)
    outcomes: tuple[Outcome, ...] = ()


@dataclass(frozen=True, slots=True)
class Results:
    """`dataset`, `index` and `made` say what was measured, on what and with what."""

    dataset: dict[str, Any]
    index: dict[str, Any]
    made: dict[str, Any]
    systems: tuple[SystemResults, ...]
    questions: tuple[AskedQuestion, ...] = ()

    @property
    def first(self) -> SystemResults:
        """The system that the others are compared with."""
        return self.systems[0]


def write_results(results: Results, path: Path, *, questions: bool = True) -> None:
    """As JSON; without `questions`, the figures alone. Raises ResultsError where the file cannot be written."""
    row = _plain(asdict(results))
    row = {"format": FORMAT, **row}
    if not questions:
        row["questions"] = []
        for system in row["systems"]:
            system["outcomes"] = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(path.name + ".new")
        # A lone surrogate becomes "\ud800", which JSON reads back as what it was.
        temporary.write_text(_laid_out(row) + "\n", "utf-8", "backslashreplace")
        temporary.replace(path)
    except OSError as error:
        raise ResultsError(f"cannot write {path}: {error.strerror or error}") from error


def read_results(path: Path) -> Results:
    """Raises ResultsError for a file that is not one of `write_results`."""
    try:
        row = json.loads(path.read_text("utf-8"))
        if row["format"] != FORMAT:
            raise ResultsError(f"{path} has format {row['format']!r:.40}; this dragoman reads {FORMAT}: evaluate again")
        if not row["systems"]:
            raise ValueError("no systems")
        return Results(
            dataset=dict(row["dataset"]),
            index=dict(row["index"]),
            made=dict(row["made"]),
            systems=tuple(_system(system) for system in row["systems"]),
            questions=tuple(
                AskedQuestion(**{**question, "history": tuple(question["history"]), "gold": tuple(question["gold"])})
                for question in row["questions"]
            ),
        )
    except OSError as error:
        raise ResultsError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ResultsError(
            f"{path} is not a file of results that `dragoman evaluate --json` wrote ({error!r:.120})"
        ) from error


def _system(row: Mapping[str, Any]) -> SystemResults:
    return SystemResults(
        name=str(row["name"]),
        seconds=float(row["seconds"]),
        figures=_figures(row["figures"]),
        cells={name: _figures(cells) for name, cells in row["cells"].items()},
        reliability=tuple(Bin(**one) for one in row["reliability"]),
        curve=tuple((float(coverage), float(risk)) for coverage, risk in row["curve"]),
        against={name: Against(**_numbers(against)) for name, against in row["against"].items()},
        outcomes=tuple(outcome_from_json(outcome) for outcome in row["outcomes"]),
        composed=Composed(**row.get("composed", {})),
    )


def _figures(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Figure]:
    return {name: Figure(**_numbers(row)) for name, row in rows.items()}


def _numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no NaN: an undefined bound is null there."""
    return {key: math.nan if value is None else value for key, value in row.items()}


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Floats to six digits and NaN to None, so that a file is the same on every machine that measures the same."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 6)
    return value


def _laid_out(value: Any, depth: int = 0, most: int = 110) -> str:  # noqa: ANN401 - any JSON
    """JSON that a person and `git diff` can read: what fits on a line stands on one."""
    short = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or depth >= ONE_LINE_FROM or len(short) + depth <= most or _is_flat(value):
        return short
    pad = " " * (depth + 1)
    if isinstance(value, dict):
        rows: Iterable[str] = (f"{json.dumps(key)}: {_laid_out(item, depth + 1)}" for key, item in value.items())
        opened, closed = "{}"
    else:
        rows, (opened, closed) = (_laid_out(item, depth + 1) for item in value), "[]"
    return opened + "\n" + ",\n".join(pad + row for row in rows) + "\n" + " " * depth + closed


def _is_flat(value: dict[str, Any] | list[Any]) -> bool:
    """Whether it holds texts, numbers and lists of them alone: such a row stays one line however long it is."""
    items = value.values() if isinstance(value, dict) else value
    return not any(isinstance(item, dict) or (isinstance(item, list) and not _is_flat(item)) for item in items)
