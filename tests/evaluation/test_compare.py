from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from evaluation.compare import Comparison, Difference, compare
from evaluation.errors import ResultsError
from evaluation.metrics.catalogue import METRICS
from evaluation.metrics.intervals import Figure
from evaluation.results import AskedQuestion, Results, SystemResults
from evaluation.types import Outcome, Quote

DATASET = {"fingerprint": "f", "split": "test", "sample": None, "settings": ["mono", "mixed"]}


def question(identity: str, *, language: str = "nl", kind: str = "plain", group: str = "") -> AskedQuestion:
    return AskedQuestion(identity, f"Hoe {identity}?", language, kind, group, "", (), ())


def outcome(
    identity: str,
    right: bool,
    start: int | None = 0,
    *,
    quote_right: bool | None = None,
    token_f1: float | None = None,
    containment: float | None = None,
) -> Outcome:
    """Answered with one quote that begins at `start`; None: abstained."""
    judged = right if quote_right is None else quote_right
    quotes = () if start is None else (Quote("a.nl", "nl", start, start + 5, "words", exact=True, right=judged),)
    return Outcome(
        identity, start is not None, right, "words", 0.5, quotes, right, 0.5, None, token_f1, containment, 9.0, ()
    )


def results(
    questions: Sequence[AskedQuestion],
    outcomes: Sequence[Outcome],
    figures: Mapping[str, float] | None = None,
    *,
    name: str = "dragoman",
    embedder: str = "words",
    model: str | None = None,
    **dataset: Any,
) -> Results:
    kept = {metric: Figure(value, math.nan, math.nan, 1) for metric, value in (figures or {}).items()}
    return Results(
        dataset=DATASET | dataset,
        index={"embedder": {"name": embedder, "revision": "1"}},
        made={"model": {"name": model}} if model else {},
        systems=(SystemResults(name, 1.0, kept, {}, (), (), outcomes=tuple(outcomes)),),
        questions=tuple(questions),
    )


def both(
    questions: Sequence[AskedQuestion], before: Sequence[Outcome], after: Sequence[Outcome], *metrics: str
) -> Comparison:
    """A comparison of two runs that have just these metrics, whose own values do not matter."""
    figures = dict.fromkeys(metrics, 0.5)
    return compare(results(questions, before, figures), results(questions, after, figures))


def only(comparison: Comparison) -> Difference:
    (difference,) = comparison.differences
    return difference


# Questions


def test_answers_that_changed_are_mended_broken_or_in_other_words() -> None:
    questions = [question(name) for name in ("same", "mended", "broken", "right still", "wrong still", "abstained")]
    before = [
        outcome("same", True, 10),
        outcome("mended", False, 10),
        outcome("broken", True, 10),
        outcome("right still", True, 10),
        outcome("wrong still", False, 10),
        outcome("abstained", False, 10),
    ]
    after = [
        outcome("same", True, 10),
        outcome("mended", True, 20),
        outcome("broken", False, 20),
        outcome("right still", True, 20),
        outcome("wrong still", False, 20),
        outcome("abstained", False, None),
    ]
    comparison = both(questions, before, after)
    assert [(change.question.id, change.kind) for change in comparison.changes] == [
        ("mended", "mended"),
        ("broken", "broken"),
        ("right still", "other words"),
        ("wrong still", "other words"),
        ("abstained", "other words"),
    ]
    assert comparison.changes[0].before == before[1]
    assert comparison.changes[0].after == after[1]


def test_the_same_place_with_another_verdict_has_changed() -> None:
    (change,) = both([question("q")], [outcome("q", True)], [outcome("q", False)]).changes
    assert change.kind == "broken"


def test_confidence_and_time_alone_change_no_answer() -> None:
    before = outcome("q", True)
    after = replace(before, confidence=0.9, best_confidence=0.9, milliseconds=500.0)
    assert both([question("q")], [before], [after]).changes == ()


def test_to_answer_where_it_abstained_is_a_change_without_any_quote() -> None:
    before = outcome("q", False, None)
    (change,) = both([question("q")], [before], [replace(before, answered=True)]).changes
    assert change.kind == "other words"


def test_prose_has_changed_where_its_words_have() -> None:
    quoted = outcome("q", True)
    before = replace(quoted, composer="generative", text="Six weeks.")
    after = replace(before, text="It takes six weeks.")
    assert both([question("q")], [before], [before]).changes == ()
    assert len(both([question("q")], [before], [after]).changes) == 1
    assert len(both([question("q")], [quoted], [before]).changes) == 1
    assert both([question("q")], [quoted], [replace(quoted, text="the same, cut otherwise")]).changes == ()


def test_outcomes_are_matched_by_question_and_not_by_place() -> None:
    questions = [question("a"), question("b")]
    before = results(questions, [outcome("a", True, 1), outcome("b", False, 2)])
    after = results(questions[::-1], [outcome("b", False, 2), outcome("a", True, 1)])
    assert compare(before, after).changes == ()


