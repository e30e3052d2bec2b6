"""The HTTP API, the source view, health and metrics, in one ASGI app; `dragoman serve` puts the chat page on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from ui.server.access import RequestsMiddleware
from ui.server.api import api
from ui.server.openai_api import openai_api
from ui.server.problems import add_handlers
from ui.server.service import Service
from ui.server.source_view import source_view

__all__ = ["create_app"]


def create_app(
    service: Service, *, body_bytes: int, beside: Sequence[AbstractAsyncContextManager[object]] = ()
) -> FastAPI:
    """The app over an index that is open. Closes the service when it ends; `beside` is entered as long as it runs."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            async with AsyncExitStack() as entered:
                for one in beside:
                    await entered.enter_async_context(one)
                yield
        finally:
            service.close()

    app = FastAPI(
        title="Dragoman",
        version=version("dragoman"),
        description="Answers questions about your documents in the asker's language, with the passage it stands on.",
        lifespan=lifespan,
        docs_url=None,  # both fetch their scripts from another host
        redoc_url=None,
    )
    add_handlers(app)
    app.add_middleware(RequestsMiddleware, body_bytes=body_bytes, metrics=service.metrics)
    app.include_router(api(service))
    app.include_router(openai_api(service))
    app.include_router(source_view(service))

    @app.get("/healthz", tags=["operation"])
    def healthz() -> dict[str, str]:
        """Whether the process lives."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["operation"], responses={503: {"description": "Not yet, or no more"}})
    def readyz() -> JSONResponse:
        """Whether questions can be answered, and of which state of the index."""
        with service.index.opened() as state:
            documents = sum(state.store.languages().values())
            return JSONResponse({"status": "ok", "generation": state.generation, "documents": documents})

    @app.get("/metrics", tags=["operation"], response_class=Response)
    def metrics() -> Response:
        """What Prometheus reads."""
        return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return app
