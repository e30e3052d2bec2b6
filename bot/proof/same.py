"""Whether two words are forms of one: told by their letters, in any language."""

from __future__ import annotations

import re
from itertools import takewhile

from index.tokens import terms

__all__ = ["same_word"]

SHORT = 4
SHARED = 0.7
"""Of the shorter word, so much has to begin the longer one."""

LONGEST_ENDING = 5
LONG_ENOUGH_TO_STAND_INSIDE = 5
PARTICIPLE = re.compile("^ge|(?<=ab|an|zu|um)ge|(?<=auf|aus|bei|ein|mit|vor)ge|(?<=aan|uit|toe)ge")
HEBREW_PREFIXES = "ובכלמשהאתינ"
HEBREW_FINALS = str.maketrans("םןץףך", "מנצפכ")
ARABIC = re.compile("[\u0600-\u06ff]")
HANGUL = re.compile("[\uac00-\ud7a3]")
HEBREW = re.compile("[\u0590-\u05ff]")


def same_word(one: str, other: str) -> bool:
    """Whether they differ by endings, or the first is a part of the other, a compound; of folded words."""
    if one == other:
        return True
    if ARABIC.match(one):
        same = terms(one) == terms(other) or _alike(_arabic(one), _arabic(other))
    elif HANGUL.match(one):
        same = _alike(one, other, least=2, shared=0.5)
    elif HEBREW.match(one):
        same = any(_alike(mine, its) for mine in _hebrew(one) for its in _hebrew(other))
    else:
        same = _alike(one, other) or (len(one) >= LONG_ENOUGH_TO_STAND_INSIDE and one in other)
        same = same or _alike(PARTICIPLE.sub("", one), PARTICIPLE.sub("", other))
    return same


def _alike(one: str, other: str, *, least: int = 3, shared: float = SHARED) -> bool:
    shorter, longer = sorted((one, other), key=len)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(shorter, longer, strict=False)))
    if len(shorter) < SHORT and least > 2:
        return same == len(shorter) >= 3 and len(longer) - same <= 2
    return same >= max(least, shared * len(shorter)) and len(longer) - same <= LONGEST_ENDING


def _arabic(word: str) -> str:
    return re.sub("^(?:[وفبكل]?ال|لل|[وبلف])(?=...)", "", word)


def _hebrew(word: str) -> list[str]:
    """With and without what may be written together with its front: "and", "the", "in", or the person of a verb."""
    plain = word.translate(HEBREW_FINALS)
    kept = [plain]
    while len(kept) < 3 and len(kept[-1]) > 3 and kept[-1][0] in HEBREW_PREFIXES:
        kept.append(kept[-1][1:])
    return kept
