from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.database import DATABASE, FORMAT_VERSION
from index.errors import IndexDamaged, IndexMismatch, IndexMissing, IndexNotWritable
from index.linking import link_new_documents
from index.store import LanguageCounts, Store
from index.types import Role
from tests.toy import WordEmbedder, new_store, ordinary_user, put

THAI_AND_ASTRAL = "ภาษาไทย 𐍈𐍉 😀 ends."


def test_a_document_comes_back_as_it_went_in(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        document = put(store, "a", [THAI_AND_ASTRAL, "Second."], ["Third."])
        assert store.document("a") == document
        assert store.document("b") is None
        assert store.counts() == {"en": LanguageCounts(documents=1, passages=2, sentences=3)}
        assert [text for *_, text in store.texts("sentence")] == [THAI_AND_ASTRAL, "Second.", "Third."]
        assert [text for *_, text in store.texts("passage")] == [f"{THAI_AND_ASTRAL} Second.", "Third."]


def test_vectors_are_of_one_language_in_the_order_of_documents_and_places(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put(store, "b", ["Beta one.", "Beta two."])
        put(store, "a", ["Alpha one."])
        put(store, "c", ["Gamma."], language="nl")
        ids, vectors = store.vectors("sentence", "en")
        expected = [WordEmbedder.vector(text) for text in ("Alpha one.", "Beta one.", "Beta two.")]
        np.testing.assert_array_equal(vectors, np.stack(expected))
        assert [unit for unit, _, language, _ in store.texts("sentence") if language == "en"] == ids.tolist()
        assert store.vectors("sentence", "vi")[1].shape == (0, 64)


def test_headings_and_repeated_passages_are_not_quotable(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put(store, "heading", ["A title"], role=Role.HEADING)
        for name in "abc":
            put(store, name, ["Was this helpful?"], key="was this helpful")
        put(store, "d", ["An answer."])
        everything = range(1, 100)
        assert len(store.quotable_sentences(everything, ())) == 4
        with store.transaction():
            assert store.mark_repeated(3) == dict.fromkeys("abc", "en")
        (unit,) = store.quotable_sentences(everything, ())
        assert unit.document == "d"
        assert store.quotable_sentences((), [unit.passage]) == [unit]


def test_a_passage_is_unmarked_when_its_repetitions_leave(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        for name in "abc":
            put(store, name, ["Call us."], key="call us")
        put(store, "other-language", ["Call us."], key="call us", language="nl")
        with store.transaction():
            assert store.mark_repeated(3) == dict.fromkeys("abc", "en")
            assert store.mark_repeated(3) == {}
            store.remove_document("a")
            assert store.mark_repeated(3) == dict.fromkeys("bc", "en")
        assert len(store.quotable_sentences(range(1, 100), ())) == 3


def test_a_failed_transaction_leaves_everything_as_it_was(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put(store, "a", ["Kept."])
        before = store.generation

        class Interrupted(BaseException): ...

        with pytest.raises(Interrupted), store.transaction():
            store.remove_document("a")
            raise Interrupted
        assert store.generation == before == 1
        assert store.document("a") is not None


def test_a_snapshot_sees_one_state_while_another_process_writes(tmp_path: Path) -> None:
    with new_store(tmp_path) as writer:
        put(writer, "a", ["Before."])
        with Store.open_to_read(tmp_path) as reader:
            with reader.snapshot():
                before = reader.document("a")
                put(writer, "a", ["After, and longer."])
                assert reader.document("a") == before
            after = reader.document("a")
        assert after is not None
        assert after.text == "After, and longer."


def test_a_missing_index_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match=r"no index in .*dragoman index PATH --index"):
        Store.open_to_read(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"SQLite format 3\0 but not really", b"plain text" * 500])
def test_a_damaged_database_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / DATABASE).write_bytes(content)
    with pytest.raises(IndexDamaged, match="delete the folder and index again"):
        Store.open_to_read(tmp_path)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.95])
