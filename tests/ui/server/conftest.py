"""A served index of a few documents, over an embedder with known geometry."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from bot.engine import AnswerEngine
from bot.feedback import FeedbackStore
from bot.types import Question
from tests.toy import WordEmbedder, align, new_store, put
from tests.ui.server.serving import scripted, verbatim
from ui.server import create_app
from ui.server.access import Access
from ui.server.admission import Admission
from ui.server.live_index import LiveIndex
from ui.server.metrics import Metrics
from ui.server.service import Service

ENGLISH = ["A new agent trains for six weeks.", "The weeks are paid in full."]
DUTCH = ["Een nieuwe medewerker leert zes weken.", "De weken worden volledig betaald."]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _index(tmp_path / "index")


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The first answer of a model takes seconds, in which libraries are loaded; tests that count seconds come after."""
    with scripted(_index(tmp_path_factory.mktemp("warm") / "index"), verbatim(1)) as (service, _):
        answer = asyncio.run(service.ask(Question("How many weeks does a new agent train?")))
        service.close()
    assert answer.composer == "generative"


def _index(folder: Path) -> Path:
    with new_store(folder) as store:
        put(store, "training-en", ENGLISH)
        put(store, "training-nl", DUTCH, language="nl")
        put(store, "canteen", ["The canteen opens at noon."], ["It is closed on <b>Sundays</b>."])
        align(store, {"training-en": [0], "training-nl": [0]}, {"training-en": [1], "training-nl": [1]})
    return folder


@pytest.fixture
def service(folder: Path, tmp_path: Path) -> Iterator[Service]:
    service = Service(
        index=LiveIndex(folder, WordEmbedder(), lambda retriever: AnswerEngine(retriever, threshold=0.0)),
        admission=Admission(at_once=2, waiting=2, seconds=10),
        access=Access(keys=(), a_minute=1_000),
        metrics=Metrics(),
        feedback=FeedbackStore(tmp_path / "feedback.sqlite3"),
    )
    yield service
    service.close()


@pytest.fixture
def client(service: Service) -> Iterator[TestClient]:
    with TestClient(create_app(service, body_bytes=10_000)) as client:
        yield client
