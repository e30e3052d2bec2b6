from __future__ import annotations

import io
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from evaluation.metrics.catalogue import HEADLINES, METRICS
from evaluation.metrics.intervals import Figure
from evaluation.report.terminal import Bars, print_results, shown, summary
from evaluation.results import Against, Results, SystemResults

NAN = math.nan
EUROPEAN = ["da", "de", "el", "en", "es", "fi", "fr", "it", "nl", "pt", "sv"]


def system(name: str = "dragoman", **more: Any) -> SystemResults:
    parts = {"figures": {}, "cells": {}, "reliability": (), "curve": ()} | more
    return SystemResults(name=name, seconds=1.0, **parts)


def results(*systems: SystemResults, **dataset: Any) -> Results:
    whole = {
        "name": "questions",
        "fingerprint": "f",
        "split": "",
        "sample": None,
        "settings": ["mono"],
        "questions": 12_345,
        "unanswerable": 1_234,
        "kinds": {"near-miss": 2, "plain": 8},
        "languages": {"nl": 4, "fr": 6},
        "note": "",
    }
    counts = {language: {"documents": 1_000, "passages": 0, "sentences": 0} for language in ("en", "fr", "nl")}
    made = {"date": "2026-11-26", "commit": "c0ffee", "uncommitted_changes": False}
    return Results(whole | dataset, {"embedder": {"name": "words"}, "languages": counts}, made, systems or (system(),))


def printed(of: Results, width: int = 120, **options: Any) -> str:
    stream = io.StringIO()
    print_results(Console(file=stream, width=width, highlight=False, **options), of)
    return stream.getvalue()


def line(text: str, beginning: str) -> str:
    (found,) = (line for line in text.splitlines() if line.startswith(beginning))
    return found.removeprefix(beginning).strip()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, ".500"),
        (0.9996, "1.000"),
        (0.0004, ".000"),
        (-0.5, "-.500"),
        (-1.0, "-1.000"),
        (12.5, "12.500"),
        (NAN, "–"),
    ],
)
def test_shares_lose_their_leading_zero_and_no_other(value: float, text: str) -> None:
    assert shown(value) == text


@given(st.floats(-2, 2))
def test_what_is_shown_is_the_number_to_three_places(value: float) -> None:
    assert float(shown(value)) == pytest.approx(value, abs=0.000_501)


def test_times_are_whole_milliseconds() -> None:
    assert [shown(value, METRICS["latency_p95"]) for value in (18.6, 0.2, NAN)] == ["19 ms", "0 ms", "–"]


@pytest.mark.parametrize(
    ("dataset", "named"),
    [
        ({}, "questions: "),
        ({"split": "test"}, "questions (test): "),
        ({"sample": 5}, "questions (a sample): "),
        ({"split": "test", "sample": 5}, "questions (test): "),
    ],
)
def test_the_summary_names_the_part(dataset: dict[str, Any], named: str) -> None:
    said = summary(results(**dataset))
    assert said.startswith(named)
    assert "12,345 questions in 2 languages, 1,234 of them without an answer" in said
    assert "3,000 documents in 3" in said


def test_headlines_come_in_the_catalogues_order_and_only_where_measured() -> None:
    figures = {name: Figure(0.25, 0.125, 0.5, 8) for name in reversed(HEADLINES) if name != "auroc"}
    text = printed(results(system(figures=figures | {"mono.passage.AP": Figure(0.75, NAN, NAN, 8)})))
    rows = text.splitlines()
    labels = [METRICS[name].label for name in HEADLINES if name != "auroc"]
    places = [next(place for place, row in enumerate(rows) if row.startswith(label)) for label in labels]
    assert places == sorted(places)
    assert "AUROC" not in text
    assert ".750" not in text  # no headline
    assert line(text, "coverage at 5 % risk") == ".250 [.125 .500]"
    assert line(text, "error rate (less is better)") == ".250 [.125 .500]"


def test_a_star_says_that_a_difference_is_significant() -> None:
    figures = {name: Figure(0.25, NAN, NAN, 8) for name in ("accuracy", "auroc", "error_rate")}
    against = {
        "accuracy": Against(0, 0, 0, 0.049),
        "auroc": Against(0, 0, 0, 0.05),
        "error_rate": Against(0, 0, 0, NAN),
    }
    text = printed(results(system(figures=figures), system("dense", figures=figures, against=against)))
    assert line(text, "answered right  ").split() == [".250", ".250*"]
    assert line(text, "AUROC").split() == [".250", ".250"]
    assert line(text, "error rate (less is better)").split() == [".250", ".250"]
    assert "* differs from dragoman, p < 0.05" in text
    assert "* differs" not in printed(results(system(figures=figures)))


