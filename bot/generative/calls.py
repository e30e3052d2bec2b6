"""The calls that one answer makes: their time and their tokens are counted together."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.generative.model import CallFailed, Message, Model, ModelSettings, Spent
from bot.types import Listener

__all__ = ["Calls"]


class Calls:
    """From now on the answer's time runs."""

    def __init__(self, model: Model, settings: ModelSettings, listener: Listener) -> None:
        self._model = model
        self._settings = settings
        self._listener = listener
        self._started = time.monotonic()
        self._spent = Spent()

    @property
    def made(self) -> int:
        """How many calls."""
        return self._spent.calls

    @property
    def input_tokens(self) -> int:
        """As the model's server counts them."""
        return self._spent.input_tokens

    @property
    def output_tokens(self) -> int:
        """As the model's server counts them."""
        return self._spent.output_tokens

    @property
    def has_tokens(self) -> bool:
        """Whether more may be written."""
        return self._spent.output_tokens < self._settings.tokens

    @property
    def cost(self) -> float | None:
        """In the currency of the settings' prices, where they have any."""
        settings, spent = self._settings, self._spent
        if settings.input_price is None or settings.output_price is None:
            return None
        return (spent.input_tokens * settings.input_price + spent.output_tokens * settings.output_price) / 1_000_000

    def stream(
        self, schema: Mapping[str, Any], told: Sequence[Message], share: float = 1.0
    ) -> Iterator[Mapping[str, Any]]:
        """`Model.stream`, until `share` of the answer's time is over."""
        until = self._started + share * self._settings.seconds
        return self._model.stream(schema, told, self._spent, until, lambda: self._listener.gone)

    def whole(self, schema: Mapping[str, Any], told: Sequence[Message], share: float = 1.0) -> Mapping[str, Any]:
        """The same in the end. Raises CallFailed, also where nothing was said."""
        said: Mapping[str, Any] = {}
        for heard in self.stream(schema, told, share):
            said = heard
        if not said:
            raise CallFailed("unreadable")
        return said
