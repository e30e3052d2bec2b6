"""What a stretch of text is to a reader, judged by its shape where the file does not say."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from index.segmentation.characters import LEAD_IN_MARKS, ends_sentence, is_question, weight
from index.segmentation.paragraphs import Paragraph
from index.segmentation.thai import is_thai
from index.types import Role

_LONGEST_HEADING = 120
_LONGEST_THAI_HEADING = 50
"""Thai prose ends without a mark too, so its length alone tells."""


def sentence_role(sentence: str, passage_role: Role, language: str) -> Role:
    """A sentence of prose is a question or prose; any other carries its passage's role."""
    if passage_role is Role.PROSE and is_question(sentence, language):
        return Role.QUESTION
    return passage_role


def heading_shaped(text: str, paragraphs: Sequence[Paragraph]) -> list[bool]:
    """For each paragraph, whether it looks like a heading.

    A heading is short, on one line, and does not end like a sentence unless it is one question; it stands alone, or
    is the first of its lines with longer text below. A list's items are none, with bullets or below a "You need:".
    """
    flags: list[bool] = []
    in_list = False
    for paragraph, following in zip_longest(paragraphs, paragraphs[1:]):
        short = _is_short_line(text, paragraph)
        tops = short and following is not None and _tops(text, paragraph, following)
        in_list = not tops and (_leads_in(text, paragraph) or (in_list and short))
        flags.append(tops or (short and paragraph.alone and not in_list))
    return flags


def _leads_in(text: str, paragraph: Paragraph) -> bool:
    return text[paragraph.end - 1] in LEAD_IN_MARKS


def _is_short_line(text: str, paragraph: Paragraph) -> bool:
    line = text[paragraph.start : paragraph.end]
    if paragraph.lines > 1 or paragraph.is_item or _leads_in(text, paragraph):
        return False
    if weight(line) > (_LONGEST_THAI_HEADING if is_thai(line[:_LONGEST_HEADING]) else _LONGEST_HEADING):
        return False
    return not line[0].islower() and (is_question(line) or not ends_sentence(line))


def _tops(text: str, paragraph: Paragraph, following: Paragraph) -> bool:
    """Whether the line stands directly above longer text that ends like a sentence, or is long enough to be prose."""
    length = following.end - following.start
    if following.is_item or length <= paragraph.end - paragraph.start:
        return False
    return length > 2 * _LONGEST_HEADING or ends_sentence(text[following.start : following.end])
