"""Text to passages to sentences, with offsets into the untouched text, in every script."""

from __future__ import annotations

from collections.abc import Sequence

from index.segmentation.characters import Span, trim
from index.segmentation.lengths import group
from index.segmentation.paragraphs import paragraphs
from index.segmentation.repair import Habits
from index.segmentation.roles import heading_shaped, sentence_role
from index.segmentation.sentences import sentences
from index.types import Block, Passage, Role, Sentence

__all__ = ["segment"]


def segment(text: str, language: str, blocks: Sequence[Block] = ()) -> list[Passage]:
    """The passages of a text, each with its sentences, in order and without overlap.

    `language` is a language code such as "pt" or "zh-Hant"; an unknown one is read by general rules. Without
    `blocks`, paragraphs are found by blank lines and the look of the lines, headings by their shape. Every passage
    and sentence is `[start, end)` in code points, has no blank edge, and all that can be seen is in one of them.

    Raises ValueError where `blocks` overlap, are out of order or reach beyond the text.
    """
    language = language.lower().replace("_", "-").split("-")[0]
    habits = Habits.of(text)
    passages: list[Passage] = []
    for start, end, role in _layout(text, blocks):
        if role in (Role.CODE, Role.HEADING):
            passages.append(_passage(text, [(start, end)], role, language))
            continue
        found = sentences(text, (start, end), language, habits)
        passages += [_passage(text, part, role, language) for part in group(text, found)]
    return passages


def _layout(text: str, blocks: Sequence[Block]) -> list[tuple[int, int, Role]]:
    """The stretches that passages are made of, with their roles: the file's own blocks, or what the lines look like."""
    if not blocks:
        found = paragraphs(text)
        headings = heading_shaped(text, found)
        return [
            (paragraph.start, paragraph.end, Role.HEADING if is_heading else Role.PROSE)
            for paragraph, is_heading in zip(found, headings, strict=True)
        ]
    _check(text, blocks)
    trimmed = [(*trim(text, block.start, block.end), block.role) for block in blocks]
    return [(start, end, role) for start, end, role in trimmed if start < end]


def _check(text: str, blocks: Sequence[Block]) -> None:
    reached = 0
    for block in blocks:
        if not reached <= block.start <= block.end <= len(text):
            raise ValueError(f"block [{block.start}, {block.end}) overlaps another or lies outside of the text")
        reached = block.end


def _passage(text: str, spans: Sequence[Span], role: Role, language: str) -> Passage:
    quotable = tuple(Sentence(start, end, sentence_role(text[start:end], role, language)) for start, end in spans)
    return Passage(spans[0][0], spans[-1][1], role, quotable)
