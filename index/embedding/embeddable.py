"""Any text made fit for a tokenizer."""

from __future__ import annotations

LONGEST_TEXT = 8192
"""Characters. A piece has 16 at most, so 512 tokens never reach further into prose."""


def embeddable(text: str) -> str:
    """The beginning of a text, without lone surrogates, which no tokenizer takes.

    Runs of white space are folded first where the text is longer than is read: they hold no tokens.
    """
    if len(text) > LONGEST_TEXT:
        text = " ".join(text[: LONGEST_TEXT * 16].split())[:LONGEST_TEXT]
    return text.encode("utf-8", "replace").decode("utf-8")
