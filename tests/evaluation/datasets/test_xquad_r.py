from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation.datasets import xquad_r
from evaluation.datasets.xquad_r import is_xquad_r, read_xquad_r
from evaluation.errors import DatasetError
from evaluation.locate import locate
from evaluation.types import GRAINS, Dataset, EvaluationQuestion, Gold, Grain
from index.caches import open_caches
from index.indexer import IndexingProgress
from index.store import Store
from index.types import Vectors
from tests.toy import WordEmbedder

SHAPE = (5, 1, 1, 1, 1, 1, 1, 4, 1)
"""Paragraphs of each of nine articles: one has a fourth paragraph, and the eighth is the one that is held out."""


def paragraph(language: str, article: int, place: int) -> dict[str, Any]:
    """Two sentences with more than one character between them, and a question about the second."""
    first = {"en": f"Article {article} begins here.", "nl": f"Artikel {article} begint hier dus."}[language]
    second = {"en": f"Part {place} lasts six weeks.", "nl": f"Deel {place} duurt zes weken."}[language]
    answer = {"en": "six weeks", "nl": "zes weken"}[language]
    text = f"{first}  {second}"
    breaks = [[0, len(first)], [len(first) + 2, len(text)]]
    row = {
        "id": f"fact-{article}-{place}",
        "question": {"en": "How long is part", "nl": "Hoe lang duurt deel"}[language] + f" {place} of {article}?",
        "answers": [{"text": answer, "answer_start": text.index(answer)}],
    }
    sentences = [text[start:end] for start, end in breaks]
    return {"context": text, "sentences": sentences, "sentence_breaks": breaks, "qas": [row]}


def content(language: str, shape: Sequence[int] = SHAPE) -> dict[str, Any]:
    articles = [
        {"title": f"Article {article}", "paragraphs": [paragraph(language, article, place) for place in range(count)]}
        for article, count in enumerate(shape)
    ]
    return {"version": "1.1", "data": articles}


def write(folder: Path, language: str, data: object) -> Path:
    path = folder / f"{language}.json.gz"
    path.write_bytes(gzip.compress(json.dumps(data).encode()))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("xquad-r")
    for language in ("en", "nl"):
        write(folder, language, content(language))
    return folder


def by_id(dataset: Dataset) -> dict[str, EvaluationQuestion]:
    found = {question.id: question for question in dataset.questions}
    assert len(found) == len(dataset.questions)
    return found


def index(dataset: Dataset, folder: Path, embedder: WordEmbedder | None = None) -> Store:
    assert dataset.corpus is not None
    dataset.corpus.index(folder, embedder or WordEmbedder(), IndexingProgress())
    return Store.open_to_read(folder)


# Questions


def test_every_question_has_a_gold_in_every_version(folder: Path) -> None:
    dataset = read_xquad_r(folder)
    assert dataset.name == "xquad-r"
    questions = by_id(dataset)
    assert len(questions) == 2 * sum(SHAPE)
    dutch = questions["nl/fact-2-0"]
    assert (dutch.text, dutch.language) == ("Hoe lang duurt deel 0 of 2?", "nl")
    assert (dutch.kind, dutch.group, dutch.split) == ("plain", "fact-2-0", "tune")
    assert dutch.golds == (Gold("xquad-r:en/02.0", "six weeks", 37), Gold("xquad-r:nl/02.0", "zes weken", 41))
    assert questions["en/fact-2-0"].golds == dutch.golds


def test_articles_of_even_number_are_for_tuning(folder: Path) -> None:
    splits = {question.id: question.split for question in read_xquad_r(folder).questions}
    for article, count in enumerate(SHAPE):
        for place in range(count):
            for language in ("en", "nl"):
                assert splits[f"{language}/fact-{article}-{place}"] == ("tune", "test")[article % 2]


def test_paragraphs_of_one_place_are_one_article(folder: Path) -> None:
    articles = read_xquad_r(folder).articles
    assert len(articles) == 2 * sum(SHAPE)
    assert articles["xquad-r:en/00.3"] == articles["xquad-r:nl/00.3"]
    assert len(set(articles.values())) == sum(SHAPE)


def test_some_languages_alone(folder: Path) -> None:
    dataset = read_xquad_r(folder, languages=["nl"])
    assert {question.language for question in dataset.questions} == {"nl"}
    assert all(gold.document and "/0" in gold.document for question in dataset.questions for gold in question.golds)
    assert [len(question.golds) for question in dataset.questions] == [1] * sum(SHAPE)
    assert dataset.fingerprint != read_xquad_r(folder).fingerprint
    with pytest.raises(DatasetError, match=r"has no fr\.json\.gz: it has en, nl$"):
        read_xquad_r(folder, languages=["nl", "fr"])


def test_a_file_is_named_by_a_language(tmp_path: Path) -> None:
    for name in ("en", "NO", "notes"):
        write(tmp_path, name, content("en", (1,)))
    assert [question.language for question in read_xquad_r(tmp_path, languages=["NO", "en"]).questions] == ["nb", "en"]
    with pytest.raises(DatasetError, match=r"notes\.json\.gz: 'notes' is not a language code: use one such as nl"):
        read_xquad_r(tmp_path)


