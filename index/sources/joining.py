"""Hard-wrapped lines to one line of running text."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef"
"""Letters and signs of scripts that put no space between words, as the inside of a character class."""

_HYPHENATED = re.compile(r"([^\W\d_]+)[-\u2010\u00ad]$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_BETWEEN_UNSPACED = re.compile(f"[{UNSPACED}]\n[{UNSPACED}]")


def join_lines(lines: list[str], known: AbstractSet[str] = frozenset()) -> str:
    """One line of text. A word cut by a hyphen is made whole, except where `known`, the words of the whole document
    in lower case, has it with its hyphen and not without.
    """
    text = ""
    for line in lines:
        text = _joined(text, line, known) if text else line
    return text


def _joined(text: str, line: str, known: AbstractSet[str]) -> str:
    cut, rest = _HYPHENATED.search(text), _FIRST_WORD.match(line)
    if cut and rest and (rest[0].islower() or text.endswith("\u00ad")):
        whole, compound = (cut[1] + rest[0]).lower(), f"{cut[1]}-{rest[0]}".lower()
        return (text if compound in known and whole not in known else text[:-1]) + line
    return text + ("" if _BETWEEN_UNSPACED.match(f"{text[-1:]}\n{line[:1]}") else " ") + line
