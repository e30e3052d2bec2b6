"""A model's service, played on this machine: OpenAI's chat completions over real HTTP, answered from a script.

with ModelServer([Reply("Hello", pause=0.01), Reply(status=429, headers={"Retry-After": "1"})]) as server:
    chat = ChatOpenAI(model="any", base_url=server.url, api_key="none")
"""

from __future__ import annotations

import json
import select
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import responses
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from threading import Event, Lock, Thread
from typing import Any, Self, TypeAlias

__all__ = ["ModelServer", "Reply", "Request", "Script", "sentences"]

MODEL = "scripted"
LOOK_EVERY = 0.02
"""Seconds between two looks at whether the client is still there."""

ERRORS = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
}
"""OpenAI's `type` and `code` by status; of all others they are `server_error` and null."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client has asked; the names in `headers` are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return list(self.body.get("messages", ()))

    @property
    def system(self) -> str:
        return self._said_by("system", "developer")

    @property
    def user(self) -> str:
        return self._said_by("user")

    @property
    def streams(self) -> bool:
        return bool(self.body.get("stream"))

    @property
    def function(self) -> dict[str, Any] | None:
        """The tool in whose call the answer is to be, which matters only if the format isn't given otherwise."""
        tools = [] if "response_format" in self.body else self.body.get("tools")
        return tools[0]["function"] if tools else None

    @property
    def schema(self) -> dict[str, Any] | None:
        function, asked = self.function, self.body.get("response_format", {}).get("json_schema", {})
        schema: dict[str, Any] | None = function.get("parameters") if function else asked.get("schema")
        return schema

    def _said_by(self, *roles: str) -> str:
        contents = [message.get("content") or "" for message in self.messages if message.get("role") in roles]
        return "\n".join(
            content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
            for content in contents
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer, how fast, and how far.

    A failure's message is `text`, or what the status means; `body` takes the place of all that is sent otherwise.
    A reply that isn't streamed is in one piece, but `cut_after` cuts it where it would have cut the stream.
    """

    text: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    first_after: float = 0.0
    piece: int = 8
    pause: float = 0.0
    cut_after: int | None = None
    finish: str = "stop"
    usage: tuple[int, int] = (20, 10)

    @property
    def pieces(self) -> list[str]:
        return [self.text[at : at + self.piece] for at in range(0, len(self.text), self.piece)]


Script: TypeAlias = Callable[[Request], Reply] | Sequence[Reply]


def sentences(*pairs: tuple[str, Sequence[Any]], **reply: Any) -> Reply:
    """A reply whose text is the JSON of sentences and what each cites."""
    said = [{"text": text, "cites": list(cites)} for text, cites in pairs]
    return Reply(_json({"sentences": said}), **reply)


class ModelServer:
    """Serves from `with` to its end, which waits for no reply.

    Every connection carries one request only: clients keep none open that would outlast a test's event loop.
    """

    def __init__(self, script: Script) -> None:
        self.abandoned = Event()
        """Set once a client has closed its connection before it had the whole reply."""
        self.closing = Event()
        self.problems: list[str] = []
        """What went wrong that no script asked for; the client sees a failure each time."""
        self._script = script if callable(script) else iter(tuple(script))
        self._requests: list[Request] = []
        self._finished = 0
        self._lock = Lock()

    def __enter__(self) -> Self:
        self._listener = _Listener(self)
        self._serving = Thread(target=self._listener.serve_forever, args=(LOOK_EVERY,), daemon=True)
        self._serving.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._listener.shutdown()
        self._serving.join()
        self._listener.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.server_address[1]}/v1"

    @property
    def requests(self) -> list[Request]:
        """All so far, in the order in which they came."""
        with self._lock:
            return list(self._requests)

    @property
    def finished(self) -> int:
        """How many replies were sent whole."""
        with self._lock:
            return self._finished

    def reply(self, request: Request) -> Reply:
        with self._lock:
            self._requests.append(request)
        if request.path == "/v1/models":
            return Reply(body=_json({"object": "list", "data": [{"id": MODEL, "object": "model"}]}))
        if request.path != "/v1/chat/completions":
            return self._problem(404, f"there is no {request.path} here")
        try:
            if callable(self._script):
                return self._script(request)
            with self._lock:
                reply = next(self._script, None)
            return reply or self._problem(500, f"the script has run out: nothing answers request {len(self.requests)}")
        except Exception as error:  # noqa: BLE001 - whatever a test's script raises
            return self._problem(500, f"the script failed: {error!r}")

    def send_last(self, send: Callable[[bytes], object], data: bytes) -> None:
        """Send and count at once, so that whoever has the whole reply sees it counted."""
        with self._lock:
            send(data)
            self._finished += 1

    def _problem(self, status: int, message: str) -> Reply:
        self.problems.append(message)
        return Reply(message, status=status, headers={"x-should-retry": "false"})


class _Listener(ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, model: ModelServer) -> None:
        self.model = model
        self.open: dict[Thread, socket.socket] = {}
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self.open[thread] = request
        thread.start()

    def close(self) -> None:
        """To be called once no more connections are accepted."""
        for connection in self.open.values():
            _shut(connection)
        for thread in self.open:
            thread.join(timeout=2)  # longer takes only a script that waits for something itself
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # of a client that left before it had asked
            self.model.problems.append(traceback.format_exc())


class _Gone(Exception):
    """The client has closed the connection, or the server is about to."""


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: tests print no access log."""

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, body: dict[str, Any]) -> None:
        request = Request(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        model = self.server.model
        try:
            reply = model.reply(request)
            self._wait(reply.first_after)
            if request.streams and reply.status < 400 and reply.body is None:
                self._stream(request, reply)
            else:
                self._send(request, reply)
        except (_Gone, ConnectionError):
            if not model.closing.is_set():
                model.abandoned.set()

    def _send(self, request: Request, reply: Reply) -> None:
        body = (reply.body if reply.body is not None else _whole(request, reply)).encode()
        head = self._head(reply, {"Content-Type": "application/json", "Content-Length": str(len(body))})
        if reply.cut_after is not None:
            self.wfile.write(head + body[: min(reply.cut_after * reply.piece, len(body) - 1)])
        else:  # at once, for a client that tries again may close the connection as soon as it knows the status
            self.server.model.send_last(self.wfile.write, head + body)

    def _stream(self, request: Request, reply: Reply) -> None:
        head = self._head(reply, {"Content-Type": "text/event-stream; charset=utf-8", "Transfer-Encoding": "chunked"})
        first, *others = _deltas(request, reply)
        self.wfile.write(head + _event(first))
        for number, other in enumerate(others):
            if number == reply.cut_after:
                return
            self._wait(reply.pause if number else 0)
            self.wfile.write(_event(other))
        if reply.cut_after is None:
            for chunk in _ends(request, reply):
                self.wfile.write(_event(chunk))
            self.server.model.send_last(self.wfile.write, _framed(b"data: [DONE]\n\n") + _framed(b""))

    def _head(self, reply: Reply, headers: Mapping[str, str]) -> bytes:
        self.close_connection = True
        fields = {**headers, "Connection": "close", **reply.headers}
        lines = [f"HTTP/1.1 {reply.status} {responses.get(reply.status, '')}", *map(": ".join, fields.items()), "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def _wait(self, seconds: float) -> None:
        """Raises _Gone as soon as nobody is there to wait for the rest."""
        until = time.monotonic() + seconds
        while True:
            left = until - time.monotonic()
            if self.server.model.closing.wait(min(max(left, 0), LOOK_EVERY)) or _closed(self.connection):
                raise _Gone
            if left <= LOOK_EVERY:
                return


def _closed(connection: socket.socket) -> bool:
    """By the other side."""
    readable, _, _ = select.select([connection], [], [], 0)
    return bool(readable) and not connection.recv(1, socket.MSG_PEEK)


def _shut(connection: socket.socket) -> None:
    """So that no thread waits for it any longer; many are closed already."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _whole(request: Request, reply: Reply) -> str:
    if reply.status >= 400:
        kind, code = ERRORS.get(reply.status, ("server_error", None))
        said = reply.text or responses.get(reply.status, "")
        return _json({"error": {"message": said, "type": kind, "param": None, "code": code}})
    message: dict[str, Any] = {"role": "assistant", "content": reply.text, "refusal": None}
    if request.function:
        message |= {"content": None, "tool_calls": [_call(request.function, reply.text)]}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(request, reply)}
    return _json(_envelope(request, "chat.completion") | {"choices": [choice], "usage": _usage(reply)})


def _deltas(request: Request, reply: Reply) -> Iterator[dict[str, Any]]:
    """The chunks of a stream: who speaks, and then each piece."""
    if request.function:
        call = {"index": 0, **_call(request.function, "")}
        yield _chunk(request, {"role": "assistant", "content": None, "tool_calls": [call]})
        for piece in reply.pieces:
            yield _chunk(request, {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    else:
        yield _chunk(request, {"role": "assistant", "content": "", "refusal": None})
        for piece in reply.pieces:
            yield _chunk(request, {"content": piece})


def _ends(request: Request, reply: Reply) -> Iterator[dict[str, Any]]:
    yield _chunk(request, {}, finish=_finish(request, reply))
    if _counts(request):
        yield _envelope(request, "chat.completion.chunk") | {"choices": [], "usage": _usage(reply)}


def _chunk(request: Request, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    uncounted = {"usage": None} if _counts(request) else {}
    return _envelope(request, "chat.completion.chunk") | {"choices": [choice]} | uncounted


def _envelope(request: Request, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1_700_000_000, "model": request.body.get("model", MODEL)}


def _counts(request: Request) -> bool:
    return bool((request.body.get("stream_options") or {}).get("include_usage"))


def _usage(reply: Reply) -> dict[str, int]:
    prompt, completion = reply.usage
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _call(function: dict[str, Any], arguments: str) -> dict[str, Any]:
    return {"id": "call_1", "type": "function", "function": {"name": function["name"], "arguments": arguments}}


def _finish(request: Request, reply: Reply) -> str:
    """As OpenAI has it: `tool_calls` where the model chose to call, but `stop` where the request named the tool."""
    chose = request.function and not isinstance(request.body.get("tool_choice"), dict)
    return "tool_calls" if chose and reply.finish == "stop" else reply.finish


def _event(chunk: dict[str, Any]) -> bytes:
    return _framed(f"data: {_json(chunk)}\n\n".encode())


def _framed(data: bytes) -> bytes:
    """One chunk of chunked encoding; that of no data ends the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
