"""The lines of a PDF page with where they stand, from the fragments that pypdf hands out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `x` of its start and `y` of its base line, in points from below; `size` of its letters, in points."""

    text: str
    x: float
    y: float
    size: float
    bold: bool


class LineCollector:
    """Gathers the fragments of one page into lines, in the order in which the page draws them."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._parts: list[str] = []
        self._first: Line | None = None
        self._longest: Line | None = None

    def visit(
        self, text: str, outer: Sequence[float], inner: Sequence[float], font: Mapping[str, Any] | None, size: float
    ) -> None:
        """The `visitor_text` of pypdf: a fragment, the two matrices that place it, its font and nominal size."""
        for index, part in enumerate(text.split("\n")):
            if index:
                self._end_line()
            self._parts.append(part)
            if part.strip():
                self._place(part, outer, inner, font, size)

    def lines(self) -> list[Line]:
        self._end_line()
        return self._lines

    def _place(
        self, part: str, outer: Sequence[float], inner: Sequence[float], font: Mapping[str, Any] | None, size: float
    ) -> None:
        x = inner[4] * outer[0] + inner[5] * outer[2] + outer[4]
        y = inner[4] * outer[1] + inner[5] * outer[3] + outer[5]
        scale = abs((inner[0] * inner[3] - inner[1] * inner[2]) * (outer[0] * outer[3] - outer[1] * outer[2])) ** 0.5
        name = str((font or {}).get("/BaseFont", "")).lower()
        line = Line(part, x, y, round(size * scale, 1), "bold" in name or "black" in name)
        self._first = self._first or line
        if self._longest is None or len(part) > len(self._longest.text):
            self._longest = line

    def _end_line(self) -> None:
        text = " ".join("".join(self._parts).split())
        if text and self._first and self._longest:
            self._lines.append(Line(text, self._first.x, self._first.y, self._longest.size, self._longest.bold))
        self._parts.clear()
        self._first = self._longest = None
