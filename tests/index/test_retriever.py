from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import pytest

from index import retriever
from index.errors import IndexMismatch
from index.retriever import Retriever, Weights
from index.store import Store
from index.types import Document, Evidence, Role, Statement
from index.vectors import KINDS
from tests.toy import WordEmbedder, align, link, new_store, put

CANTEEN = "when does the canteen open for lunch"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Nothing of it is linked."""
    with new_store(tmp_path / "index") as store:
        put(
            store,
            "training",
            ["New agents train for six weeks.", "A coach listens in."],
            ["The course ends with two tests."],
        )
        put(store, "refunds", ["Agents may refund forty euros.", "Larger refunds need a supervisor."])
        put(store, "title", ["How long do agents train?"], role=Role.HEADING)
        put(store, "opleiding", ["Nieuwe medewerkers leren zes weken.", "Een coach luistert mee."], language="nl")
        yield store


@pytest.fixture
def versions(tmp_path: Path) -> Iterator[Store]:
    """One article in four languages, whose first statement each language says a little differently; nothing else."""
    with new_store(tmp_path / "versions") as store:
        put(store, "en", ["Lunch: the canteen does open at noon.", "Agents eat first."])
        put(store, "fr", ["canteen open midi lunch la cantine.", "Les agents mangent."], language="fr")
        put(store, "nl", ["De kantine opent om twaalf uur.", "Medewerkers eten eerst."], language="nl")
        put(store, "pt", ["when lunch does abre a cantina."], ["Agentes comem."], language="pt")
        align(store, *({name: [n] for name in ("en", "fr", "nl", "pt")} for n in range(2)))
        yield store


def search(
    store: Store,
    question: str,
    *languages: str,
    asker: str | None = None,
    weights: Weights | None = None,
    limit: int = 10,
) -> list[Evidence]:
    found = Retriever(store, WordEmbedder(), weights=weights)
    return found.search(question, found.embed(question), languages or ("en",), asker=asker, limit=limit)


def quotes(evidence: Evidence, statement: Statement) -> dict[str, str]:
    """By document, what each version says."""
    return {
        name: " ".join(evidence.documents[name].text[s.unit.start : s.unit.end] for s in run)
        for name, run in statement.versions.items()
    }


def best_quote(evidence: Evidence) -> str:
    (said,) = quotes(evidence, evidence.statements[0]).values()
    return said


def articles(found: Sequence[Evidence]) -> list[str]:
    return [evidence.article for evidence in found]


def statements(found: Sequence[Evidence]) -> list[Statement]:
    return [statement for evidence in found for statement in evidence.statements]


# Of documents that are no versions of each other


def test_the_best_sentence_comes_first_with_its_passage(store: Store) -> None:
    found = search(store, "how many weeks do new agents train")
    assert best_quote(found[0]) == "New agents train for six weeks."
    unit = found[0].statements[0].versions["training"][0].unit
    text = found[0].documents["training"].text
    assert text[unit.passage_start : unit.passage_end] == "New agents train for six weeks. A coach listens in."
    assert articles(found) == ["training", "refunds"]
    assert [evidence.rank for evidence in found] == [1, 2]
    assert found[0].score == found[0].statements[0].score > found[1].score


def test_all_sentences_of_an_article_are_in_its_place_best_first(store: Store) -> None:
    for evidence in search(store, "agents train weeks coach"):
        scores = [statement.score for statement in evidence.statements]
        assert scores == sorted(scores, reverse=True)
        assert len(scores) == {"training": 3, "refunds": 2}[evidence.article]
        assert evidence.documents == {evidence.article: store.document(evidence.article)}


def test_a_title_that_repeats_the_question_is_not_found(store: Store) -> None:
    assert "title" not in articles(search(store, "How long do agents train?"))


def test_only_the_languages_asked_for_are_searched(store: Store) -> None:
    assert articles(search(store, "coach", "nl")) == ["opleiding"]
    assert set(articles(search(store, "coach", "nl", "en"))) == {"opleiding", "training", "refunds"}
    assert search(store, "coach", "vi") == []
    assert search(store, "coach", "vi", asker="vi") == []


def test_coverage_is_the_share_of_the_questions_rarity(store: Store) -> None:
    """Five English sentences: "supervisor" stands in one, "agents" in two, "unheard" in none."""
    rarity = {n: math.log(1 + (5 - n + 0.5) / (n + 0.5)) for n in (0, 1, 2)}
    found = {
        evidence.documents[name].text[s.unit.start : s.unit.end]: (s.coverage, s.passage_coverage)
        for evidence in search(store, "agents supervisor unheard")
        for statement in evidence.statements
        for name, run in statement.versions.items()
        for s in run
    }
    whole = rarity[0] + rarity[1] + rarity[2]
    assert found["Agents may refund forty euros."] == pytest.approx(
        (rarity[2] / whole, (rarity[2] + rarity[1]) / whole)
    )
    assert found["Larger refunds need a supervisor."][0] == pytest.approx(rarity[1] / whole)
    assert found["A coach listens in."] == pytest.approx((0, rarity[2] / whole))


def test_the_score_of_a_sentence_is_the_weighted_sum(store: Store) -> None:
    weights = Weights(passage_dense=0.3, coverage=0.7, passage_coverage=0.11)
    question = "weeks of training for agents"
    query = WordEmbedder.vector(question)
    means = {kind: store.vectors(kind, "en")[1].mean(axis=0) @ query for kind in KINDS}
    found = search(store, question, weights=weights)
    assert len(statements(found)) == 5
    for evidence in found:
        for statement in evidence.statements:
            ((s,),) = statement.versions.values()
            text = evidence.documents[s.unit.document].text
            cosine = WordEmbedder.vector(text[s.unit.start : s.unit.end]) @ query
            passage = WordEmbedder.vector(text[s.unit.passage_start : s.unit.passage_end]) @ query
            assert s.cosine == pytest.approx(cosine, abs=1e-5)
            assert s.dense == pytest.approx(cosine - means["sentence"], abs=1e-5)
            assert s.passage_dense == pytest.approx(passage - means["passage"], abs=1e-5)
            expected = s.dense + 0.3 * s.passage_dense + 0.7 * s.coverage + 0.11 * s.passage_coverage
            assert statement.score == pytest.approx(expected)


def test_equal_scores_are_in_the_order_of_document_and_place(tmp_path: Path) -> None:
    with new_store(tmp_path / "index") as store:
        for name in ("beta", "delta", "alpha"):
            put(store, name, ["Calls open at nine."], ["Calls open at nine."])
        put(store, "dutch", ["Om negen uur."], language="nl")
        align(store, {"delta": [1], "dutch": [0]})  # what is aligned comes no sooner
        found = search(store, "When do calls open?")
    assert len({statement.score for statement in statements(found)}) == 1
    assert articles(found) == ["alpha", "beta", "delta"]
    for evidence in found:
        first, second = (statement.versions[evidence.article][0].unit for statement in evidence.statements)
        assert (first.start, second.start) == (0, 21)


def test_what_left_the_store_since_is_passed_over(store: Store) -> None:
    opened = Retriever(store, WordEmbedder())
    with store.transaction():
        store.remove_document("training")
    assert articles(opened.search("weeks", opened.embed("weeks"), ["en"])) == ["refunds"]


def test_another_embedder_is_refused(store: Store) -> None:
    with pytest.raises(IndexMismatch):
        Retriever(store, WordEmbedder("2"))


# Of versions


def test_an_article_takes_one_place_though_five_versions_match(tmp_path: Path) -> None:
    lines = ["Red apples open at nine.", "Green pears close at seven.", "Blue plums never close."]
    languages = ("en", "fr", "nl", "pt", "vi")
    with new_store(tmp_path / "index") as store:
        for language in languages:
            put(store, f"a-{language}", [f"{line} {language}" for line in lines], language=language)
        put(store, "other", ["Apples fall when it rains.", "A coach listens in."])
        link(store)
        found = search(store, "when do red apples open", *languages, asker="nl")
        assert articles(found) == ["a-en", "other"]
        assert len(search(store, "when do red apples open", *languages, asker="nl", limit=1)) == 1
    first = found[0].statements[0]
    assert quotes(found[0], first) == {f"a-{language}": f"{lines[0]} {language}" for language in languages}
    assert len(found[0].statements) == 3
    assert set(found[0].documents) == {f"a-{language}" for language in languages}


def test_a_garbled_version_is_carried_by_the_others(tmp_path: Path) -> None:
    """What the Dutch version says is noise; a rival in Dutch has two of the question's words."""
    with new_store(tmp_path / "index") as store:
        put(store, "en", [f"{CANTEEN} at noon."])
        put(store, "fr", [f"{CANTEEN} midi."], language="fr")
        put(store, "nl", ["Qxz brrt vnoom plith."], language="nl")
        put(store, "rival", ["The canteen heeft geen lunch meer."], language="nl")
        for language in ("en", "fr"):
            put(store, f"beside-{language}", [f"{language} {n} beside." for n in range(5)], language=language)
        everything = "en", "fr", "nl"
        assert articles(search(store, CANTEEN, "nl", asker="nl"))[0] == "rival"
        align(store, {"en": [0], "fr": [0], "nl": [0]})
        assert articles(search(store, CANTEEN, "nl", asker="nl"))[0] == "rival"
        found = search(store, CANTEEN, *everything, asker="nl")
        assert articles(found)[:2] == ["en", "rival"]
        assert quotes(found[0], found[0].statements[0])["nl"] == "Qxz brrt vnoom plith."
        alone = search(store, CANTEEN, *everything, asker="nl", weights=Weights(own=1))
        assert articles(alone)[0] == "rival"


