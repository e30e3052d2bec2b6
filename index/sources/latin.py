"""Which of the single-byte encodings for Latin letters a text is in.

General detectors mistake these for one another on short texts, since they differ in a few letters only. Here an
encoding is right where one language explains all accented letters that it yields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ENCODINGS = ("cp1252", "cp1250", "cp1254", "cp1257", "cp1258", "iso8859-15", "iso8859-2", "iso8859-16", "mac_roman")
_LETTERS = {
    "ca": "àçèéíïòóúü·",
    "cs": "áčďéěíňóřšťúůýž",
    "cy": "âêîôûŵŷáéíóúàèìòùäëïöü",
    "da nb": "æøåéèêóòâôäöü",
    "de": "äöüßéèàê",
    "en": "éèêàâçñöüïôœæ£",
    "es": "áéíñóúüªº¿¡",
    "et": "äöõüšž",
    "fi sv": "äöåéàüšž",
    "fr": "àâæçéèêëîïôœùûüÿñ",
    "ga": "áéíóú",
    "hr": "čćđšž",
    "hu": "áéíóöőúüű",
    "is": "áðéíóúýþæö",
    "it": "àèéìíîòóùú",
    "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņšūžōŗ",
    "nl": "éèêëïíóöüáäçàâîôûúĳ",
    "pl": "ąćęłńóśźż",
    "pt": "áâãàçéêíóôõúüªº",
    "ro": "ăâîşţșț",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "sl": "čšž",
    "sq": "çëê",
    "tr": "çğıöşüâîûİ",
    "vi": "àáâãăđèéêìíòóôơùúưýạảấầ\u0300\u0301\u0303\u0309\u0323₫",
}
_ALPHABETS = tuple(frozenset(letters + letters.upper()) for letters in _LETTERS.values())
_PUNCTUATION = frozenset("\u00a0\u00ad«»„“”‘’‚‹›–—…€°™")
_SIGNS = _PUNCTUATION | frozenset("£¥§©®±·×÷½¼¾²³¹µ¶†‡‰¿¡ªº¢¬´¨")
_IN_WORDS = re.compile(rb"(?<=[A-Za-z])[\x80-\xff]+|[\x80-\xff]+(?=[A-Za-z])")


@dataclass(frozen=True, slots=True)
class LatinGuess:
    """The best of these encodings; `explained` where it leaves hardly a character that its language does not use."""

    name: str
    explained: bool


def latin_encoding(data: bytes) -> LatinGuess:
    """The encoding of `data` if it is text in Latin letters; of equals, the commoner one."""
    plain = sum(65 <= byte <= 90 or 97 <= byte <= 122 for byte in data)
    marked = data.translate(None, bytes(range(128)))
    in_words = b"".join(_IN_WORDS.findall(data))
    unexplained = {name: _unexplained(marked, _SIGNS, name) for name in _ENCODINGS}
    for name in _ENCODINGS:
        unexplained[name] += _unexplained(in_words, _PUNCTUATION, name)
    best = min(_ENCODINGS, key=lambda name: unexplained[name])
    return LatinGuess(best, plain > len(marked) and unexplained[best] <= len(marked) // 50)


def _unexplained(marked: bytes, allowed: frozenset[str], encoding: str) -> int:
    """How many characters of `marked`, bytes over 127, no single language accounts for; unprintable ones twice."""
    text = marked.decode(encoding, "replace")
    counts = {char: text.count(char) for char in set(text) - allowed}
    broken = sum(count for char, count in counts.items() if not char.isprintable() or char == "\ufffd")
    return broken + min(sum(count for char, count in counts.items() if char not in letters) for letters in _ALPHABETS)
