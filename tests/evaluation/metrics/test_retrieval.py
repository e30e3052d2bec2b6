from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.errors import MetricError
from evaluation.metrics.retrieval import MEASURES, article_recall, language_preference, per_query

Grades = Mapping[str, int]
Ranks = Mapping[str, int]

DOCUMENTS = ("nl", "fr", "a b", "a\0b", "a\0c", "", "other 3", "0", "\ud800")
QUERIES = ("q 1", "q\0one", "q\0two", "", "0", "\udfff")


@st.composite
def judged(draw: st.DrawFn) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, int]]]:
    """Grades and ranks of several queries: some unanswered, some with nothing found, some documents not found."""
    grades = {
        query: draw(st.dictionaries(st.sampled_from(DOCUMENTS), st.integers(1, 3), min_size=1))
        for query in draw(st.lists(st.sampled_from(QUERIES), min_size=1, unique=True))
    }
    ranks = {}
    for query, documents in grades.items():
        found = draw(st.lists(st.sampled_from(sorted(documents)), unique=True))
        places = draw(st.lists(st.integers(1, 25), min_size=len(found), max_size=len(found), unique=True))
        if draw(st.booleans()):
            ranks[query] = dict(zip(found, places, strict=True))
    return grades, ranks


def by_hand(grades: Grades, ranks: Ranks) -> dict[str, float]:
    """The definitions, rank by rank."""
    at = {rank: grades[document] for document, rank in ranks.items()}
    gains = [at.get(rank, 0) for rank in range(1, 31)]

    def recall(depth: int) -> float:
        return sum(gain > 0 for gain in gains[:depth]) / len(grades)

    def dcg(ordered: list[int]) -> float:
        return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(ordered[:10], start=1))

    precisions = [sum(gain > 0 for gain in gains[:rank]) / rank for rank in range(1, 31) if gains[rank - 1]]
    return {
        "R@1": recall(1),
        "R@5": recall(5),
        "R@10": recall(10),
        "Success@1": float(gains[0] > 0),
        "MRR@10": next((1 / rank for rank in range(1, 11) if gains[rank - 1]), 0.0),
        "nDCG@10": dcg(gains) / dcg(sorted(grades.values(), reverse=True)),
        "AP": sum(precisions) / len(grades),
    }


def by_trec_eval(grades: dict[str, int], ranks: dict[str, int]) -> dict[str, float]:
    """Straight from trec_eval, of one query, with names that it can read."""
    names = {document: f"d{number}" for number, document in enumerate(sorted(grades))}
    qrels = {"q": {names[document]: grade for document, grade in grades.items()}}
    found = {rank: names[document] for document, rank in ranks.items()}
    run = {found.get(rank, f"x{rank}"): 1000.0 - rank for rank in range(1, 31)}
    wanted = {"recall.1,5,10", "success.1", "ndcg_cut.10", "map"}
    scores = pytrec_eval.RelevanceEvaluator(qrels, wanted).evaluate({"q": run})["q"]
    first_ten = dict(list(run.items())[:10])
    reciprocal = pytrec_eval.RelevanceEvaluator(qrels, {"recip_rank"}).evaluate({"q": first_ten})["q"]
    return {
        "R@1": scores["recall_1"],
        "R@5": scores["recall_5"],
        "R@10": scores["recall_10"],
        "Success@1": scores["success_1"],
        "MRR@10": reciprocal["recip_rank"],
        "nDCG@10": scores["ndcg_cut_10"],
        "AP": scores["map"],
    }


def scored(grades: Grades, ranks: Ranks) -> dict[str, float]:
    """Every measure of one query."""
    return {name: values["q"] for name, values in per_query({"q": grades}, {"q": ranks}).items()}


def test_three_relevant_documents_of_two_grades_two_of_them_found() -> None:
    # Ranks:      1   2   3   4   5   6
    # Grades:     -   1   -   -   -   3      and a third relevant document, of grade 1, is not found.
    assert scored({"nl": 1, "fr": 3, "vi": 1}, {"nl": 2, "fr": 6}) == pytest.approx(
        {
            "R@1": 0 / 3,
            "R@5": 1 / 3,
            "R@10": 2 / 3,
            "Success@1": 0.0,
            "MRR@10": 1 / 2,
            "nDCG@10": (1 / math.log2(3) + 3 / math.log2(7)) / (3 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)),
            "AP": (1 / 2 + 2 / 6) / 3,
        }
    )


def test_a_relevant_document_in_the_first_place() -> None:
    # One of two relevant documents comes first, the other eleventh: beyond what is looked at, but for AP.
    assert scored({"nl": 1, "fr": 1}, {"nl": 1, "fr": 11}) == pytest.approx(
        {
            "R@1": 1 / 2,
            "R@5": 1 / 2,
            "R@10": 1 / 2,
            "Success@1": 1.0,
            "MRR@10": 1.0,
            "nDCG@10": 1 / (1 + 1 / math.log2(3)),
            "AP": (1 / 1 + 2 / 11) / 2,
        }
    )


