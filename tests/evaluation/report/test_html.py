"""The HTML report: what it says, that it shows hostile text as text, and that it asks nothing of the network."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html  # type: ignore[import-untyped]

from bot.visible import UNPRINTABLE
from evaluation.metrics.abstention import Bin
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.intervals import Figure
from evaluation.report.charts import Plot, dots, heat_map, risk_plot
from evaluation.report.html import LISTED, html_page
from evaluation.results import Against, AskedQuestion, Results, SystemResults
from evaluation.types import Outcome, Quote

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "</title></style></script><!--",
    "a\u202egnp.exe\x00\x1b[31m\ud800z",
)

SHOWN = tuple(UNPRINTABLE.sub("\ufffd", text) for text in HOSTILE)


def figure(value: float, n: int = 10, reach: float = 0.05) -> Figure:
    return Figure(value, value - reach, value + reach, n)


def quote(text: str, *, uri: str = "file:///srv/docs/fr/a%20b.txt", language: str = "fr", exact: bool = True) -> Quote:
    return Quote(uri, language, 3, 3 + len(text), text, exact, False)


def outcome(question: str, *, answered: bool, right: bool, quotes: tuple[Quote, ...] = (), text: str = "") -> Outcome:
    text = text or " … ".join(one.text for one in quotes)
    return Outcome(question, answered, right, text, 0.61, quotes, True, 0.21, None, None, None, 12.0, ())


def question(name: str, text: str, *, language: str = "vi", kind: str = "plain", **more: Any) -> AskedQuestion:
    more = {"history": (), "gold": ("the gold of " + name,)} | more
    return AskedQuestion(name, text, language, kind, name, "test", **more)


DRAGOMAN = SystemResults(
    name="dragoman",
    seconds=12.5,
    figures={
        "accuracy": figure(0.7744, 268),
        "citation_recall": figure(1.0, 196),
        "error_rate": Figure(20 / 196, 0.06, 0.15, 196),
        "latency_p50": Figure(19.4, math.nan, math.nan, 268),
        "mono.sentence.Success@1": figure(0.8),
        "cross.sentence.Success@1": figure(0.5),
        "cross.passage.AP": figure(0.9),
    },
    cells={
        "accuracy": {"vi": figure(0.75, 100)},
        "accuracy by kind": {
            "plain": figure(109 / 150, 150),
            "inference": figure(30 / 46, 46),
            "off-topic": figure(30 / 72, 72),
        },
        "mono.sentence.Success@1": {"nl": figure(0.8, 11), "vi": figure(0.7, 12)},
        "cross.sentence.Success@1": {
            "vi>nl": figure(0.5, 13),
            "nl>vi": figure(0.4, 14),
            "fr>nl": figure(0.9, 15),
            "fr>vi": Figure(0.2, math.nan, math.nan, 16),
        },
        "cross.passage.AP": {"vi>nl": figure(0.95, 13)},
    },
    reliability=(Bin(0.1, 0.2, 25, 0.15, 0.3), Bin(0.7, 0.8, 100, 0.75, 0.6)),
    curve=((0.25, 0.0), (1.0, 0.33)),
    outcomes=(
        outcome("good", answered=True, right=True, quotes=(quote("fine"),)),
        outcome(
            "other", answered=True, right=False, quotes=(quote("a wrong sentence"), quote("and more", exact=False))
        ),
        outcome("silent", answered=False, right=False, text="The documents do not say."),
        outcome("invented", answered=True, right=False, quotes=(quote("made up", uri="file:///srv/docs/nl.md"),)),
    ),
)

PLAIN = replace(
    DRAGOMAN,
    name="keyword",
    figures={
        "accuracy": figure(0.7, 268),
        "citation_recall": figure(0.99, 196),
        "latency_p50": Figure(4.4, math.nan, math.nan, 268),
        "hallucination_rate": figure(1.0, 72),
    },
    cells={"cross.sentence.Success@1": {"vi>nl": figure(0.3, 13)}},
    reliability=(),
    curve=((1.0, 0.41),),
    against={
        "accuracy": Against(0.0744, 0.03, 0.12, 0.001),
        "citation_recall": Against(0.01, -0.01, 0.03, 0.42),
        "latency_p50": Against(15.0, 1.0, 2.0, 0.012),
        "hallucination_rate": Against(-0.5, -0.6, -0.4, 0.02),
    },
    outcomes=(),
)

RESULTS = Results(
    dataset={
        "name": "samples",
        "fingerprint": "f1a9",
        "split": "test",
        "sample": None,
        "settings": ["mono", "cross"],
        "questions": 268,
        "unanswerable": 72,
        "facts": 90,
        "kinds": {"inference": 46, "off-topic": 72, "plain": 150},
        "languages": {"fr": 68, "nl": 100, "vi": 100},
        "note": "",
    },
    index={
        "embedder": {"name": "small-model", "revision": "r1", "dimension": 384},
        "languages": {"vi": {"documents": 6, "passages": 50, "sentences": 1234}},
    },
    made={
        "date": "2026-03-04T05:06:07+00:00",
        "commit": "0123456789abcdef0123",
        "uncommitted_changes": False,
        "code": "c0de",
        "dragoman": "0.1.0",
        "python": "3.11.2",
        "packages": {"numpy": "2.3"},
        "machine": {"system": "Linux", "cores": 2, "memory_gib": 15.6},
        "threshold": 0.35,
    },
    systems=(DRAGOMAN, PLAIN),
    questions=(
        question("good", "What is fine?"),
        question("other", "Which sentence?", language="nl", history=("Earlier?", "Later?")),
        question("silent", "Is anyone there?", gold=()),
        question("invented", "What is the weather?", kind="off-topic", gold=()),
    ),
)


def page(results: Results = RESULTS) -> Any:
    return html.document_fromstring(html_page(results).encode())


def words(element: Any) -> str:
    return " ".join(element.text_content().split())


def table(tree: Any, name: str) -> list[list[str]]:
    return [[words(cell) for cell in row.xpath("./th|./td")] for row in tree.get_element_by_id(name).iter("tr")]


def with_first(**changes: Any) -> Results:
    return replace(RESULTS, systems=(replace(DRAGOMAN, **changes),))


def test_says_in_words_what_became_of_the_questions() -> None:
    """109 + 30 of 150 + 46 are right, 20 of 196 abstained from; the rest is wrong."""
    assert words(page().get_element_by_id("in-words")) == (
        "Of 196 questions that the documents answer, dragoman answered 139 right and 37 wrong, and abstained from 20. "
        "Of 72 that they do not answer, it abstained from 30 and answered 42."
    )
    bars = [[float(part.get("width")) for part in bar] for bar in page().xpath("//div[@class='tally']/svg")]
    assert bars == [[139, 20, 37], [30, 42]]
    starts = [float(part.get("x")) for part in page().xpath("//div[@class='tally'][1]/svg/rect")]
    assert starts == [0, 139, 159]
    shares = [words(part) for part in page().xpath("//div[@class='tally']//li")]
    assert shares == ["answered right .709", "abstained from .102", "answered wrong .189",
                      "abstained from .417", "answered .583"]  # fmt: skip


def test_counts_the_questions_where_no_kind_was_measured() -> None:
    assert words(page(with_first(cells={})).get_element_by_id("in-words")) == "dragoman was asked 268 questions."


def test_head_says_what_was_measured_and_when() -> None:
    facts = {words(fact[0]): words(fact[1]) for fact in page().xpath("//dl[@class='facts']/div")}
    assert facts == {
        "Questions": "268 about 90 facts",
        "Of them without an answer": "72",
        "Asked in": "3 languages: fr, nl, vi",
        "Part of the dataset": "test",
        "Date": "4 March 2026, 05:06 UTC",
        "Commit": "0123456789ab",
        "Embedder": "small-model",
    }


@pytest.mark.parametrize(
    ("split", "sample", "said"),
    [("", None, "all of it"), ("tune", 60, "tune, 60 questions a language"), ("", 1200, "1,200 questions a language")],
)
def test_head_says_which_part_of_the_dataset_was_asked(split: str, sample: int | None, said: str) -> None:
    tree = page(replace(RESULTS, dataset=RESULTS.dataset | {"split": split, "sample": sample}))
    assert tree.xpath("//dt[.='Part of the dataset']/following-sibling::dd/text()") == [said]


def test_warns_of_uncommitted_changes_alone() -> None:
    assert not page().xpath("//p[@class='warning']")
    dirty = replace(RESULTS, made=RESULTS.made | {"uncommitted_changes": True, "commit": None, "date": "last week"})
    (warning,) = page(dirty).xpath("//p[@class='warning']")
    assert words(warning).startswith("Made with uncommitted changes.")
    head = words(page(dirty).xpath("//dl[@class='facts']")[0])
    assert "Commitnot known" in head and "Datelast week" in head


def test_headline_table_compares_with_the_first_system() -> None:
    rows = {row[0]: row[1:] for row in table(page(), "headlines")}
    assert rows["Metric"] == ["dragoman", "keyword"]
    assert rows["answered right"] == [".774 .724–.824", ".700 .650–.750 ▲ dragoman better by .074, p ≤ .001"]
    assert rows["citation recall"][1] == ".990 .940–1.040 ○ no clear difference, p = .420"
    assert rows["hallucination ratelower is better"] == ["–", "1.000 .950–1.050 ▲ dragoman better by .500, p = .020"]
    assert rows["error ratelower is better"] == [".102 .060–.150", "–"]
    assert rows["latency p50lower is better"][0] == "19 ms"


def test_headline_table_says_where_the_first_system_is_worse() -> None:
    """Of two metrics with the same sign, higher is better in the one and lower in the other."""
    worse = replace(PLAIN, against={"accuracy": Against(-0.2, -0.3, -0.1, 0.049)})
    rows = {row[0]: row[2] for row in table(page(replace(RESULTS, systems=(DRAGOMAN, worse))), "headlines")}
    assert rows["answered right"].endswith("▼ dragoman worse by .200, p = .049")


@pytest.mark.parametrize(
    ("against", "said"),
    [
        (Against(0.2, 0.1, 0.3, 0.05), "○ no clear difference, p = .050"),
        (Against(math.nan, math.nan, math.nan, 0.01), ""),
        (Against(0.2, 0.1, 0.3, math.nan), ""),
    ],
)
def test_comparison_at_the_edges(against: Against, said: str) -> None:
    other = replace(PLAIN, against={"accuracy": against})
    rows = {row[0]: row[2] for row in table(page(replace(RESULTS, systems=(DRAGOMAN, other))), "headlines")}
    assert rows["answered right"] == f".700 .650–.750 {said}".strip()


def test_heat_map_has_askers_down_and_documents_across() -> None:
    """The means leave the diagonal out: vi as asker has .5 alone, nl as documents (.5 + .9) / 2."""
    assert table(page(), "heat-map") == [
        ["asked in ↓documents →", "nl", "vi", "mean"],
        ["fr", ".900", ".200", ".550"],
        ["nl", ".800", ".400", ".400"],
        ["vi", ".500", ".700", ".500"],
        ["mean", ".700", ".300", ".500"],
    ]


def test_heat_map_tells_interval_and_size_of_each_cell() -> None:
    cells = {cell.get("data-pair"): cell for cell in page().get_element_by_id("heat-map").iter("td")}
    assert cells["vi → nl"].get("title") == "95 % interval .450–.550, n = 13"
    assert cells["fr → vi"].get("title") == "n = 16"
    assert {pair.split()[2] for pair in cells if pair} == {"nl", "vi"}  # no document is in French
    # Shades go from .2, the lowest, to 1.0: .5 and .9 lie .375 and .875 of the way up.
    shades = [cells[pair].get("class") for pair in ("fr → vi", "vi → nl", "fr → nl")]
    assert shades == ["h0", "h3", "h8"]


def test_heat_map_can_show_every_measure_and_system() -> None:
    tree = page()
    assert [words(one) for one in tree.xpath("//select[@id='heat-measure']/option")] == [
        "sentences: Success@1",
        "passages: AP",
    ]
    assert [words(one) for one in tree.xpath("//select[@id='heat-system']/option")] == ["dragoman", "keyword"]
    assert tree.xpath("//select[@id='heat-measure']/option/@data-meaning") == [
        "questions with something relevant in the first place / questions",
        "mean of the precision at each relevant document; over questions, MAP",
    ]
    data = json.loads(tree.get_element_by_id("heat-data").text)
    drawn = [
        [words(cell), cell.get("class"), cell.get("title")] for cell in tree.get_element_by_id("heat-map").iter("td")
    ]
    assert data[0][0] == drawn
    assert [cell[0] for cell in data[0][1]].count(".950") == 4  # vi > nl, its row's mean, its column's, and the mean
    assert [cell[0] for cell in data[1][0]].count(".300") == 4
    assert {len(cells) for system in data for cells in system} == {12}
    assert data[0][1][0] == ["–", "none", "not measured"]  # fr > nl has no passages


def test_no_heat_map_of_one_language() -> None:
    alone = with_first(cells={"mono.sentence.Success@1": {"vi": figure(0.5)}})
    assert heat_map(alone.systems) is None
    assert not page(alone).xpath("//*[@id='pairs' or @href='#pairs' or @id='heat-data']")


@given(st.dictionaries(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), st.floats(0, 1), min_size=3))
def test_heat_map_keeps_every_cell_and_shades_by_value(values: dict[tuple[str, str], float]) -> None:
    cells = {
        "mono.passage.R@5": {own: figure(value) for (own, other), value in values.items() if own == other},
        "cross.passage.R@5": {
            f"{own}>{other}": figure(value) for (own, other), value in values.items() if own != other
        },
    }
    heat = heat_map([replace(DRAGOMAN, cells=cells)])
    assert heat is not None and heat.measures == ("passage.R@5",)
    matrix = heat.matrices[0][0]
    kept = {
        (own, other): cell.value
        for own, row in zip(heat.askers, matrix.rows, strict=True)
        for other, cell in zip(heat.documents, row, strict=True)
        if cell
    }
    assert kept == values
    assert heat.low <= min(values.values()) and max(values.values()) <= heat.high <= 1
    in_order = sorted(values.values())
    shades = [heat.shade(value) for value in in_order]
    assert shades == sorted(shades) and set(shades) <= set(range(10))
    across = [value for (own, other), value in values.items() if own != other]
    assert matrix.mean == pytest.approx(sum(across) / len(across) if across else math.nan, nan_ok=True)


def test_figures_by_language_and_by_kind() -> None:
    tree = page()
    first, second = (
        [[words(cell) for cell in row] for row in one.iter("tr")] for one in tree.find_class("by-language")
    )
    assert first == [
        ["Asked in", "answered right", "citation recall"],
        ["French (fr)", "–", "–"],
        ["Dutch (nl)", "–", "–"],
        ["Vietnamese (vi)", ".750 .700–.800", "–"],
        ["All", ".774 .724–.824", "1.000 .950–1.050"],
    ]
    assert second[-1] == ["All", ".700 .650–.750", ".990 .940–1.040"]
    assert table(tree, "kinds") == [
        ["Kind", "Questions", "dragoman", "keyword"],
        ["inference", "46", ".652 .602–.702", "–"],
        ["plain", "150", ".727 .677–.777", "–"],
        ["off-topicright is to abstain", "72", ".417 .367–.467", "–"],
    ]


def test_reliability_diagram_places_its_dots_by_confidence_and_share_right() -> None:
    (chart,) = page().find_class("reliability")
    spots = [(float(dot.get("cx")), float(dot.get("cy")), float(dot.get("r"))) for dot in chart.iter("circle")]
    plot = Plot()
    assert spots == [(plot.x(0.75), plot.y(0.6), 14.0), (plot.x(0.15), plot.y(0.3), 7.0)]
    assert [words(dot) for dot in chart.iter("circle")][1] == "confidence .150, right .300, n = 25"
    assert [[words(cell) for cell in row] for row in chart.xpath(".//tbody/tr")] == [
        [".100", ".200", "25", ".150", ".300"],
        [".700", ".800", "100", ".750", ".600"],
    ]


def test_dots_grow_with_the_square_root_and_stay_visible() -> None:
    drawn = dots([Bin(0, 0.1, 1, 0.05, 0), Bin(0.1, 0.2, 10_000, 0.15, 0), Bin(0.2, 0.3, 2_500, 0.25, 0)])
    assert [(dot.bin.n, dot.radius) for dot in drawn] == [(10_000, 14.0), (2_500, 7.0), (1, 3.0)]
    assert dots([]) == []


def test_risk_coverage_has_a_line_for_each_system_and_one_at_5_percent() -> None:
    chart = page().get_element_by_id("risk")
    plot = risk_plot([DRAGOMAN.curve, PLAIN.curve])
    assert plot.top == 0.5  # the worst risk, .41, in tenths
    lines = [line.get("points") for line in chart.iter("polyline")]
    assert lines == ["158.5,288.0 436.0,108.5", "436.0,65.0"]
    (five,) = chart.xpath(".//line[@class='guide']")
    assert float(five.get("y1")) == float(five.get("y2")) == plot.y(0.05) == 260.8
    assert len({line.get("class") for line in chart.iter("polyline")}) == 2
    assert [words(one) for one in chart.iter("li")] == ["dragoman", "keyword"]


@pytest.mark.parametrize(("worst", "top"), [(0.0, 0.1), (0.1, 0.1), (0.3, 0.3), (0.31, 0.4), (0.7, 0.7), (1.0, 1.0)])
def test_risk_plot_is_as_high_as_the_worst_risk(worst: float, top: float) -> None:
    plot = risk_plot([[(1.0, worst)]])
    assert plot.top == top
    assert plot.upper <= plot.y(worst) <= plot.lower


def test_every_wrong_answer_stands_beside_its_gold() -> None:
    tree = page()
    other, silent, invented = (words(one) for one in tree.find_class("failure"))
    assert other == (
        "Quoted something else than the answer · Dutch (nl) · plain · other Earlier? Later? Which sentence? "
        "dragoman answered, confidence .610 a wrong sentence French (fr) · fr/a b.txt, characters 3–19 and more "
        "French (fr) · fr/a b.txt, characters 3–11 · not the document’s own words "
        "Right would have been the gold of other"
    )
    assert silent == (
        "Abstained, though the documents answer · Vietnamese (vi) · plain · silent Is anyone there? "
        "dragoman abstained, confidence .610 The documents do not say. "
        "Pressed for an answer, it would have been right, confidence .210. "
        "Right would have been The dataset names the document, but not the words in it."
    )
    assert invented == (
        "Answered, though the documents do not answer · Vietnamese (vi) · off-topic · invented What is the weather? "
        "dragoman answered, confidence .610 made up French (fr) · nl.md, characters 3–10 "
        "Right would have been to abstain The documents do not answer this."
    )
    assert "Documents are below file:///srv/docs." in words(tree.get_element_by_id("wrong"))
    assert [one.get("data-reason") for one in tree.find_class("failure")] == ["elsewhere", "abstained", "unanswerable"]
    assert [one.get("value") for one in tree.xpath("//select[@id='by-language']/option")] == ["", "nl", "vi"]
    assert [one.get("value") for one in tree.xpath("//select[@id='by-reason']/option")] == [
        "", "unanswerable", "abstained", "elsewhere",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("uris", "places"),
    [
        (["https://a.example/x", "https://b.example/x"], ["https://a.example/x", "https://b.example/x"]),
        (["https://a.example/x/1", "https://a.example/x/2#p"], ["1", "2#p"]),
        (["file:///one.txt", "file:///two.txt"], ["file:///one.txt", "file:///two.txt"]),
        (["help/1", "help/2"], ["help/1", "help/2"]),
        (["file:///a/12", "file:///a/1", "file:///a/13"], ["12", "1", "13"]),
    ],
)
def test_addresses_lose_the_folder_that_they_share(uris: list[str], places: list[str]) -> None:
    quotes = tuple(quote(f"text {n}", uri=uri) for n, uri in enumerate(uris))
    tree = page(with_first(outcomes=(outcome("other", answered=True, right=False, quotes=quotes),)))
    assert [words(one) for one in tree.xpath("//div[@class='said']/p[@class='source']/bdi")] == places


def test_text_beyond_the_quotes_is_shown_once() -> None:
    said = outcome("other", answered=True, right=False, quotes=(quote("a wrong sentence"),), text="In my own words.")
    tree = page(with_first(outcomes=(said,)))
    assert [words(one) for one in tree.xpath("//div[@class='said']/p[@dir]")] == ["In my own words."]
    quoting = outcome("other", answered=True, right=False, quotes=(quote("a … b"), quote("c")))
    assert not page(with_first(outcomes=(quoting,))).xpath("//div[@class='said']/p[@dir]")


def test_says_so_where_there_is_nothing_to_list() -> None:
    bare = page(replace(RESULTS, questions=()))
    assert "written without the questions" in words(bare.get_element_by_id("wrong"))
    perfect = page(with_first(outcomes=DRAGOMAN.outcomes[:1]))
    assert "dragoman answered nothing wrong." in words(perfect.get_element_by_id("wrong"))
    assert not bare.find_class("failure") and not perfect.find_class("failure")


def test_lists_so_many_from_all_over_and_says_how_many_more() -> None:
    many = LISTED + 1234
    tree = page(
        replace(
            with_first(outcomes=tuple(outcome(str(n), answered=False, right=False) for n in range(many))),
            questions=tuple(question(str(n), f"Question {n}?") for n in range(many)),
        )
    )
    shown = [int(one.text.split()[1][:-1]) for one in tree.xpath("//article//h3")]
    assert len(shown) == LISTED
    steps = {after - before for before, after in pairwise(shown)}
    assert shown[0] == 0 and steps == {3, 4} and shown[-1] >= many - 4
    assert "500 are shown, evenly from first to last; there are 1,234 more" in words(tree.get_element_by_id("wrong"))


def test_every_metric_has_figures_meaning_and_source() -> None:
    unknown = with_first(figures=DRAGOMAN.figures | {"of.tomorrow": figure(0.5, 7)})
    rows = {row[0]: row[1:] for row in table(page(unknown), "every")}
    assert len(rows) == 1 + len(DRAGOMAN.figures) + 1
    assert rows["citation recallcitation_recall"] == [
        "1.000 .950–1.050n = 196",
        METRICS["citation_recall"].meaning + METRICS["citation_recall"].source,
    ]
    assert rows["latency p50lower is betterlatency_p50"][0] == "19 msn = 268"
    assert rows["of.tomorrowof.tomorrow"] == [".500 .450–.550n = 7", ""]


def test_says_how_it_was_made() -> None:
    terms = page().get_element_by_id("made").iter("dt")
    made = {words(term): words(term.getnext()) for term in terms}
    assert made["fingerprint"] == "f1a9"
    assert made["kinds"] == "inference 46, off-topic 72, plain 150"
    assert made["settings"] == "mono, cross"
    assert made["Vietnamese (vi)"] == "documents 6, passages 50, sentences 1,234"
    assert made["uncommitted changes"] == "no"
    assert made["threshold"] == "0.35"
    assert (made["numpy"], made["cores"], made["memory gib"]) == ("2.3", "2", "15.6")
    assert (made["seconds of dragoman"], made["seconds of keyword"]) == ("12.5", "12.5")
    assert "sample" not in made and "note" not in made and "packages" not in made


# Hostile data.


def hostile(text: str) -> Results:
    """`text` in every place that comes from outside."""
    quotes = (quote(text, uri=f"file:///d/{text}", language=text),)
    said = (
        outcome("one", answered=True, right=False, quotes=quotes, text=text + "!"),
        outcome(text, answered=False, right=False, text=text),
    )
    cells = {
        "accuracy": {text: figure(0.5)},
        "accuracy by kind": {text: figure(0.5)},
        "mono.sentence.Success@1": {text: figure(0.5), "vi": figure(0.6)},
    }
    system = replace(DRAGOMAN, name=text, cells=cells, outcomes=said, figures=DRAGOMAN.figures | {text: figure(0.5)})
    asked = tuple(
        question(name, text, language=text, kind=kind, history=(text,), gold=(text,))
        for name, kind in (("one", text), (text, "plain"))
    )
    return Results(
        dataset=RESULTS.dataset | {"name": text, "note": text, "languages": {text: 2}, "split": text, "extra": [text]},
        index={"embedder": {"name": text}, "languages": {text: {"documents": 1}}},
        made=RESULTS.made | {"date": text, "commit": text, "packages": {text: text}, "machine": {text: text}},
        systems=(system, replace(PLAIN, name=text)),
        questions=asked,
    )


def shape(tree: Any) -> list[tuple[str, tuple[str, ...]]]:
    """Every element with the names of its attributes: what the data must have no part in."""
    return [(str(one.tag), tuple(sorted(one.attrib))) for one in tree.iter()]


@pytest.mark.parametrize(("text", "shown"), list(zip(HOSTILE, SHOWN, strict=True)))
def test_hostile_text_changes_nothing_but_text(text: str, shown: str) -> None:
    tree = page(hostile(text))
    assert shape(tree) == shape(page(hostile("harmless")))
    assert tree.xpath("//h1/bdi")[0].text == shown
    first = tree.find_class("failure")[0]
    assert first.xpath(".//h3")[0].text == shown
    assert [one.text for one in first.iter("blockquote")] == [shown, shown]
    assert first.xpath(".//ol/li")[0].text == shown
    assert first.get("data-language") == shown
    assert tree.xpath("//select[@id='by-language']/option")[1].get("value") == shown
    assert tree.xpath("//select[@id='heat-system']/option")[0].text == shown


def test_nothing_unprintable_reaches_the_page() -> None:
    text = "".join(map(chr, [*range(32), 0x7F, 0x85, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xD800, 0xDFFF]))
    written = html_page(hostile(text))
    assert not UNPRINTABLE.search(written)
    written.encode()


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_any_text_comes_out_as_it_went_in(text: str) -> None:
    blank = replace(RESULTS, systems=(replace(DRAGOMAN, outcomes=DRAGOMAN.outcomes[2:3]),))
    asked = (question("silent", f"[{text}]", gold=()),)
    (heading,) = page(replace(blank, questions=asked)).xpath("//article//h3")
    expected = UNPRINTABLE.sub("\ufffd", f"[{text}]")
    assert heading.text == expected


def test_text_of_unknown_direction_lets_the_reader_decide() -> None:
    tree = page()
    foreign = [*tree.iter("blockquote"), *tree.xpath("//article//h3"), *tree.xpath("//ol[@class='history']/li")]
    assert len(foreign) == 9
    assert {one.get("dir") for one in foreign} == {"auto"}


# A page by itself.


def test_asks_nothing_of_the_network() -> None:
    tree = page()
    assert not tree.xpath("//link | //img | //iframe | //object | //embed | //base | //form | //video | //audio")
    assert not tree.xpath("//@src | //@srcset | //@action | //@background | //@style | //@*[starts-with(name(), 'on')]")
    assert {link[0] for link in tree.xpath("//@href")} == {"#"}
    assert not re.search(r"url\(|@import|@font-face|fetch\(|XMLHttp|https?:", "".join(tree.xpath("//style/text()")))


def test_policy_allows_just_this_style_and_script() -> None:
    tree = page()
    (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    (style,) = tree.xpath("//style")
    (script,) = tree.xpath("//script[not(@type)]")

    def allowed(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert rules == {
        "default-src": "'none'",
        "style-src": allowed(style.text),
        "script-src": allowed(script.text),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    # Before the policy, nothing that it should hold for.
    assert [one.tag for one in tree.head][:2] == ["meta", "meta"]


def test_works_without_its_script() -> None:
    """What only the script can serve is hidden until it does; all else is there."""
    tree = page()
    assert [one.get("id") for one in tree.xpath("//*[@hidden]")] == ["heat-controls", "failures-controls"]


def test_can_be_read_by_ear_and_used_by_keyboard() -> None:
    tree = page()
    names = tree.xpath("//@id")
    assert len(names) == len(set(names))
    named = {name for value in tree.xpath("//@aria-labelledby") for name in value.split()}
    assert named <= set(names)
    assert {link[1:] for link in tree.xpath("//@href")} <= set(names)
    assert all(cell.get("scope") in {"col", "row"} for cell in tree.iter("th"))
    for chart in tree.find_class("chart"):
        assert [part.tag for part in chart[:2]] == ["title", "desc"]
        assert chart.get("aria-labelledby").split() == [part.get("id") for part in chart[:2]]
    hidden = tree.xpath("//svg[not(@role)]/@aria-hidden")
    assert len(hidden) == len(tree.xpath("//svg[not(@role)]")) and set(hidden) == {"true"}
    assert all(one.get("tabindex") == "0" and one.get("role") == "region" for one in tree.find_class("scroll"))
    levels = [int(one.tag[1]) for one in tree.xpath("//h1|//h2|//h3")]
    assert levels[0] == 1 and all(after - before <= 1 for before, after in pairwise(levels))


def test_every_shade_has_a_colour_in_both_themes() -> None:
    (style,) = page().xpath("//style/text()")
    light, dark = style.split("prefers-color-scheme: dark", 1)
    for theme in (light, dark.split("box-sizing")[0]):
        shades = dict(re.findall(r"--h(\d): (#[0-9a-f]{6})", theme))
        assert sorted(shades) == list("0123456789")
        inks = dict(re.findall(r"--(low|h5|high)-ink: (#[0-9a-f]{6})", theme))
        for shade, colour in shades.items():
            ink = inks["low" if shade < "5" else "h5" if shade == "5" else "high"]
            assert contrast(colour, ink) >= 4.5, (shade, colour, ink)
        paper, *words_on_it = re.findall(r"--(?:paper|ink|soft|accent|good|bad|quiet): (#[0-9a-f]{6})", theme)
        assert all(contrast(paper, ink) >= 4.5 for ink in words_on_it)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours "#rrggbb"."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