@pytest.mark.parametrize("asker", ["nl", "en", "vi", None])
def test_the_askers_version_counts_for_its_share_and_the_better_half_of_the_others_for_the_rest(
    versions: Store, asker: str | None
) -> None:
    weights = Weights(passage_dense=0.3, coverage=0.7, passage_coverage=0.11, own=0.4)
    (evidence,) = search(versions, CANTEEN, "en", "fr", "nl", "pt", asker=asker, weights=weights)
    assert len(evidence.statements) == 2
    for statement in evidence.statements:
        near = {name: s.dense + 0.3 * s.passage_dense for name, (s,) in statement.versions.items()}
        worded = max(0.7 * s.coverage + 0.11 * s.passage_coverage for (s,) in statement.versions.values())
        own = near.pop(asker or "", None)
        assert len(near) == (4 if own is None else 3)
        better = sum(sorted(near.values())[-2:]) / 2
        expected = (better if own is None else 0.4 * own + 0.6 * better) + worded
        assert statement.score == pytest.approx(expected)
    assert quotes(evidence, evidence.statements[0])["en"].startswith("Lunch")


def test_two_versions_in_the_askers_language_share_its_part(tmp_path: Path) -> None:
    """Two documents of a language are never linked, but an index may be written by anyone."""
    with new_store(tmp_path / "index") as store:
        put(store, "a", ["canteen open."])
        put(store, "b", ["something else."])
        put(store, "c", ["la cantine."], language="fr")
        align(store, {"a": [0], "b": [0], "c": [0]})
        (evidence,) = search(store, CANTEEN, "en", "fr", asker="en", weights=Weights(coverage=0, passage_coverage=0))
    near = {name: s.dense + 0.6 * s.passage_dense for name, (s,) in evidence.statements[0].versions.items()}
    assert evidence.score == pytest.approx(0.5 * max(near["a"], near["b"]) + 0.5 * near["c"])


