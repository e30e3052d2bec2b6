from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from index.database import DATABASE
from index.errors import IndexBusy, IndexMismatch, IndexNotWritable, SourceError
from index.indexer import IndexingProgress, index_paths, remove_paths
from index.retriever import Retriever
from index.store import Store
from index.types import FoundBy
from tests.toy import WordEmbedder, ordinary_user

QUERY = "how many weeks of training"
WORDS = ("agents", "customers", "refunds", "training", "weeks", "hours", "calls", "shifts", "breaks", "pay", "seven")


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def article(seed: int) -> str:
    """Three paragraphs of two or three sentences; the words are drawn by the seed."""
    draw = random.Random(seed)
    sentences = [f"{' '.join(draw.choices(WORDS, k=9)).capitalize()} for {draw.randint(2, 99)} days." for _ in range(7)]
    return "\n\n".join(" ".join(part) for part in (sentences[:2], sentences[2:5], sentences[5:])) + "\n"


def findings(folder: Path) -> list[tuple[str, int, int, float]]:
    """Everything a search can see of an index: where the sentences are and how their statements score."""
    with Store.open_to_read(folder) as store:
        retriever = Retriever(store, WordEmbedder())
        found = retriever.search(QUERY, retriever.embed(QUERY), retriever.languages, limit=1000)
        return [
            (evidence.documents[name].source_uri, s.unit.start, s.unit.end, round(statement.score, 5))
            for evidence in found
            for statement in evidence.statements
            for name, run in statement.versions.items()
            for s in run
        ]


def test_a_second_run_embeds_and_changes_nothing(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / "docs", f"{number}.txt", article(number))
    embedder = WordEmbedder()
    first = index_paths([tmp_path / "docs"], tmp_path / "index", embedder)
    embedded = embedder.embedded
    generation = _generation(tmp_path / "index")
    second = index_paths([tmp_path / "docs"], tmp_path / "index", embedder)
    assert (first.added, second.added, second.unchanged) == (5, 0, 5)
    assert embedder.embedded == embedded > 20
    assert _generation(tmp_path / "index") == generation
    assert second.counts == first.counts
    assert first.counts["en"].documents == 5


def test_any_series_of_edits_ends_in_the_same_index_as_a_fresh_build(tmp_path: Path) -> None:
    draw = random.Random(1)
    docs = tmp_path / "docs"
    names = [f"{letter}.txt" for letter in "abcdefgh"]
    for round_ in range(5):
        for name in draw.sample(names, 4):
            if draw.random() < 0.3:
                (docs / name).unlink(missing_ok=True)
            else:
                write(docs, name, article(draw.randint(0, 99)))
        write(docs, "chrome.txt", article(round_) + "\n\nSkip this line\n")
        index_paths([docs], tmp_path / "grown", WordEmbedder())
        index_paths([docs], tmp_path / f"fresh{round_}", WordEmbedder())
        assert findings(tmp_path / "grown") == findings(tmp_path / f"fresh{round_}") != []


