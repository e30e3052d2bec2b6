from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from evaluation import datasets
from evaluation.datasets import OWN, open_dataset
from evaluation.datasets.corpora import Files, Records
from evaluation.errors import DatasetError

ROOT = Path(__file__).parents[3]

TEXT = "New agents train for six weeks."
SQUAD = {
    "data": [
        {
            "paragraphs": [
                {"context": TEXT, "qas": [{"id": "q", "question": "How long do agents train?", "answers": []}]}
            ]
        }
    ]
}
XQUAD_R = {
    "data": [
        {
            "paragraphs": [
                {
                    "context": TEXT,
                    "sentence_breaks": [[0, len(TEXT)]],
                    "qas": [{"id": "q", "question": "How long?", "answers": [{"text": "six", "answer_start": 21}]}],
                }
            ]
        }
    ]
}
LINE = '{"question": "How long?", "language": "en"}\n'


def complaint(name: object, **options: object) -> str:
    with pytest.raises(DatasetError) as caught:
        open_dataset(str(name), **options)  # type: ignore[arg-type]  # as the options come
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


@pytest.fixture
def xquad_r(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    for language in ("en", "nl", "vi"):
        (folder / f"{language}.json.gz").write_bytes(gzip.compress(json.dumps(XQUAD_R).encode()))
    return folder


def test_our_own_questions_by_name() -> None:
    samples, seeds = open_dataset("samples"), open_dataset("seeds")
    assert (samples.name, samples.corpus) == ("samples", Files((ROOT / "samples",)))
    assert (seeds.name, seeds.corpus) == ("seeds", None)
    assert len(samples.questions) > len(seeds.questions) > 0


def test_a_name_of_ours_wins_over_a_file_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "samples").mkdir()
    monkeypatch.chdir(tmp_path)
    assert len(open_dataset("samples").questions) > 100
    assert "is no dataset" in complaint("./samples")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("my.csv", "question,language\nHow long?,en\n"),
        ("my.tsv", "question\tlanguage\nHow long?\ten\n"),
        ("my.jsonl", LINE),
        ("my.ndjson", LINE),
        ("my.json", f"[{LINE}]"),
        ("my.json", f"\ufeff[{LINE}]"),
    ],
)
def test_files_of_questions(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    dataset = open_dataset(str(tmp_path / name))
    assert (dataset.name, dataset.corpus) == ("my", None)
    assert [(question.text, question.language) for question in dataset.questions] == [("How long?", "en")]


@pytest.mark.parametrize("name", ["set.json", "set.json.gz"])
def test_files_in_squads_format(tmp_path: Path, name: str) -> None:
    data = json.dumps(SQUAD).encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    dataset = open_dataset(str(tmp_path / name), language="nl")
    assert isinstance(dataset.corpus, Records)
    assert [record.text for record in dataset.corpus.records] == [TEXT]
    assert [(question.id, question.language) for question in dataset.questions] == [("q", "nl")]


def test_a_folder_in_beirs_format(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text(json.dumps({"_id": "d", "text": TEXT}), "utf-8")
    (tmp_path / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": "How long?"}), "utf-8")
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("q\td\t1\n", "utf-8")
    dataset = open_dataset(str(tmp_path), language="vi")
    assert isinstance(dataset.corpus, Records)
    assert [(question.id, question.language) for question in dataset.questions] == [("q", "vi")]


@pytest.mark.parametrize(
    ("language", "found"),
    [
        (None, ["en", "nl", "vi"]),
        ("", ["en", "nl", "vi"]),
        ("vi,en", ["vi", "en"]),
        (" nl, en ,", ["nl", "en"]),
        ("nl,nl", ["nl"]),
    ],
)
def test_a_folder_of_xquad_r_in_the_languages_named(xquad_r: Path, language: str | None, found: list[str]) -> None:
    dataset = open_dataset(str(xquad_r), language=language)
    assert [question.id for question in dataset.questions] == [f"{code}/q" for code in found]
    assert (dataset.name, len(dataset.articles)) == ("xquad-r", len(found))


def test_a_part_of_xquad_r_is_left_out_where_that_is_asked_for(xquad_r: Path, tmp_path: Path) -> None:
    assert open_dataset(f"{xquad_r}+unanswerable").name == "xquad-r-unanswerable"
    assert (
        complaint(f"{tmp_path}+unanswerable")
        == f"+unanswerable goes behind a folder of XQuAD-R, and {tmp_path} is none"
    )
    assert "has no fr.json.gz: it has en, nl, vi" in complaint(f"{xquad_r}+unanswerable", language="fr")


def test_documents_can_be_named(tmp_path: Path, xquad_r: Path) -> None:
    assert open_dataset("samples", corpus=tmp_path).corpus == Files((tmp_path,))
    assert open_dataset("seeds", corpus=tmp_path).corpus == Files((tmp_path,))
    assert open_dataset(str(xquad_r), corpus=tmp_path).corpus == Files((tmp_path,))
    assert complaint("samples", corpus=tmp_path / "nowhere") == f"there are no documents at {tmp_path / 'nowhere'}"


def test_an_installation_without_the_sample_articles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "ROOT", tmp_path)
    assert "name them with --corpus" in complaint("samples")
    assert open_dataset("samples", corpus=tmp_path).corpus == Files((tmp_path,))


def test_what_is_there_is_no_dataset(tmp_path: Path) -> None:
    assert (
        complaint("nonsense") == f"no dataset is called 'nonsense': give a file, a folder, or one of {', '.join(OWN)}"
    )
    assert f"{tmp_path} is no dataset: a folder holds either" in complaint(tmp_path)
    (tmp_path / "notes.txt").write_text("How long?", "utf-8")
    assert "rename it" in complaint(tmp_path / "notes.txt")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not UTF-8"),
        (b"3", "should be an object with 'data', and is 3"),
        (b"{}", "has no 'data'"),
        (b"[" * 100_000, "nested too deep"),
        (b"[3]", "record 1: should be an object with a question, and is 3"),
    ],
)
def test_json_that_is_neither(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "set.json").write_bytes(content)
    assert message in complaint(tmp_path / "set.json")
    (tmp_path / "set.json.gz").write_bytes(gzip.compress(b"[]"))
    assert "should be an object with 'data', and is []" in complaint(tmp_path / "set.json.gz")


def test_an_unknown_language(tmp_path: Path) -> None:
    (tmp_path / "my.csv").write_text("question\nHow long?\n", "utf-8")
    assert complaint(tmp_path / "my.csv", language="xx-klingon") == (
        "the language for all: 'xx-klingon' is not a language code: use one such as nl, fr, en, pt-BR or vi"
    )
