"""A sentence, read for comparing: its facts, its clauses, and what each word does in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from bot.proof.words import AND, FREE, UNBROKEN, WE, YOU, Span, fold, wording
from index.drift.facts import Fact, Facts, read_facts

__all__ = ["FACT", "Clause", "Item", "Reading", "read"]

CLAUSE_END = re.compile(
    r"[;:!?…—–()\[\]{}\"«»„“”‹›،؛؟।。、，；：！？「」『』（）·•|\n]+|[,.](?!\w)|(?<!\d)[,.](?!\d)| -+ "
)
"""Between clauses, as punctuation tells; not inside of a number, an address or an abbreviation."""

ARABIC_AND_NOT = re.compile(r"(?<!\S)و(?=(?:لا|لم|لن|ليس|ليست)\s)")
"""The "and" that is written together with what denies the clause that it opens."""

DASH = re.compile(" [—–-] ")
DASH_FOR_IS = {"ru", "uk"}
"""Languages in which a dash stands for "is", and so parts no clauses."""

HALF_OF_DAY = re.compile(r"(?<=\d) ?([ap])\. ?m\b\.?", re.IGNORECASE)

NUMERALS = re.compile("^([二三四五六七八九十百千万两]+)")
"""In Chinese and Japanese, what a measure word may be written together with."""

WORD = "="
PRECEDENCE = {AND: -2, WE: -1, YOU: -1, FREE: 1}
"""Of what the same word may be."""

OPENING = {"if", "except"}
"""Limits that begin a clause of their own: "free if you bring it in"."""

FACT = "\u01c2"
"""A letter that no language here has: with a number, it stands for a fact in the folded text."""


@dataclass(frozen=True, slots=True)
class Item:
    """A word that claims something, folded; a fact; what a limiting word does (`not`, `only`, ...); or "we" or "you".

    `marker` are the words that claim nothing right before it, such as a preposition or an article, and `after` the one
    right after it, such as a particle; "" for none.
    """

    kind: Literal["word", "fact", "limit", "person"]
    text: str
    marker: str = ""
    fact: Fact | None = None
    after: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch between punctuation, or between words such as "and".

    `items` are what it says, in order; `text` is all of it, folded. `joined`: a word such as "and" stands before it.
    """

    text: str
    items: tuple[Item, ...]
    joined: bool

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(item.text for item in self.items if item.kind == "word")

    @property
    def limits(self) -> tuple[str, ...]:
        return tuple(item.text for item in self.items if item.kind == "limit")

    @property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(item.fact for item in self.items if item.fact is not None)


@dataclass(frozen=True, slots=True)
class Reading:
    """`facts` are its numbers, dates and addresses, which are no words of a clause."""

    language: str
    facts: Facts
    clauses: tuple[Clause, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for clause in self.clauses for item in clause.items)

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(word for clause in self.clauses for word in clause.words)

    @property
    def limits(self) -> tuple[str, ...]:
        return tuple(limit for clause in self.clauses for limit in clause.limits)

    @property
    def text(self) -> str:
        """All clauses, folded."""
        return " ".join(clause.text for clause in self.clauses)


@lru_cache(maxsize=1024)
def read(text: str, language: str) -> Reading:
    """Reads a text in this language."""
    facts = read_facts(HALF_OF_DAY.sub(r" \1m", text.replace(FACT, " ")), language)
    marked = facts.text
    for number, fact in enumerate(facts.found):
        before = f"[0-9{FACT}]" if fact.label[:1].isdigit() else r"\w"
        label = rf"(?<!{before}){re.escape(fact.label)}(?!\d)"
        marked = re.sub(label, f" {FACT}{number} ", marked, count=1)
    if language == "ar":
        marked = ARABIC_AND_NOT.sub("و ", marked)
    if language in DASH_FOR_IS:
        marked = DASH.sub(" ", marked)
    clauses = (_clauses(part, language, facts.found) for part in CLAUSE_END.split(marked))
    return Reading(language, facts, tuple(part for clause in clauses for part in clause if part.text))


def _clauses(text: str, language: str, facts: Sequence[Fact]) -> list[Clause]:
    folded = fold(text)
    known = wording(language)
    # Longer phrases first, over all kinds: "no later than" is no "no".
    found = sorted(known.spans(folded), key=lambda one: (one[0][0] - one[0][1], one[0], PRECEDENCE.get(one[1], 0)))
    marks: list[tuple[Span, str]] = []
    for span, name in found:
        if not any(_crosses(span, other) for other, _ in marks):
            marks.append((span, name))
    taken = [span for span, _ in marks]
    marks += [(span, WORD + word) for word, span in _words(folded, taken) if not word.isdigit()]
    parts: list[Clause] = []
    begin, items, free, joined = 0, list[Item](), (0, ""), False
    items_end = 0
    for (start, end), name in [*sorted(marks), ((len(folded), len(folded)), AND)]:
        if name == AND or (name in OPENING and items):
            parts.append(Clause(folded[begin:start].strip(), tuple(items), joined))
            begin, items, joined = end if name == AND else start, [], name == AND
        marker = free[1] if start - free[0] <= 1 else ""
        if name == FREE:
            free = end, f"{marker} {folded[start:end]}".strip()
            if items and start - items_end <= 1:
                items[-1] = replace(items[-1], after=folded[start:end])
        elif name in (WE, YOU):
            items.append(Item("person", name, marker))
        elif name.startswith(WORD + FACT):
            items.append(Item("fact", "", marker, facts[int(name[2:])]))
        elif name.startswith(WORD):
            items.append(Item("word", name[1:], marker))
        elif name != AND:
            items.append(Item("limit", name, marker))
        if name not in (FREE, AND):
            items_end = end
    return parts


def _crosses(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _words(folded: str, taken: Sequence[Span]) -> Iterable[tuple[str, Span]]:
    """What is not taken, word by word; where no spaces part the words, also what is left of one."""
    for chunk in re.finditer(r"\S+", folded):
        at = chunk.start()
        for piece in _pieces(chunk.group()):
            end = at + len(piece)
            crossing = [span for span in taken if _crosses((at, end), span)]
            if not crossing:
                yield piece, (at, end)
            elif UNBROKEN.match(piece):
                start = max([at, *(span[1] for span in crossing if span[0] <= at)])
                stop = min([end, *(span[0] for span in crossing if span[0] > at)])
                if start < stop:
                    yield folded[start:stop], (start, stop)
            at = end


def _pieces(chunk: str) -> Iterable[str]:
    """A chunk between spaces, cut into words where its script has no spaces."""
    if not UNBROKEN.search(chunk):
        return [chunk]
    from icu4py.breakers import WordBreaker  # only for scripts that need it

    return [piece for word in WordBreaker(chunk, "und") for piece in NUMERALS.split(word) if piece]
