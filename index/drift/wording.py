"""How languages write numbers, months and times of the day, in figures and in words."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import get_month_names, get_period_names
from icu4py.messageformat import MessageFormat

__all__ = ["PLAIN", "RUN_ON", "date_patterns", "day_periods", "is_in_words", "scales_of", "spelled_out"]

PREFIXING = {"ar", "fa", "ur"}
"""Languages in which articles and the like stand at the front of words."""

RUN_ON = {"th", "lo", "km", "my"}
"""Languages that do not mark where a sentence ends."""

UNBROKEN = {"zh", "ja", "ko", "th", "lo", "km", "my", "he"}
"""Languages in which a word may have another on it without a space between."""

BETWEEN = r"[ .,/-]{0,3}(?:[^\W\d_]{1,4}[ .]{0,2})?"
"""Between the day, the month and the year: a comma, a word such as "de", "of" and "năm", or nothing."""

ORDINAL = r"(?:st|nd|rd|th|er|re|\.?º|ª|°|-?го)?"

AM_PM = r"\b[ap]\.? ?m\b"

ROMAN = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))

SPELLED_BELOW = 10**13
SPELLINGS = (
    "",
    *(f",%spellout-{kind}{gender}" for kind in ("cardinal", "ordinal") for gender in ("", "-masculine", "-feminine")),
    ",%spellout-cardinal-masculine-genitive",
)


class _PlainCharacters(dict[int, int | None]):
    """For `str.translate`: digits of all scripts as ASCII, all spaces as one, nothing invisible. Fills itself."""

    def __missing__(self, code: int) -> int | None:
        character = chr(code)
        category = unicodedata.category(character)
        kept: int | None = code
        if category == "Nd":
            kept = ord("0") + unicodedata.digit(character)
        elif category == "Zs":
            kept = ord(" ")
        elif category == "Cf":
            kept = None
        elif "\uff01" <= character <= "\uff5e":  # the wide forms of ASCII
            kept = code - 0xFEE0
        self[code] = kept
        return kept


PLAIN = _PlainCharacters({0x66B: ord("."), 0x66C: ord(","), 0x2019: ord("'"), 0x2BC: ord("'")})


@lru_cache(maxsize=256)
def date_patterns(language: str) -> tuple[dict[str, int], list[re.Pattern[str]]]:
    """The names of months, and the ways to write a date with one, those that say most first."""
    locale = _locale(language)
    if locale is None:
        return {}, []
    written = {
        name.strip(". "): month
        for width in ("abbreviated", "wide")
        for context in ("stand-alone", "format")
        for month, name in get_month_names(width, context, locale).items()
    }
    # A name with a capital has it always: "May" is a month, "may" is not.
    forms = {
        form: month
        for name, month in written.items()
        if not name.isdigit() and (len(name) > 2 or not name.isascii())
        for form in (name, name[0].upper() + name[1:], name.upper())
    }
    if not forms:
        return {}, []
    either = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    broken = language not in UNBROKEN
    month = rf"(?<![^\W_])(?P<month>{either})(?!\w)" if broken else f"(?P<month>{either})"
    year = "(?<![0-9])(?P<year>[0-9]{4})(?![0-9])"
    day = f"(?<![0-9.,:])(?P<day>[0-9]{{1,2}})(?![0-9]){ORDINAL}"
    ways = (
        f"{year}{BETWEEN}{month}{BETWEEN}{day}(?!:[0-9])",
        f"{day}{BETWEEN}{month}(?:{BETWEEN}{year})?",
        f"{month}{BETWEEN}{year}",
        f"{month}{BETWEEN}{day}(?![:.,][0-9])(?:{BETWEEN}{year})?",
        f"{year}{BETWEEN}{month}",
    )
    return forms, [re.compile(way) for way in ways]


@lru_cache(maxsize=256)
def scales_of(language: str) -> tuple[re.Pattern[str] | None, dict[str, int]]:
    """The words for thousands, millions and so on, as they follow figures, and what each of them stands for."""
    locale = _locale(language)
    formats = locale.compact_decimal_formats if locale else {}
    factors: dict[str, int] = {}
    for of_plural in (formats["long"] if "long" in formats else formats.get("short", {})).values():
        for magnitude, pattern in of_plural.items():
            word = pattern.pattern.strip("0 \u00a0\u200e\u200f").casefold()
            if word:
                factors[word] = int(magnitude) // 10 ** (pattern.pattern.count("0") - 1)
    if not factors:
        return None, {}
    either = "|".join(re.escape(word) for word in sorted(factors, key=len, reverse=True))
    # An ending for case may follow a long word.
    ending = "" if language in UNBROKEN else r"(?:(?<=\w{5})[^\W\d_]{0,3})?(?!\w)"
    return re.compile(f"[ -]?(?P<word>{either}){ending}", re.IGNORECASE), factors


@lru_cache(maxsize=256)
def day_periods(language: str) -> re.Pattern[str]:
    """The words for a part of the day, such as "in the afternoon"."""
    locale = _locale(language)
    names = {
        name
        for width in ("abbreviated", "wide")
        for context in ("stand-alone", "format")
        for name in (get_period_names(width, context, locale).values() if locale else ())
        if len(name) > 1
    }
    either = "|".join(re.escape(name.translate(PLAIN)) for name in sorted(names))
    return re.compile(f"{AM_PM}|{either}" if either else AM_PM, re.IGNORECASE)


@lru_cache(maxsize=256)
def _locale(language: str) -> Locale | None:
    try:
        return Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return None


def is_in_words(number: Decimal, text: str, language: str) -> bool:
    """Whether the text has the number spelled out, or in Roman numerals. One is left out: it is also an article."""
    if number == 1 or number >= SPELLED_BELOW or number != int(number):
        return False
    whole, folded = int(number), text.casefold()
    return _is_in_roman(whole, text) or any(spelled.match(folded) for spelled in _spelled(whole, language))


def _is_in_roman(number: int, text: str) -> bool:
    """As of a century or a king; not where it would be a single letter."""
    if number >= ROMAN[0][0] * 4:
        return False
    letters = ""
    for value, sign in ROMAN:
        letters += sign * (number // value)
        number %= value
    return len(letters) > 1 and re.search(rf"(?<!\w){letters}(?![A-Z0-9])", text) is not None


@lru_cache(maxsize=4096)
def _spelled(number: int, language: str) -> list[re.Pattern[str]]:
    """The number in words, as a counting and as an ordinal number; each finds a text with these words in any order."""
    found = []
    for spelled in dict.fromkeys(_spell(number, language, ruleset) for ruleset in SPELLINGS):
        if language in UNBROKEN:
            words, begin = [re.escape(spelled.replace(" ", ""))], ""
        else:
            one = _spell(1, language, "")  # "one hundred" is also "a hundred"
            words = [_stem(word) for word in re.split("[ -]", spelled) if word != one]
            begin = "" if language in PREFIXING else r"(?<!\w)"
        if words:
            found.append(re.compile("".join(f"(?=.*{begin}{word})" for word in words), re.DOTALL))
    return found


@lru_cache(maxsize=4096)
def spelled_out(number: int, language: str) -> frozenset[str]:
    """The number in words, folded: as a counting and as an ordinal number."""
    return frozenset(_spell(number, language, ruleset) for ruleset in SPELLINGS)


def _spell(number: int, language: str, ruleset: str) -> str:
    return _speller(language, ruleset).format({"n": number}).translate(PLAIN).casefold()


@lru_cache(maxsize=1024)
def _speller(language: str, ruleset: str) -> MessageFormat:
    """ICU's; it takes the plain rules where the language has not the ones that are asked for."""
    return MessageFormat(f"{{n,spellout{ruleset}}}", language)


def _stem(word: str) -> str:
    """Without what is mostly an ending; short words end where they end."""
    if len(word) < 4:
        return re.escape(word) + r"(?![\w\u0900-\u097f])"
    if word.endswith("ون"):  # Arabic tens, which end otherwise after a preposition
        return re.escape(word[:-2])
    return re.escape(word[: -2 if len(word) > 6 else -1 if len(word) > 4 else None])