def test_a_version_of_several_sentences_counts_by_its_nearest(tmp_path: Path) -> None:
    with new_store(tmp_path / "index") as store:
        put(store, "en", ["Nobody knows why.", "The canteen does open.", "It is late."])
        put(store, "nl", ["De kantine opent."], language="nl")
        align(store, {"en": [0, 1, 2], "nl": [0]})
        (evidence,) = search(store, CANTEEN, "en", "nl", asker="en")
    (statement,) = evidence.statements
    run = statement.versions["en"]
    assert [s.unit.start for s in run] == [0, 18, 41]
    assert statement.best("en") is run[1]
    near = max(s.dense for s in run) + 0.6 * run[1].passage_dense
    other = statement.best("nl").dense + 0.6 * statement.best("nl").passage_dense
    worded = 0.15 * max(s.coverage for s in run) + 0.05 * run[1].passage_coverage
    assert statement.score == pytest.approx(0.5 * near + 0.5 * other + worded)


def test_versions_that_no_search_proposed_are_in_the_statement(tmp_path: Path) -> None:
    """The French sentence has no word of the question, and thirty others in French have."""
    with new_store(tmp_path / "index") as store:
        put(store, "en", ["The canteen does open at noon.", "Agents eat first."])
        put(store, "fr", ["Midi pile.", "Les agents mangent."], language="fr")
        put(store, "noise", [f"canteen open lunch {n}." for n in range(30)], language="fr")
        align(store, {"en": [0], "fr": [0]}, {"en": [1], "fr": [1]})
        opened = Retriever(store, WordEmbedder())
        query = opened.embed(CANTEEN)
        proposed = opened.propose(CANTEEN, query, "fr", worded=False)
        assert len(proposed) == 20
        assert {unit.document for unit in proposed} == {"noise"}
        found = opened.search(CANTEEN, query, ["en", "fr"], asker="en")
        evidence = next(one for one in found if one.article == "en")
    assert [quotes(evidence, statement) for statement in evidence.statements] == [
        {"en": "The canteen does open at noon.", "fr": "Midi pile."},
        {"en": "Agents eat first.", "fr": "Les agents mangent."},
    ]
    added = evidence.statements[0].versions["fr"][0]
    assert added.cosine == pytest.approx(float(WordEmbedder.vector("Midi pile.") @ query), abs=1e-5)
    near = [s.dense + 0.6 * s.passage_dense for (s,) in evidence.statements[0].versions.values()]
    own = evidence.statements[0].versions["en"][0]
    worded = 0.15 * own.coverage + 0.05 * own.passage_coverage
    assert evidence.score == pytest.approx(sum(near) / 2 + worded)


