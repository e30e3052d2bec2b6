"""Seven questions over two languages, small enough that every figure is worked out by hand.

    question  asker  asks for   what the system made of it
    E1        en     fact 1     answered right, in en
    E2        en     fact 2     answered right, with two quotes, one inexact
    E3        en     nothing    answered all the same: wrong
    E4        en     fact 4     answered right, by its words: the gold stands nowhere
    N1        nl     fact 1     abstained: wrong; it would have been right
    N2        nl     nothing    abstained: right
    N3        nl     fact 2     answered right, with two quotes, the second a wrong one

Fact 1 stands in e1 (en, grade 2) and n1 (nl); fact 2 in n2 (nl) alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import log2

import numpy as np
import pytest

from bot.types import ModelUse
from evaluation.figures import BY_KIND, BY_PAIR, Measured, measured
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.intervals import Figure, Resamples
from evaluation.types import Asked, EvaluationQuestion, Found, Outcome, Place, Quote, Setting

LANGUAGES = frozenset({"en", "nl"})

FACT_1 = (Place("e1", "en", (0, 10), 2), Place("n1", "nl", (0, 10)))
FACT_2 = (Place("n2", "nl", (0, 10)),)

PROSE = {"prose_rate", "rejection_rate", "shown_rate"}
"""What is measured only where there is a language model."""

BEST = 2 + 1 / log2(3)
"""The best possible DCG of fact 1 where all documents are searched."""


def question(identity: str, places: Sequence[Place] = (), kind: str = "plain", group: str = "") -> Asked:
    language = {"E": "en", "N": "nl"}[identity[0]]
    return Asked(EvaluationQuestion(identity, "How long?", language, kind, group), tuple(places), ())


def quote(language: str, *, exact: bool = True, right: bool = True) -> Quote:
    return Quote("uri", language, 0, 10, "text", exact, right)


def searched(setting: Setting, ranks: dict[str, int], documents: str = "", article: int | None = None) -> Found:
    return Found(setting, documents, "sentence", ranks, article)


def outcome(
    identity: str,
    right: bool,
    confidence: float,
    milliseconds: float,
    quotes: Iterable[Quote] = (),
    *,
    best_right: bool | None = None,
    scores: tuple[float, float, float] | None = None,
    found: Iterable[Found] = (),
) -> Outcome:
    """Answered where it quotes; `confidence` is the best answer's. `scores`: exact match, token F1, containment."""
    quotes = tuple(quotes)
    exact_match, token_f1, containment = scores or (None, None, None)
    return Outcome(
        question=identity,
        answered=bool(quotes),
        right=right,
        text="text",
        confidence=confidence if quotes else 0.0,
        quotes=quotes,
        best_right=right if best_right is None else best_right,
        best_confidence=confidence,
        exact_match=exact_match,
        token_f1=token_f1,
        containment=containment,
        milliseconds=milliseconds,
        found=tuple(found),
    )


ASKED = [
    question("E1", FACT_1, group="1"),
    question("E2", FACT_2, group="2"),
    question("E3", kind="off-topic", group="3"),
    question("E4", group="4"),
    question("N1", FACT_1, group="1"),
    question("N2", kind="near-miss", group="3"),
    question("N3", FACT_2, group="2"),
]

OUTCOMES = [
    outcome(
        "E1",
        True,
        0.9,
        10,
        [quote("en")],
        scores=(0, 0.5, 1),
        found=[
            searched("mono", {"e1": 2}, "en", 2),
            Found("mono", "en", "passage", {"e1": 1}, 1),
            searched("cross", {"n1": 1}, "nl", 1),
            searched("mixed", {"n1": 1, "e1": 3}, article=2),
            searched("cross-only", {}),
        ],
    ),
    outcome(
        "E2",
        True,
        0.6,
        20,
        [quote("nl", exact=False), quote("en", right=False)],
        scores=(0, 0.25, 0),
        found=[
            searched("cross", {"n2": 2}, "nl", 2),
            searched("mixed", {"n2": 1}, article=5),
            searched("cross-only", {"n2": 2}, article=2),
        ],
    ),
    outcome("E3", False, 0.7, 30, [quote("en", right=False)]),
    outcome("E4", True, 0.8, 40, [quote("en", right=False)], scores=(1, 1, 1)),
    outcome(
        "N1",
        False,
        0.3,
        50,
        best_right=True,
        scores=(0, 0, 0),
        found=[
            searched("mono", {"n1": 1}, "nl", 1),
            searched("cross", {}, "en"),
            searched("mixed", {"n1": 2, "e1": 12}, article=6),
            searched("cross-only", {"e1": 4}, article=4),
        ],
    ),
    outcome("N2", True, 0.2, 60, best_right=False),
    outcome(
        "N3",
        True,
        0.5,
        70,
        [quote("nl"), quote("en", right=False)],
        scores=(0, 0.4, 1),
        found=[searched("mono", {"n2": 6}, "nl", 6), searched("mixed", {})],
    ),
]


