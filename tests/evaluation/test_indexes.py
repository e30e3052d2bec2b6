from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from evaluation import indexes
from evaluation.errors import DatasetError
from evaluation.indexes import indexed
from evaluation.types import Dataset
from index.indexer import IndexingProgress
from index.store import Store
from index.types import Embedder
from tests.toy import WordEmbedder, put


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DRAGOMAN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@dataclass
class OneDocument:
    """Counts how often it was indexed; stops half way the first so many times."""

    fingerprint: str = "1"
    stops: int = 0
    folders: list[Path] = field(default_factory=list)

    def index(self, folder: Path, embedder: Embedder, progress: IndexingProgress) -> None:
        self.folders.append(folder)
        folder.mkdir(parents=True, exist_ok=True)
        if len(self.folders) <= self.stops:
            raise KeyboardInterrupt
        with Store.open_to_write(folder, embedder.identity) as store:
            put(store, self.fingerprint, ["Agents train."])
        progress.advance(1, 1)


class Counting(IndexingProgress):
    documents = 0

    def advance(self, read_bytes: int, documents: int) -> None:
        self.documents += documents


def ask(corpus: OneDocument | None, revision: str = "1", name: str = "set") -> Path:
    return indexed(Dataset(name, "", (), corpus), WordEmbedder(revision), IndexingProgress())


def test_an_index_is_made_once_and_found_again(cache: Path) -> None:
    corpus, progress = OneDocument(), Counting()
    folder = indexed(Dataset("set", "", (), corpus), WordEmbedder(), progress)
    assert progress.documents == 1
    assert ask(corpus) == ask(OneDocument()) == folder
    assert corpus.folders == [folder]
    assert folder.is_relative_to(cache)
    with Store.open_to_read(folder) as store:
        assert [document.source_uri for document in store.documents()] == ["file:///1"]


def test_other_documents_another_embedder_and_other_code_have_an_index_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folders = [
        ask(OneDocument()),
        ask(OneDocument("2")),
        ask(OneDocument(), revision="2"),
        ask(OneDocument(), name="b"),
    ]
    monkeypatch.setattr(indexes, "indexing_fingerprint", lambda: "changed")
    folders.append(ask(OneDocument()))
    assert len(set(folders)) == 5
    with Store.open_to_read(folders[2]) as store:
        assert store.embedder.revision == "2"


def test_the_questions_have_no_say() -> None:
    corpus = OneDocument()
    for fingerprint in ("a", "b"):
        indexed(Dataset("set", fingerprint, (), corpus), WordEmbedder(), IndexingProgress())
    assert len(corpus.folders) == 1


def test_what_was_interrupted_goes_on_in_the_same_folder() -> None:
    corpus = OneDocument(stops=2)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            ask(corpus)
    folder = ask(corpus)
    assert corpus.folders == [folder] * 3
    assert ask(corpus) == folder
    assert len(corpus.folders) == 3


def test_of_one_dataset_the_indexes_last_used_are_kept() -> None:
    other = ask(OneDocument("1"), name="other")
    made = [ask(OneDocument(str(number))) for number in range(3)]
    for age, folder in enumerate(reversed(made)):
        os.utime(folder / "complete", (1_000_000_000 - age, 1_000_000_000 - age))
    assert ask(OneDocument("0")) == made[0]  # the oldest, and now the last used
    newest = ask(OneDocument("3"))
    assert [folder.exists() for folder in (*made, newest, other)] == [True, False, True, True, True]


def test_a_dataset_without_documents_says_what_to_name() -> None:
    with pytest.raises(DatasetError) as caught:
        ask(None)
    assert str(caught.value) == "set comes without documents: name them with --corpus, or an index with --index"
