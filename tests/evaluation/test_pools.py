from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.pools import Trial, is_right, judge, pools
from evaluation.types import SETTINGS, Asked, EvaluationQuestion, Found, Place, Retrieved, Setting

INDEX = ["vi", "nl", "en", "fr"]
TRIAL = Trial("mixed", "", frozenset(INDEX))


def asked(own: str, *places: Place) -> Asked:
    return Asked(EvaluationQuestion("q", "How long?", own), places, ())


def in_languages(own: str, *languages: str) -> Asked:
    """A question whose answer has a version in each of these languages."""
    return asked(own, *(Place(f"a.{language}", language, (10, 20)) for language in languages))


def unit(uri: str, start: int = 10, end: int = 20) -> Retrieved:
    return Retrieved(uri, "", start, end, 0.0)


def trials(one: Asked, settings: Sequence[Setting] = SETTINGS) -> list[tuple[str, str, str]]:
    """Setting, documents, and the pool's languages in one word."""
    return [(trial.setting, trial.documents, "+".join(sorted(trial.pool))) for trial in pools(one, INDEX, settings)]


# Which searches there are


def test_an_asker_with_documents_in_their_language_and_two_others() -> None:
    assert trials(in_languages("nl", "nl", "en", "vi")) == [
        ("mono", "nl", "nl"),
        ("cross", "en", "en"),
        ("cross", "vi", "vi"),
        ("mixed", "", "en+fr+nl+vi"),
        ("cross-only", "", "en+fr+vi"),
    ]


def test_an_asker_whose_language_has_documents_and_not_this_answer() -> None:
    assert trials(in_languages("nl", "en")) == [
        ("cross", "en", "en"),
        ("mixed", "", "en+fr+nl+vi"),
        ("cross-only", "", "en+fr+vi"),
    ]


def test_an_answer_in_the_askers_language_alone() -> None:
    assert trials(in_languages("nl", "nl")) == [("mono", "nl", "nl"), ("mixed", "", "en+fr+nl+vi")]


def test_an_asker_without_any_documents_in_their_language() -> None:
    # To leave out the asker's language would leave all: cross-only would be mixed once more.
    assert trials(in_languages("th", "en", "vi")) == [
        ("cross", "en", "en"),
        ("cross", "vi", "vi"),
        ("mixed", "", "en+fr+nl+vi"),
    ]


@pytest.mark.parametrize("own", ["nl", "th"])
def test_where_nothing_answers_nothing_is_searched(own: str) -> None:
    assert trials(in_languages(own)) == []


def test_only_the_settings_asked_for_are_tried_and_in_their_order() -> None:
    one = in_languages("nl", "nl", "en")
    assert trials(one, ["cross-only", "mono"]) == [("cross-only", "", "en+fr+vi"), ("mono", "nl", "nl")]
    assert trials(one, []) == []


def test_an_index_of_one_language_has_nothing_to_cross() -> None:
    assert [trial.setting for trial in pools(in_languages("nl", "nl"), iter(["nl"]), iter(SETTINGS))] == [
        "mono",
        "mixed",
    ]


@given(st.sampled_from([*INDEX, "th"]), st.sets(st.sampled_from(INDEX)))
def test_every_pool_holds_an_answer_and_is_its_settings(own: str, languages: set[str]) -> None:
    for trial in pools(in_languages(own, *sorted(languages)), INDEX, SETTINGS):
        assert trial.pool & languages
        assert trial.pool <= set(INDEX)
        assert (own in trial.pool) == (trial.setting == "mono" or (trial.setting == "mixed" and own in INDEX))
        assert trial.documents == ("" if trial.setting in ("mixed", "cross-only") else min(trial.pool))
        assert len(trial.pool) == {"mono": 1, "cross": 1, "mixed": 4, "cross-only": 3}[trial.setting]


# What was found


def test_a_stretch_is_right_where_it_holds_a_gold_of_its_own_document() -> None:
    one = asked("nl", Place("a.nl", "nl", (10, 20)), Place("a.nl", "nl", (50, 60)), Place("b.en", "en", None))
    assert is_right(one, "a.nl", 0, 30)
    assert is_right(one, "a.nl", 50, 55)
    assert is_right(one, "b.en", 900, 910)
    assert not is_right(one, "a.nl", 20, 50)
    assert not is_right(one, "a.en", 10, 20)


