from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.datasets.corpora import Record, Records
from evaluation.datasets.squad import read_squad
from evaluation.errors import DatasetError
from evaluation.locate import locate
from evaluation.types import Dataset, Gold, Place
from index.indexer import IndexingProgress
from index.store import Store
from tests.toy import WordEmbedder

TRAINING = "New agents train for six weeks, all of them paid, before they take calls alone."
REFUNDS = "Een medewerker mag zelf tot veertig euro terugbetalen, zonder het aan iemand te vragen."


def row(own: object, question: str, *answers: tuple[str, int], **more: object) -> dict[str, Any]:
    return {"id": own, "question": question, "answers": [{"text": t, "answer_start": s} for t, s in answers]} | more


def squad(*contexts: tuple[str, list[Any]], title: str = "Work") -> dict[str, Any]:
    paragraphs = [{"context": context, "qas": rows} for context, rows in contexts]
    return {
        "version": "2.0",
        "data": [{"title": "First", "paragraphs": []}, {"title": title, "paragraphs": paragraphs}],
    }


SIX = row("q1", "How long is the training?", ("six weeks", 21), ("weeks", 25), ("six weeks", 21))


def read(folder: Path, content: object, name: str = "set.json", language: str | None = None) -> Dataset:
    path = folder / name
    data = json.dumps(content).encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return read_squad(path, language=language)


def records(dataset: Dataset) -> tuple[Record, ...]:
    assert isinstance(dataset.corpus, Records)
    return dataset.corpus.records


@pytest.mark.parametrize("name", ["dev v1.json", "dev v1.json.gz", "dev v1"])
def test_contexts_are_documents_and_answers_their_golds(tmp_path: Path, name: str) -> None:
    dataset = read(tmp_path, squad((TRAINING, [SIX]), (REFUNDS, [])), name)
    assert records(dataset) == (
        Record("squad:dev%20v1/2.1", "Work", TRAINING, "en"),
        Record("squad:dev%20v1/2.2", "Work", REFUNDS, "nl"),
    )
    (question,) = dataset.questions
    assert (question.id, question.text, question.language) == ("q1", "How long is the training?", "en")
    assert (question.group, question.kind, question.split) == ("q1", "plain", "")
    assert question.golds == (
        Gold("squad:dev%20v1/2.1", "six weeks", 21),
        Gold("squad:dev%20v1/2.1", "weeks", 25),
    )
    assert (dataset.name, dataset.note) == ("dev v1", "")


def test_packing_does_not_change_the_fingerprint_and_content_does(tmp_path: Path) -> None:
    content = squad((TRAINING, [SIX]))
    prints = [read(tmp_path, content, name).fingerprint for name in ("set.json", "set.json.gz")]
    assert prints[0] == prints[1] != read(tmp_path, squad((TRAINING + " ", [SIX]))).fingerprint


@pytest.mark.parametrize(
    "impossible",
    [
        row("q2", "Who pays?", ("six", 21), is_impossible=True, plausible_answers=[]),
        row("q2", "Who pays?"),
        {"id": "q2", "question": "Who pays?"},
    ],
)
def test_what_is_impossible_or_has_no_answer_is_a_near_miss(tmp_path: Path, impossible: object) -> None:
    questions = read(tmp_path, squad((TRAINING, [SIX, impossible]))).questions
    assert [(q.kind, bool(q.golds)) for q in questions] == [("plain", True), ("near-miss", False)]


def test_the_languages_of_mlqas_names(tmp_path: Path) -> None:
    dataset = read(tmp_path, squad((TRAINING, [SIX])), "test-context-ar-question-vi.json")
    assert (records(dataset)[0].language, dataset.questions[0].language) == ("ar", "vi")
    assert dataset.note == ("by its name, test-context-ar-question-vi has documents in ar and questions in vi")
    dataset = read(tmp_path, squad((TRAINING, [SIX])), "test-context-ar-question-vi.json", language="de")
    assert (records(dataset)[0].language, dataset.questions[0].language, dataset.note) == ("de", "de", "")


def test_questions_are_of_the_language_that_they_are_in_together(tmp_path: Path) -> None:
    rows = [row("1", "Hoe lang duurt de opleiding?"), row("2", "Taxi?"), row("3", "Wie betaalt de reiskosten?")]
    assert {question.language for question in read(tmp_path, squad((TRAINING, rows))).questions} == {"nl"}


