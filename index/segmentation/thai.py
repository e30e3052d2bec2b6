"""Thai writes no full stops: sentences come from a conditional random field over words (pythainlp's crfcut)."""

from __future__ import annotations

import os
import re
from itertools import accumulate

_THAI = re.compile("[\u0e00-\u0e7f]")
_LETTER = re.compile(r"[^\W\d_]")
_END_MARKS = " .!?…ฯ๚๛"
_WINDOW = 1_500
"""Code points that the word breaker sees at once: it is a graph search, and its input is hostile."""


def is_thai(text: str) -> bool:
    """Whether most letters of the text are Thai."""
    thai = len(_THAI.findall(text))
    return thai * 2 > len(_LETTER.findall(text)) - thai and thai > 0


def thai_sentence_ends(text: str) -> list[int]:
    """Ends of the sentences of sanitised Thai text, in order."""
    # pythainlp makes a folder in the user's home when imported, unless told that it must not.
    os.environ.setdefault("PYTHAINLP_READ_ONLY", "1")
    from pythainlp.tokenize.crfcut import segment as crfcut  # half a second, for Thai alone

    ends: list[int] = []
    start = 0
    while start < len(text):
        window = text[start : start + _WINDOW]
        if start + _WINDOW < len(text):
            window = window[: window.rfind(" ") + 1] or window
        ends += [start + end for end in accumulate(len(piece) for piece in crfcut(window))]
        start += len(window)
    return [end for end in ends if _is_spaced(text, end)]


def _is_spaced(text: str, end: int) -> bool:
    """Whether white space or a mark of the end stands there: Thai writers part sentences, though not only sentences."""
    return end == len(text) or text[end] == " " or text[end - 1] in _END_MARKS
