"""How `dragoman articles` talks to a person: the articles of an index, one of them side by side, and where they drift.

The same as JSON is made here too; the command's help has its shapes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any
from urllib.parse import unquote

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.question import checked_language
from bot.visible import visible
from index.drift import Drift, DriftKind, Quote, Row, drift, side_by_side
from index.errors import DragomanError
from index.store import Store
from index.types import FoundBy, Version
from ui.console import print_text, readable

__all__ = [
    "article_json",
    "articles_json",
    "chosen_languages",
    "drift_json",
    "find_article",
    "print_article",
    "print_articles",
    "print_drift",
]

COLUMN = 30
"""The width from which a version has a column of its own."""

SHOWN = 400
"""So many characters of a quote are shown in a terminal; a pipe and JSON get all of it."""

NAMED = 3


@dataclass(frozen=True, slots=True)
class _Article:
    """An article with its versions, the one in English first; `aligned` is the share of sentences in a statement."""

    id: str
    versions: tuple[Version, ...]
    aligned: float | None

    @property
    def title(self) -> str:
        return self.versions[0].title or readable(self.versions[0].source_uri)

    @property
    def found_by(self) -> FoundBy:
        """How its weakest version was found."""
        order = list(FoundBy)
        return max((version.found_by for version in self.versions), key=order.index)

    @property
    def score(self) -> float | None:
        """The lowest of its versions that were found by their content."""
        scores = [version.score for version in self.versions if version.score is not None]
        return min(scores, default=None)


# Choosing.


def chosen_languages(codes: Sequence[str]) -> set[str]:
    """The languages of these codes. Raises QuestionError for what is none."""
    return {language for code in codes if (language := checked_language(code))}


def find_article(store: Store, show: str) -> str:
    """The one article with this id, or with a version at this place. Raises DragomanError where it is not just one."""
    found: dict[str, Version] = {}
    at_the_end: set[str] = set()
    for version in store.articles.versions():
        if version.article == show:
            return show
        ends, is_there = _lies_at(version.source_uri, show)
        if is_there or (show and version.article.startswith(show)):
            found.setdefault(version.article, version)
        if ends:
            at_the_end.add(version.article)
    articles = sorted(at_the_end) if len(at_the_end) == 1 else sorted(found)
    if len(articles) == 1:
        return articles[0]
    if not articles:
        raise DragomanError(
            f"no article has the id {show!r} or a version at such a place: `dragoman articles --all` lists them"
        )
    named = ", ".join(f"{article} ({_line(found[article].title)})" for article in articles[:NAMED])
    more = ", ..." if len(articles) > NAMED else ""
    raise DragomanError(f"{len(articles):,} articles match {show!r}: {named}{more}; name one by its id")


def _lies_at(uri: str, show: str) -> tuple[bool, bool]:
    """Whether the address ends in `show`, and whether it has it, as whole names; the last may lack its suffix."""
    address = unquote(uri)
    folder, slash, name = address.rpartition("/")
    forms = [f"/{form}/" for form in {address, folder + slash + name.rpartition(".")[0] or name}]
    wanted = f"/{show.removeprefix('./').strip('/')}/"
    if wanted == "//":
        return False, False
    return any(form.endswith(wanted) for form in forms), any(wanted in form for form in forms)


def _articles(store: Store, only: str | None = None) -> Iterator[_Article]:
    versions = store.articles.versions(None if only is None else [only])
    for article, of_article in groupby(versions, key=lambda version: version.article):
        yield _with_alignment(store, article, list(of_article))


def _with_alignment(store: Store, article: str, versions: Sequence[Version]) -> _Article:
    aligned = {sentence for statement in store.articles.statements_of(article).values() for sentence in statement}
    sentences = sum(version.sentences for version in versions)
    english_first = sorted(versions, key=lambda version: version.language != "en")
    return _Article(article, tuple(english_first), min(1.0, len(aligned) / sentences) if sentences else None)


def _in(languages: set[str], article: _Article) -> bool:
    return not languages or any(version.language in languages for version in article.versions)


# All articles.


def print_articles(console: Console, store: Store, languages: set[str], *, also_alone: bool) -> None:
    """A line each, those with more than one version, and how many there are."""
    articles = [article for article in _articles(store) if _in(languages, article)]
    alone = sum(len(article.versions) == 1 for article in articles)
    rows = [_cells(article) for article in articles if also_alone or len(article.versions) > 1]
    if rows:
        _print_table(console, ["article", "title", "languages", "versions", "aligned", "found by"], rows)
    console.print(
        f"{_count(len(articles) - alone, 'article')} of 2 or more versions, {_count(alone, 'document')} alone",
        soft_wrap=True,
    )


def _cells(article: _Article) -> list[str]:
    score = "" if article.score is None or article.found_by != FoundBy.CONTENT else f" {article.score:.2f}"
    return [
        visible(article.id),
        _line(article.title),
        " ".join(sorted(version.language for version in article.versions)),
        f"{len(article.versions)}",
        "–" if article.aligned is None or len(article.versions) == 1 else f"{100 * article.aligned:.0f} %",
        f"{article.found_by}{score}",
    ]


def _print_table(console: Console, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table in a terminal; in a pipe every row stays on its line, whole."""
    if console.is_terminal:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for name in header:
            table.add_column(
                name,
                justify="right" if name in {"versions", "aligned"} else "left",
                overflow="fold",
                no_wrap=name == "article",
            )
        for row in rows:
            table.add_row(*map(Text, row))
        console.print(table)
        return
    widths = [max(cell_len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    for row in (header, *rows):
        cells = [cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        console.print(Text("  ".join(cells).rstrip()), soft_wrap=True)


def articles_json(store: Store, languages: set[str], *, also_alone: bool) -> str:
    """The articles, and how many documents are alone."""
    articles = [article for article in _articles(store) if _in(languages, article)]
    return _json(
        {
            "articles": [
                {
                    "article": article.id,
                    "title": article.title,
                    "languages": sorted(version.language for version in article.versions),
                    "versions": len(article.versions),
                    "aligned": None if article.aligned is None else round(article.aligned, 4),
                    "found_by": article.found_by,
                    "score": article.score,
                }
                for article in articles
                if also_alone or len(article.versions) > 1
            ],
            "alone": sum(len(article.versions) == 1 for article in articles),
        }
    )


# One article.


@dataclass(frozen=True, slots=True)
class _SideBySide:
    """The versions to show, and what they say; each row has a sentence of one of them at least."""

    versions: tuple[Version, ...]
    rows: tuple[Row, ...]
    texts: Mapping[str, str]

    def said(self, row: Row, version: Version) -> str:
        text = self.texts[version.document]
        return " ".join(text[unit.start : unit.end] for unit in row.sentences.get(version.document, ()))


def _side_by_side(store: Store, article: str, languages: set[str]) -> _SideBySide:
    (found,) = _articles(store, article)
    versions = tuple(version for version in found.versions if not languages or version.language in languages)
    if not versions:
        having = ", ".join(sorted(version.language for version in found.versions))
        raise DragomanError(f"article {article} has no version in {', '.join(sorted(languages))}: it has {having}")
    documents = [version.document for version in versions]
    rows = (row for row in side_by_side(store, article) if any(document in row.sentences for document in documents))
    return _SideBySide(versions, tuple(rows), store.document_texts(documents))


def print_article(console: Console, store: Store, article: str, languages: set[str]) -> None:
    """Its versions, and under them what they say alike, in columns where there is room for them."""
    shown = _side_by_side(store, article, languages)
    for version in shown.versions:
        score = "" if version.score is None else f" {version.score:.2f}"
        print_text(
            console,
            Text.assemble(
                (f"[{version.language}] ", "bold"),
                _line(version.title),
                (f"  {_line(readable(version.source_uri))}, found by {version.found_by}{score}", "dim"),
            ),
        )
    console.print()
    if console.is_terminal and console.width >= COLUMN * len(shown.versions) + 6 and len(shown.versions) > 1:
        _print_columns(console, shown)
    else:
        _print_blocks(console, shown)


def _print_columns(console: Console, shown: _SideBySide) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 1, 0))
    table.add_column("score")
    for version in shown.versions:
        table.add_column(version.language, ratio=1, overflow="fold")
    for row in shown.rows:
        style = "" if row.scores else "dim"
        cells = [Text(_line(shown.said(row, version)), style) for version in shown.versions]
        table.add_row(Text(_score(row), "dim"), *cells)
    console.print(table)


def _print_blocks(console: Console, shown: _SideBySide) -> None:
    for row in shown.rows:
        print_text(console, Text(_score(row) or "alone", "dim"))
        for version in shown.versions:
            if said := shown.said(row, version):
                text = Text(_line(said), "" if row.scores else "dim")
                print_text(console, Text.assemble((f"[{version.language}] ", "bold"), text))
        console.print()


def _score(row: Row) -> str:
    """That of the sentences whose place is the least certain."""
    return f"{min(row.scores.values()):.2f}" if row.scores else ""


def article_json(store: Store, article: str, languages: set[str]) -> str:
    """Its versions and statements; a statement without a score is a sentence that one version has alone."""
    shown = _side_by_side(store, article, languages)
    return _json(
        {
            "article": article,
            "versions": [
                {
                    "document": version.document,
                    "language": version.language,
                    "title": version.title,
                    "source_uri": version.source_uri,
                    "found_by": version.found_by,
                    "score": version.score,
                    "sentences": version.sentences,
                }
                for version in shown.versions
            ],
            "statements": [
                [
                    {
                        "document": unit.document,
                        "language": version.language,
                        "start": unit.start,
                        "end": unit.end,
                        "text": shown.texts[unit.document][unit.start : unit.end],
                        "score": row.scores.get(unit.document),
                    }
                    for version in shown.versions
                    for unit in row.sentences.get(version.document, ())
                ]
                for row in shown.rows
            ],
        }
    )


# Drift.


def _drifts(store: Store, article: str | None, languages: set[str]) -> Iterator[tuple[_Article, list[Drift]]]:
    """Of each article with more than one version, what was found."""
    for found in list(_articles(store, article)):
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
        print_text(console, Text.assemble((_line(found.title), "bold underline"), (f"  {visible(found.id)}", "dim")))
        for one in drifts:
            kinds[one.kind] += 1
            _print_one(console, one)
        console.print()
    looked = f"{_count(looked_at, 'article')} of 2 or more versions"
    if not kinds:
        console.print(f"no drift found in {looked}", soft_wrap=True)
        return
    counts = ", ".join(f"{kind} {kinds[kind]:,}" for kind in DriftKind if kind in kinds)
    console.print(f"drift in {drifting:,} of {looked}: {counts}", soft_wrap=True)


def _print_one(console: Console, one: Drift) -> None:
    console.print()
    print_text(console, Text.assemble((f"{one.kind}, {one.language}: ", "yellow"), _line(one.detail)))
    if one.quote is not None:
        here = _shown_quote(console, one.quote)
    elif one.after is not None:
        place = f"{_line(readable(one.source_uri))}, nothing after characters {one.after.start}-{one.after.end}"
        here = [Text.assemble((f"[{one.language}] ", "bold"), (place, "dim")), Text(_said(console, one.after), "dim")]
    else:
        place = f"{_line(readable(one.source_uri))}, nothing at the beginning"
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
    place = f"{_line(readable(quote.source_uri))}, characters {quote.start}-{quote.end}"
    return [Text.assemble((f"[{quote.language}] ", "bold"), (place, "dim")), Text(_said(console, quote))]


def _said(console: Console, quote: Quote) -> str:
    said = _line(quote.text)
    return said if len(said) <= SHOWN or not console.is_terminal else said[:SHOWN].rstrip() + " ..."


def drift_json(store: Store, article: str | None, languages: set[str]) -> str:
    """What was found, how much of each kind, and in how many articles was looked."""
    results = list(_drifts(store, article, languages))
    found = [one for _, drifts in results for one in drifts]
    kinds = Counter(one.kind for one in found)
    return _json(
        {
            "drift": [asdict(one) for one in found],
            "counts": {kind: kinds[kind] for kind in DriftKind},
            "articles": len(results),
        }
    )


# How things are put.


def _json(shape: Mapping[str, Any]) -> str:
    return json.dumps(shape, ensure_ascii=False, indent=2)


def _line(text: str) -> str:
    """On one line, and fit to be shown."""
    return visible(" ".join(text.split()))


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
