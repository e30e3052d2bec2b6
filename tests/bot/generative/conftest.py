from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from bot.generative import ModelSettings, ModelWriter, open_model
from index.types import Embedder
from tests.model_server import ModelServer

os.environ["NO_PROXY"] = "127.0.0.1"  # the client would ask a proxy for this machine, too


@pytest.fixture
def writer(bundled_embedder: Embedder) -> Iterator[Callable[..., ModelWriter]]:
    """Makes writers over a server's model, with settings, and closes them."""
    with ExitStack() as opened:

        def make(server: ModelServer | str, **changed: Any) -> ModelWriter:
            url = server if isinstance(server, str) else server.url
            settings = ModelSettings(
                **{"name": "openai:scripted", "base_url": url, "api_key": "none", "options": {"max_retries": 0}}
                | changed
            )
            made = ModelWriter(open_model(settings), settings, bundled_embedder)
            opened.callback(made.close)
            return made

        yield make
