"""The baseline as it is installed: LangChain's own classes, over a real and tiny sentence-transformers model."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

from evaluation.errors import EvaluationError
from evaluation.systems import langchain_faiss, open_system
from evaluation.systems.langchain_faiss import LangChainFaiss
from evaluation.types import EvaluationQuestion, Pool, Retrieved
from index.store import Store
from index.types import Vectors
from tests.index.test_embedding_sentence_transformer import write_tiny_bert
from tests.toy import WordEmbedder, new_store, put

LANGUAGES = ("en", "nl", "fr")

POOLS: list[Pool] = [frozenset(chosen) for size in (1, 2, 3) for chosen in combinations(LANGUAGES, size)]

QUESTION = EvaluationQuestion("q", "hello ask world", "en")


def babble(seed: int, words: int) -> list[str]:
    """Sentences of words that the tiny model knows, no two texts alike."""
    drawn = random.Random(seed)
    known = ("hello", "world", "ask", "me", "query", "passage")
    return [" ".join(drawn.choices(known, k=9)) + "." for _ in range(words // 9)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with new_store(tmp_path_factory.mktemp("langchain") / "index") as store:
        for number, language in enumerate(LANGUAGES):
            put(store, f"long-{language}", babble(number, 250), babble(number + 10, 350), language=language)
            put(store, f"short-{language}", babble(number + 20, 9), language=language)
        put(store, "twice", ["hello world ask me."] * 100)
        yield store


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("models") / "tiny-bert"
    folder.mkdir()
    return str(write_tiny_bert(folder, {"query": "ask me : ", "document": "passage : "}))


@pytest.fixture(scope="module")
def system(store: Store, model: str) -> LangChainFaiss:
    return LangChainFaiss(store, model)


def texts(store: Store) -> dict[str, str]:
    return {document.source_uri: document.text for document in store.documents()}


def chunks(store: Store, system: LangChainFaiss) -> list[Retrieved]:
    """All of them, since the toy index has fewer than are looked at."""
    (ranking,) = system.rank(QUESTION, [POOLS[-1]])
    assert list(ranking) == ["passage"]
    return list(ranking["passage"])


def test_chunks_are_cut_as_langchain_cuts_and_cover_every_document(store: Store, system: LangChainFaiss) -> None:
    for uri, text in texts(store).items():
        found = sorted((r.start, r.end) for r in chunks(store, system) if r.uri == uri)
        covered = {place for start, end in found for place in range(start, end)}
        assert {place for place, character in enumerate(text) if not character.isspace()} <= covered
        assert max(end - start for start, end in found) <= 1000
        assert len(found) == len(set(found))
        for (_, before), (start, _) in pairwise(found):
            assert before - start <= 200
    assert sum(len(text) > 1000 for text in texts(store).values()) == 4


def test_the_ranking_is_that_of_the_l2_distance_of_unprompted_vectors(
    store: Store, system: LangChainFaiss, model: str
) -> None:
    from sentence_transformers import SentenceTransformer

    plain, text = SentenceTransformer(model, device="cpu"), texts(store)
    every = chunks(store, system)
    query = embedded(plain, [QUESTION.text])[0]
    vectors = embedded(plain, [text[r.uri][r.start : r.end] for r in every])
    distances = ((vectors - query) ** 2).sum(axis=1)
    for pool, ranking in zip(POOLS, system.rank(QUESTION, POOLS), strict=True):
        found = list(ranking["passage"])
        expected = {(r.uri, r.start): d for r, d in zip(every, distances, strict=True) if r.language in pool}
        assert {(r.uri, r.start) for r in found} == expected.keys()
        scores = [-r.score for r in found]
        assert scores == sorted(scores)
        assert scores == pytest.approx([expected[r.uri, r.start] for r in found], rel=1e-4, abs=1e-4)
    assert len(set(distances.round(3))) > 10


def embedded(model: object, sentences: list[str]) -> Vectors:
    vectors: Vectors = np.asarray(model.encode(sentences, prompt=""))  # type: ignore[attr-defined]
    return vectors


def test_each_chunk_of_a_text_that_repeats_itself_has_a_place_of_its_own(store: Store, system: LangChainFaiss) -> None:
    starts = sorted(r.start for r in chunks(store, system) if r.uri.endswith("/twice"))
    assert starts[0] == 0
    assert len(set(starts)) == len(starts) >= 2


def test_the_answer_is_the_nearest_chunk_in_its_own_words(store: Store, system: LangChainFaiss) -> None:
    first, answer = chunks(store, system)[0], system.answer(QUESTION)
    (citation,) = answer.citations
    assert (citation.source_uri, citation.start, citation.end) == (first.uri, first.start, first.end)
    assert citation.quote == answer.text == texts(store)[first.uri][first.start : first.end]
    assert (answer.status, answer.confidence, citation.language) == ("answered", first.score, first.language)
    assert system.insist(QUESTION) == answer
    assert (system.name, system.calibrated) == ("langchain", False)


def test_a_ranking_ends_where_nobody_looks(
    store: Store, system: LangChainFaiss, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = chunks(store, system)
    monkeypatch.setattr(langchain_faiss, "DEPTH", {"passage": 4})
    assert chunks(store, LangChainFaiss(store, model)) == whole[:4]


def test_nothing_is_found_where_there_are_no_documents(tmp_path: Path, system: LangChainFaiss, model: str) -> None:
    assert system.rank(QUESTION, [frozenset({"vi"}), frozenset()]) == [{"passage": []}, {"passage": []}]
    with new_store(tmp_path / "index") as empty:
        assert LangChainFaiss(empty, model).answer(QUESTION).status == "abstained"


@pytest.mark.parametrize("package", ["langchain_community.vectorstores", "langchain_text_splitters"])
def test_a_missing_package_is_named_with_what_to_install(
    store: Store, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(EvaluationError) as caught:
        open_system("langchain", store, WordEmbedder(), 0.3)
    assert str(caught.value) == (
        f"the system 'langchain' needs a package that is not installed ({package}): pip install 'dragoman[baseline]'"
    )


@pytest.mark.parametrize(("named", "opened"), [("multilingual-e5-small", "/models/e5"), ("words", "words")])
def test_the_model_is_that_of_the_index(store: Store, monkeypatch: pytest.MonkeyPatch, named: str, opened: str) -> None:
    class Named(WordEmbedder):
        def __init__(self) -> None:
            super().__init__()
            self.identity = self.identity.__class__(named, "1", 64, "", "")

    models = []
    monkeypatch.setattr("index.embedding.bundled.bundled_folder", lambda: Path("/models/e5"))
    monkeypatch.setattr(langchain_faiss, "LangChainFaiss", lambda _, model: models.append(model))
    open_system("langchain", store, Named(), 0.3)
    assert models == [opened]
