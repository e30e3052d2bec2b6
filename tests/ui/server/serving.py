"""The real server on a free port, over a service whose answers a scripted model may write."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import uvicorn

from bot.engine import AnswerEngine
from bot.feedback import FeedbackStore
from bot.generative import ModelSettings, ModelWriter, open_model
from tests.model_server import ModelServer, Reply, Request, Script, sentences
from tests.toy import WordEmbedder
from ui.server import create_app
from ui.server.access import Access
from ui.server.admission import Admission
from ui.server.live_index import LiveIndex
from ui.server.metrics import Metrics
from ui.server.service import Service

BODY_BYTES = 40_000


@contextmanager
def serving(service: Service) -> Iterator[str]:
    app = create_app(service, body_bytes=BODY_BYTES)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def connected(service: Service, key: str = "any") -> Iterator[openai.OpenAI]:
    with serving(service) as address, openai.OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0) as client:
        yield client


@contextmanager
def scripted(
    folder: Path, script: Script, *, patience: float = 10, **settings: Any
) -> Iterator[tuple[Service, ModelServer]]:
    """A service, to be closed, each of whose questions it works on for so many seconds; and the model that it asks."""
    with ModelServer(script) as server:
        told = ModelSettings("openai:scripted", base_url=server.url, api_key="none", **settings)
        embedder = WordEmbedder()
        writer = ModelWriter(open_model(told), told, embedder)
        service = Service(
            index=LiveIndex(folder, embedder, lambda retriever: AnswerEngine(retriever, threshold=0.0, writer=writer)),
            admission=Admission(at_once=4, waiting=4, seconds=patience),
            access=Access(keys=(), a_minute=1_000),
            metrics=Metrics(),
            feedback=FeedbackStore(folder / "feedback.sqlite3"),
            writer=writer,
        )
        yield service, server
    assert server.problems == []


def shown(request: Request) -> list[str]:
    """The sentences that the model is given, in their order; what it says word for word passes all checks."""
    data = json.loads(request.user.partition(">\n")[2].rpartition("\n<")[0])
    return [sentence["text"] for sentence in data["sentences"]]


def verbatim(*numbers: int, then: str = "", **reply: Any) -> Script:
    """Answers with these of the given sentences, and with one that is not among them."""

    def script(request: Request) -> Reply:
        given = shown(request)
        said = [(given[number - 1], [number]) for number in numbers]
        return sentences(*said, *([(then, [1])] if then else []), **reply)

    return script