@pytest.mark.parametrize(
    ("rank", "expected"),
    [
        (5, {"R@1": 0, "R@5": 1, "R@10": 1, "MRR@10": 1 / 5, "nDCG@10": 1 / math.log2(6), "AP": 1 / 5}),
        (6, {"R@1": 0, "R@5": 0, "R@10": 1, "MRR@10": 1 / 6, "nDCG@10": 1 / math.log2(7), "AP": 1 / 6}),
        (10, {"R@1": 0, "R@5": 0, "R@10": 1, "MRR@10": 1 / 10, "nDCG@10": 1 / math.log2(11), "AP": 1 / 10}),
        (11, {"R@1": 0, "R@5": 0, "R@10": 0, "MRR@10": 0, "nDCG@10": 0, "AP": 1 / 11}),
        (300, {"R@1": 0, "R@5": 0, "R@10": 0, "MRR@10": 0, "nDCG@10": 0, "AP": 1 / 300}),
    ],
)
def test_each_measure_ends_at_its_depth(rank: int, expected: dict[str, float]) -> None:
    assert scored({"nl": 2}, {"nl": rank}) == pytest.approx({"Success@1": 0} | expected)


def test_a_better_grade_further_down_costs_ndcg() -> None:
    swapped = (1 + 2 / math.log2(3)) / (2 + 1 / math.log2(3))
    scores = per_query(
        {"best": {"a": 2, "b": 1}, "swapped": {"a": 2, "b": 1}},
        {"best": {"a": 1, "b": 2}, "swapped": {"b": 1, "a": 2}},
    )
    assert scores["nDCG@10"] == pytest.approx({"best": 1.0, "swapped": swapped})
    assert scores["AP"] == {"best": 1.0, "swapped": 1.0}


def test_a_query_that_was_not_answered_scores_zero() -> None:
    scores = per_query({"asked": {"nl": 1}, "left out": {"nl": 1}, "in vain": {"nl": 1}}, {"asked": {"nl": 1}})
    assert scores == {name: {"asked": 1.0, "left out": 0.0, "in vain": 0.0} for name in MEASURES}


def test_nothing_found_anywhere_is_zero_and_no_error() -> None:
    assert per_query({"q": {"nl": 1}}, {"q": {}}) == {name: {"q": 0.0} for name in MEASURES}
    assert per_query({}, {}) == {name: {} for name in MEASURES}


def test_names_are_told_apart_beyond_a_nul_and_with_spaces() -> None:
    grades = {"q\0one": {"d\0 1": 1, "d\0 2": 1}, "q\0two": {"d\0 1": 1, "d\0 2": 1}}
    scores = per_query(grades, {"q\0one": {"d\0 2": 1}, "q\0two": {"d\0 1": 2, "d\0 2": 4}})
    assert scores["AP"] == {"q\0one": 1 / 2, "q\0two": (1 / 2 + 2 / 4) / 2}


@given(judged())
@settings(deadline=None)
def test_scores_are_those_of_the_definitions(case: tuple[dict[str, dict[str, int]], dict[str, dict[str, int]]]) -> None:
    grades, ranks = case
    scores = per_query(grades, ranks)
    for query, documents in grades.items():
        found = {name: scores[name][query] for name in scores}
        assert found == pytest.approx(by_hand(documents, ranks.get(query, {})))


@given(judged())
@settings(deadline=None)
def test_scores_are_those_of_trec_eval(case: tuple[dict[str, dict[str, int]], dict[str, dict[str, int]]]) -> None:
    grades, ranks = case
    scores = per_query(grades, ranks)
    for query, documents in grades.items():
        found = {name: scores[name][query] for name in scores}
        assert found == pytest.approx(by_trec_eval(documents, ranks.get(query, {})))


@pytest.mark.parametrize(
    ("ranks", "said"),
    [
        ({"p": {"nl": 1}}, "query 'p' was ranked and has no relevance judgements: not the same dataset"),
        ({"p": {}}, "query 'p' was ranked and has no relevance judgements: not the same dataset"),
        ({"q": {"nl": 1, "fr": 2}}, "query 'q': 'fr' was found as relevant and is not judged so"),
        ({"q": {"nl": 2, "vi": 2}}, "query 'q': two documents were found at the same rank"),
    ],
)
def test_a_ranking_of_other_queries_or_documents_is_refused(ranks: dict[str, dict[str, int]], said: str) -> None:
    with pytest.raises(MetricError) as caught:
        per_query({"q": {"nl": 1, "vi": 1}}, ranks)
    assert str(caught.value) == said


@pytest.mark.parametrize(("rank", "expected"), [(None, 0.0), (1, 1.0), (5, 1.0), (6, 0.0)])
def test_article_recall_looks_at_five_articles(rank: int | None, expected: float) -> None:
    assert article_recall(rank) == expected


VERSIONS = {"a.nl": "nl", "a.fr": "fr", "b.fr": "fr"}


@pytest.mark.parametrize(
    ("ranks", "own", "expected"),
    [
        ({"a.nl": 2, "a.fr": 3}, "nl", 1.0),
        ({"a.nl": 3, "b.fr": 2}, "nl", 0.0),
        ({"a.nl": 3, "b.fr": 2}, "fr", 1.0),
        ({"a.nl": 10, "a.fr": 9}, "nl", 0.0),
        ({"a.nl": 7}, "nl", 1.0),
        ({"a.fr": 7}, "nl", 0.0),
    ],
)
def test_language_preference_is_which_version_comes_first(ranks: dict[str, int], own: str, expected: float) -> None:
    assert language_preference(ranks, VERSIONS, own) == expected


def test_where_there_is_nothing_to_prefer_language_preference_is_undefined() -> None:
    assert math.isnan(language_preference({}, VERSIONS, "nl"))
    assert math.isnan(language_preference({"a.nl": 1}, VERSIONS, "vi"))
    assert math.isnan(language_preference({"a.nl": 1}, {"a.nl": "nl", "b.nl": "nl"}, "nl"))
