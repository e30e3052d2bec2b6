"""Keeping things quotable: overlong sentences are cut at clauses, overlong passages at sentences."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from index.segmentation.characters import Span, trim, weight

LONGEST_SENTENCE = 600
LONGEST_PASSAGE = 1_000
"""Weights (see `characters.weight`): about two screens of a phone, and half of what the bundled model can see."""

MOST_SENTENCES = 8
_CLAUSE_ENDS = (re.compile(r"[;:；：؛](?=\s)|[；：؛]"), re.compile(r"[,，、،](?=\s)|[，、،]"), re.compile(r"\s(?=\S)"))
_HIDDEN_END = re.compile(
    r"(?:(?<=[^\W_]{2})[.]|[!?…])[.!?…]*[\"'”’»)\]]*(?=\s+[\"'“‘«(\[¿¡]?[^\W\d_a-zà-ÿ])|[。！？]+[”’」』）]*|[।॥።။។]+"
)
_NO_CUT_BEFORE = {"Mn", "Mc", "Me", "Cf", "Sk"}


def split_long(text: str, sentence: Span) -> list[Span]:
    """The sentence, or where it is overlong its parts.

    One may hold whole sentences, hidden behind a quote or bracket that never closes: they are cut first. What is still
    too long is cut behind clauses, else at spaces, else anywhere.
    """
    start, end = sentence
    if _fits(text, start, end):
        return [sentence]
    cuts = [match.end() for match in _HIDDEN_END.finditer(text, start, end)]
    spans: list[Span] = []
    for part_start, part_end in pairwise([start, *cuts, end]):
        spans += _cut_at_clauses(text, *trim(text, part_start, part_end))
    return spans


def _fits(text: str, start: int, end: int) -> bool:
    return weight(text[start : min(end, start + LONGEST_SENTENCE + 1)]) <= LONGEST_SENTENCE


def _cut_at_clauses(text: str, start: int, end: int) -> list[Span]:
    spans = []
    while not _fits(text, start, end):
        cut = _cut(text, start, min(end, start + LONGEST_SENTENCE))
        spans.append(trim(text, start, cut))
        start = trim(text, cut, end)[0]
    return [span for span in [*spans, (start, end)] if span[0] < span[1]]


def _cut(text: str, start: int, end: int) -> int:
    """Where to cut: in the second half of what is allowed, behind the strongest mark there, the last such."""
    room = text[start:end]
    room = room[: LONGEST_SENTENCE * len(room) // weight(room)]
    for pattern in _CLAUSE_ENDS:
        cuts = [match.end() for match in pattern.finditer(room, len(room) // 2)]
        if cuts:
            return start + cuts[-1]
    cut = start + len(room)
    while cut > start + 1 and unicodedata.category(text[cut]) in _NO_CUT_BEFORE:
        cut -= 1
    return cut if cut > start + 1 else start + len(room)


def group(text: str, sentences: Sequence[Span]) -> list[Sequence[Span]]:
    """The sentences of one paragraph, in one group, or in several of similar length where they are too many.

    Paragraphs that were run together are often still told apart by the white space between their sentences: where
    that differs from the paragraph's habit, an overlong one is cut first.
    """
    if not _is_overlong(text, sentences):
        return [sentences]
    groups: list[Sequence[Span]] = []
    for run in _split_at(sentences, _odd_gaps(text, sentences)):
        groups += _balanced(text, run) if _is_overlong(text, run) else [run]
    return groups


def _is_overlong(text: str, sentences: Sequence[Span]) -> bool:
    return len(sentences) > MOST_SENTENCES or _weight(text, sentences) > LONGEST_PASSAGE


def _weight(text: str, sentences: Sequence[Span]) -> int:
    return weight(text[sentences[0][0] : sentences[-1][1]])


def _odd_gaps(text: str, sentences: Sequence[Span]) -> list[int]:
    """Indices of sentences before which there is more white space than the paragraph's habit, where that is rare."""
    widths = [following[0] - before[1] for before, following in pairwise(sentences)]
    habit, count = Counter(widths).most_common(1)[0] if widths else (0, 0)
    odd = [at for at, width in enumerate(widths, start=1) if width > habit]
    return odd if len(odd) * 2 <= count else []


def _balanced(text: str, sentences: Sequence[Span]) -> list[Sequence[Span]]:
    """As many groups as the limits ask for, cut at the sentence ends that lie nearest to equal shares."""
    parts = max(-(-_weight(text, sentences) // LONGEST_PASSAGE), -(-len(sentences) // MOST_SENTENCES))
    ends = [end for _, end in sentences]
    first, last = sentences[0][0], ends[-1]
    cuts = []
    for part in range(1, min(parts, len(sentences))):
        target = first + (last - first) * part // parts
        at = bisect_left(ends, target)
        nearer = at if at == 0 or ends[at] - target < target - ends[at - 1] else at - 1
        cuts.append(nearer + 1)
    return _split_at(sentences, cuts)


def _split_at(sentences: Sequence[Span], indices: Sequence[int]) -> list[Sequence[Span]]:
    cuts = sorted({0, *indices, len(sentences)})
    return [sentences[start:end] for start, end in pairwise(cuts)]