def measure(
    asked: Sequence[Asked] = ASKED, outcomes: Sequence[Outcome] = OUTCOMES, *, calibrated: bool = True
) -> Measured:
    resamples = Resamples([one.question.group for one in asked], draws=200)
    return measured(asked, outcomes, LANGUAGES, calibrated, resamples)


RESULT = measure()


@pytest.mark.parametrize(
    ("name", "english", "dutch", "n"),
    [
        ("accuracy", (1 + 1 + 0 + 1) / 4, (0 + 1 + 1) / 3, 7),
        ("exact_match", (0 + 0 + 1) / 3, (0 + 0) / 2, 5),
        ("token_f1", (0.5 + 0.25 + 1) / 3, (0 + 0.4) / 2, 5),
        ("containment", (1 + 0 + 1) / 3, (0 + 1) / 2, 5),
        # E1 alone has a version in English; of N3's quotes one is not in Dutch, and N1 quotes nothing.
        ("language_match", 1, 0, 2),
        ("citation_exactness", (1 + 1 / 2 + 1 + 1) / 4, 1, 5),
        # Where the golds have places: not E3 and E4.
        ("citation_precision", (1 + 1 / 2) / 2, 1 / 2, 3),
        ("citation_recall", (1 + 1) / 2, (0 + 1) / 2, 4),
        # mono: E1 at 2; N1 at 1 and N3 at 6. E2 has no English version.
        ("mono.sentence.R@1", 0, (1 + 0) / 2, 3),
        ("mono.sentence.R@5", 1, (1 + 0) / 2, 3),
        ("mono.sentence.R@10", 1, 1, 3),
        ("mono.sentence.Success@1", 0, (1 + 0) / 2, 3),
        ("mono.sentence.MRR@10", 1 / 2, (1 + 1 / 6) / 2, 3),
        ("mono.sentence.nDCG@10", 1 / log2(3), (1 + 1 / log2(7)) / 2, 3),
        ("mono.sentence.AP", 1 / 2, (1 + 1 / 6) / 2, 3),
        # mixed: E1 finds n1 (grade 1) at 1 and e1 (grade 2) at 3, E2 its one version at 1; N1 finds n1 at 2 and e1
        # at 12, N3 nothing.
        ("mixed.sentence.R@1", (1 / 2 + 1) / 2, (0 + 0) / 2, 4),
        ("mixed.sentence.R@5", (1 + 1) / 2, (1 / 2 + 0) / 2, 4),
        ("mixed.sentence.R@10", (1 + 1) / 2, (1 / 2 + 0) / 2, 4),
        ("mixed.sentence.Success@1", (1 + 1) / 2, (0 + 0) / 2, 4),
        ("mixed.sentence.MRR@10", (1 + 1) / 2, (1 / 2 + 0) / 2, 4),
        ("mixed.sentence.nDCG@10", ((1 + 2 / log2(4)) / BEST + 1) / 2, (1 / log2(3) / BEST + 0) / 2, 4),
        ("mixed.sentence.AP", ((1 / 1 + 2 / 3) / 2 + 1) / 2, ((1 / 2 + 2 / 12) / 2 + 0) / 2, 4),
        ("mixed.sentence.ArticleR@5", (1 + 1) / 2, (0 + 0) / 2, 4),
        # Fact 2 has one version, which leaves nothing to prefer. Dutch comes first for both askers.
        ("mixed.sentence.LPR", 0, 1, 2),
        # cross-only: E1 finds nothing, E2 its one at 2; N1 finds e1 at 4; but for Dutch, N3 has no version.
        ("cross-only.sentence.R@1", 0, 0, 3),
        ("cross-only.sentence.R@5", (0 + 1) / 2, 1, 3),
        ("cross-only.sentence.R@10", (0 + 1) / 2, 1, 3),
        ("cross-only.sentence.Success@1", 0, 0, 3),
        ("cross-only.sentence.MRR@10", (0 + 1 / 2) / 2, 1 / 4, 3),
        ("cross-only.sentence.nDCG@10", (0 + 1 / log2(3)) / 2, 1 / log2(5), 3),
        ("cross-only.sentence.AP", (0 + 1 / 2) / 2, 1 / 4, 3),
    ],
)
def test_means_of_the_languages(name: str, english: float, dutch: float, n: int) -> None:
    assert RESULT.figures[name].value == pytest.approx((english + dutch) / 2)
    assert RESULT.figures[name].n == n
    assert {cell: figure.value for cell, figure in RESULT.cells[name].items()} == pytest.approx(
        {"en": english, "nl": dutch}
    )


