"""Plain text to paragraphs: blank lines part them; a single line break parts them or not, by the look of the lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.segmentation.characters import Span, ends_sentence, trim

_LINE = re.compile("[^\n\r\x0b\x0c\x85\u2028\u2029]*(\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]|$)")
_BULLET = re.compile(r"(?:[-*+•·‣◦▪–—○●■□✓✔➤►]|\(?(?:\d{1,3}|[a-zA-Z])[.)])[ \t\u00a0]")
_NARROWEST, _WIDEST = 40, 160
"""Widths between which lines count as wrapped by hand or by an editor (72 to 80 columns mostly)."""

_LONGEST_WORD = 24
_FIRST_WORD = re.compile(r"[^\s\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A run of lines that belong together; `alone` where nothing but blank lines stands around it."""

    start: int
    end: int
    lines: int
    alone: bool
    is_item: bool


def paragraphs(text: str) -> list[Paragraph]:
    """The paragraphs of a text without structure of its own, in order."""
    found = []
    for lines in _chunks(text):
        runs = _runs(text, lines)
        found += [_paragraph(text, run, alone=len(runs) == 1) for run in runs]
    return found


def _paragraph(text: str, lines: Sequence[Span], *, alone: bool) -> Paragraph:
    start, end = lines[0][0], lines[-1][1]
    return Paragraph(start, end, len(lines), alone, is_bullet(text, start))


def is_bullet(text: str, start: int) -> bool:
    """Whether a list item's mark stands at `start`: a bullet, "1.", "a)"."""
    return _BULLET.match(text, start) is not None


def _chunks(text: str) -> Iterator[list[Span]]:
    """Runs of lines without a blank one between them; each line without its outer white space."""
    chunk: list[Span] = []
    for match in _LINE.finditer(text):
        start, end = trim(text, match.start(), match.start(1))
        if start < end:
            chunk.append((start, end))
        if chunk and (start == end or match.group(1) in ("\x0c", "\u2029")):
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _runs(text: str, lines: Sequence[Span]) -> list[list[Span]]:
    """The lines of a chunk, those that one paragraph was wrapped into together."""
    width = max(end - start for start, end in lines)
    runs = [[lines[0]]]
    for line, following in pairwise(lines):
        if _continues(text, line, following, width):
            runs[-1].append(following)
        else:
            runs.append([following])
    return runs


def _continues(text: str, line: Span, following: Span, width: int) -> bool:
    """Whether the second line goes on with what the first began.

    In wrapped text a line is broken where the next word would not have fitted. A line that ends early, but not like
    a sentence, goes on where the next one starts small. Lines that are whole sentences each make up one paragraph.
    """
    first, length = text[following[0]], line[1] - line[0]
    if width < _NARROWEST or is_bullet(text, following[0]):
        return False
    ended = ends_sentence(text[max(line[0], line[1] - _WIDEST) : line[1]])
    if width > _WIDEST:
        return length >= _NARROWEST and not ended and (first.islower() or (first.isdigit() and length > _WIDEST))
    if length + 1 + _first_word_length(text, following) > width:
        return True
    if ended:
        return length >= _NARROWEST and ends_sentence(text[following[0] : following[1]])
    return length >= _NARROWEST and first.islower()


def _first_word_length(text: str, line: Span) -> int:
    """Length of the line's first word; of a script without spaces, that of a word in general."""
    word = _FIRST_WORD.match(text, *line)
    return min(len(word.group()), _LONGEST_WORD) if word else 2
