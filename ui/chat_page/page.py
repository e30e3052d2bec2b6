"""The Gradio page: what is on it, and which handler takes which event."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from starlette.middleware import Middleware

from ui.chat_page.conversation import Conversation
from ui.chat_page.guards import LoginNeeded, OwnHostOnly, refuse_uploads
from ui.chat_page.handlers import Handlers, Parts
from ui.server.service import Service

__all__ = ["chat_page", "mount"]

PASTED = 10_000
"""Characters that the box takes: more than a question may have, so that whoever pastes too many is told."""

FONT = ("system-ui", "-apple-system", "Segoe UI", "sans-serif")


def mount(app: FastAPI, service: Service) -> FastAPI:
    """The page at `/` of the app, with nothing that comes from another host."""
    refuse_uploads(app)
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        chat_page(service),
        path="/",
        app_kwargs={"middleware": [Middleware(OwnHostOnly), Middleware(LoginNeeded, access=service.access)]},
        theme=gr.themes.Base(primary_hue="teal", font=FONT, font_mono=("ui-monospace", "monospace")),
        css=_file("style.css"),
        favicon_path=str(Path(__file__).with_name("favicon.svg")),
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
    )
    return mounted


def chat_page(service: Service) -> gr.Blocks:
    """The page. Its words come when it is loaded: only then is the browser's language known."""
    with gr.Blocks(title="Dragoman", analytics_enabled=False, fill_width=True) as page:
        parts = _parts()
        had = gr.State(Conversation())
        handlers = Handlers(service, parts)
        everything = [parts.heading, parts.said, parts.problem, parts.box, parts.ask, parts.stop, parts.new]
        unseen: dict[str, Any] = {"outputs": everything, "show_progress": "hidden", "api_visibility": "private"}
        page.load(handlers.load, had, queue=False, **unseen)
        # A second event of a kind is never held back in the browser: the handlers know better when they take none.
        unseen["trigger_mode"] = "multiple"
        gr.on([parts.box.submit, parts.ask.click], handlers.typed, [parts.box, had], **unseen)
        parts.said.example(handlers.example, had, **unseen)
        parts.said.again(handlers.again, had, **unseen)
        parts.stop.click(handlers.stopped, had, **unseen)
        parts.new.click(handlers.begun_anew, had, **unseen)
        parts.said.rate(handlers.rated, had, **unseen)
        parts.said.comment(handlers.rated, had, **unseen)
        page.unload(handlers.left)
    queued: gr.Blocks = page.queue(default_concurrency_limit=None, api_open=False)  # the service says how many at once
    return queued


def _parts() -> Parts:
    """In reading order."""
    heading = gr.HTML("", js_on_load=None, apply_default_css=False, elem_id="heading")
    said = gr.HTML("", js_on_load=_file("page.js"), apply_default_css=False, elem_id="conversation")
    with gr.Column(elem_id="composer"):
        problem = gr.HTML("", js_on_load=None, apply_default_css=False)
        box = gr.Textbox(
            lines=1,
            max_lines=6,
            max_length=PASTED,
            autofocus=True,
            elem_id="question",
            html_attributes=gr.InputHTMLAttributes(autocomplete="off", enterkeyhint="send"),
        )
        with gr.Row(elem_id="buttons"):
            new = gr.Button(visible=False, size="md", elem_id="new")
            stop = gr.Button(visible=False, size="md", elem_id="stop")
            ask = gr.Button(variant="primary", size="md", elem_id="ask")
    return Parts(heading, said, problem, box, ask, stop, new)


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")
