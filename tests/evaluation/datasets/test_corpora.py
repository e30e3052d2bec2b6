from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.datasets import corpora
from evaluation.datasets.corpora import Files, Record, Records
from evaluation.errors import DatasetError
from index.errors import IndexBusy, SourceError
from index.indexer import IndexingProgress
from index.sources.pieces import clean
from index.store import Store
from index.types import Document
from tests.toy import WordEmbedder

TRAINING = Record("squad:a/1.1", "Training", "New agents train for six weeks.\n\nThen they take calls.", "en")
REFUNDS = Record("squad:a/1.2", "Terugbetalen", "Tot veertig euro beslist een medewerker zelf.", "nl")
PAY = Record("beir:%C3%A9%20%22x%22", "", "The salary is paid on the last Friday of every month.", None)


def indexed(corpus: Files | Records, folder: Path, embedder: WordEmbedder | None = None) -> dict[str, Document]:
    corpus.index(folder, embedder or WordEmbedder(), IndexingProgress())
    with Store.open_to_read(folder) as store:
        documents = list(store.documents())
    assert len({document.source_uri for document in documents}) == len(documents)
    return {document.source_uri: document for document in documents}


def test_records_are_indexed_under_their_own_uris(tmp_path: Path) -> None:
    documents = indexed(Records("set", (TRAINING, REFUNDS, PAY)), tmp_path / "index")
    assert {uri: (d.text, d.language) for uri, d in documents.items()} == {
        TRAINING.uri: (TRAINING.text, "en"),
        REFUNDS.uri: (REFUNDS.text, "nl"),
        PAY.uri: (PAY.text, "en"),  # found from its text
    }
    assert documents[REFUNDS.uri].title == "Terugbetalen"
    assert [path.name for path in tmp_path.iterdir()] == ["index"]  # the records' own file is gone


@pytest.mark.parametrize("text", ["a\0b \ud800 c", "\ufeffOne.\r\nTwo.\x1b$B three", "[1]\u2028{2}", " \t padded \n"])
def test_a_hostile_text_is_indexed_as_the_product_reads_it(tmp_path: Path, text: str) -> None:
    document = indexed(Records("set", (Record("x:1", text, text, "en"),)), tmp_path / "index")["x:1"]
    assert document.text == clean(text)


def test_a_second_run_embeds_nothing_and_a_changed_corpus_takes_the_place_of_the_first(tmp_path: Path) -> None:
    embedder = WordEmbedder()
    first = indexed(Records("set", (TRAINING, REFUNDS)), tmp_path / "index", embedder)
    embedded = embedder.embedded
    assert indexed(Records("set", (TRAINING, REFUNDS)), tmp_path / "index", embedder) == first
    assert embedder.embedded == embedded
    assert set(indexed(Records("set", (REFUNDS, PAY)), tmp_path / "index", embedder)) == {REFUNDS.uri, PAY.uri}


def test_what_a_killed_run_left_is_not_indexed(tmp_path: Path) -> None:
    left = tmp_path / ".index.records"
    left.mkdir()
    (left / "part-0007.jsonl").write_text('{"url": "x:old", "text": "An old record of another set."}\n', "utf-8")
    assert set(indexed(Records("set", (TRAINING,)), tmp_path / "index")) == {TRAINING.uri}
    assert not left.exists()


def test_records_over_the_limit_for_one_file_go_into_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpora, "SIZE_LIMIT", 200)  # two records
    records = tuple(Record(f"x:{n}", "", f"Rule {n} is about the hours of shift {n}.", "en") for n in range(9))
    documents = indexed(Records("set", records), tmp_path / "index")
    assert sorted(documents) == [record.uri for record in records]
    with Store.open_to_read(tmp_path / "index") as store:
        assert [Path(uri).name for uri in sorted(store.files())] == [f"part-000{n}.jsonl" for n in range(5)]