@pytest.mark.parametrize(
    ("measure", "english_dutch", "dutch_english"),
    [
        ("R@1", (1 + 0) / 2, 0),
        ("R@5", 1, 0),
        ("R@10", 1, 0),
        ("Success@1", (1 + 0) / 2, 0),
        ("MRR@10", (1 + 1 / 2) / 2, 0),
        ("nDCG@10", (1 + 1 / log2(3)) / 2, 0),
        ("AP", (1 + 1 / 2) / 2, 0),
    ],
)
def test_cross_is_the_mean_of_the_pairs(measure: str, english_dutch: float, dutch_english: float) -> None:
    name = f"cross.sentence.{measure}"
    assert RESULT.figures[name].value == pytest.approx((english_dutch + dutch_english) / 2)
    assert RESULT.figures[name].n == 3
    cells = RESULT.cells[name]
    assert {cell: figure.n for cell, figure in cells.items()} == {"en>nl": 2, "nl>en": 1}
    assert cells["en>nl"].value == pytest.approx(english_dutch)
    assert cells["nl>en"].value == pytest.approx(dutch_english)


@pytest.mark.parametrize(
    ("name", "value", "n"),
    [
        ("hallucination_rate", 1 / 2, 2),  # E3 of E3 and N2
        ("error_rate", 1 / 5, 5),  # N1
        ("abstention_f1", 2 * 1 / (2 + 2), 7),  # two unanswerable, two abstained, N2 both
        # Above N2's .2 are all five answerable, above E3's .7 are E1 and E4.
        ("auroc", (5 + 2) / (5 * 2), 7),
        # Surest first: right, right, then E3 is wrong; at .2 the last wrong one, 2 of 7.
        ("coverage_at_5", 2 / 7, 7),
        ("brier", (0.1**2 + 0.4**2 + 0.7**2 + 0.2**2 + 0.7**2 + 0.2**2 + 0.5**2) / 7, 7),
        ("calibration_error", (0.1 + 0.4 + 0.7 + 0.2 + 0.7 + 0.2 + 0.5) / 7, 7),
    ],
)
def test_abstention_is_measured_over_all_questions(name: str, value: float, n: int) -> None:
    assert RESULT.figures[name].value == pytest.approx(value)
    assert RESULT.figures[name].n == n
    assert name in RESULT.drawn  # so that two systems can be compared in it


def test_auroc_by_language() -> None:
    cells = {cell: (figure.value, figure.n) for cell, figure in RESULT.cells["auroc"].items()}
    assert cells == {"en": (pytest.approx(2 / 3), 4), "nl": (1.0, 3)}


def test_auroc_of_a_language_needs_questions_of_both_sorts() -> None:
    asked = [*ASKED[:5], ASKED[6]]
    assert list(measure(asked, [*OUTCOMES[:5], OUTCOMES[6]]).cells["auroc"]) == ["en"]


def test_latency_has_no_interval() -> None:
    latencies = {name: figure for name, figure in RESULT.figures.items() if name.startswith("latency")}
    assert {name: (figure.value, figure.n) for name, figure in latencies.items()} == {
        "latency_p50": (40, 7),
        "latency_p95": (70, 7),
        "latency_p99": (70, 7),
    }
    assert all(math.isnan(figure.low) and math.isnan(figure.high) for figure in latencies.values())


def test_accuracy_by_kind_and_by_pair() -> None:
    def shown(name: str) -> dict[str, tuple[float, int]]:
        return {cell: (figure.value, figure.n) for cell, figure in RESULT.cells[name].items()}

    assert shown(BY_KIND) == {"plain": (4 / 5, 5), "off-topic": (0, 1), "near-miss": (1, 1)}
    # By the language of the first quote: E1, E3 and E4 got English, E2 Dutch. Who got nothing is in no pair.
    assert shown(BY_PAIR) == {"en>en": (pytest.approx(2 / 3), 3), "en>nl": (1, 1), "nl>nl": (1, 1)}


def test_each_grain_is_measured_by_itself() -> None:
    of_passages = {name: figure.value for name, figure in RESULT.figures.items() if ".passage." in name}
    assert of_passages == {
        f"mono.passage.{name}": 1.0 for name in ("R@1", "R@5", "R@10", "Success@1", "MRR@10", "nDCG@10", "AP")
    }


def test_all_that_is_measured_is_in_the_catalogue_and_only_passages_are_missing() -> None:
    passages = {name for name in METRICS if ".passage." in name and not name.startswith("mono")}
    assert set(METRICS) - set(RESULT.figures) == passages | PROSE
    assert set(RESULT.figures) <= set(METRICS)


def test_every_figure_lies_in_its_interval() -> None:
    for name, figure in RESULT.figures.items():
        if not name.startswith("latency"):
            assert 0 <= figure.low <= figure.value + 1e-12
            assert figure.value - 1e-12 <= figure.high <= 1


