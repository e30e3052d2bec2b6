"""What can be told from the sentence alone, or its source alone: its form, its language, and whom it speaks to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bot.proof.words import fold, wording
from index.language import question_language

__all__ = ["SIGNS", "form", "injection", "spoken"]

LONGEST = 600
MARKUP = re.compile(r"[<>`{}\\*_#|]|\[\d|\]\(")

SIGNS = {
    "%": re.compile(
        r"per ?cent|pro[csz]ent|prozent|pour ?cent|p[oe]r ?cien?to|por cento|phần trăm|процент|відсот|ποσοστ|τοις εκατό"
        r"|في المئة|في المائة|بالمئة|بالمائة|प्रतिशत|फ़ीसदी|パーセント|百分之|퍼센트|אחוז|เปอร์เซ็นต์|ร้อยละ|yüzde|persen"
        r"|sută|pct"
    ),
    "€": re.compile(r"eur|евро|євро|ευρώ|يورو|यूरो|ユーロ|欧元|유로|אירו|ยูโร|avro"),
    "$": re.compile(
        r"dol+ar|doll?ár|доллар|долар|δολάρι|دولار|डॉलर|ドル|美元|달러|דולר|ดอลลาร์|đô la|usd|reais|real|peso"
    ),
    "£": re.compile(r"pound|pond|pfund|livre|libra|sterlin|фунт|λίρ|جنيه|पाउंड|ポンド|英镑|파운드|פאונד|gbp"),
}
"""Signs, and how they are written out."""


def form(text: str, sources: Sequence[str]) -> str | None:
    """What is wrong with how the text is written, if anything."""
    if not any(character.isalnum() for character in text):
        return "it is empty"
    if len(text) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    if any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for character in text):
        there = set("".join(sources))
        if any(unicodedata.category(c) in {"Cc", "Cs", "Co", "Zl", "Zp"} or c not in there for c in text if _is_odd(c)):
            return "it has line breaks, or characters that cannot be seen"
    known = "\n".join(sources)
    if marks := [mark for mark in MARKUP.findall(text) if mark not in known]:
        return f"it has markup: {marks[0]}"
    folded = known.casefold()
    for sign in dict.fromkeys(c for c in text if unicodedata.category(c) == "Sc" or c in "%‰"):
        if sign not in known and not (sign in SIGNS and SIGNS[sign].search(folded)):
            return f"its sources do not have the sign {sign}"
    return None


def _is_odd(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def spoken(text: str, language: str) -> str | None:
    """Whether the text is in another language than the asker's."""
    found = question_language(text, {language: 1})
    return None if found in (language, "und") else f"it is in the language {found!r}, not in {language!r}"


def injection(text: str, language: str) -> bool:
    """Whether the text tells a language model what to say: documents that do so are quoted to nobody."""
    folded = fold(text)
    ignored, machine, before, instead = [
        pattern.search(folded) is not None for pattern in wording(language).spoken_to
    ] or [False] * 4
    return (ignored and (machine or before or instead)) or (machine and instead)