def test_what_only_one_run_asked_is_left_out() -> None:
    before = results([question("a"), question("b")], [outcome("a", True), outcome("b", True)], {"accuracy": 1.0})
    after = results([question("c"), question("b")], [outcome("c", True), outcome("b", False)], {"accuracy": 0.5})
    comparison = compare(before, after)
    assert [(change.question.id, change.kind) for change in comparison.changes] == [("b", "broken")]
    difference = only(comparison)
    assert (difference.before, difference.after) == (1.0, 0.5)
    assert (difference.low, difference.high) == (-1.0, -1.0)


def test_runs_of_other_questions_are_not_compared() -> None:
    with pytest.raises(ResultsError) as caught:
        compare(results([question("a")], [outcome("a", True)]), results([question("b")], [outcome("b", True)]))
    assert str(caught.value) == "the two files have no question in common: they are of different datasets"


# Metrics


def test_metrics_that_both_have_are_listed_in_the_order_of_the_catalogue() -> None:
    before = {"latency_p50": 20.0, "mono.sentence.AP": 0.5, "accuracy": 0.5, "error_rate": 0.25, "auroc": 0.75}
    after = {"auroc": 0.75, "error_rate": 0.5, "latency_p50": 10.0, "accuracy": 0.75, "brier": 0.25, "unheard of": 1.0}
    comparison = compare(results([], [], before), results([], [], after))
    found = [(difference.metric.name, difference.before, difference.after) for difference in comparison.differences]
    assert found == [
        ("accuracy", 0.5, 0.75),
        ("error_rate", 0.25, 0.5),
        ("auroc", 0.75, 0.75),
        ("latency_p50", 20.0, 10.0),
    ]


@pytest.mark.parametrize(
    ("name", "before", "after", "better"),
    [
        ("accuracy", 0.5, 0.75, True),
        ("accuracy", 0.75, 0.5, False),
        ("accuracy", 0.5, 0.5, False),
        ("error_rate", 0.25, 0.5, False),
        ("error_rate", 0.5, 0.25, True),
        ("error_rate", 0.5, 0.5, False),
        ("latency_p50", 20.0, 10.0, True),
    ],
)
def test_better_is_less_where_less_is_better(name: str, before: float, after: float, better: bool) -> None:
    assert Difference(METRICS[name], before, after, 0.0, 0.0, 1.0).better is better


def test_a_change_of_every_question_is_certain() -> None:
    questions = [question(str(i)) for i in range(20)]
    wrong, right = [[outcome(str(i), verdict) for i in range(20)] for verdict in (False, True)]
    difference = only(both(questions, wrong, right, "accuracy"))
    assert (difference.low, difference.high, difference.p) == (1.0, 1.0, 1 / 1000)
    difference = only(both(questions, right, wrong, "accuracy"))
    assert (difference.low, difference.high, difference.p) == (-1.0, -1.0, 1 / 1000)


def test_no_change_is_no_evidence() -> None:
    questions = [question(str(i)) for i in range(20)]
    outcomes = [outcome(str(i), i % 3 == 0) for i in range(20)]
    difference = only(both(questions, outcomes, outcomes, "accuracy"))
    assert (difference.low, difference.high, difference.p) == (0.0, 0.0, 1.0)


def test_the_test_is_of_pairs() -> None:
    # Half are right in both runs and half wrong: apart, the runs vary; together, the one question mended never hurts.
    questions = [question(str(i)) for i in range(100)]
    before = [outcome(str(i), i < 50) for i in range(100)]
    after = [outcome(str(i), i < 51) for i in range(100)]
    difference = only(both(questions, before, after, "accuracy"))
    assert difference.low == 0.0
    assert difference.high == pytest.approx(0.03)  # the question three times, of a Poisson law of mean one
    assert difference.p == pytest.approx(2 * 0.99**100, abs=0.1)  # twice the chance that it is not drawn


def test_p_and_interval_of_three_facts_are_those_of_all_27_resamples() -> None:
    # Two facts mended and one broken; each is asked twice, and both its questions go together.
    questions = [question(f"{fact}{turn}", group=fact) for fact in "abc" for turn in "12"]
    before = [outcome(one.id, one.group == "c") for one in questions]
    after = [outcome(one.id, one.group != "c") for one in questions]
    difference = only(both(questions, before, after, "accuracy"))
    drawn = [sum(draw) / 3 for draw in product([1, 1, -1], repeat=3)]
    three_standard_errors = 3 * 2 * math.sqrt(0.25 / 1000)
    assert difference.p == pytest.approx(2 * sum(d <= 0 for d in drawn) / 27, abs=three_standard_errors)
    assert (difference.low, difference.high) == (min(drawn), max(drawn)) == (-1.0, 1.0)


