"""How all of them are put: as JSON, on one line, counted, and in columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.visible import visible

__all__ = ["COLUMN", "as_json", "count", "one_line"]

COLUMN = 30
"""The width from which a version has a column of its own."""


def as_json(shape: Mapping[str, Any]) -> str:
    """As JSON, indented, and every script as it is."""
    return json.dumps(shape, ensure_ascii=False, indent=2)


def one_line(text: str) -> str:
    """On one line, and fit to be shown."""
    return visible(" ".join(text.split()))


def count(number: int, what: str) -> str:
    """So many of them, in the singular or the plural."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