def test_what_was_drawn_is_kept_for_all_but_latency_and_gives_its_interval() -> None:
    assert set(RESULT.drawn) == {name for name in RESULT.figures if not name.startswith("latency")}
    for name, drawn in RESULT.drawn.items():
        assert drawn.shape == (200,)
        there = drawn[~np.isnan(drawn)]
        assert np.quantile(there, [0.025, 0.975]).tolist() == pytest.approx(
            [RESULT.figures[name].low, RESULT.figures[name].high]
        )


def test_a_fact_that_is_asked_for_twice_is_drawn_with_both_its_questions() -> None:
    # One group of everything has no other resample; questions by themselves would vary.
    one_group = [replace(one, question=replace(one.question, group="all")) for one in ASKED]
    result = measure(one_group)
    for name in ("accuracy", "auroc", "cross.sentence.AP"):
        figure = result.figures[name]
        assert (figure.low, figure.high) == pytest.approx((figure.value, figure.value))


def test_confidence_that_claims_to_be_no_probability_is_not_held_to_it() -> None:
    outcomes = [replace(one, best_confidence=one.best_confidence * 40) for one in OUTCOMES]
    result = measure(outcomes=outcomes, calibrated=False)
    assert set(RESULT.figures) - set(result.figures) == {"brier", "calibration_error"}
    assert result.figures["auroc"] == RESULT.figures["auroc"]


def test_where_everything_has_an_answer_there_is_nothing_to_abstain_from() -> None:
    answerable = [place for place, one in enumerate(ASKED) if one.question.answerable]
    result = measure([ASKED[place] for place in answerable], [OUTCOMES[place] for place in answerable])
    missing = {"hallucination_rate", "abstention_f1", "auroc"}
    assert set(RESULT.figures) - set(result.figures) == missing
    assert not missing & set(result.cells)
    assert result.figures["error_rate"].value == 1 / 5


def test_where_nothing_has_an_answer_only_abstaining_is_measured() -> None:
    result = measure([ASKED[2], ASKED[5]], [OUTCOMES[2], OUTCOMES[5]])
    assert set(result.figures) == {
        "accuracy",
        "citation_exactness",
        "hallucination_rate",
        "abstention_f1",
        "coverage_at_5",
        "brier",
        "calibration_error",
        "latency_p50",
        "latency_p95",
        "latency_p99",
    }
    assert set(result.cells) == {"accuracy", "citation_exactness", BY_KIND, BY_PAIR}
    assert set(result.drawn) == {name for name in result.figures if not name.startswith("latency")}
    assert result.figures["hallucination_rate"].value == 1 / 2
    assert result.figures["coverage_at_5"] == Figure(0.0, 0.0, 0.0, 2)


# Prose


def use(written: int, rejected: int, shown: int) -> ModelUse:
    return ModelUse("openai:x", 1, 0, 0, None, written, ("words",) * rejected, shown)


def written() -> list[Outcome]:
    """E1 in prose of which a sentence was rejected, E2 in prose, E3 quoted since its one sentence failed twice."""
    e1, e2, e3, *others = OUTCOMES
    return [
        replace(e1, composer="generative", language="en", model_use=use(3, 1, 2)),
        replace(e2, composer="generative", language="nl", model_use=use(2, 0, 2)),
        replace(e3, fallback="nothing_proven", model_use=use(1, 2, 0)),
        *others,
    ]


def test_sentences_are_counted_over_all_questions_that_a_model_was_there_for() -> None:
    result = measure(ASKED, written())
    values = {name: result.figures[name].value for name in PROSE}
    assert values == pytest.approx({"prose_rate": 2 / 3, "rejection_rate": 3 / (3 + 2 + 2), "shown_rate": 4 / 6})
    assert {result.figures[name].n for name in PROSE} == {3}
    assert result.drawn.keys() >= PROSE
    assert result.figures["rejection_rate"].low < 3 / 7 < result.figures["rejection_rate"].high


def test_without_a_model_there_are_no_figures_of_prose_and_with_one_the_others_are_the_same() -> None:
    assert PROSE.isdisjoint(RESULT.figures)
    figures = measure(ASKED, written()).figures
    assert {name: figure for name, figure in figures.items() if name not in PROSE} == RESULT.figures


@pytest.mark.parametrize(("language", "english"), [("en", 1), ("nl", 0)])
def test_prose_is_in_the_language_of_its_text_whatever_it_cites(language: str, english: int) -> None:
    """E1 alone counts of the English: its fact has an English version."""
    e1 = replace(OUTCOMES[0], composer="generative", language=language, quotes=(quote("nl"), quote("en")))
    figures = measure(ASKED, [e1, *OUTCOMES[1:]]).cells["language_match"]
    assert figures["en"].value == english
