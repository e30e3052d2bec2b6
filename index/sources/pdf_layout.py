"""Lines of a PDF to paragraphs and headings: what a reader infers from spacing, size and line ends."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from index.sources.joining import join_lines
from index.sources.pdf_lines import Line
from index.sources.pieces import Piece
from index.types import Role

_BULLET = re.compile(r"[•◦▪■●○‣⁃∙]\s*")
_ITEM = re.compile(r"[•◦▪■●○‣⁃∙·*–—-]\s|\(?(?:\d{1,3}|[a-zA-Z])[.)]\s")
_ENDS = re.compile(r"[.!?:;…。！？：；।۔؟]['\"”’»)\]]*$")
_HEADING_SIZE = 1.15
_HEADING_LENGTH = 150
_WIDER_GAP = 1.3
_WIDEST_LEADING = 2.5
_SHORT_LINE = 0.75
_MARGIN_LINES = 2
_RUNNING_PAGES = 3


def pieces_of_pages(pages: Sequence[Sequence[Line]]) -> list[Piece]:
    """Paragraphs and headings of all pages; a paragraph that runs on to the next page is one piece."""
    running = _running(pages)
    groups: list[list[Line]] = []
    open_group: list[Line] = []
    for page in pages:
        body = [line for line in page if _stamp(line) not in running]
        groups += [[line] for line in page if _stamp(line) in running]
        for group in _paragraphs(body):
            if open_group and group[0] is body[0] and _runs_on(open_group[-1], group[0]):
                open_group += group
            else:
                groups.append(group)
                open_group = group
    body_size = _commonest([line.size for page in pages for line in page for _ in line.text])
    known = frozenset(word.lower() for page in pages for line in page for word in re.findall(r"[\w-]+", line.text))
    return [Piece(_role(group, body_size), _text(group, known)) for group in groups]


def _text(group: Sequence[Line], known: frozenset[str]) -> str:
    text = join_lines([line.text for line in group], known)
    bullet = _BULLET.match(text)
    return text[bullet.end() :] if bullet else text


def _running(pages: Sequence[Sequence[Line]]) -> frozenset[str]:
    """Headers and footers: lines at the edge of at least three pages that differ in their digits only."""
    counts: Counter[str] = Counter()
    for page in pages:
        counts.update({_stamp(line) for line in [*page[:_MARGIN_LINES], *page[-_MARGIN_LINES:]]})
    return frozenset(stamp for stamp, count in counts.items() if count >= max(_RUNNING_PAGES, len(pages) // 4))


def _stamp(line: Line) -> str:
    return f"{round(line.y)} {re.sub(r'[0-9]+', '#', line.text)}"


def _paragraphs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    gaps = [round(a.y - b.y, 1) for a, b in pairwise(lines) if 0 < a.y - b.y < _WIDEST_LEADING * a.size]
    leading = _commonest(gaps)
    width = sorted(len(line.text) for line in lines)[len(lines) * 9 // 10] if lines else 0
    group: list[Line] = []
    for line in lines:
        if group and _breaks(group, line, leading, width):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _breaks(group: Sequence[Line], line: Line, leading: float, width: int) -> bool:
    before = group[-1]
    gap = before.y - line.y
    if abs(before.size - line.size) > 0.05 * before.size or before.bold != line.bold or _ITEM.match(line.text):
        return True
    if gap < 0 or gap > _WIDER_GAP * max(leading, line.size):
        return gap > 0 or not _runs_on(before, line)
    if len(before.text) < _SHORT_LINE * width:
        return bool(_ENDS.search(before.text)) or not _starts_small(line)
    indented = line.x > before.x + line.size / 2 and not _ITEM.match(group[0].text)
    return indented and bool(_ENDS.search(before.text))


def _runs_on(before: Line, after: Line) -> bool:
    return not _ENDS.search(before.text) and _starts_small(after) and abs(before.size - after.size) < 0.5


def _starts_small(line: Line) -> bool:
    """Whether a line can be the middle of a sentence: it does not start with a capital, digit or bullet."""
    return line.text[0].isalpha() and not line.text[0].isupper()


def _role(group: Sequence[Line], body_size: float) -> Role:
    length = sum(len(line.text) for line in group)
    larger = all(line.size >= _HEADING_SIZE * body_size for line in group)
    bold = all(line.bold for line in group) and not _ENDS.search(group[-1].text)
    return Role.HEADING if length <= _HEADING_LENGTH and (larger or bold) else Role.PROSE


def _commonest(values: Sequence[float]) -> float:
    return Counter(values).most_common(1)[0][0] if values else 0.0
