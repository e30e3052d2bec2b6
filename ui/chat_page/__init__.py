"""The chat page: questions in a browser, answers with their sources, in the asker's language."""

from __future__ import annotations

import os

from fastapi import FastAPI

from ui.server.service import Service

__all__ = ["add_chat_page"]

# Gradio reads these when it is imported, which happens in modules of this package only: it is to ask no other host
# anything, and not to sum up with pandas after each event what nobody looks at (ui/server/metrics.py counts).
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_ANALYTICS_MAX_EVENTS"] = "1"
os.environ["GRADIO_ANALYTICS_CACHE_FREQUENCY"] = str(10**9)


def add_chat_page(app: FastAPI, service: Service) -> FastAPI:
    """Mounts the page at `/`. To be called last: it takes every address that no other route has."""
    from ui.chat_page.page import mount  # gradio costs seconds

    return mount(app, service)