def test_only_the_best_statements_are_looked_up_in_their_other_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_store(tmp_path / "index") as store:
        put(store, "en", ["The canteen does open at noon.", "Lunch is blue.", "When it rains."])
        put(store, "fr", ["Midi pile.", "Elle est bleue.", "Il pleut."], language="fr")
        put(store, "noise", [f"canteen open lunch {n}." for n in range(30)], language="fr")
        align(store, *({"en": [n], "fr": [n]} for n in range(3)))
        for most in (0, 1, 2, 3):
            monkeypatch.setattr(retriever, "EXPANDED", most)
            found = search(store, CANTEEN, "en", "fr", asker="en", weights=Weights(coverage=9))
            evidence = next(one for one in found if one.article == "en")
            widened = [set(statement.versions) == {"en", "fr"} for statement in evidence.statements]
            assert widened.count(True) == most
            assert len(widened) == 3


def test_the_languages_asked_for_limit_which_versions_appear(versions: Store) -> None:
    opened = Retriever(versions, WordEmbedder())
    for size in (1, 2, 3, 4):
        for languages in combinations(("en", "fr", "nl", "pt"), size):
            for asker in ("nl", None):
                (evidence,) = opened.search(CANTEEN, opened.embed(CANTEEN), languages, asker=asker)
                assert {document.language for document in evidence.documents.values()} == set(languages)
                assert all(set(statement.versions) == set(languages) for statement in evidence.statements)


def test_a_search_in_one_language_is_what_it_was_without_versions(store: Store) -> None:
    put(store, "training-nl", ["Agents leren weken.", "Coach.", "Twee tests."], language="nl")

    def searches() -> list[list[Evidence]]:
        opened = Retriever(store, WordEmbedder())
        return [
            opened.search(question, opened.embed(question), ["en"], asker=asker)
            for question in ("how many weeks do new agents train", "coach", "agents refund")
            for asker in ("en", "nl", None)
        ]

    before = searches()
    align(store, *({"training-nl": [n], "training": [n]} for n in range(3)))
    after = searches()
    assert [statements(found) for found in before] == [statements(found) for found in after]
    assert all(len(statements(found)) == 5 for found in before)
    assert {evidence.article for found in after for evidence in found} == {"training-nl", "refunds"}