def test_what_a_system_was_not_measured_by_is_a_dash() -> None:
    one = system(
        figures={"accuracy": Figure(0.5, NAN, NAN, 8)}, cells={"accuracy by kind": {"plain": Figure(0.5, NAN, NAN, 8)}}
    )
    other = system("dense", figures={"auroc": Figure(0.75, NAN, NAN, 8)})
    text = printed(results(one, other))
    assert line(text, "answered right  ").split() == [".500", "–"]
    assert line(text, "AUROC").split() == ["–", ".750"]
    assert line(text, "plain (8)").split() == [".500", "–"]
    assert line(text, "near-miss (2)").split() == ["–", "–"]


def pairs(value: float) -> dict[str, dict[str, Figure]]:
    figure = Figure(value, NAN, NAN, 8)
    return {
        "mono.sentence.Success@1": dict.fromkeys(EUROPEAN, figure),
        "cross.sentence.Success@1": {f"{a}>{b}": figure for a in EUROPEAN for b in EUROPEAN if a != b},
    }


def test_eleven_languages_and_five_systems_fit_on_an_ordinary_terminal() -> None:
    figures = {name: Figure(0.774, 0.7, 0.8, 8) for name in HEADLINES}
    names = ("dragoman", "keyword", "dense", "dense+keyword", "langchain")
    text = printed(results(*(system(name, figures=figures, cells=pairs(0.774)) for name in names)), width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert line(text, "asker ").split() == EUROPEAN
    for language in EUROPEAN:
        assert line(text, f"{language} ").split() == [".774"] * 11
    assert line(text, "answered right  ").split() == [".774"] * 5


@pytest.mark.parametrize(("value", "colour"), [(0.7, "32"), (0.699, "33"), (0.4, "33"), (0.399, "31"), (0.0, "31")])
def test_good_pairs_are_green_and_bad_ones_red(value: float, colour: str) -> None:
    text = printed(results(system(cells=pairs(value))), force_terminal=True, color_system="standard")
    assert text.count(f"\x1b[{colour}m{shown(value)}") == 121


def test_without_pairs_or_kinds_there_are_no_tables_of_them() -> None:
    text = printed(results(system(figures={"accuracy": Figure(0.5, NAN, NAN, 8)}), kinds={}))
    assert "asker" not in text
    assert "by kind" not in text


def test_names_from_outside_cannot_drive_the_terminal() -> None:
    text = printed(results(name="a\x1b[31m[bold]b[/x]\u202e", note="by its name, \x9b1m[/b] has\x07"))
    assert text.startswith("a\ufffd[31m[bold]b[/x]\ufffd: ")
    assert "by its name, \ufffd1m[/b] has\ufffd" in text


def test_bars_count_what_is_done_where_somebody_watches() -> None:
    stream = io.StringIO()
    with Bars(Console(file=stream, force_terminal=True, width=100)) as bars:
        bars.start(200)
        bars.advance(150, 3)
        bars.begin("dragoman", 40)
        for _ in range(7):
            bars.asked()
        bars.begin("dense", 40)
        bars.asked()
    text = stream.getvalue()
    assert [part in text for part in ("indexing (characters)", "150/200", "asking dragoman", "7/40", "1/40")] == [
        True
    ] * 5


def test_bars_of_nothing_to_index_do_not_divide_by_it() -> None:
    with Bars(Console(file=io.StringIO(), force_terminal=True)) as bars:
        bars.start(0)
        bars.advance(0, 0)


def test_bars_let_an_interruption_through_and_give_the_terminal_back() -> None:
    stream = io.StringIO()
    with pytest.raises(KeyboardInterrupt), Bars(Console(file=stream, force_terminal=True)) as bars:
        bars.begin("dragoman", 3)
        raise KeyboardInterrupt
    assert stream.getvalue().rindex("\x1b[?25h") > stream.getvalue().rindex("\x1b[?25l")  # the cursor


def test_the_first_systems_pairs_are_shown() -> None:
    text = printed(results(system(cells=pairs(0.25)), system("dense", cells=pairs(0.75))))
    assert "dragoman: right sentence first" in text
    assert ".750" not in text
    swapped = replace(results(), systems=(system("dense", cells=pairs(0.75)),))
    assert "dense: right sentence first" in printed(swapped)
