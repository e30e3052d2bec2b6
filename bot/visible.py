"""Text from outside, made fit to be shown."""

from __future__ import annotations

import re

__all__ = ["visible"]

# Control characters could drive the reader's terminal, and direction overrides could make a quote read backwards.
UNPRINTABLE = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """The text as it may go to a terminal or page: what would act instead of show becomes U+FFFD."""
    return UNPRINTABLE.sub("\ufffd", text)
