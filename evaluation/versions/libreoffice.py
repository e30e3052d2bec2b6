"""LibreOffice's help, its versions found by content alone, and then with half of them missing."""

from __future__ import annotations

import gzip
import json
import random
import sqlite3
import tempfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.datasets.corpora import Files
from evaluation.datasets.reading import decoded, json_lines, member
from evaluation.errors import DatasetError
from evaluation.versions.bench import Bench, embed_once, linked_anew
from evaluation.versions.links import links_row
from evaluation.versions.room import UNPACKED_LIMIT, require_room
from evaluation.versions.rows import LinksRow

__all__ = ["PAGES", "Page", "libreoffice_links", "sampled", "some_of", "write_opaque"]

SEED = 4

TUNED_ON = 300
"""Pages of LibreOffice's help, the first in the order of SEED, that linking was tuned on; the sample follows them."""

PAGES = 300
"""Of the sample, by default."""

ORIGINAL = "en-US"

TRANSLATED = 0.8
"""The share of a page's text that must be translated for it to be a version."""

KEPT = 0.5
"""The chance of each page to be kept where versions are missing."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page in one language; `name` is the same in all."""

    name: str
    language: str
    title: str
    paragraphs: tuple[str, ...]


def libreoffice_links(folder: Path, bench: Bench, pages: int = PAGES) -> list[LinksRow]:
    """All versions of the sample, and half of them."""
    chosen = list(_read_pages(folder, pages))
    bench.scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=bench.scratch) as place:
        named = write_opaque(chosen, Path(place) / "pages.jsonl")
        embedded = embed_once("libreoffice", Files((Path(place) / "pages.jsonl",)), bench)
    truth = {document.id: named[document.source_uri].name for document in embedded.documents()}
    languages = {document.id: document.language for document in embedded.documents()}
    missing = set(truth) - some_of({document: (truth[document], languages[document]) for document in truth})
    rows = []
    with linked_anew(embedded, bench) as (store, seconds):
        rows.append(links_row("all versions", list(store.articles.versions()), truth, seconds, embedded.seconds))
    with linked_anew(embedded, bench, lambda index: _remove(index, missing)) as (store, seconds):
        rows.append(links_row("half of them missing", list(store.articles.versions()), truth, seconds))
    return rows


def _read_pages(folder: Path, pages: int) -> Iterator[Page]:
    files = {path.name.split(".")[1]: path for path in sorted(folder.glob("pages.*.jsonl.gz"))}
    if ORIGINAL not in files:
        raise DatasetError(f"{folder} has no pages.{ORIGINAL}.jsonl.gz: it is not LibreOffice's help")
    originals = list(_rows(files[ORIGINAL]))
    wanted = set(sampled([page.name for page, _ in originals], pages))
    for language, path in files.items():
        for page, translated in originals if language == ORIGINAL else _rows(path):
            if page.name in wanted and (language == ORIGINAL or translated > TRANSLATED):
                yield page


def _rows(path: Path) -> Iterator[tuple[Page, float]]:
    """Each page, and how much of it is translated."""
    try:
        with gzip.open(path) as stream:
            data = stream.read(UNPACKED_LIMIT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"cannot read {path}: {error}") from error
    require_room(len(data), path)
    for _, where, row in json_lines(decoded(data, path), path):
        name, language, title = (member(row, key, str, where) for key in ("id", "lang", "title"))
        paragraphs = member(row, "paragraphs", list, where)
        share = row.get("body_translated") if isinstance(row, dict) else None
        translated = share if isinstance(share, int | float) else 0
        yield Page(name, language, title, tuple(map(str, paragraphs))), translated


def _chance() -> random.Random:
    return random.Random(SEED)  # noqa: S311 - the same every time, and no secret


def sampled(names: Iterable[str], count: int) -> list[str]:
    """So many of the names that linking was not tuned on; the same ones every time. Raises DatasetError."""
    shuffled = sorted(names)
    _chance().shuffle(shuffled)
    left = shuffled[TUNED_ON:]
    if not 0 < count <= len(left):
        raise DatasetError(f"--pages {count}: there are {len(left)} pages that linking was not tuned on")
    return left[:count]


def write_opaque(pages: Sequence[Page], path: Path) -> dict[str, Page]:
    """Writes the pages so that nothing but their text tells which belong together; gives them back by address."""
    numbers = list(range(len(pages)))
    _chance().shuffle(numbers)
    named = {f"page:{number}": page for number, page in sorted(zip(numbers, pages, strict=True), key=lambda p: p[0])}
    rows = [
        {"url": uri, "language": page.language, "title": page.title, "paragraphs": page.paragraphs}
        for uri, page in named.items()
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return named


def some_of(documents: Mapping[str, tuple[str, str]]) -> set[str]:
    """Each with the chance KEPT, by page and language, whatever the documents' ids are."""
    chance = _chance()
    return {document for _, document in sorted((key, d) for d, key in documents.items()) if chance.random() < KEPT}


def _remove(index: sqlite3.Connection, documents: Collection[str]) -> None:
    index.execute(
        "DELETE FROM documents WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(sorted(documents)),)
    )
