"""What a stretch of text is to a reader, judged by its shape where the file does not say."""

from __future__ import annotations

from collections.abc import Sequence

from index.segmentation.characters import TERMINALS, ends_sentence, is_question, weight
from index.segmentation.paragraphs import Paragraph
from index.types import Role

_LONGEST_HEADING = 120
_LEAD_IN = (":", "：", ",", ";", "،", "、", "，")


def sentence_role(sentence: str, passage_role: Role, language: str) -> Role:
    """A sentence of prose is a question or prose; any other carries its passage's role."""
    if passage_role is Role.PROSE and is_question(sentence, language):
        return Role.QUESTION
    return passage_role


def heading_shaped(text: str, paragraphs: Sequence[Paragraph]) -> list[bool]:
    """For each paragraph, whether it looks like a heading.

    A heading is short, on one line, and does not end like a sentence unless it is one question; it stands alone, or
    is the first of its lines with longer text below. A list's items and a sentence's lead-in ("You need:") are none.
    """
    flags = []
    for at, paragraph in enumerate(paragraphs):
        following = paragraphs[at + 1] if at + 1 < len(paragraphs) else None
        flags.append(_is_short_line(text, paragraph) and (paragraph.alone or _tops(text, paragraph, following)))
    return flags


def _is_short_line(text: str, paragraph: Paragraph) -> bool:
    line = text[paragraph.start : paragraph.end]
    if paragraph.lines > 1 or paragraph.is_item or weight(line) > _LONGEST_HEADING or line.endswith(_LEAD_IN):
        return False
    return is_question(line) or not ends_sentence(line)


def _tops(text: str, paragraph: Paragraph, following: Paragraph | None) -> bool:
    """Whether the line stands directly above longer text that ends like a sentence."""
    if following is None or following.is_item:
        return False
    line, below = text[paragraph.start : paragraph.end], text[following.start : following.end]
    return len(below) > len(line) and ends_sentence(below) and any(mark in below for mark in TERMINALS)
