from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.datasets.beir import read_beir
from evaluation.datasets.corpora import Record, Records
from evaluation.errors import DatasetError
from evaluation.locate import locate
from evaluation.types import Dataset, EvaluationQuestion, Gold, Place
from index.indexer import IndexingProgress
from index.store import Store
from tests.toy import WordEmbedder

TRAINING = "New agents train for six weeks before they take calls alone."
REFUNDS = "An agent may refund up to forty euros without asking anybody."
HOURS = "The office is open from eight in the morning until six in the evening."
DOCUMENTS: tuple[dict[str, object], ...] = (
    {"_id": "d 1", "title": "Training", "text": TRAINING, "metadata": {"url": "x"}},
    {"_id": 2, "title": "", "text": REFUNDS},
    {"_id": "d3", "text": HOURS},
)
QUERIES: tuple[dict[str, object], ...] = (
    {"_id": "q1", "text": " How long do new agents train? "},
    {"_id": "q2", "text": "What may an agent refund?"},
    {"_id": "never asked", "text": "???"},
)
HEADER = "query-id\tcorpus-id\tscore\n"
JUDGED = HEADER + "q1\td 1\t2\nq1\td3\t1\nq1\t2\t0\nq2\t2\t1\n"


def write(
    folder: Path,
    judged: str = JUDGED,
    documents: tuple[object, ...] = DOCUMENTS,
    queries: tuple[object, ...] = QUERIES,
    split: str = "test",
) -> Path:
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    for name, rows in (("corpus", documents), ("queries", queries)):
        (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    (folder / "qrels" / f"{split}.tsv").write_bytes(judged.encode())
    return folder


def records(dataset: Dataset) -> tuple[Record, ...]:
    assert isinstance(dataset.corpus, Records)
    return dataset.corpus.records


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_judged_queries_are_asked_of_all_documents(tmp_path: Path, mark: str, end: str) -> None:
    dataset = read_beir(write(tmp_path / "offices", mark + JUDGED.replace("\n", end)))
    assert dataset.questions == (
        EvaluationQuestion(
            "q1",
            "How long do new agents train?",
            "en",
            group="q1",
            golds=(Gold("beir:d%201", None, grade=2), Gold("beir:d3", None, grade=1)),
        ),
        EvaluationQuestion("q2", "What may an agent refund?", "en", group="q2", golds=(Gold("beir:2", None),)),
    )
    assert records(dataset) == (
        Record("beir:d%201", "Training", TRAINING, "en"),
        Record("beir:2", "", REFUNDS, "en"),
        Record("beir:d3", "", HOURS, "en"),
    )
    assert (dataset.name, dataset.note) == ("offices", "")


def test_golds_are_whole_documents_of_the_index(tmp_path: Path) -> None:
    dataset = read_beir(write(tmp_path / "offices"), language="nl")
    assert dataset.corpus is not None
    dataset.corpus.index(tmp_path / "index", WordEmbedder(), IndexingProgress())
    with Store.open_to_read(tmp_path / "index") as store:
        asked = locate(dataset, store.documents())
    assert [one.places for one in asked] == [
        (Place("beir:d%201", "nl", None, 2), Place("beir:d3", "nl", None, 1)),
        (Place("beir:2", "nl", None, 1),),
    ]


def test_without_a_header_the_first_line_counts(tmp_path: Path) -> None:
    assert len(read_beir(write(tmp_path, "q2\t2\t1\n\nq1\td3\t1")).questions) == 2


def test_queries_to_which_nothing_is_relevant_are_left_out_and_counted(tmp_path: Path) -> None:
    dataset = read_beir(write(tmp_path, HEADER + "q1\td3\t0\nq1\t2\t-1\nq2\t2\t1\n"))
    assert [question.id for question in dataset.questions] == ["q2"]
    assert dataset.note == "queries left out, nothing being relevant to them: 1"


def test_a_document_without_text_is_its_title_and_without_both_is_left_out_and_counted(tmp_path: Path) -> None:
    empty = (
        {"_id": "e1", "title": "Opening hours of the office", "text": " "},
        *({"_id": i, "text": ""} for i in "xy"),
    )
    dataset = read_beir(write(tmp_path, HEADER + "q1\te1\t1\nq1\tx\t1\nq2\tx\t1\n", (*DOCUMENTS, *empty)))
    assert records(dataset)[3:] == (
        Record("beir:e1", "Opening hours of the office", "Opening hours of the office", "en"),
    )
    assert [(question.id, question.golds) for question in dataset.questions] == [("q1", (Gold("beir:e1", None),))]
    assert dataset.note == (
        "queries left out, nothing being relevant to them: 1; "
        "documents left out, being empty: 2, of them relevant to a query: 1"
    )


def test_languages_are_the_operators_else_the_names_else_the_texts(tmp_path: Path) -> None:
    dutch = {"_id": "d4", "text": "Een medewerker mag zelf tot veertig euro terugbetalen zonder te vragen."}
    dataset = read_beir(write(tmp_path / "offices", documents=(*DOCUMENTS, dutch)))
    assert [record.language for record in records(dataset)] == ["en", "en", "en", "nl"]
    dataset = read_beir(write(tmp_path / "offices_de"))
    assert {record.language for record in records(dataset)} == {"de"} == {q.language for q in dataset.questions}
    assert dataset.note == "by its name, offices_de has documents in de and questions in de"
    dataset = read_beir(tmp_path / "offices_de", language="fr")
    assert {record.language for record in records(dataset)} == {"fr"} == {q.language for q in dataset.questions}


def test_the_split_asked_for_else_the_only_one(tmp_path: Path) -> None:
    write(tmp_path, split="dev")
    dataset = read_beir(tmp_path)
    assert (len(dataset.questions), dataset.note) == (2, "judged by dev.tsv, the only split")
    write(tmp_path, HEADER + "q2\t2\t1\n", split="train")
    assert len(read_beir(tmp_path, split="train").questions) == 1
    with pytest.raises(DatasetError, match=r"has no test\.tsv, only dev, train: name one of these splits"):
        read_beir(tmp_path)
    with pytest.raises(DatasetError, match=r"has no test\.tsv, nothing: is it a BEIR folder\?"):
        read_beir(tmp_path / "gone")


def test_the_fingerprint_is_of_all_three_files(tmp_path: Path) -> None:
    seen = [read_beir(write(tmp_path)).fingerprint]
    seen.append(read_beir(write(tmp_path, JUDGED.replace("q1\t2\t0\n", ""))).fingerprint)
    seen.append(read_beir(write(tmp_path, documents=(*DOCUMENTS, {"_id": "4", "text": "More."}))).fingerprint)
    seen.append(read_beir(write(tmp_path, queries=QUERIES[:2])).fingerprint)
    assert len(set(seen)) == 4
    assert read_beir(write(tmp_path)).fingerprint == seen[0]


@pytest.mark.parametrize(
    ("judged", "message"),
    [
        (
            HEADER + "q9\td3\t1\nq9\td9\t1\nq1\td8\t0\n",
            "test\\.tsv, line 2: no query has the _id 'q9'; so with 3 in all",
        ),
        ("q1\td9\t1\n", "test\\.tsv, line 1: no document has the _id 'd9'; so with 1 in all"),
        ("q1\td3\t1\nq1\td3\t1\nq1\td3\t2\n", "line 3: 'd3' has another score for 'q1' above"),
        ("q1 d3 1\n", r"line 1: should be query-id, corpus-id, score with tabs between, and is 'q1 d3 1'"),
        ("q1\t0\td3\t1\n", "line 1: should be query-id"),
        (HEADER + "q1\td3\t0.5\n", "line 2: the score should be a whole number, and is '0.5'"),
        (HEADER + f"q1\td3\t{'9' * 5_000}\n", "line 2: the score should be a whole number"),
        (HEADER + "q1\td3\t1000000000\n", "line 2: the score should be at most 1,000, and is 1000000000"),
        (HEADER + HEADER, "line 2: the score should be a whole number, and is 'score'"),
        (HEADER, "no document is relevant to any query"),
        (HEADER + "q1\td3\t0\n", "no document is relevant to any query"),
        ("", "cannot read .*test\\.tsv: empty"),
        ("never asked\td3\t1\n", "the questions are in no language known here"),
    ],
)
def test_what_is_wrong_with_judgements_is_one_line(tmp_path: Path, judged: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message) as raised:
        read_beir(write(tmp_path, judged))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (7, r"corpus\.jsonl, line 4: should be an object with '_id', and is 7"),
        ({"text": "x"}, "line 4: has no '_id'"),
        ({"_id": None, "text": "x"}, "line 4: '_id' should be a text, and is None"),
        ({"_id": "d4"}, "line 4: has no 'text'"),
        ({"_id": "d4", "text": ["x"]}, r"line 4: 'text' should be a text, and is \['x'\]"),
        ({"_id": "d4", "text": "x", "title": 4}, "line 4: 'title' should be a text, and is 4"),
        ({"_id": "2", "text": "x"}, "line 4: the _id '2' stands there twice"),
    ],
)
def test_what_is_wrong_with_a_document_is_one_line(tmp_path: Path, document: object, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        read_beir(write(tmp_path, documents=(*DOCUMENTS, document)))


def test_missing_files_and_an_empty_query_are_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"queries\.jsonl: the query 'q2' is empty"):
        read_beir(write(tmp_path, queries=(QUERIES[0], {"_id": "q2", "text": "\n"})), language="en")
    (write(tmp_path) / "corpus.jsonl").unlink()
    with pytest.raises(DatasetError, match=r"cannot read .*corpus\.jsonl: unreadable"):
        read_beir(tmp_path)


GOOD = {
    "corpus.jsonl": b'{"_id": "d", "text": "Some text."}\n',
    "queries.jsonl": b'{"_id": "q", "text": "What?"}\n',
    "qrels/test.tsv": b"q\td\t1\n",
}


@given(
    st.sampled_from(sorted(GOOD)),
    st.booleans(),
    st.binary(max_size=40) | st.text(st.sampled_from('qd\t1-{}[]":_i\r\n\0'), max_size=40).map(str.encode),
)
@settings(max_examples=200, deadline=None)
def test_any_bytes_in_any_file_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, added: bool, data: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp() / "hostile"
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    for path, content in GOOD.items():
        (folder / path).write_bytes(content)
    (folder / name).write_bytes((GOOD[name] if added else b"") + data)
    try:
        read_beir(folder, language="en")
    except DatasetError as error:
        assert "\n" not in str(error)