def test_each_document_is_found_at_its_first_right_unit() -> None:
    one = asked("nl", Place("a.nl", "nl", (10, 20)), Place("a.nl", "nl", (50, 60)), Place("a.en", "en", (0, 10)))
    ranking = [
        unit("c.nl"),  # 1: another document
        unit("a.nl", 20, 30),  # 2: the right document, a wrong sentence
        unit("a.nl", 50, 60),  # 3: right
        unit("a.nl", 10, 20),  # 4: right, but the document is found already
        unit("a.en", 10, 20),  # 5: right in the other version, not in this one
        unit("a.en", 0, 12),  # 6: right
    ]
    articles = {uri: uri for uri in ("a.nl", "a.en", "c.nl")}
    (entry,) = judge(one, TRIAL, {"sentence": ranking}, articles)
    assert entry.ranks == {"a.nl": 3, "a.en": 6}


def test_every_grain_that_was_ranked_is_judged_and_no_other() -> None:
    one = in_languages("nl", "en")
    trial = Trial("cross", "en", frozenset({"en"}))
    articles = {"a.en": "a", "b.en": "b"}
    right, wrong = unit("a.en"), unit("b.en")
    of_passages = Found("cross", "en", "passage", {"a.en": 2}, 2)
    assert judge(one, trial, {"passage": [wrong, right], "sentence": [right]}, articles) == [
        Found("cross", "en", "sentence", {"a.en": 1}, 1),
        of_passages,
    ]
    assert judge(one, trial, {"passage": [wrong, right]}, articles) == [of_passages]
    assert judge(one, trial, {}, articles) == []


def test_what_was_not_found_has_no_rank() -> None:
    articles = {"a.en": "a", "b.en": "b"}
    nothing = [Found("mixed", "", "sentence", {}, None)]
    assert judge(in_languages("nl", "en"), TRIAL, {"sentence": [unit("b.en"), unit("a.en", 0, 9)]}, articles) == nothing
    assert judge(in_languages("nl", "en"), TRIAL, {"sentence": []}, articles) == nothing


ARTICLES = {"a.nl": "a", "a.en": "a", "b.nl": "b", "b.en": "b", "c.nl": "c"}


@pytest.mark.parametrize(
    ("ranking", "expected"),
    [
        # b in two versions and twice takes one place, and so does c.
        ([unit("b.nl"), unit("b.en"), unit("b.nl", 0, 5), unit("c.nl"), unit("a.nl")], 3),
        ([unit("a.nl")], 1),
        # The article's best unit is a wrong one: its place is taken, and what follows of it does not count.
        ([unit("a.nl", 30, 40), unit("a.nl")], None),
        ([unit("a.en", 30, 40), unit("b.nl"), unit("a.nl")], None),
        ([unit("b.nl"), unit("c.nl")], None),
    ],
)
def test_an_article_takes_the_place_of_its_best_unit(ranking: list[Retrieved], expected: int | None) -> None:
    (entry,) = judge(in_languages("nl", "nl", "en"), TRIAL, {"passage": ranking}, ARTICLES)
    assert entry.article_rank == expected


def test_two_articles_may_answer_and_the_first_counts() -> None:
    one = asked("nl", Place("a.nl", "nl", (10, 20)), Place("b.en", "en", (10, 20)))
    ranking = [unit("a.nl", 0, 5), unit("c.nl"), unit("b.en"), unit("a.nl")]
    (entry,) = judge(one, TRIAL, {"passage": ranking}, ARTICLES)
    assert entry.article_rank == 3
    assert entry.ranks == {"b.en": 3, "a.nl": 4}


@given(st.lists(st.tuples(st.sampled_from(sorted(ARTICLES)), st.sampled_from([0, 10])), max_size=12))
def test_ranks_are_those_of_a_plain_search(drawn: list[tuple[str, int]]) -> None:
    def answers(at: tuple[str, int]) -> bool:
        return at[0] in ("a.nl", "a.en") and at[1] == 10

    best_of_articles: dict[str, tuple[str, int]] = {}
    for at in drawn:
        best_of_articles.setdefault(ARTICLES[at[0]], at)
    folded = [answers(at) for at in best_of_articles.values()]

    ranking = [unit(uri, start, start + 10) for uri, start in drawn]
    (entry,) = judge(in_languages("nl", "nl", "en"), TRIAL, {"sentence": ranking}, ARTICLES)
    assert entry.ranks == {uri: drawn.index((uri, 10)) + 1 for uri in ("a.nl", "a.en") if (uri, 10) in drawn}
    assert entry.article_rank == (folded.index(True) + 1 if True in folded else None)