# What is held out


def test_what_is_held_out_leaves_the_documents_and_its_questions_stay_without_an_answer(
    folder: Path, tmp_path: Path
) -> None:
    dataset = read_xquad_r(folder, unanswerable=True)
    assert dataset.name == "xquad-r-unanswerable"
    questions = by_id(dataset)
    assert questions.keys() == by_id(read_xquad_r(folder)).keys()
    kinds = {own.removeprefix("en/"): q.kind for own, q in questions.items() if q.language == "en"}
    assert {own for own, kind in kinds.items() if kind == "off-topic"} == {f"fact-7-{place}" for place in range(4)}
    assert {own for own, kind in kinds.items() if kind == "near-miss"} == {"fact-0-3"}
    assert all(questions[f"nl/{own}"].kind == kind for own, kind in kinds.items())
    assert all(question.answerable == bool(question.golds) for question in dataset.questions)
    assert questions["en/fact-0-4"].golds == by_id(read_xquad_r(folder))["en/fact-0-4"].golds
    with index(dataset, tmp_path / "index") as store:
        uris = {document.source_uri for document in store.documents()}
        for asked in locate(dataset, store.documents()):
            assert len(asked.places) == (2 if asked.question.answerable else 0)
    names = {f"{article:02}.{place}" for article, count in enumerate(SHAPE) for place in range(count)}
    left = names - {"00.3", "07.0", "07.1", "07.2", "07.3"}
    assert uris == {f"xquad-r:{language}/{name}" for language in ("en", "nl") for name in left}
    assert set(dataset.articles) == uris


def test_the_documents_of_both_variants_are_told_apart(folder: Path, tmp_path: Path) -> None:
    whole, part = read_xquad_r(folder), read_xquad_r(folder, unanswerable=True)
    assert whole.corpus is not None
    assert part.corpus is not None
    assert whole.corpus.fingerprint != part.corpus.fingerprint
    changed = content("en")
    changed["data"][7]["paragraphs"][0]["context"] += " More."
    write(tmp_path, "en", changed)
    write(tmp_path, "nl", content("nl"))
    again, part_again = read_xquad_r(tmp_path), read_xquad_r(tmp_path, unanswerable=True)
    assert again.corpus is not None
    assert part_again.corpus is not None
    assert again.corpus.fingerprint != whole.corpus.fingerprint
    assert part_again.corpus.fingerprint == part.corpus.fingerprint  # what is held out is no part of the documents


def test_the_fingerprint_follows_the_questions(folder: Path, tmp_path: Path) -> None:
    before = read_xquad_r(folder, languages=["en"])
    changed = content("en")
    changed["data"][0]["paragraphs"][0]["qas"][0]["question"] = "How long, really?"
    write(tmp_path, "en", changed)
    after = read_xquad_r(tmp_path)
    assert before.corpus is not None
    assert after.corpus is not None
    assert before.fingerprint != after.fingerprint
    assert before.corpus.fingerprint == after.corpus.fingerprint
    assert before.fingerprint == read_xquad_r(folder, languages=["en"]).fingerprint


# Documents


def test_documents_have_the_sets_own_sentences(folder: Path, tmp_path: Path) -> None:
    with index(read_xquad_r(folder), tmp_path / "index") as store:
        documents = list(store.documents())
        assert len(documents) == 2 * sum(SHAPE)
        sentences, passages = (spans(store, grain) for grain in GRAINS)
        for document in documents:
            language, _, name = document.source_uri.removeprefix("xquad-r:").partition("/")
            data = paragraph(language, *map(int, name.split(".")))
            assert (document.language, document.text) == (language, data["context"])
            assert sentences[document.id] == data["sentence_breaks"]
            assert passages[document.id] == [[0, len(data["context"])]]


def spans(store: Store, grain: Grain) -> dict[str, list[list[int]]]:
    """The places of each document's units, in order."""
    found: dict[str, list[list[int]]] = defaultdict(list)
    for _, document, start, end in store.places(grain):
        found[document].append([start, end])
    return found


def test_each_sentence_has_its_own_vector(folder: Path, tmp_path: Path) -> None:
    with index(read_xquad_r(folder), tmp_path / "index") as store:
        for grain in GRAINS:
            texts = {key: text for key, _, _, text in store.texts(grain)}
            keys, vectors = store.vectors(grain, "nl")
            assert len(keys) == sum(SHAPE) * (2 if grain == "sentence" else 1)
            np.testing.assert_array_equal(vectors, [WordEmbedder.vector(texts[key]) for key in keys.tolist()])
        kept, _ = open_caches(store)
        assert set(kept.languages()) == {"en", "nl"}
        assert (store.folder / "vectors" / "vectors.json").exists()


