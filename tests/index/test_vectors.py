from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from index.database import connect
from index.store import Store
from index.vectors import CATALOGUE, VectorIndex
from tests.toy import WordEmbedder, new_store, put


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = new_store(tmp_path / "index")
    for number in range(20):
        put(store, f"en{number:02}", [f"common words and number {number}", f"another sentence {number * 7}"])
    put(store, "nl", ["gewone woorden", "nog een zin"], language="nl")
    return store


def test_search_agrees_with_brute_force(store: Store) -> None:
    query = WordEmbedder.vector("sentence number 7")
    ids, vectors = store.vectors("sentence", "en")
    expected = sorted(zip((vectors @ query).tolist(), ids.tolist(), strict=True), reverse=True)[:10]
    found = VectorIndex.build(store).search("sentence", "en", query, 10)
    assert [unit for unit, _ in found] == [unit for _, unit in expected]
    np.testing.assert_allclose([cosine for _, cosine in found], [cosine for cosine, _ in expected], atol=1e-6)


def test_a_limit_beyond_the_rows_gives_them_all_and_no_padding(store: Store) -> None:
    index = VectorIndex.build(store)
    query = WordEmbedder.vector("zin")
    assert len(index.search("sentence", "nl", query, 100)) == 2
    assert len(index.search("passage", "nl", query, 100)) == 1
    assert index.search("sentence", "vi", query, 100) == []


def test_cosines_of_chosen_units_and_the_mean(store: Store) -> None:
    index = VectorIndex.build(store)
    query = WordEmbedder.vector("another sentence")
    ids, vectors = store.vectors("sentence", "en")
    chosen = ids[[3, 11]].tolist()
    expected = dict(zip(chosen, (vectors[[3, 11]] @ query).tolist(), strict=True))
    assert index.cosines("sentence", "en", query, [*chosen, 999_999]) == pytest.approx(expected, abs=1e-6)
    assert index.cosines("sentence", "vi", query, chosen) == {}
    np.testing.assert_allclose(index.mean("sentence", "en"), vectors.mean(axis=0), atol=1e-6)


def test_refresh_writes_only_what_changed(store: Store, tmp_path: Path) -> None:
    folder, since = tmp_path / "vectors", store.generation
    VectorIndex.refresh(folder, store, since=0, languages=(), documents=())
    before = {path.name for path in folder.glob("*.faiss")}
    put(store, "nl2", ["derde document"], language="nl")
    VectorIndex.refresh(folder, store, since=since, languages={"nl"}, documents={"nl2"})
    after = {path.name for path in folder.glob("*.faiss")}
    assert len(before) == len(after) == 4
    assert {name for name in before if ".en." in name} <= after
    assert before.isdisjoint(name for name in after if ".nl." in name)
    assert len(VectorIndex.load(folder, store).search("sentence", "nl", WordEmbedder.vector("derde"), 10)) == 3


def test_files_of_another_generation_are_all_written_anew(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "vectors"
    VectorIndex.refresh(folder, store, since=0, languages=(), documents=())
    put(store, "en99", ["unseen by the files"])
    put(store, "nl2", ["derde document"], language="nl")
    VectorIndex.refresh(folder, store, since=store.generation - 1, languages={"nl"}, documents={"nl2"})
    found = VectorIndex.load(folder, store).search("sentence", "en", WordEmbedder.vector("unseen by the files"), 1)
    assert found[0][1] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("damage", ["catalogue", "file", "missing", "stale"])
def test_what_is_damaged_or_stale_is_made_from_the_store(store: Store, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "vectors"
    VectorIndex.refresh(folder, store, since=0, languages=(), documents=())
    first = next(folder.glob("sentence.en.*"))
    if damage == "catalogue":
        (folder / CATALOGUE).write_text("{", "utf-8")
    elif damage == "file":
        first.write_bytes(first.read_bytes()[:1000])
    elif damage == "missing":
        first.unlink()
    else:
        catalogue = json.loads((folder / CATALOGUE).read_text("utf-8"))
        (folder / CATALOGUE).write_text(json.dumps(catalogue | {"generation": 3}), "utf-8")
    query = WordEmbedder.vector("number 7")
    built = VectorIndex.build(store).search("sentence", "en", query, 40)
    assert VectorIndex.load(folder, store).search("sentence", "en", query, 40) == built


def test_a_little_that_changed_is_written_beside_the_file_and_found_as_if_written_anew(
    store: Store, tmp_path: Path
) -> None:
    folder = tmp_path / "vectors"
    for number in range(20, 60):
        put(store, f"en{number}", [f"common words and number {number}", f"another sentence {number * 7}"])
    VectorIndex.refresh(folder, store, since=0, languages=(), documents=())
    base = {path.name for path in folder.glob("sentence.en.*")}
    query = WordEmbedder.vector("an added text number 41")
    for step in ("add", "again", "mark", "unmark", "remove", "last"):
        since = store.generation
        put(store, f"new-{step}", [f"an added text to {step}"])
        touched = {f"new-{step}"}
        if step == "again":
            put(store, "new-add", ["an added text, changed since"])
            touched |= {"new-add"}
        if step in ("mark", "unmark"):
            with closing(connect(store.folder, "mode=rw")) as writer:
                writer.execute("UPDATE passages SET repeated = NOT repeated WHERE document = 'en30'")
            touched |= {"en30"}
        if step == "remove":
            with store.transaction():
                store.remove_document("en40")
                store.remove_document("new-again")
            touched |= {"en40", "new-again"}
        VectorIndex.refresh(folder, store, since=since, languages={"en"}, documents=touched)
        loaded, built = VectorIndex.load(folder, store), VectorIndex.build(store)
        assert dict(loaded.search("sentence", "en", query, 200)) == pytest.approx(
            dict(built.search("sentence", "en", query, 200)), abs=1e-6
        )
        assert loaded.cosines("passage", "en", query, range(500)) == pytest.approx(
            built.cosines("passage", "en", query, range(500)), abs=1e-6
        )
        assert base < {path.name for path in folder.glob("sentence.en.*")}
        assert len(list(folder.glob("sentence.en.*.added.faiss"))) == 1


def test_much_that_changed_is_written_anew(store: Store, tmp_path: Path) -> None:
    folder, since = tmp_path / "vectors", store.generation
    VectorIndex.refresh(folder, store, since=0, languages=(), documents=())
    for number in range(10):
        put(store, f"new{number}", [f"an added text {number}"])
    before = {path.name for path in folder.glob("sentence.en.*")}
    VectorIndex.refresh(folder, store, since=since, languages={"en"}, documents={f"new{n}" for n in range(10)})
    assert before.isdisjoint(path.name for path in folder.glob("sentence.en.*"))
