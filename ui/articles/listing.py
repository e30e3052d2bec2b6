"""The list of articles, a line each."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.visible import visible
from index.store import Store
from index.types import FoundBy
from ui.articles.choosing import Article, read_articles
from ui.articles.putting import as_json, count, one_line

__all__ = ["articles_json", "print_articles"]


def print_articles(console: Console, store: Store, languages: set[str], *, also_alone: bool) -> None:
    """A line each, those with more than one version, and how many there are."""
    articles = [article for article in read_articles(store) if _in(languages, article)]
    alone = sum(len(article.versions) == 1 for article in articles)
    rows = [_cells(article) for article in articles if also_alone or len(article.versions) > 1]
    if rows:
        _print_table(console, ["article", "title", "languages", "versions", "aligned", "found by"], rows)
    console.print(
        f"{count(len(articles) - alone, 'article')} of 2 or more versions, {count(alone, 'document')} alone",
        soft_wrap=True,
    )


def _cells(article: Article) -> list[str]:
    score = "" if article.score is None or article.found_by != FoundBy.CONTENT else f" {article.score:.2f}"
    return [
        visible(article.id),
        one_line(article.title),
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
    articles = [article for article in read_articles(store) if _in(languages, article)]
    return as_json(
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


def _in(languages: set[str], article: Article) -> bool:
    return not languages or any(version.language in languages for version in article.versions)
