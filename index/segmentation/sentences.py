"""A paragraph's sentences: sentencex (Thai: pythainlp) proposes where they end, and its known errors are repaired."""

from __future__ import annotations

import re
from itertools import pairwise

from index.segmentation.characters import TERMINALS, Span, sanitise, trim
from index.segmentation.lengths import split_long
from index.segmentation.repair import Habits, behind_note, glued_ends, is_real_end, protected_spans
from index.segmentation.thai import is_thai, thai_sentence_ends

_CHUNK = 8_000
"""Code points that sentencex sees at once: unbalanced quotes cost it quadratic time."""

_SURELY_ONE = 250
_MAY_END = re.compile(f"[{re.escape(TERMINALS)};\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u0f00-\u0fff]")

_CHUNK_END = re.compile(r"[.!?。！？।]\s+|[。！？।]")


def sentences(text: str, paragraph: Span, language: str, habits: Habits) -> list[Span]:
    """The sentences of one paragraph: in order, without blank edges, covering all that can be seen of it."""
    offset, end = paragraph
    clean = sanitise(text[offset:end])
    if len(clean) < _SURELY_ONE and not _MAY_END.search(clean):
        return [paragraph]
    ends = thai_sentence_ends(clean) if is_thai(clean) else _sentence_ends(clean, language, habits)
    spans = []
    for start, stop in pairwise([0, *ends, len(clean)]):
        span = trim(text, offset + start, offset + stop)
        if span[0] < span[1]:
            spans += split_long(text, span)
    return spans


def _sentence_ends(clean: str, language: str, habits: Habits) -> list[int]:
    protected = protected_spans(clean)
    ends = {
        behind_note(clean, end)
        for end in _proposed_ends(clean, language)
        if is_real_end(clean, end, language, protected)
    }
    ends.update(glued_ends(clean, language, habits, protected))
    return sorted(ends)


def _proposed_ends(clean: str, language: str) -> list[int]:
    from sentencex import get_sentence_boundaries  # a native library, not needed to read an index

    ends: list[int] = []
    start = 0
    while start < len(clean):
        chunk = _chunk(clean, start)
        ends += [start + int(boundary["end_index"]) for boundary in get_sentence_boundaries(language, chunk)]
        start += len(chunk)
    return ends


def _chunk(clean: str, start: int) -> str:
    """The next stretch for sentencex, cut where a sentence seems to end, else at a space, else anywhere."""
    chunk = clean[start : start + _CHUNK]
    if len(chunk) < _CHUNK:
        return chunk
    cuts = [match.end() for match in _CHUNK_END.finditer(chunk)]
    cut = cuts[-1] if cuts else chunk.rfind(" ") + 1
    return chunk[:cut] if cut else chunk