def test_documents_under_other_paths_stay(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        write(tmp_path / folder, "a.txt", article(len(folder)))
    index = tmp_path / "index"
    index_paths([tmp_path / "one"], index, WordEmbedder())
    summary = index_paths([tmp_path / "two"], index, WordEmbedder())
    assert (summary.added, summary.removed, summary.counts["en"].documents) == (1, 0, 2)
    summary = remove_paths([tmp_path / "one"], index, WordEmbedder())
    assert (summary.removed, summary.counts["en"].documents) == (1, 1)
    with pytest.raises(SourceError, match="holds no documents from"):
        remove_paths([tmp_path / "one"], index, WordEmbedder())


def test_records_of_one_file_change_one_by_one(tmp_path: Path) -> None:
    records = [{"id": str(n), "text": article(n), "language": "en"} for n in range(4)]
    path = write(tmp_path, "all.jsonl", "\n".join(map(json.dumps, records)))
    embedder = WordEmbedder()
    index_paths([path], tmp_path / "index", embedder)
    embedded = embedder.embedded
    records[1]["text"] = "A single new sentence about training weeks."
    path.write_text("\n".join(map(json.dumps, [*records[:3], "not a record"])), "utf-8")
    summary = index_paths([path], tmp_path / "index", embedder)
    assert (summary.changed, summary.unchanged, summary.removed, len(summary.skipped)) == (1, 2, 1, 1)
    assert embedder.embedded == embedded + 2  # the passage and its sentence


def test_unreadable_files_are_named_and_the_rest_is_indexed(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    write(docs, "good.txt", article(1))
    write(docs, "empty.txt", "")
    (docs / "binary.txt").write_bytes(bytes(range(256)) * 40)
    with (docs / "huge.txt").open("wb") as stream:
        stream.truncate(200 * 1024 * 1024)
    summary = index_paths([docs], tmp_path / "index", WordEmbedder())
    assert summary.added == 1
    assert {Path(skipped.uri).name for skipped in summary.skipped} == {"empty.txt", "binary.txt", "huge.txt"}


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    with pytest.raises(SourceError, match="no files to read under"):
        index_paths([tmp_path / "docs"], tmp_path / "index", WordEmbedder())
    write(tmp_path / "docs", "empty.txt", "")
    with pytest.raises(SourceError, match=r"none of the 1 files could be read.*empty\.txt"):
        index_paths([tmp_path / "docs"], tmp_path / "index", WordEmbedder())


def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    class Seen(IndexingProgress):
        total = bytes = documents = 0

        def start(self, total_bytes: int) -> None:
            self.total = total_bytes

        def advance(self, read_bytes: int, documents: int) -> None:
            self.bytes += read_bytes
            self.documents += documents

    for number in range(3):
        write(tmp_path / "docs", f"{number}.txt", article(number))
    seen = Seen()
    index_paths([tmp_path / "docs"], tmp_path / "index", WordEmbedder(), progress=seen)
    assert seen.bytes == seen.total == sum(path.stat().st_size for path in (tmp_path / "docs").iterdir())
    assert seen.documents == 3


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt", article(1))
    (tmp_path / "index").mkdir()
    with FileLock(tmp_path / "index" / "writer.lock"), pytest.raises(IndexBusy, match="another `dragoman index`"):
        index_paths([path], tmp_path / "index", WordEmbedder())
    assert index_paths([path], tmp_path / "index", WordEmbedder()).added == 1


def test_another_embedder_changes_nothing(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt", article(1))
    index_paths([path], tmp_path / "index", WordEmbedder())
    before = findings(tmp_path / "index")
    with pytest.raises(IndexMismatch):
        index_paths([write(tmp_path, "b.txt", article(2))], tmp_path / "index", WordEmbedder("2"))
    assert findings(tmp_path / "index") == before


def test_a_read_only_index_answers_and_is_not_written_to() -> None:
    with tempfile.TemporaryDirectory() as name:
        docs, index = Path(name) / "docs", Path(name) / "index"
        index_paths([write(docs, "a.txt", article(1))], index, WordEmbedder())
        expected = findings(index)
        write(docs, "b.txt", article(2))
        Path(name).chmod(0o755)
        for folder in (index, index / "vectors", index / "lexical"):
            folder.chmod(0o555)
        with ordinary_user():
            assert findings(index) == expected != []
            with pytest.raises(IndexNotWritable, match="cannot write to"):
                index_paths([docs], index, WordEmbedder())
            assert findings(index) == expected
        for folder in (index, index / "vectors", index / "lexical"):
            folder.chmod(0o755)


def test_an_index_among_the_documents_is_not_read_as_one(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", article(1))
    index_paths([tmp_path], tmp_path / "index", WordEmbedder())
    assert index_paths([tmp_path], tmp_path / "index", WordEmbedder()).skipped == []


def test_an_index_folder_that_is_a_file(tmp_path: Path) -> None:
    path, other = write(tmp_path, "a.txt", article(1)), write(tmp_path, "b.txt", article(2))
    with pytest.raises(IndexNotWritable, match="cannot write to"):
        index_paths([path], other, WordEmbedder())
    assert other.read_text("utf-8") == article(2)


RUN = """
import sys
from pathlib import Path
from index import indexer
from tests.toy import WordEmbedder
indexer.BATCH_CHARACTERS = 2_000
indexer.index_paths([Path(sys.argv[1])], Path(sys.argv[2]), WordEmbedder())
"""


def test_a_killed_run_leaves_an_index_that_answers_and_is_taken_up_again(tmp_path: Path) -> None:
    docs, index = tmp_path / "docs", tmp_path / "index"
    for number in range(400):
        write(docs, f"{number}.txt", article(number))
    index_paths([docs / "0.txt"], index, WordEmbedder())
    draw, killed, sizes = random.Random(2), 0, []
    for _ in range(6):
        process = subprocess.Popen([sys.executable, "-c", RUN, str(docs), str(index)])
        generation = _generation(index)
        deadline = time.monotonic() + 60
        while process.poll() is None and _generation(index) == generation and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(draw.random() * 0.15)
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        assert findings(index) != []
        with Store.open_to_read(index) as store:
            sizes.append(store.counts()["en"].documents)
    assert killed >= 2
    assert sizes == sorted(sizes)
    assert sizes[0] > 1
    index_paths([docs], index, WordEmbedder())
    index_paths([docs], tmp_path / "fresh", WordEmbedder())
    assert findings(index) == findings(tmp_path / "fresh")


def _generation(index: Path) -> int:
    with Store.open_to_read(index) as store:
        return store.generation


# Versions of articles


ENGLISH = [
    "New agents meet Ines Verbeke and Tomas Okafor in Antwerp for six weeks.",
    "The help desk Kestrel Nimbus listens to all of their calls.",
    "After the course there is a test called Quartz Lumen Ferrum.",
]
DUTCH = [
    "Nieuwe medewerkers zien Ines Verbeke en Tomas Okafor zes weken in Antwerp.",
    "De helpdesk Kestrel Nimbus luistert naar al hun gesprekken.",
    "Na de cursus is er een toets die Quartz Lumen Ferrum heet.",
]
"""Translations that share names, so that they are near to the toy embedder."""


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """An article in two languages, and another beside it."""
    write(tmp_path, "docs/en/x.md", "\n\n".join(ENGLISH))
    write(tmp_path, "docs/nl/x.md", "\n\n".join(DUTCH))
    write(tmp_path, "docs/en/other.md", article(3))
    return tmp_path / "docs"


def linked(index: Path) -> dict[str, tuple[str, FoundBy]]:
    """By language and file name, the article and how it was found."""
    with Store.open_to_read(index) as store:
        return {
            "/".join(version.source_uri.split("/")[-2:]): (version.article, version.found_by)
            for version in store.articles.versions()
        }


def stated(index: Path) -> list[set[str]]:
    """What all statements of the index say, each in its versions."""
    with Store.open_to_read(index) as store:
        texts = {sentence: text for sentence, *_, text in store.texts("sentence")}
        articles = dict.fromkeys(version.article for version in store.articles.versions())
        return [
            {texts[sentence] for sentence in statement}
            for name in articles
            for statement in store.articles.statements_of(name).values()
        ]


def article_rows(index: Path) -> dict[str, list[Any]]:
    """All that the index knows of articles, to the last bit."""
    with closing(sqlite3.connect(index / DATABASE)) as connection:
        return {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
            for table in ("versions", "statements", "stated")
        }


def test_versions_of_an_article_are_linked_and_aligned(docs: Path, tmp_path: Path) -> None:
    index_paths([docs], tmp_path / "index", WordEmbedder())
    found = linked(tmp_path / "index")
    assert {name: found_by for name, (_, found_by) in found.items()} == {
        "en/x.md": FoundBy.PATH,
        "nl/x.md": FoundBy.PATH,
        "en/other.md": FoundBy.ALONE,
    }
    assert found["en/x.md"][0] == found["nl/x.md"][0] != found["en/other.md"][0]
    assert stated(tmp_path / "index") == [set(pair) for pair in zip(ENGLISH, DUTCH, strict=True)]


def test_a_search_of_what_was_indexed_finds_the_version_that_shares_no_word(docs: Path, tmp_path: Path) -> None:
    index_paths([docs], tmp_path / "index", WordEmbedder())
    with Store.open_to_read(tmp_path / "index") as store:
        retriever = Retriever(store, WordEmbedder())
        question = "who listens to all of their calls"
        found = retriever.search(question, retriever.embed(question), retriever.languages, asker="nl")
        said = {
            found[0].documents[name].language: [found[0].documents[name].text[s.unit.start : s.unit.end] for s in run]
            for name, run in found[0].statements[0].versions.items()
        }
    assert said == {"en": [ENGLISH[1]], "nl": [DUTCH[1]]}


def test_a_second_run_leaves_articles_alone(docs: Path, tmp_path: Path) -> None:
    class Seen(IndexingProgress):
        announced = aligned_articles = 0

        def align(self, articles: int) -> None:
            self.announced += articles

        def aligned(self) -> None:
            self.aligned_articles += 1

    first, second = Seen(), Seen()
    index_paths([docs], tmp_path / "index", WordEmbedder(), progress=first)
    before, generation = article_rows(tmp_path / "index"), _generation(tmp_path / "index")
    index_paths([docs], tmp_path / "index", WordEmbedder(), progress=second)
    assert article_rows(tmp_path / "index") == before
    assert _generation(tmp_path / "index") == generation
    assert (first.announced, first.aligned_articles) == (1, 1)
    assert (second.announced, second.aligned_articles) == (0, 0)


def test_a_new_document_leaves_other_articles_alone(docs: Path, tmp_path: Path) -> None:
    index_paths([docs], tmp_path / "index", WordEmbedder())
    before = article_rows(tmp_path / "index")
    write(docs, "en/new.md", article(5))
    index_paths([docs], tmp_path / "index", WordEmbedder())
    after = article_rows(tmp_path / "index")
    assert (after["statements"], after["stated"]) == (before["statements"], before["stated"])
    assert set(before["versions"]) < set(after["versions"])
    assert len(after["versions"]) == 4


def test_a_version_joins_changes_and_leaves_with_its_file(docs: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    (docs / "nl/x.md").rename(tmp_path / "later.md")
    index_paths([docs], index, WordEmbedder())
    assert stated(index) == []
    assert {found_by for _, found_by in linked(index).values()} == {FoundBy.ALONE}

    (tmp_path / "later.md").rename(docs / "nl/x.md")
    index_paths([docs], index, WordEmbedder())
    found = linked(index)
    assert found["nl/x.md"] == found["en/x.md"] != found["en/other.md"]
    assert len(stated(index)) == 3

    write(docs, "nl/x.md", "\n\n".join(DUTCH[1:]))
    index_paths([docs], index, WordEmbedder())
    assert stated(index) == [set(pair) for pair in zip(ENGLISH[1:], DUTCH[1:], strict=True)]

    (docs / "nl/x.md").unlink()
    summary = index_paths([docs], index, WordEmbedder())
    assert summary.removed == 1
    assert set(linked(index)) == {"en/x.md", "en/other.md"}
    assert stated(index) == []
    assert article_rows(index)["statements"] == article_rows(index)["stated"] == []


def test_a_version_whose_paths_are_removed_leaves_the_article(docs: Path, tmp_path: Path) -> None:
    index_paths([docs], tmp_path / "index", WordEmbedder())
    remove_paths([docs / "en"], tmp_path / "index", WordEmbedder())
    assert set(linked(tmp_path / "index")) == {"nl/x.md"}
    assert stated(tmp_path / "index") == []


def make_format_1(index: Path) -> None:
    """Makes of an index what it was before there were articles."""
    with closing(sqlite3.connect(index / DATABASE)) as connection, connection:
        for table in ("stated", "statements", "versions"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE meta SET value = '1' WHERE key = 'format'")


def test_an_index_of_the_first_format_is_brought_up_without_embedding_anything(docs: Path, tmp_path: Path) -> None:
    index, embedder = tmp_path / "index", WordEmbedder()
    index_paths([docs], index, embedder)
    expected = findings(index), linked(index), stated(index)
    embedded = embedder.embedded
    make_format_1(index)
    with pytest.raises(IndexMismatch, match="run `dragoman index`"):
        findings(index)
    summary = index_paths([docs], index, embedder)
    assert (summary.added, summary.changed, summary.unchanged) == (0, 0, 3)
    assert embedder.embedded == embedded
    assert (findings(index), linked(index), stated(index)) == expected


def test_a_removal_from_an_index_of_the_first_format_asks_to_bring_it_up_first(docs: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    index_paths([docs], index, WordEmbedder())
    make_format_1(index)
    with pytest.raises(IndexMismatch, match="run `dragoman index`"):
        remove_paths([docs / "en" / "other.md"], index, WordEmbedder())
    index_paths([docs / "en" / "x.md"], index, WordEmbedder())
    remove_paths([docs / "en" / "other.md"], index, WordEmbedder())
    assert set(linked(index)) == {"en/x.md", "nl/x.md"}
    assert len(stated(index)) == 3


FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (BYTES, BYTES))
"""


@pytest.mark.parametrize("limit", [30_000, 60_000, 400_000])
def test_a_full_disk_is_one_clear_error_and_loses_nothing(tmp_path: Path, limit: int) -> None:
    """A limit on the size of each file stands in for the full disk: writes beyond it fail in the same places."""
    docs, index = tmp_path / "docs", tmp_path / "index"
    index_paths([write(docs, "0.txt", article(0))], index, WordEmbedder())
    before = findings(index)
    for number in range(1, 200):
        write(docs, f"{number}.txt", article(number))
    code = FULL.replace("BYTES", str(limit)) + RUN
    run = subprocess.run(
        [sys.executable, "-c", code, str(docs), str(index)], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 1
    assert "IndexNotWritable" in run.stderr.splitlines()[-1]
    after = findings(index)
    assert set(before) <= {(uri, start, end, score) for uri, start, end, score in after} or len(after) > len(before)
    index_paths([docs], index, WordEmbedder())
    index_paths([docs], tmp_path / "fresh", WordEmbedder())
    assert findings(index) == findings(tmp_path / "fresh")
