from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.intervals import Figure
from evaluation.report.markdown import headline_table, markdown_page
from evaluation.results import Against
from tests.evaluation.report.test_terminal import results, system

NAN = math.nan


def figure(value: float, n: int = 8) -> Figure:
    return Figure(value, value / 2, (1 + value) / 2, n)


def tables(page: str) -> list[list[list[str]]]:
    """The cells of each table, as a reader of Markdown takes them."""
    found: list[list[list[str]]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(page):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type == "inline" and found and token.level > 3:
            found[-1][-1].append(token.content)
    return found


def headings(page: str) -> list[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    return [after.content for before, after in pairwise(tokens) if before.type == "heading_open"]


def test_of_equals_all_are_best() -> None:
    one, two = system(figures={"accuracy": figure(0.5)}), system("dense", figures={"accuracy": figure(0.5)})
    assert tables(headline_table(results(one, two)))[0][1] == ["answered right", "**.500**", "**.500**"]


def test_nothing_is_best_of_one() -> None:
    one, two = system(figures={"accuracy": figure(0.5)}), system("dense")
    assert tables(headline_table(results(one)))[0] == [["", "dragoman"], ["answered right", ".500"]]
    assert tables(headline_table(results(one, two)))[0][1] == ["answered right", ".500", "–"]


def test_less_is_better_where_it_is() -> None:
    one = system(figures={"error_rate": figure(0.25), "auroc": figure(0.25)})
    two = system("dense", figures={"error_rate": figure(0.5), "auroc": figure(0.5)})
    assert tables(headline_table(results(one, two)))[0][1:] == [
        ["error rate, less is better", "**.250**", ".500"],
        ["AUROC", ".250", "**.500**"],
    ]


@pytest.mark.parametrize(("p", "marked"), [(0.049, "**.750**\\*"), (0.05, "**.750**"), (NAN, "**.750**")])
def test_a_star_marks_a_significant_difference(p: float, marked: str) -> None:
    other = system("dense", figures={"accuracy": figure(0.75)}, against={"accuracy": Against(0.5, 0, 1, p)})
    assert tables(headline_table(results(system(figures={"accuracy": figure(0.25)}), other)))[0][1][2] == marked


def test_the_page_has_every_metric_of_every_system_once() -> None:
    figures = {name: figure(0.25) for name in METRICS}
    other = system("dense", figures={"accuracy": figure(0.75), "latency_p99": Figure(1234.5, NAN, NAN, 8)})
    page = markdown_page(results(system(figures=figures), other))
    *_, everything = tables(page)
    assert everything[0] == ["metric", "n", "dragoman", "dense", "what it says (source)"]
    rows = {row[0].strip("`"): row for row in everything[1:]}
    assert list(rows) == list(METRICS)
    assert all(len(row) == 5 for row in everything)
    assert rows["accuracy"][1:4] == ["8", ".250 (.125–.625)", ".750 (.375–.875)"]
    assert rows["auroc"][1:4] == ["8", ".250 (.125–.625)", "–"]
    assert rows["latency_p99"][1:4] == ["8", "0 ms", "1234 ms"]
    assert rows["brier"][4] == f"{METRICS['brier'].meaning} (Brier 1950)"
    assert rows["latency_p50"][4].endswith("(measured)")


def test_an_interval_that_is_not_there_is_left_out() -> None:
    page = markdown_page(results(system(figures={"accuracy": Figure(0.5, NAN, NAN, 1_234)})))
    assert tables(page)[-1][1][1:3] == ["1,234", ".500"]


def test_pairs_kinds_and_languages_have_tables_of_their_own() -> None:
    cells = {
        "mono.sentence.Success@1": {"nl": figure(0.8), "vi": figure(0.7)},
        "cross.sentence.Success@1": {"nl>vi": figure(0.3), "ja>nl": figure(0.1)},
        "accuracy by kind": {"plain": figure(0.5, 20), "off-topic": figure(0.25, 4)},
        "accuracy": {"nl": figure(0.5, 2_000)},
    }
    other = {"accuracy by kind": {"plain": figure(0.75, 20)}, "accuracy": {"vi": figure(1.0, 7)}}
    page = markdown_page(results(system(figures={"auroc": figure(0.5)}, cells=cells), system("dense", cells=other)))
    headline, pairs, kinds, languages, everything = tables(page)
    assert pairs == [["", "nl", "vi"], ["ja", ".100", "–"], ["nl", ".800", ".300"], ["vi", "–", ".700"]]
    assert kinds == [
        ["", "n", "dragoman", "dense"],
        ["off-topic", "4", ".250 (.125–.625)", "–"],
        ["plain", "20", ".500 (.250–.750)", ".750 (.375–.875)"],
    ]
    assert languages == [
        ["", "n", "dragoman", "dense"],
        ["nl", "2,000", ".500 (.250–.750)", "–"],
        ["vi", "7", "–", "1.000 (.500–1.000)"],
    ]
    assert len(headline) == len(everything) == 2


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({}, "Measured 2026-11-26 at commit c0ffee."),
        ({"uncommitted_changes": True}, "Measured 2026-11-26 at commit c0ffee, with changes that are not committed."),
        ({"commit": None}, "Measured 2026-11-26 at commit unknown."),
    ],
)
def test_the_page_says_of_what_code_it_is(made: dict[str, object], said: str) -> None:
    of = results()
    assert said in markdown_page(replace(of, made=of.made | made)).splitlines()


@settings(max_examples=30, deadline=None)
@given(name=st.text(st.sampled_from("ab|\n\r<>\\#`*_[]() -\u2028")).map("a".__add__))
def test_no_name_makes_another_row_or_heading(name: str) -> None:
    figures = {"accuracy": figure(0.5)}
    plain = markdown_page(results(system(figures=figures)))
    page = markdown_page(results(system(figures=figures), name=name))
    assert [len(table) for table in tables(page)] == [len(table) for table in tables(plain)]
    assert len(headings(page)) == len(headings(plain))
    assert "<" not in page.partition("## All metrics")[0].replace("p < 0.05", "")
