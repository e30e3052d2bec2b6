from __future__ import annotations

import pytest
from lxml import html  # type: ignore[import-untyped]

from evaluation.metrics.prose import Composed
from evaluation.report.composers import composers
from evaluation.report.html import html_page
from evaluation.report.markdown import markdown_page
from evaluation.results import Results
from tests.evaluation.report.test_html import RESULTS
from tests.evaluation.report.test_terminal import printed, results, system

WRITTEN = Composed(
    composers={"generative": 1_200, "extractive": 300},
    fallbacks={"nothing_proven": 290, "late": 10},
    model="openai:x",
    calls=1_500,
    input_tokens=412_000,
    output_tokens=96_000,
    cost=1.25,
    written=4_000,
    tried=4_800,
    rejected={"words": 1_000, "facts": 9},
    shown=3_500,
)

LINES = [
    "dragoman, composer: generative 1,200, extractive 300 (nothing proven 290, late 10)",
    "dragoman, sentences of openai:x: 4,000 written, with repairs 4,800 tried, 1,009 of them rejected "
    "(words 1,000, facts 9), 3,500 shown; 412,000+96,000 tokens in 1,500 calls, cost 1.2500",
]


def written() -> Results:
    return results(system(composed=WRITTEN), system("keyword", composed=Composed(composers={"extractive": 9})))


@pytest.mark.parametrize("composed", [Composed(), Composed(composers={"extractive": 9})])
def test_what_is_quoted_alone_says_so_also_where_the_file_is_older(composed: Composed) -> None:
    assert composers(results(system(composed=composed), system("keyword"))) == ["composer: extractive"]


def test_the_system_with_a_model_says_what_it_did() -> None:
    assert composers(written()) == LINES


def test_a_model_that_had_nothing_to_do_says_that() -> None:
    assert composers(results(system(composed=Composed(model="openai:x")))) == [
        "dragoman, composer: none",
        "dragoman, sentences of openai:x: 0 written, with repairs 0 tried, 0 of them rejected, 0 shown; "
        "0+0 tokens in 0 calls",
    ]


def test_every_report_has_the_lines() -> None:
    assert set(LINES) <= set(printed(written(), width=400).splitlines())
    assert {f"{line}." for line in LINES} <= set(markdown_page(written()).splitlines())
    of = Results(RESULTS.dataset, RESULTS.index, RESULTS.made | {"model": {"name": "openai:x"}}, written().systems)
    page = html.document_fromstring(html_page(of).encode())
    assert [line.text_content() for line in page.find_class("composer")] == LINES
    assert page.xpath("//h3[.='Language model']/following-sibling::dl/dd/text()") == ["openai:x"]
    assert "composer: extractive" in printed(results(system())).splitlines()


def test_a_name_from_outside_stays_text() -> None:
    hostile = Composed(model="\x1b[31m<b>|x")
    assert "\x1b" not in printed(results(system(composed=hostile)))
    assert "<b>" not in markdown_page(results(system(composed=hostile)))
    page = html_page(Results(RESULTS.dataset, RESULTS.index, RESULTS.made, (system(composed=hostile),)))
    assert "<b>" not in page and "\x1b" not in page