def test_every_gold_is_found_in_its_document(folder: Path, tmp_path: Path) -> None:
    dataset = read_xquad_r(folder)
    with index(dataset, tmp_path / "index") as store:
        texts = {document.source_uri: document.text for document in store.documents()}
        for asked in locate(dataset, store.documents()):
            words = [texts[place.uri][slice(*place.span)] for place in asked.places if place.span]
            assert words == ["six weeks", "zes weken"]
            assert asked.answers == ({"en": "six weeks", "nl": "zes weken"}[asked.question.language],)


def test_an_interrupted_indexing_goes_on_where_it_was(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopping(WordEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> Vectors:
            if self.embedded >= 21:
                raise KeyboardInterrupt
            return super().embed_passages(texts)

    monkeypatch.setattr(xquad_r, "BATCH", 7)
    dataset, rest = read_xquad_r(folder), WordEmbedder()
    with pytest.raises(KeyboardInterrupt):
        index(dataset, tmp_path / "index", Stopping())
    paragraphs = 2 * sum(SHAPE)
    with index(dataset, tmp_path / "index", rest) as store, index(dataset, tmp_path / "whole") as whole:
        assert rest.embedded == 3 * (paragraphs - 7)
        assert list(store.documents()) == list(whole.documents())
        assert store.counts() == whole.counts()


# Files that are none


def test_what_looks_like_the_set(folder: Path, tmp_path: Path) -> None:
    assert is_xquad_r(folder)
    assert not is_xquad_r(folder / "en.json.gz")
    assert not is_xquad_r(tmp_path)
    assert not is_xquad_r(tmp_path / "nowhere")


def complaint(folder: Path) -> str:
    with pytest.raises(DatasetError) as caught:
        read_xquad_r(folder)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert message.startswith(str(folder / "en.json.gz"))
    return message.removeprefix(str(folder / "en.json.gz"))


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", gzip.compress(json.dumps(content("en")).encode())[:-20], gzip.compress(b"{"), gzip.compress(b"\xff")],
    ids=["empty", "not gzip", "cut off", "not JSON", "not UTF-8"],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "en.json.gz").write_bytes(data)
    assert "is not a file of XQuAD-R" in complaint(tmp_path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], ": should be an object with 'data', and is []"),
        ({"data": {}}, ": 'data' should be a list, and is {}"),
        ({"data": ["a"]}, ", article 0: should be an object with 'paragraphs', and is 'a'"),
        ({"data": [{"paragraphs": [[]]}]}, ", article 0, paragraph 0: should be an object with 'context', and is []"),
    ],
)
def test_a_file_of_another_kind(tmp_path: Path, data: object, message: str) -> None:
    write(tmp_path, "en", data)
    assert complaint(tmp_path) == message


WHOLE = paragraph("en", 0, 0)
ROW = WHOLE["qas"][0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"context": 3}, "'context' should be a text, and is 3"),
        ({"sentence_breaks": None}, "'sentence_breaks' should be a list, and is None"),
        ({"sentence_breaks": [[0]]}, "the sentence break [0] is no stretch of the context"),
        ({"sentence_breaks": [[5, 5]]}, "the sentence break [5, 5] is no stretch of the context"),
        ({"sentence_breaks": [[-1, 5]]}, "the sentence break [-1, 5] is no stretch of the context"),
        ({"sentence_breaks": [[0, 9999]]}, "the sentence break [0, 9999] is no stretch of the context"),
        ({"sentence_breaks": [["0", 5]]}, "the sentence break ['0', 5] is no stretch of the context"),
        ({"qas": {}}, "'qas' should be a list, and is {}"),
        ({"qas": [{}]}, "has no 'id'"),
        ({"qas": [ROW | {"question": None}]}, "question 'fact-0-0': 'question' should be a text, and is None"),
        ({"qas": [ROW | {"answers": []}]}, "question 'fact-0-0': has no answer, and in XQuAD-R each has one"),
        ({"qas": [ROW | {"answers": [{"text": "six"}]}]}, "question 'fact-0-0': has no 'answer_start'"),
        ({"qas": [ROW | {"answers": [{"answer_start": 0}]}]}, "question 'fact-0-0': has no 'text'"),
    ],
)
def test_a_paragraph_that_lacks_something_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    data = content("en", (2,))
    data["data"][0]["paragraphs"][1] = WHOLE | change
    write(tmp_path, "en", data)
    said = complaint(tmp_path)
    assert said.startswith(", article 0, paragraph 1")
    assert said.endswith(message)


def test_an_answer_that_does_not_stand_in_its_paragraph_is_named(tmp_path: Path) -> None:
    data = content("en", (1,))
    data["data"][0]["paragraphs"][0]["qas"][0]["answers"][0]["text"] = "nine weeks"
    write(tmp_path, "en", data)
    dataset = read_xquad_r(tmp_path)
    with index(dataset, tmp_path / "index") as store, pytest.raises(DatasetError, match="'nine weeks' does not stand"):
        locate(dataset, store.documents())