def test_words_count_in_the_askers_language_alone_where_it_is_searched(versions: Store) -> None:
    def worded(*languages: str, asker: str | None) -> set[str]:
        (evidence,) = search(versions, "canteen canteen lunch kantine cantine cantina", *languages, asker=asker)
        return {
            name
            for statement in evidence.statements
            for name, run in statement.versions.items()
            if any(s.coverage or s.passage_coverage for s in run)
        }

    everything = "en", "fr", "nl", "pt"
    assert worded(*everything, asker="nl") == {"nl"}
    assert worded(*everything, asker="en") == {"en"}
    assert worded(*everything, asker="vi") == worded(*everything, asker=None) == set(everything)
    assert worded("en", "fr", asker="nl") == {"en", "fr"}


def test_words_find_nothing_in_other_languages_than_the_askers(tmp_path: Path) -> None:
    """The one French sentence with the question's word is far from it, and thirty others are nearer."""
    with new_store(tmp_path / "index") as store:
        put(store, "en", ["Nothing is here."])
        put(store, "far", [f"canteen {' '.join(f'w{n}' for n in range(60))}."], language="fr")
        put(store, "near", [f"when does it {n}." for n in range(30)], language="fr")
        assert "far" not in articles(search(store, CANTEEN, "en", "fr", asker="en"))
        assert "far" in articles(search(store, CANTEEN, "en", "fr", asker="fr"))
        assert "far" in articles(search(store, CANTEEN, "en", "fr"))


def test_a_sentence_that_says_two_statements_is_in_both(tmp_path: Path) -> None:
    with new_store(tmp_path / "index") as store:
        put(store, "en", ["The canteen does open at noon.", "Lunch is free."])
        put(store, "nl", ["De kantine opent om twaalf en is gratis."], language="nl")
        align(store, {"en": [0], "nl": [0]}, {"en": [1], "nl": [0]})
        (evidence,) = search(store, CANTEEN, "en", "nl", asker="nl")
        (dutch,) = search(store, CANTEEN, "nl", asker="nl")
    assert [quotes(evidence, statement)["en"] for statement in evidence.statements] == [
        "The canteen does open at noon.",
        "Lunch is free.",
    ]
    assert len({s.unit.id for statement in evidence.statements for s in statement.versions["nl"]}) == 1
    assert len(dutch.statements) == 2


def test_a_version_that_left_since_is_passed_over_and_the_others_stay(versions: Store) -> None:
    opened = Retriever(versions, WordEmbedder())
    query = opened.embed(CANTEEN)
    with versions.transaction():
        versions.remove_document("en")  # the article keeps its name
    (evidence,) = opened.search(CANTEEN, query, opened.languages, asker="nl")
    assert evidence.article == "en"
    assert set(evidence.documents) == {"fr", "nl", "pt"}
    with versions.transaction():
        for name in ("fr", "nl", "pt"):
            versions.remove_document(name)
    assert opened.search(CANTEEN, query, opened.languages, asker="nl") == []


def test_a_version_that_came_since_is_found_by_a_retriever_that_is_opened_anew(versions: Store) -> None:
    opened = Retriever(versions, WordEmbedder())
    put(versions, "vi", [f"{CANTEEN} vi."], language="vi")
    align(versions, {name: [0] for name in ("en", "fr", "nl", "pt", "vi")})
    query = opened.embed(CANTEEN)
    assert "vi" not in opened.search(CANTEEN, query, ["en", "vi"], asker="en")[0].documents
    assert "vi" in search(versions, CANTEEN, "en", "vi", asker="en")[0].documents


def test_documents_hold_what_is_quoted_and_nothing_else(store: Store) -> None:
    align(store, {"training": [0], "opleiding": [0]})
    for evidence in search(store, "six weken", "en", "nl", asker="nl"):
        named = {name for statement in evidence.statements for name in statement.versions}
        documents: dict[str, Document | None] = {name: store.document(name) for name in named}
        assert evidence.documents == documents
