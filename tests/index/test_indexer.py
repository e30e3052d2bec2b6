from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from filelock import FileLock

from index.errors import IndexBusy, IndexMismatch, IndexNotWritable, SourceError
from index.indexer import IndexingProgress, index_paths, remove_paths
from index.retriever import Retriever
from index.store import Store
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
    """Everything a search can see of an index: where the hits are and how they score."""
    with Store.open_to_read(folder) as store:
        retriever = Retriever(store, WordEmbedder())
        hits = retriever.search(QUERY, retriever.embed(QUERY), retriever.languages, limit=1000)
        return [
            (hit.document.source_uri, s.unit.start, s.unit.end, round(s.score, 5))
            for hit in hits
            for s in hit.sentences
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
