from __future__ import annotations

import io
import math
import re
from typing import Any

import pytest
from rich.console import Console

from evaluation.compare import Change, Comparison, Difference
from evaluation.metrics.catalogue import METRICS
from evaluation.report.changes import print_comparison
from evaluation.results import AskedQuestion
from evaluation.types import Outcome, Quote

NAN = math.nan


def difference(metric: str, before: float, after: float, p: float = NAN, reach: float = NAN) -> Difference:
    change = after - before
    return Difference(METRICS[metric], before, after, change - reach, change + reach, p)


def outcome(*, right: bool, text: str = "Zes weken.", answered: bool = True, confidence: float = 0.625) -> Outcome:
    quotes = (Quote("nl.txt", "nl", 0, 9, text, True, right),) if answered else ()
    return Outcome("q", answered, right, text, confidence, quotes, right, 0.5, None, None, None, 9.0, ())


def change(before: bool, after: bool, asked: str = "Hoe lang?", **more: Any) -> Change:
    gold = more.pop("gold", ("zes weken", "6 weken"))
    question = AskedQuestion("nl-1", asked, "nl", "plain", "fact", "test", (), gold)
    return Change(question, outcome(right=before), outcome(right=after, **more))


def printed(
    *changes: Change,
    differences: tuple[Difference, ...] = (),
    notes: tuple[str, ...] = (),
    everything: bool = False,
    **options: Any,
) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=120, highlight=False, **options)
    print_comparison(console, Comparison(differences, changes, notes), everything=everything)
    return stream.getvalue()


def row(text: str, metric: str) -> list[str]:
    (found,) = (line for line in text.splitlines() if line.startswith(metric))
    return found.removeprefix(metric).split()


def test_each_metric_that_changed_has_its_change_interval_and_p() -> None:
    text = printed(
        differences=(
            difference("accuracy", 0.5, 0.625, 0.004, 0.0625),
            difference("error_rate", 0.25, 0.125),
            difference("latency_p50", 31.4, 12.2),
            difference("auroc", 0.5, 0.5),
            difference("brier", 0.5, 0.5 + 4e-7),
        )
    )
    assert row(text, "metric") == ["before", "after", "change", "95", "%", "interval", "p"]
    assert row(text, "accuracy") == [".500", ".625", "+.125", "+0.062", "to", "+0.188", "0.004"]
    assert row(text, "error_rate") == [".250", ".125", "−.125"]
    assert row(text, "latency_p50") == ["31", "ms", "12", "ms", "−19", "ms"]
    assert "auroc" not in text
    assert "brier" not in text


def test_where_no_metric_changed_that_is_said() -> None:
    assert printed(differences=(difference("accuracy", 0.5, 0.5),)).startswith("no metric changed\n")


@pytest.mark.parametrize(
    ("metric", "after", "p", "colour"),
    [
        ("accuracy", 0.75, 0.01, "32"),
        ("accuracy", 0.25, 0.01, "31"),
        ("error_rate", 0.25, 0.01, "32"),
        ("error_rate", 0.75, 0.01, "31"),
        ("accuracy", 0.75, 0.05, None),
        ("accuracy", 0.75, NAN, None),
    ],
)
def test_a_significant_change_is_green_for_the_better_and_red_for_the_worse(
    metric: str, after: float, p: float, colour: str | None
) -> None:
    text = printed(differences=(difference(metric, 0.5, after, p),), force_terminal=True, color_system="standard")
    sign = "+" if after > 0.5 else "−"
    assert re.findall(rf"(?:\x1b\[(3\d)m)? *{re.escape(sign)}\.250", text) == [colour or ""]


def test_what_was_mended_comes_first_then_what_was_broken() -> None:
    changes = (change(False, False, "still?"), change(True, False, "broken?"), change(False, True, "mended?"))
    text = printed(*changes)
    assert text.index("+ mended?  (nl, plain, nl-1)") < text.index("- broken?")
    assert "still?" not in text
    assert "1" in text and "(--all lists them)" in text
    everything = printed(*changes, everything=True)
    assert everything.index("- broken?") < everything.index("~ still?")
    assert "--all" not in everything


def test_a_change_shows_the_gold_and_both_answers() -> None:
    text = printed(change(False, True, text="Zes weken, betaald.", confidence=0.75))
    assert [line.split(maxsplit=1) for line in text.splitlines()[-3:]] == [
        ["gold", "zes weken"],
        ["before", "Zes weken. (nl, 0.62)"],
        ["after", "Zes weken, betaald. (nl, 0.75)"],
    ]


def test_an_abstention_is_called_one_and_the_unanswerable_have_no_gold() -> None:
    text = printed(change(False, True, text="Ik weet het niet.", answered=False, confidence=0.125, gold=()))
    assert "after   (abstained, 0.12)" in text
    assert "Ik weet" not in text
    assert "gold" not in text


def test_what_a_file_says_cannot_drive_the_terminal() -> None:
    hostile = "\x1b[31m[bold]x[/nope]\u202e"
    text = printed(change(False, True, hostile, gold=(hostile,)), notes=(f"the embedders differ: {hostile}",))
    assert text.startswith("note: the embedders differ: \ufffd[31m[bold]x[/nope]\ufffd\n")
    assert "+ \ufffd[31m[bold]x[/nope]\ufffd  (nl" in text
    assert not {"\x1b", "\u202e"} & set(text)