def test_a_half_written_database_is_named_wherever_it_breaks_off(tmp_path: Path, share: float) -> None:
    with new_store(tmp_path) as store:
        for number in range(50):
            put(store, f"d{number}", [f"Sentence {number} of many.", "Another one."])
    path = tmp_path / DATABASE
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(IndexDamaged, match="index again"), Store.open_to_read(tmp_path) as store:
        assert store.counts()
        list(store.documents())
        list(store.texts("sentence"))
        store.vectors("sentence", "en")


def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    new_store(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection, connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'format'", (FORMAT_VERSION + 1,))
    with pytest.raises(IndexMismatch, match=f"format {FORMAT_VERSION + 1}"):
        Store.open_to_read(tmp_path)
    with pytest.raises(IndexMismatch, match="upgrade dragoman"):
        new_store(tmp_path)


def make_format_1(folder: Path) -> None:
    """Makes an index as it was before there were articles."""
    with new_store(folder) as store:
        put(store, "a", ["Kept."])
        put(store, "b", ["Bewaard."], language="nl")
        with store.transaction():
            link_new_documents(store.articles)
    with closing(sqlite3.connect(folder / DATABASE)) as connection, connection:
        for table in ("stated", "statements", "versions"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE meta SET value = '1' WHERE key = 'format'")


def test_an_earlier_format_says_how_to_bring_it_up(tmp_path: Path) -> None:
    make_format_1(tmp_path)
    with pytest.raises(IndexMismatch, match="earlier dragoman: run `dragoman index`"):
        Store.open_to_read(tmp_path)
    assert Store.embedder_of(tmp_path) == WordEmbedder().identity


def test_an_earlier_format_is_brought_up_when_it_is_written_to(tmp_path: Path) -> None:
    make_format_1(tmp_path)
    with new_store(tmp_path) as store:
        assert store.articles.unlinked() == ["a", "b"]
        assert list(store.articles.versions()) == []
    with Store.open_to_read(tmp_path) as store:
        assert store.document_texts(["a", "b"]) == {"a": "Kept.", "b": "Bewaard."}
        assert store.counts()["nl"] == LanguageCounts(documents=1, passages=1, sentences=1)
    with new_store(tmp_path) as store:
        with store.transaction():
            link_new_documents(store.articles)
        assert [version.document for version in store.articles.versions()] == ["a", "b"]


def test_another_embedder_is_refused(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        store.require_embedder(WordEmbedder().identity)
        store.require_embedder(replace(WordEmbedder().identity, name="/moved/words"))
        with pytest.raises(IndexMismatch, match=r"'words'.*not with 'sounds'"):
            store.require_embedder(replace(WordEmbedder().identity, name="sounds", revision="7"))
        with pytest.raises(IndexMismatch, match="not with 'words'"):
            store.require_embedder(replace(WordEmbedder().identity, query_prompt="ask: "))


def test_without_a_revision_the_name_decides(tmp_path: Path) -> None:
    unknown = replace(WordEmbedder().identity, revision="unknown")
    with Store.open_to_write(tmp_path, unknown) as store:
        store.require_embedder(unknown)
        with pytest.raises(IndexMismatch, match="not with 'sounds'"):
            store.require_embedder(replace(unknown, name="sounds"))


def test_another_embedder_cannot_write(tmp_path: Path) -> None:
    new_store(tmp_path).close()
    with pytest.raises(IndexMismatch, match="revision 2"):
        Store.open_to_write(tmp_path, WordEmbedder("2").identity)


def test_it_opens_in_a_read_only_folder() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with new_store(folder) as store:
            put(store, "a", ["Readable."])
        folder.chmod(0o555)
        with ordinary_user():
            with Store.open_to_read(folder) as store:
                assert store.document("a") is not None
            with pytest.raises(IndexNotWritable, match="cannot write"), new_store(folder) as store:
                put(store, "b", ["Refused."])
        folder.chmod(0o755)
