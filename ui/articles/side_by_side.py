"""One article, its versions side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from index.drift import Row, side_by_side
from index.errors import DragomanError
from index.store import Store
from index.types import Version
from ui.articles.choosing import read_articles
from ui.articles.putting import COLUMN, as_json, one_line
from ui.console import print_text, readable

__all__ = ["article_json", "print_article"]


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
    (found,) = read_articles(store, article)
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
                one_line(version.title),
                (f"  {one_line(readable(version.source_uri))}, found by {version.found_by}{score}", "dim"),
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
        cells = [Text(one_line(shown.said(row, version)), style) for version in shown.versions]
        table.add_row(Text(_score(row), "dim"), *cells)
    console.print(table)


def _print_blocks(console: Console, shown: _SideBySide) -> None:
    for row in shown.rows:
        print_text(console, Text(_score(row) or "alone", "dim"))
        for version in shown.versions:
            if said := shown.said(row, version):
                text = Text(one_line(said), "" if row.scores else "dim")
                print_text(console, Text.assemble((f"[{version.language}] ", "bold"), text))
        console.print()


def _score(row: Row) -> str:
    """That of the sentences whose place is the least certain."""
    return f"{min(row.scores.values()):.2f}" if row.scores else ""


def article_json(store: Store, article: str, languages: set[str]) -> str:
    """Its versions and statements; a statement without a score is a sentence that one version has alone."""
    shown = _side_by_side(store, article, languages)
    return as_json(
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
