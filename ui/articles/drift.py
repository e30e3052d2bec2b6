"""Where the versions of articles drift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.visible import visible
from index.drift import Drift, DriftKind, Quote, drift
from index.store import Store
from ui.articles.choosing import Article, read_articles
from ui.articles.putting import COLUMN, as_json, count, one_line
from ui.console import print_text, readable

__all__ = ["drift_json", "print_drift"]

SHOWN = 400
"""So many characters of a quote are shown in a terminal; a pipe and JSON get all of it."""


def _drifts(store: Store, article: str | None, languages: set[str]) -> Iterator[tuple[Article, list[Drift]]]:
    """Of each article with more than one version, what was found."""
    for found in list(read_articles(store, article)):
        if len(found.versions) > 1:
            drifts = drift(store, found.id)
            yield found, [one for one in drifts if not languages or one.language in languages]


def print_drift(console: Console, store: Store, article: str | None, languages: set[str]) -> None:
    """Each thing in which versions disagree, with what two of them say, and how many there are of each kind."""
    kinds: Counter[DriftKind] = Counter()
    looked_at, drifting = 0, 0
    for found, drifts in _drifts(store, article, languages):
        looked_at += 1
        if not drifts:
            continue
        drifting += 1
        print_text(console, Text.assemble((one_line(found.title), "bold underline"), (f"  {visible(found.id)}", "dim")))
        for one in drifts:
            kinds[one.kind] += 1
            _print_one(console, one)
        console.print()
    looked = f"{count(looked_at, 'article')} of 2 or more versions"
    if not kinds:
        console.print(f"no drift found in {looked}", soft_wrap=True)
        return
    counts = ", ".join(f"{kind} {kinds[kind]:,}" for kind in DriftKind if kind in kinds)
    console.print(f"drift in {drifting:,} of {looked}: {counts}", soft_wrap=True)


def _print_one(console: Console, one: Drift) -> None:
    console.print()
    print_text(console, Text.assemble((f"{one.kind}, {one.language}: ", "yellow"), one_line(one.detail)))
    if one.quote is not None:
        here = _shown_quote(console, one.quote)
    elif one.after is not None:
        place = f"{one_line(readable(one.source_uri))}, nothing after characters {one.after.start}-{one.after.end}"
        here = [Text.assemble((f"[{one.language}] ", "bold"), (place, "dim")), Text(_said(console, one.after), "dim")]
    else:
        place = f"{one_line(readable(one.source_uri))}, nothing at the beginning"
        here = [Text.assemble((f"[{one.language}] ", "bold"), (place, "dim"))]
    there = _shown_quote(console, one.other)
    if console.is_terminal and console.width >= 2 * COLUMN + 2:
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        for _ in range(2):
            table.add_column(ratio=1, overflow="fold")
        table.add_row(Text("\n").join(here), Text("\n").join(there))
        console.print(table)
        return
    for line in (*here, *there):
        print_text(console, line, indent=2)


def _shown_quote(console: Console, quote: Quote) -> list[Text]:
    place = f"{one_line(readable(quote.source_uri))}, characters {quote.start}-{quote.end}"
    return [Text.assemble((f"[{quote.language}] ", "bold"), (place, "dim")), Text(_said(console, quote))]


def _said(console: Console, quote: Quote) -> str:
    said = one_line(quote.text)
    return said if len(said) <= SHOWN or not console.is_terminal else said[:SHOWN].rstrip() + " ..."


def drift_json(store: Store, article: str | None, languages: set[str]) -> str:
    """What was found, how much of each kind, and in how many articles was looked."""
    results = list(_drifts(store, article, languages))
    found = [one for _, drifts in results for one in drifts]
    kinds = Counter(one.kind for one in found)
    return as_json(
        {
            "drift": [asdict(one) for one in found],
            "counts": {kind: kinds[kind] for kind in DriftKind},
            "articles": len(results),
        }
    )
