"""A chat model, by name, and calls to it that end when their time is up or nobody waits any more."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, Literal, TypeAlias

import anyio
from anyio.from_thread import start_blocking_portal
from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.exceptions import OutputParserException
from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable
from pydantic import ValidationError

from bot.types import Fallback, Stopped
from index.errors import DragomanError

__all__ = ["CallFailed", "Message", "Method", "Model", "ModelError", "ModelSettings", "Spent", "open_model"]

Message: TypeAlias = tuple[Literal["system", "human", "ai"], str]
Method: TypeAlias = Literal["json_schema", "function_calling", "json_mode"]

LOOK_EVERY = 0.05
"""Seconds between two looks at whether anybody still waits."""

EXTRAS = {
    "openai": "langchain_openai",
    "ollama": "langchain_ollama",
    "anthropic": "langchain_anthropic",
    "mistralai": "langchain_mistralai",
    "google_genai": "langchain_google_genai",
}
"""Of our optional extras, the module each brings; any other provider of LangChain's works once it is installed."""

ITS_OWN: Mapping[str, Mapping[str, Any]] = {"openai": {"stream_usage": True}}
"""What a provider has to be told so that it counts tokens while it streams."""

TOKEN_LIMITS = {"ollama": "num_predict", "google_genai": "max_output_tokens"}
"""What the limit of tokens is called; elsewhere `max_tokens`."""

UNREACHABLE = ("ConnectError", "ConnectTimeout", "ConnectionRefusedError", "gaierror")
TOO_LONG = ("LengthFinishReasonError",)

MOST_CAUSES = 20

log = logging.getLogger(__name__)


class ModelError(DragomanError):
    """The model cannot be opened: a name that nobody knows, or a package that is not installed."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which model, and what an answer may take of it.

    `name` is `provider:model` as LangChain's `init_chat_model` has it, and `options` more of what that takes. `seconds`
    and `tokens` (those that the model writes) are of one answer, all calls together. Prices are of a million tokens.
    """

    name: str
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    method: Method | None = None
    seconds: float = 15.0
    tokens: int = 1_000
    sentences: int = 4
    rewrite: bool = True
    input_price: float | None = None
    output_price: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def open_model(settings: ModelSettings) -> BaseChatModel:
    """Raises ModelError. No request is made yet."""
    provider, _, name = settings.name.partition(":")
    if not name:
        raise ModelError(f"the model {settings.name!r} has no provider: name it as in openai:gpt-5-mini, ollama:qwen3")
    if find_spec("langchain") is None or (provider in EXTRAS and find_spec(EXTRAS[provider]) is None):
        raise ModelError(f"the model {settings.name} needs a package more: pip install 'dragoman[{_extra(provider)}]'")
    from langchain.chat_models import init_chat_model  # which none but these extras bring

    told: dict[str, Any] = {"temperature": 0, TOKEN_LIMITS.get(provider, "max_tokens"): settings.tokens}
    told |= ITS_OWN.get(provider, {})
    told |= {"base_url": settings.base_url} if settings.base_url else {}
    told |= {"api_key": settings.api_key} if settings.api_key else {}
    try:
        chat: BaseChatModel = init_chat_model(name, model_provider=provider, **(told | dict(settings.options)))
    except Exception as error:  # noqa: BLE001 - each provider has errors of its own
        # A missing package, a provider or an option that is not known, no key: the libraries' words say which.
        raise ModelError(f"the model {settings.name} cannot be opened: {_told_by(error, settings)}") from None
    return chat


def _extra(provider: str) -> str:
    return provider.replace("_", "-") if provider in EXTRAS else "openai"


def _told_by(error: Exception, settings: ModelSettings) -> str:
    """On one line, without the values of settings, one of which is the key."""
    told = "; ".join(one["msg"] for one in error.errors()) if isinstance(error, ValidationError) else str(error)
    return " ".join((told.replace(settings.api_key, "...") if settings.api_key else told).split())


class CallFailed(Exception):
    """A call came to nothing, and why."""

    def __init__(self, reason: Fallback) -> None:
        super().__init__(reason)
        self.reason: Fallback = reason


@dataclass(slots=True)
class Spent:
    """What calls took."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class Model:
    """A chat model with an event loop of its own, so that a call can be given up wherever it is. Threads share it."""

    def __init__(self, chat: BaseChatModel, method: Method | None = None) -> None:
        self._chat = chat
        self._method: dict[str, Any] = {} if method is None else {"method": method}
        self._open = ExitStack()
        self._portal = self._open.enter_context(start_blocking_portal(name="language-model"))

    def close(self) -> None:
        """Calls that are under way are given up. May be called again."""
        with suppress(RuntimeError):  # closed before
            self._portal.call(self._portal.stop, True)
        self._open.close()

    def prepare(self, schema: Mapping[str, Any]) -> None:
        """Does what the first call would have to do besides calling."""
        self._structured(schema)

    def stream(
        self,
        schema: Mapping[str, Any],
        messages: Sequence[Message],
        spent: Spent,
        until: float,
        gone: Callable[[], bool],
    ) -> Iterator[Mapping[str, Any]]:
        """What the model says in this JSON schema, as far as it has come, again and again, and in the end whole.

        `until` is a time of `time.monotonic`. Raises CallFailed, and Stopped once `gone()`; leaving the iterator early
        ends the call too. Either way the connection is closed, and a server that looks stops working.
        """
        heard: queue.SimpleQueue[Mapping[str, Any] | Exception | None] = queue.SimpleQueue()
        counting = UsageMetadataCallbackHandler()
        asked = self._structured(schema)

        async def ask() -> None:
            try:
                with anyio.fail_after(until - time.monotonic()):
                    async for said in asked.astream(list(messages), config={"callbacks": [counting]}):
                        heard.put(said)
            except Exception as error:  # noqa: BLE001 - whatever a provider raises, the answer is quoted
                heard.put(error)
            except BaseException:  # the call is given up
                heard.put(CallFailed("failed"))
                raise
            else:
                heard.put(None)

        spent.calls += 1
        try:
            call = self._portal.start_task_soon(ask)
        except RuntimeError as error:  # it was closed meanwhile
            raise CallFailed("failed") from error
        try:
            while True:
                if gone():
                    raise Stopped
                try:
                    said = heard.get(timeout=LOOK_EVERY)
                except queue.Empty:
                    continue
                if said is None:
                    return
                if isinstance(said, CallFailed):
                    raise said
                if isinstance(said, Exception):
                    raise _failed(said) from said
                yield said
        finally:
            call.cancel()
            for count in counting.usage_metadata.values():
                spent.input_tokens += count["input_tokens"]
                spent.output_tokens += count["output_tokens"]

    def _structured(self, schema: Mapping[str, Any]) -> Runnable[Any, Any]:
        return self._chat.with_structured_output(dict(schema), **self._method)


def _failed(error: Exception) -> CallFailed:
    """Logged without the model's words, which may hold what was asked."""
    names: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(names) < MOST_CAUSES:
        names.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, TimeoutError):
        reason: Fallback = "late"
    elif any(name in TOO_LONG for name in names):
        reason = "cut_short"
    elif any(name in UNREACHABLE for name in names):
        reason = "unreachable"
    elif isinstance(error, OutputParserException):
        reason = "unreadable"
    else:
        reason = "failed"
    status = getattr(error, "status_code", None)
    log.warning("the language model did not answer", extra={"reason": reason, "error": names[0], "status": status})
    return CallFailed(reason)
