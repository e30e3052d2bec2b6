from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from index.articles import DocumentStub
from index.linking import link_new_documents
from index.store import Store
from index.types import FoundBy, Role, Version
from tests.toy import DIMENSION, WordEmbedder, new_store, put

ENGLISH = ["red green blue one.", "bread butter cheese two.", "north south east three."]
DUTCH = ["red green blue een.", "bread butter cheese twee.", "north south east drie."]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Three documents, of which the first two say the same; nothing is linked."""
    with new_store(tmp_path) as store:
        put(store, "colours", ENGLISH[:2], ENGLISH[2:])
        put(store, "kleuren", DUTCH, language="nl")
        put(store, "other", ["something else entirely."])
        yield store


def link(store: Store) -> None:
    with store.transaction():
        link_new_documents(store.articles)


def sentence_ids(store: Store, document: str) -> list[int]:
    return [sentence for sentence, name, *_ in store.texts("sentence") if name == document]


def state(store: Store, *statements: dict[int, float]) -> None:
    """Links the first two documents by hand, with these statements."""
    with store.transaction():
        for document in store.articles.unlinked():
            store.articles.put_alone(document)
        store.articles.join("kleuren", "colours", FoundBy.CONTENT, 0.25)
        store.articles.put_statements("colours", statements)


def test_versions_are_told_by_article_and_language(store: Store) -> None:
    assert list(store.articles.versions()) == []
    link(store)
    found = list(store.articles.versions())
    score = found[0].score
    assert found == [
        Version("colours", "colours", "file:///colours", "Colours", "en", 3, FoundBy.CONTENT, score),
        Version("colours", "kleuren", "file:///kleuren", "Kleuren", "nl", 3, FoundBy.CONTENT, score),
        Version("other", "other", "file:///other", "Other", "en", 1, FoundBy.ALONE, None),
    ]
    assert list(store.articles.versions(["other", "nothing"])) == found[2:]
    assert list(store.articles.versions(["colours"])) == found[:2]
    assert list(store.articles.versions([])) == []


def test_a_document_that_is_not_linked_yet_is_an_article_by_itself(store: Store) -> None:
    assert store.articles.of_documents(["kleuren", "other"]) == {"kleuren": "kleuren", "other": "other"}
    link(store)
    put(store, "new", ["new."])
    assert store.articles.of_documents(["new", "kleuren", "colours"]) == {
        "new": "new",
        "kleuren": "colours",
        "colours": "colours",
    }
    assert store.articles.of_documents([]) == {}


def test_statements_are_found_by_their_sentences_and_then_have_all_of_them(store: Store) -> None:
    english, dutch = sentence_ids(store, "colours"), sentence_ids(store, "kleuren")
    state(
        store,
        {dutch[1]: 0.5, dutch[0]: 0.5, english[0]: 0.5},
        {english[1]: 0.5, dutch[1]: 0.5},
        {english[2]: 0.5, dutch[2]: 0.5},
    )
    first, second, third = store.articles.statements_of("colours")
    assert store.articles.statements_with([dutch[1], english[1], dutch[0]]) == {
        first: [dutch[0], dutch[1]],
        second: [english[1], dutch[1]],
    }
    assert store.articles.statements_with(np.array([english[2]])) == {third: [english[2]]}
    assert store.articles.statements_with(sentence_ids(store, "other")) == store.articles.statements_with([]) == {}
    assert store.articles.statements([third, first]) == {
        first: [english[0], dutch[0], dutch[1]],
        third: [english[2], dutch[2]],
    }
    assert store.articles.statements([third + 1]) == store.articles.statements([]) == {}


def test_statements_of_an_article_are_in_the_order_of_its_text_with_their_scores(store: Store) -> None:
    english, dutch = sentence_ids(store, "colours"), sentence_ids(store, "kleuren")
    state(store, {english[0]: 0.75, dutch[0]: 0.5}, {english[2]: 0.25, dutch[2]: 1.0})
    assert list(store.articles.statements_of("colours").values()) == [
        {english[0]: 0.75, dutch[0]: 0.5},
        {english[2]: 0.25, dutch[2]: 1.0},
    ]
    assert store.articles.statements_of("other") == {}


def test_new_statements_stand_in_the_place_of_the_old_and_no_id_is_used_twice(store: Store) -> None:
    english, dutch = sentence_ids(store, "colours"), sentence_ids(store, "kleuren")
    state(store, {english[0]: 0.5, dutch[0]: 0.5})
    before = set(store.articles.statements_of("colours"))
    state(store, {english[1]: 0.5, dutch[1]: 0.5})
    after = store.articles.statements_of("colours")
    assert list(after.values()) == [{english[1]: 0.5, dutch[1]: 0.5}]
    assert not before & set(after)
    assert store.articles.statements_with([english[0]]) == store.articles.statements(before) == {}


def test_a_statement_that_one_version_is_left_of_goes_with_the_other(store: Store) -> None:
    english, dutch, other = (sentence_ids(store, name) for name in ("colours", "kleuren", "other"))
    link(store)
    with store.transaction():
        store.articles.join("kleuren", "colours", FoundBy.DECLARED, None)
        store.articles.join("other", "colours", FoundBy.DECLARED, None)
    state(store, {english[0]: 0.5, dutch[0]: 0.5}, {english[1]: 0.5, dutch[1]: 0.5, other[0]: 0.5})
    with store.transaction():
        store.remove_document("kleuren")
    assert list(store.articles.statements_of("colours").values()) == [{english[1]: 0.5, other[0]: 0.5}]
    with store.transaction():
        store.remove_file("file:///other")
    assert store.articles.statements_of("colours") == {}
    assert [version.document for version in store.articles.versions()] == ["colours"]


def test_a_document_is_unlinked_until_it_is_linked_and_whenever_it_was_put_again(store: Store) -> None:
    assert store.articles.unlinked() == ["colours", "kleuren", "other"]
    link(store)
    assert store.articles.unlinked() == []
    put(store, "other", ["something new."])
    assert store.articles.unlinked() == ["other"]


def test_stubs_tell_what_links_documents_without_their_text(store: Store) -> None:
    assert store.articles.stubs() == [
        DocumentStub("colours", "file:///colours", "en", None),
        DocumentStub("kleuren", "file:///kleuren", "nl", None),
        DocumentStub("other", "file:///other", "en", None),
    ]


def test_the_sentences_of_a_version_are_those_that_can_be_quoted(store: Store) -> None:
    found = store.articles.sentences("colours")
    assert found.ids.tolist() == sentence_ids(store, "colours")
    assert found.lengths.tolist() == [len(sentence) for sentence in ENGLISH]
    np.testing.assert_array_equal(found.vectors, WordEmbedder().embed_queries(ENGLISH))
    put(store, "heading", ["Colours"], role=Role.HEADING)
    for name in "abc":
        put(store, name, ["Was this helpful?"], key="was this helpful")
    assert len(store.articles.sentences("a").ids) == 1
    with store.transaction():
        store.mark_repeated(3)
    assert [len(store.articles.sentences(name).ids) for name in ("heading", "a", "nothing")] == [0, 0, 0]


def test_the_vector_of_a_version_is_the_mean_of_its_sentences(store: Store) -> None:
    put(store, "heading", ["Colours"], role=Role.HEADING)
    assert store.articles.vectors().means.shape == (0, 0)
    link(store)
    found = store.articles.vectors()
    assert found.ids == ["colours", "heading", "kleuren", "other"]
    assert found.articles[0] == found.articles[2]
    assert found.sentences.tolist() == [3, 0, 3, 1]
    assert found.means.shape == (4, DIMENSION) and not found.means[1].any()
    np.testing.assert_allclose(found.means[2], WordEmbedder().embed_queries(DUTCH).mean(axis=0), atol=1e-6)