def test_each_language_counts_alike() -> None:
    # One group: every resample is the sample. Dutch 3 of 4 mended, Vietnamese 1 of 1 broken.
    questions = [question(str(i), group="all", language="vi" if i == 4 else "nl") for i in range(5)]
    before = [outcome(str(i), i == 4) for i in range(5)]
    after = [outcome(str(i), i < 3) for i in range(5)]
    difference = only(both(questions, before, after, "accuracy"))
    assert (difference.low, difference.high) == ((3 / 4 - 1) / 2, (3 / 4 - 1) / 2)


def test_citation_recall_is_of_what_the_documents_answer() -> None:
    # Mended, all that there is: questions that nothing answers have no citation to miss, and do not water it down.
    unanswerable = ["off-topic", "near-miss", "false-premise"]
    questions = [question("a", group="all"), *(question(kind, kind=kind, group="all") for kind in unanswerable)]
    others = [outcome(kind, True, None) for kind in unanswerable]
    difference = only(both(questions, [outcome("a", False), *others], [outcome("a", True), *others], "citation_recall"))
    assert (difference.low, difference.high) == (1.0, 1.0)


def test_citation_recall_looks_at_the_quotes() -> None:
    questions = [question("a", group="all"), question("b", group="all")]
    before = [outcome("a", True, quote_right=False), outcome("b", False)]
    after = [outcome("a", True, quote_right=True), outcome("b", False)]
    difference = only(both(questions, before, after, "citation_recall"))
    assert (difference.low, difference.high) == (0.5, 0.5)


@pytest.mark.parametrize("metric", ["token_f1", "containment"])
def test_scores_of_texts_leave_out_what_has_no_gold_text(metric: str) -> None:
    questions = [question(name, group="all") for name in "abc"]

    def scored(a: float, b: float) -> list[Outcome]:
        return [
            outcome("a", True, token_f1=a, containment=a),
            outcome("b", True, token_f1=b, containment=b),
            outcome("c", True),
        ]

    difference = only(both(questions, scored(0.25, 0.5), scored(0.5, 1.0), metric))
    assert (difference.low, difference.high) == (0.375, 0.375)


def test_a_metric_that_no_common_question_has_is_compared_by_its_figures_alone() -> None:
    # The file has token F1, of questions that the other file does not have.
    difference = only(both([question("a")], [outcome("a", True)], [outcome("a", False)], "token_f1"))
    assert (difference.before, difference.after) == (0.5, 0.5)
    assert math.isnan(difference.low) and math.isnan(difference.high) and math.isnan(difference.p)


def test_a_metric_without_pairs_has_no_test() -> None:
    difference = only(both([question("a")], [outcome("a", True)], [outcome("a", False)], "auroc"))
    assert math.isnan(difference.low) and math.isnan(difference.high) and math.isnan(difference.p)


# Notes


def notes(**after: Any) -> tuple[str, ...]:
    """What is said of a second run that differs in these."""
    questions, outcomes = [question("a"), question("b")], [outcome("a", True), outcome("b", True)]
    given: dict[str, Any] = {"questions": questions, "outcomes": outcomes} | after
    return compare(results(questions, outcomes), results(**given)).notes


def test_runs_of_the_same_thing_need_no_note() -> None:
    assert notes() == ()


@pytest.mark.parametrize(
    ("after", "note"),
    [
        ({"name": "keyword"}, "the systems differ: dragoman and keyword"),
        ({"embedder": "e5"}, "the embedders differ: words and e5"),
        ({"model": "openai:x"}, "the language models differ: none and openai:x"),
        ({"fingerprint": "g"}, "the dataset changed between the two; 2 questions are in both"),
        ({"split": "tune"}, "they were measured with another split: test and tune"),
        ({"sample": 50}, "they were measured with another sample: None and 50"),
        ({"settings": ["mono"]}, "they were measured with another settings: ['mono', 'mixed'] and ['mono']"),
        (
            {"questions": [], "outcomes": []},
            "one of the files holds no single questions, so only the figures are compared",
        ),
    ],
)
def test_what_makes_runs_less_comparable_is_noted(after: dict[str, Any], note: str) -> None:
    assert notes(**after) == (note,)


def test_the_note_on_another_dataset_counts_what_is_in_both() -> None:
    questions = [question("b"), question("c"), question("d")]
    outcomes = [outcome("b", True), outcome("c", True), outcome("d", True)]
    assert notes(questions=questions, outcomes=outcomes, fingerprint="g") == (
        "the dataset changed between the two; 1 questions are in both",
    )


def test_all_notes_come_together() -> None:
    assert len(notes(name="keyword", embedder="e5", fingerprint="g", split="", sample=5, settings=[])) == 6


def test_files_without_questions_are_compared_by_their_figures() -> None:
    comparison = compare(results([], [], {"accuracy": 0.5}), results([], [], {"accuracy": 0.75}))
    difference = only(comparison)
    assert (difference.before, difference.after, difference.better) == (0.5, 0.75, True)
    assert math.isnan(difference.p)
    assert comparison.changes == ()
    assert comparison.notes == ("one of the files holds no single questions, so only the figures are compared",)
