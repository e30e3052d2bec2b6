"""The real server over an index of the samples, on a free port of this machine."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from bot.engine import AnswerEngine
from bot.feedback import FeedbackStore
from bot.types import Answer, Listener, Question
from bot.writing import Writer
from index.retriever import Retriever
from index.types import Embedder
from ui.chat_page import add_chat_page
from ui.server import create_app
from ui.server.access import Access
from ui.server.admission import Admission
from ui.server.live_index import LiveIndex
from ui.server.metrics import Metrics
from ui.server.service import Service

HELD = "wait for it"
"""A question with these words is answered only when `Served.let_go` is set."""

MOST_AT_ONCE = 4


@dataclass(frozen=True)
class Served:
    address: str
    service: Service
    let_go: threading.Event


@contextmanager
def served(
    index: Path, embedder: Embedder, feedback: Path, access: Access | None = None, writer: Writer | None = None
) -> Iterator[Served]:
    let_go = threading.Event()

    class Engine(AnswerEngine):
        def answer(self, question: Question, listener: Listener | None = None) -> Answer:
            if HELD in question.text:
                let_go.wait(20)
            return super().answer(question, listener)

    def engine(retriever: Retriever) -> Engine:
        return Engine(retriever, writer=writer)

    service = Service(
        index=LiveIndex(index, embedder, engine),
        admission=Admission(at_once=MOST_AT_ONCE, waiting=4, seconds=30),
        access=access or Access(keys=(), a_minute=10_000),
        metrics=Metrics(),
        feedback=FeedbackStore(feedback),
    )

    async def made() -> FastAPI:
        return add_chat_page(create_app(service, body_bytes=4_000_000), service)

    with ThreadPoolExecutor(1) as thread:  # in a loop that ends: outside of one, Gradio makes some and leaves them open
        app = thread.submit(asyncio.run, made()).result()
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=server.run, args=([listening],), name="served")
        serving.start()
        try:
            while not server.started and serving.is_alive():
                time.sleep(0.02)
            yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", service, let_go)
        finally:
            let_go.set()
            server.should_exit = True
            serving.join()