def test_another_run_on_the_same_index_is_told_of_and_keeps_its_records(tmp_path: Path) -> None:
    theirs = tmp_path / ".index.records" / "part-0000.jsonl"
    theirs.parent.mkdir()
    theirs.write_text("theirs", "utf-8")
    with FileLock(theirs.parent / ".lock"), pytest.raises(IndexBusy, match="another run is writing"):
        indexed(Records("set", (TRAINING,)), tmp_path / "index")
    assert theirs.read_text("utf-8") == "theirs"


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ((), "set: no documents"),
        ((TRAINING, REFUNDS, TRAINING), "two documents are called 'squad:a/1.1'"),
        ((Record("x:1", "", " \n", "en"),), "document 'x:1': empty record"),
        ((Record("x 1", "", "Some text.", "en"),), "'x 1' cannot be a document's address"),
        ((Record("javascript:x", "", "Some text.", "en"),), "'javascript:x' cannot be a document's address"),
        ((Record("", "", "Some text.", "en"),), "'' cannot be a document's address"),
        ((Record("x:1", "", "long " * 2_000_001, "en"),), "'x:1' is longer than 10 MB"),
    ],
)
def test_a_record_that_cannot_be_indexed_is_named(tmp_path: Path, records: tuple[Record, ...], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        indexed(Records("set", records), tmp_path / "index")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(DatasetError, match=r"cannot write to .*\.index\.records"):
        indexed(Records("set", (TRAINING,)), tmp_path / "file" / "index")


def test_the_fingerprint_of_records_is_of_what_they_hold() -> None:
    one = Records("one", (TRAINING, REFUNDS)).fingerprint
    assert one == Records("other", (REFUNDS, TRAINING)).fingerprint
    changed = [
        (TRAINING,),
        (TRAINING, Record(REFUNDS.uri, REFUNDS.title, REFUNDS.text, "de")),
        (TRAINING, Record(REFUNDS.uri, REFUNDS.title, REFUNDS.text + "\ud800", "nl")),
        (TRAINING, Record(REFUNDS.uri, REFUNDS.title + REFUNDS.text[:1], REFUNDS.text[1:], "nl")),
        (TRAINING, Record(REFUNDS.uri + "1", REFUNDS.title, REFUNDS.text, "nl")),
    ]
    assert len({one, *(Records("one", records).fingerprint for records in changed)}) == 1 + len(changed)


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(), max_size=40), st.text(st.characters(), max_size=40))
def test_different_records_have_different_fingerprints(one: str, other: str) -> None:
    prints = {Records("s", (Record("x:1", title, "text", None),)).fingerprint for title in (one, other)}
    assert len(prints) == len({one, other})


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    for name, text in {
        "nl/a.txt": "Zes weken.",
        "en/a.txt": "Six weeks of training.",
        "b.md": "# Pay\n\nOn Friday.",
    }.items():
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path / "docs"


def test_files_are_indexed_where_they_lie(docs: Path, tmp_path: Path) -> None:
    documents = indexed(Files((docs / "en", docs / "b.md")), tmp_path / "index")
    assert set(documents) == {(docs / name).as_uri() for name in ("en/a.txt", "b.md")}


def test_the_fingerprint_of_files_is_that_of_a_copy_elsewhere(docs: Path, tmp_path: Path) -> None:
    before = Files((docs,)).fingerprint
    shutil.copytree(docs, tmp_path / "deep" / "copy")
    assert Files((tmp_path / "deep" / "copy",)).fingerprint == before
    assert Files((docs, docs / "en")).fingerprint == before  # what is named twice is one file
    parts = Files((docs / "b.md", docs / "en")).fingerprint
    assert parts == Files((docs / "en", docs / "b.md")).fingerprint != before


def test_the_fingerprint_of_files_changes_with_a_name_a_byte_and_a_file(docs: Path) -> None:
    seen = [Files((docs,)).fingerprint]
    (docs / "b.md").rename(docs / "c.md")
    seen.append(Files((docs,)).fingerprint)
    (docs / "c.md").write_text("# Pay\n\nOn friday.", "utf-8")
    seen.append(Files((docs,)).fingerprint)
    (docs / "empty.txt").touch()
    seen.append(Files((docs,)).fingerprint)
    (docs / ".hidden.txt").write_text("never read", "utf-8")
    assert Files((docs,)).fingerprint == seen[-1]
    assert len(set(seen)) == 4


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file or folder"):
        _ = Files((tmp_path / "gone",)).fingerprint
