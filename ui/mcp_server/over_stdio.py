"""`dragoman mcp`: the client starts the process, and speaks to it over its standard input and output."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from typing import Any

import anyio
from mcp.server import Server
from mcp.server.stdio import stdio_server

from ui.mcp_server.tools import mcp_server
from ui.server.logs import log_as_json
from ui.server.running import open_service
from ui.settings import Settings

__all__ = ["serve_mcp"]


def serve_mcp(settings: Settings, say: Callable[[str], None]) -> None:
    """Answers until standard input ends or the process is told to. Standard output carries the protocol alone.

    Raises DragomanError where the index, the embedder or a file cannot be had.
    """
    log_as_json()
    logging.getLogger("mcp").setLevel(logging.WARNING)
    with redirect_stdout(sys.stderr):
        service = open_service(settings, say)
    try:
        asyncio.run(_serve(mcp_server(service)))
    finally:
        service.close()


async def _serve(server: Server[Any]) -> None:
    lines = _Lines(open(os.dup(sys.stdin.fileno()), encoding="utf-8", errors="replace"))  # noqa: SIM115, PTH123
    with anyio.CancelScope() as until_told:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, until_told.cancel)
        async with stdio_server(stdin=lines) as (read, write):
            await server.run(read, write, server.create_initialization_options())


class _Lines(anyio.AsyncFile[str]):
    """Lines, each read in a thread that nobody waits for: the SDK's own would hold the process until another comes."""

    async def readline(self) -> str:
        line: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        threading.Thread(target=self._read, args=(line,), daemon=True).start()
        return await line

    def _read(self, line: asyncio.Future[str]) -> None:
        def done() -> None:
            if not line.done():
                line.set_result(read)

        read = self.wrapped.readline()
        with suppress(RuntimeError):  # the loop has ended meanwhile
            line.get_loop().call_soon_threadsafe(done)