@pytest.mark.parametrize("context", ["\ufeffOne.\r\nTwo six \0 😀\rsix.", "\r\n\r\nsix", "ภาษาไทย six six"])
def test_golds_stand_where_they_say_in_the_index(tmp_path: Path, context: str) -> None:
    """Every place of the word, in texts that the index changes on their way in."""
    starts = [start for start in range(len(context)) if context.startswith("six", start)]
    dataset = read(tmp_path, squad((context, [row(n, "Six?", ("six", start)) for n, start in enumerate(starts)])))
    assert dataset.corpus is not None
    dataset.corpus.index(tmp_path / "index", WordEmbedder(), IndexingProgress())
    with Store.open_to_read(tmp_path / "index") as store:
        (document,) = store.documents()
        asked = locate(dataset, [document])
    spans = [start for start in range(len(document.text)) if document.text.startswith("six", start)]
    assert len(spans) == len(starts)
    assert [one.places for one in asked] == [
        (Place("squad:set/2.1", document.language, (start, start + 3)),) for start in spans
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [row("q7", "a?", ("six weeks", 22))],
            "article 2, paragraph 1, question 'q7', answer 'six weeks' does not stand at character 22 .* 'ix weeks,'",
        ),
        ([row("q7", "a?", ("alone.", 900))], "question 'q7', answer 'alone.' does not .* where '' stands"),
        ([row("q7", "a?", ("alone.", -6))], "question 'q7', answer 'alone.' does not stand at character -6"),
        ([row("q7", "a?", (" ", 3))], "question 'q7', answer: the text is empty"),
        ([SIX, SIX], "two questions have the id 'q1'"),
        ([row("q7", " ")], "question 'q7': the question is empty"),
        ([{"question": "a?"}], "paragraph 1, question 1: has no 'id'"),
        ([row(True, "a?")], "question 1: 'id' should be a whole number, and is True"),
        ([{"id": "q7"}], "question 'q7': has no 'question'"),
        (["a?"], r"question 1: should be an object with 'id', and is 'a\?'"),
        ([row("q7", "a?") | {"answers": {"text": ["six"]}}], "question 'q7': 'answers' should be a list, and is {"),
        ([row("q7", "a?") | {"answers": ["six"]}], "answer: should be an object with 'text', and is 'six'"),
        ([row("q7", "a?", ("six", True))], "answer: 'answer_start' should be a whole number, and is True"),
        ([], "has no questions"),
    ],
)
def test_what_is_wrong_with_a_question_is_one_line_that_names_it(tmp_path: Path, rows: list[Any], message: str) -> None:
    with pytest.raises(DatasetError, match=message) as raised:
        read(tmp_path, squad((TRAINING, rows)))
    assert "\n" not in str(raised.value)
    assert str(tmp_path / "set.json") in str(raised.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], r"should be an object with 'data', and is \[\]"),
        ({"data": {}}, "'data' should be a list, and is {}"),
        ({"data": [{"title": "a"}]}, "article 1: has no 'paragraphs'"),
        ({"data": [{"title": 7, "paragraphs": []}]}, "article 1: 'title' should be a text, and is 7"),
        (squad((" \n", [SIX])), "article 2, paragraph 1: the context is empty"),
        (squad(("1 + 1 = 2", [row("1", "1 + 1 = ?")])), "the questions are in no language known here"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"{", "not JSON"),
        (b"[" * 200_000, "nested too deep"),
        (b"\xff\xfe{", "not UTF-8"),
        (gzip.compress(b'{"data": []}' * 99)[:-9], "damaged gzip"),
        (gzip.compress(b'{"data": []}')[:12] + b"\xff" * 9, "damaged gzip"),
    ],
)
def test_what_is_no_json_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "set.json").write_bytes(data)
    with pytest.raises(DatasetError, match=message):
        read_squad(tmp_path / "set.json")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(), max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def mostly(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 9).flatmap(lambda die: ANYTHING if die == 0 else good)


def objects(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return mostly(st.fixed_dictionaries({}, optional={key: mostly(value) for key, value in members.items()}))


TEXT = st.text(st.sampled_from("ab \r\n\0\ud800é"), min_size=1, max_size=5)
ANSWERS = mostly(st.lists(objects(text=TEXT, answer_start=st.integers(-1, 4)), max_size=2))
ROWS = mostly(st.lists(objects(id=TEXT, question=TEXT, answers=ANSWERS, is_impossible=st.booleans()), max_size=2))
PARAGRAPHS = mostly(st.lists(objects(context=TEXT, qas=ROWS), max_size=2))
SETS = objects(data=st.lists(objects(title=TEXT, paragraphs=PARAGRAPHS), max_size=2))


@given(SETS)
@settings(max_examples=200, deadline=None)
def test_anything_of_about_the_shape_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: object
) -> None:
    try:
        dataset = read(tmp_path_factory.getbasetemp(), content, language="en")
    except DatasetError as error:
        assert "\n" not in str(error)
    else:
        for question in dataset.questions:
            (question.id + question.text + "".join(gold.text or "" for gold in question.golds)).encode()


@given(st.sampled_from([b"", b"\x1f\x8b", b"\x1f\x8b\x08\x00", b'{"data": [']), st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, head: bytes, rest: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "hostile.json.gz"
    for data in (head + rest, gzip.compress(head + rest)):
        path.write_bytes(data)
        with pytest.raises(DatasetError):
            read_squad(path)
