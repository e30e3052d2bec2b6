from __future__ import annotations

import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from bot.types import Question
from index.caches import refresh_caches
from index.errors import IndexMissing
from index.store import Store
from tests.toy import WordEmbedder, put
from ui.server import live_index
from ui.server.live_index import LiveIndex
from ui.server.service import Service

WAIT = 10.0


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_index, "INTERVAL", 0.05)


def add(folder: Path, *, with_caches: bool = True) -> int:
    with Store.open_to_write(folder, WordEmbedder().identity) as store:
        since = store.generation
        put(store, "parking", ["Cars are parked behind the house."])
        if with_caches:
            refresh_caches(store, since, {"en"}, {"parking"})
        return store.generation


def generation(index: LiveIndex) -> int:
    with index.opened() as state:
        return state.generation


def until(index: LiveIndex, wanted: int) -> None:
    end = time.monotonic() + WAIT
    while generation(index) != wanted:
        assert time.monotonic() < end, "the index was not opened anew"
        time.sleep(0.02)


def test_what_was_committed_is_found_and_nobody_is_cut_off(client: TestClient, service: Service, folder: Path) -> None:
    question = {"question": "Where are cars parked?"}
    assert client.post("/v1/ask", json=question).json()["citations"][0]["document"] != "parking"
    with service.index.opened() as before:
        until(service.index, add(folder))
        assert before.engine.answer(Question(question["question"])).citations  # still open
    assert client.post("/v1/ask", json=question).json()["citations"][0]["document"] == "parking"


def test_an_index_in_the_middle_of_a_run_waits_for_its_search_files(
    service: Service, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = generation(service.index)
    after = add(folder, with_caches=False)
    time.sleep(0.5)
    assert generation(service.index) == before
    monkeypatch.setattr(live_index, "PATIENCE", 0.1)
    until(service.index, after)


def test_an_index_that_vanishes_is_answered_from_as_it_was(client: TestClient, service: Service, folder: Path) -> None:
    (folder / "index.sqlite3").rename(folder / "gone")
    time.sleep(0.3)
    assert client.post("/v1/ask", json={"question": "When does the canteen open?"}).status_code == 200


def test_no_index_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        LiveIndex(tmp_path, WordEmbedder(), lambda _: pytest.fail("there is nothing to open"))
