"""What a text says that is the same in every language: its numbers, dates and addresses."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from index.drift.sides import DriftKind
from index.drift.wording import PLAIN, date_patterns, day_periods, is_in_words, scales_of
from index.language import canonical_language

__all__ = ["Fact", "Facts", "read_facts"]

TAKEN = "\n"
"""What is read is taken out of the text, so that the year of a date is not read again as a number."""

FIGURES = re.compile("[0-9]+")
EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
URL = re.compile(r"(?:https?://|ftp://|www\.|(?<![\w./@-])(?:[a-z0-9-]+\.)+[a-z]{2,}/)[!#-;=?-~]*", re.IGNORECASE)
URL_PREFIX = re.compile("(?:[a-z]+://)?(?:www\\.)?")
URL_TAG = re.compile(
    r"^({0})\.|(?<=/)({0})(?:/|$)|[?&][a-z]+=({0})(?=&|$)".format("[a-z]{2,3}(?:[-_][a-z]{2,4})?"),
)

PHONE = re.compile(r"(?<![\w.,])(?:\+ ?|00?(?=[1-9]))[0-9]+(?:(?:[ ./-]\(?|\()[0-9]+\)?)*")
PHONE_DIGITS = 7

TIME = re.compile(
    "(?<![0-9.,:])(?P<hour>[01]?[0-9]|2[0-4]) ?(?:[:hH時时点點시]|giờ|Uhr|uur) ?"
    "(?P<minute>[0-5][0-9])(?![0-9]|[.,:][0-9])"
)
HALF_A_DAY = 12 * 60

DECADE = re.compile("1[1-9][0-9]0|20[0-9]0")
"""The 1970s are also the 70s."""

BEGUN = re.compile("([0-9]{2})[0-9]{2}[-–—]$")
"""Before the end of a range such as 1914-18."""

NUMBER = re.compile(
    r"""(?P<grouped>[0-9]{1,3}(?P<mark>[ .,'])[0-9]{3}(?:(?P=mark)[0-9]{3})*)(?:(?!(?P=mark))[.,](?P<rest>[0-9]+))?
        (?![0-9]|[.,][0-9])
    |(?P<indian>[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3})(?![0-9])
    |(?P<version>[0-9]+(?:\.[0-9]+){2,})
    |(?P<decimal>[0-9]+[.,][0-9]+)(?![0-9]|[.,][0-9])
    |(?P<whole>[0-9]+)""",
    re.VERBOSE,
)

ISO_DATE = re.compile(r"(?<![0-9.])(?P<year>[0-9]{4})([-/.])(?P<month>[0-9]{1,2})\2(?P<day>[0-9]{1,2})(?![0-9])")
NUMERIC_DATE = re.compile(r"(?<![0-9.])([0-9]{1,2})([-/.]) ?([0-9]{1,2})\2 ?([0-9]{4}|[0-9]{2})(?![0-9]|\.[0-9])")

BUDDHIST_YEARS = 543

Reading: TypeAlias = Decimal | str | tuple[int | None, ...]
"""A number; an address; a time of the day, in minutes of half a day; or a year, month and day."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A number, date or address, and all that it may mean: "1.234" is two numbers, "03/04/2024" two dates.

    `parts` are the figures in it; `times` is the number before a word such as "million". A fact that is not `weighty`
    may well be left out, or written as a word.
    """

    kind: DriftKind
    label: str
    readings: frozenset[Reading]
    parts: frozenset[str] = frozenset()
    times: frozenset[Reading] = frozenset()
    weighty: bool = True

    def same(self, other: Fact) -> bool:
        """Whether they share a reading. "5 million" may be 5 where the other text's word for a million is not known."""
        if self.times & other.readings or other.times & self.readings:
            return True
        return any(_agree(one, another) for one in self.readings for another in other.readings)


def _agree(one: Reading, other: Reading) -> bool:
    """What a date leaves out agrees with anything."""
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return all(a is None or b is None or a == b for a, b in zip(one, other, strict=True))
    return one == other


@dataclass(frozen=True, slots=True)
class Facts:
    """What a text says in figures and addresses. `parts` are all the figures that stand in it."""

    text: str
    language: str
    found: tuple[Fact, ...]
    parts: frozenset[str]

    def of(self, kind: DriftKind) -> list[Fact]:
        return [fact for fact in self.found if fact.kind == kind]

    def has(self, fact: Fact, beside: Facts | None = None) -> bool:
        """Whether the text has the fact, or may have it, in other figures or in words.

        Words do not count where the text `beside`, which has the fact in figures, has the words too: in "3 percent
        after the third year" the third is no percentage.
        """
        if any(fact.same(mine) for mine in self.found):
            return True
        if fact.kind in (DriftKind.EMAIL, DriftKind.URL):
            return any(str(reading) in self.text.casefold() for reading in fact.readings)
        if fact.kind == DriftKind.DATES and self.of(DriftKind.DATES):
            return False
        if fact.parts <= self.parts:
            return True
        if beside and _in_words(fact, beside.text, beside.language):
            return False
        return _in_words(fact, self.text, self.language)


def _in_words(fact: Fact, text: str, language: str) -> bool:
    return any(is_in_words(one, text, language) for one in fact.readings if isinstance(one, Decimal))


Found: TypeAlias = list[Fact]


def read_facts(text: str, language: str) -> Facts:
    """All that are in a text in this language."""
    plain = rest = unicodedata.normalize("NFC", text).translate(PLAIN)
    found: Found = []
    for take in (_take_emails, _take_urls):
        rest = take(rest, language, found)
    parts = frozenset(_bare(figures) for figures in FIGURES.findall(rest))
    for take in (_take_dates, _take_phones, _take_times, _take_numbers):
        rest = take(rest, language, found)
    return Facts(plain, language, tuple(dict.fromkeys(found)), parts)


def _bare(figures: str) -> str:
    return figures.lstrip("0") or "0"


def _take_emails(text: str, _: str, found: Found) -> str:
    def take(match: re.Match[str]) -> str:
        found.append(Fact(DriftKind.EMAIL, match[0], frozenset({match[0].casefold()})))
        return TAKEN

    return EMAIL.sub(take, text)


def _take_urls(text: str, language: str, found: Found) -> str:
    def take(match: re.Match[str]) -> str:
        label = match[0].rstrip(".,;:!?)]}'/")
        plain = URL_PREFIX.sub("", label.casefold(), count=1)
        # The page of each language is the same page: /en/start and /nl/start.
        of_any = URL_TAG.sub(
            lambda tag: "" if canonical_language(tag[tag.lastindex or 0]) == language else tag[0], plain
        )
        found.append(Fact(DriftKind.URL, label, frozenset({plain, of_any.rstrip("/")})))
        return TAKEN

    return URL.sub(take, text)


def _take_dates(text: str, language: str, found: Found) -> str:
    def put(match: re.Match[str], readings: set[Reading], *parts: str | None) -> str:
        if not readings:
            return match[0]
        figures = frozenset(_bare(part) for part in parts if part)
        found.append(Fact(DriftKind.DATES, match[0].strip(" .,"), frozenset(readings), figures))
        return TAKEN

    def iso(match: re.Match[str]) -> str:
        year, month, day = (int(match[name]) for name in ("year", "month", "day"))
        return put(match, _dates((year, month, day)), match["year"], match["day"])

    def numeric(match: re.Match[str]) -> str:
        one, other, year = int(match[1]), int(match[3]), int(match[4])
        years = [year] if len(match[4]) == 4 else [1900 + year, 2000 + year]
        readings = _dates(*((year, *of_year) for year in years for of_year in ((other, one), (one, other))))
        return put(match, readings, match[1], match[3], match[4])

    def named(match: re.Match[str]) -> str:
        groups = match.groupdict()
        year, day = (int(groups[name]) if groups.get(name) else None for name in ("year", "day"))
        if year and language == "th" and year > 2400:
            year -= BUDDHIST_YEARS
        month = names[groups["month"]]
        return put(match, _dates((year, month, day)), groups.get("day"), groups.get("year"))

    text = NUMERIC_DATE.sub(numeric, ISO_DATE.sub(iso, text))
    names, patterns = date_patterns(language)
    for pattern in patterns:
        text = pattern.sub(named, text)
    return text


def _dates(*candidates: tuple[int | None, int, int | None]) -> set[Reading]:
    return {
        (year, month, day)
        for year, month, day in candidates
        if (year is None or 1000 <= year < 3000) and 1 <= month <= 12 and (day is None or 1 <= day <= 31)
    }


def _take_phones(text: str, _: str, found: Found) -> str:
    def take(match: re.Match[str]) -> str:
        figures = FIGURES.findall(match[0])
        digits = "".join(figures)
        if len(digits) < PHONE_DIGITS:
            return match[0]
        reading = digits[-PHONE_DIGITS:]  # with the country's code or without
        found.append(Fact(DriftKind.NUMBERS, match[0], frozenset({reading}), frozenset(map(_bare, figures))))
        return TAKEN

    return PHONE.sub(take, text)


def _take_times(text: str, _: str, found: Found) -> str:
    def take(match: re.Match[str]) -> str:
        hour, minute = int(match["hour"]), int(match["minute"])
        readings = {_time(hour, minute)} | (_hours(hour) if minute == 0 else set())
        figures = frozenset({_bare(match["hour"]), _bare(match["minute"])})
        found.append(Fact(DriftKind.NUMBERS, match[0], frozenset(readings), figures, weighty=False))
        return TAKEN

    return TIME.sub(take, text)


def _time(hour: int, minute: int) -> Reading:
    return ((hour * 60 + minute) % HALF_A_DAY,)


def _hours(hour: int) -> set[Reading]:
    """4 in the afternoon is 16, and 16 is 4."""
    return {Decimal(hour), Decimal(hour % 12), Decimal(hour % 12 + 12)}


def _take_numbers(text: str, language: str, found: Found) -> str:
    scales, factors = scales_of(language)
    for match in NUMBER.finditer(text):
        start, end = match.span()
        before = text[max(0, start - 1) : start]
        if before.lower() != before.upper():  # the name of something: A4, HTML5
            continue
        readings, label = _readings(match), match[0]
        figures, times = frozenset(map(_bare, FIGURES.findall(label))), frozenset[Reading]()
        weighty = match["whole"] is None or len(label) > 2
        small = match["whole"] is not None and len(label) <= 2
        if scale := scales.match(text, end) if scales else None:
            times = frozenset(readings)
            factor = factors[scale["word"].casefold()]
            readings = {reading * factor for reading in readings if isinstance(reading, Decimal)}
            figures = frozenset(f"{reading:f}" for reading in readings)
            label, weighty = label + scale[0], True
        elif small and int(label) <= 24 and _is_of_the_clock(text, match, language):
            readings |= _hours(int(label))
        elif small and (since := BEGUN.search(text[max(0, start - 5) : start])):
            readings.add(Decimal(since[1] + label))
        elif DECADE.fullmatch(label):
            readings.add(Decimal(label[-2:]))
            weighty = not text[end : end + 2].lstrip("-'")[:1].isalpha()
        found.append(Fact(DriftKind.NUMBERS, label, frozenset(readings), figures, times, weighty))
    return text


def _readings(match: re.Match[str]) -> set[Reading]:
    if match["version"]:
        return {match[0]}
    if match["whole"] or match["indian"]:
        return {Decimal(match[0].replace(",", ""))}
    if match["grouped"]:
        groups = match["grouped"].split(match["mark"])
        whole = Decimal("".join(groups) + "." + (match["rest"] or "0"))
        if match["rest"] or len(groups) > 2 or match["mark"] not in ".,":
            return {whole}
        decimal = Decimal(".".join(groups))
        return {decimal} if groups[0].startswith("0") else {whole, decimal}
    before, behind = re.split("[.,]", match[0])
    readings: set[Reading] = {Decimal(f"{before}.{behind}")}
    if len(before) <= 2 and len(behind) == 2 and int(before) <= 24 and int(behind) < 60:
        readings.add(_time(int(before), int(behind)))  # 9.30
    return readings


def _is_of_the_clock(text: str, match: re.Match[str], language: str) -> bool:
    """Whether words for a part of the day stand beside the number."""
    near = text[max(0, match.start() - 12) : match.start()] + TAKEN + text[match.end() : match.end() + 24]
    return day_periods(language).search(near) is not None
