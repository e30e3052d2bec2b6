from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluation.errors import DatasetError
from evaluation.versions import libreoffice
from evaluation.versions.bench import Bench
from evaluation.versions.libreoffice import Page, libreoffice_links, sampled, some_of, write_opaque
from evaluation.versions.rows import Score
from index.sources import read_file
from index.types import SourceDocument

NAMES = [f"text/{number:04}" for number in range(400)]


def test_the_sample_is_always_the_same_and_holds_nothing_that_linking_was_tuned_on() -> None:
    chosen = sampled(NAMES, 100)
    assert sampled(reversed(NAMES), 100) == chosen
    assert sampled(NAMES, 20) == chosen[:20]
    assert len(set(chosen)) == 100 and set(chosen) < set(NAMES) and chosen != sorted(chosen)


@pytest.mark.parametrize("count", [0, 101])
def test_a_sample_of_more_than_there_is_says_how_many_there_are(count: int) -> None:
    with pytest.raises(DatasetError, match=f"--pages {count}: there are 100 pages"):
        sampled(NAMES, count)


def test_half_of_the_documents_are_kept_whatever_their_ids_are() -> None:
    keys = [(name, language) for name in NAMES for language in ("en", "fr")]
    forth = {f"id{number}": key for number, key in enumerate(keys)}
    back = {f"id{number}": key for number, key in enumerate(reversed(keys))}
    kept = some_of(forth)
    assert {forth[document] for document in kept} == {back[document] for document in some_of(back)}
    assert 350 < len(kept) < 450


def test_written_pages_tell_nothing_but_their_text(tmp_path: Path) -> None:
    pages = [Page(f"p{at}", language, f"Title {at}", ("One.", "Two.")) for at in range(30) for language in ("en", "fr")]
    named = write_opaque(pages, tmp_path / "pages.jsonl")
    read = [document for document in read_file(tmp_path / "pages.jsonl") if isinstance(document, SourceDocument)]
    assert [document.uri for document in read] == [f"page:{number}" for number in range(60)] == list(named)
    assert {document.article for document in read} == {None}
    assert [(document.title, document.language) for document in read] == [(p.title, p.language) for p in named.values()]
    assert set(named.values()) == set(pages) and list(named.values()) != pages
    rows = [json.loads(line) for line in (tmp_path / "pages.jsonl").read_text().splitlines()]
    assert {frozenset(row) for row in rows} == {frozenset({"url", "language", "title", "paragraphs"})}


SUBJECTS = ["red green blue yellow", "dogs cats mice birds", "bread milk eggs cheese", "rain snow wind frost"]


def help_pages(language: str, translated: float) -> Iterator[bytes]:
    for number, subject in enumerate(SUBJECTS):
        words = subject.split()
        paragraphs = [f"{' '.join(words[at:] + words[:at])} number {at}{number}." for at in range(4)]
        row = {"id": f"p{number}", "lang": language, "title": language, "paragraphs": paragraphs}
        yield json.dumps(row | {"body_translated": translated if number else 0.5}).encode() + b"\n"


def test_pages_of_the_help_are_linked_by_what_they_say_and_those_not_translated_are_no_versions(
    tmp_path: Path, toy: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libreoffice, "TUNED_ON", 0)
    for language, translated in (("en-US", 0.0), ("fr", 0.9), ("nl", 0.8)):
        (tmp_path / f"pages.{language}.jsonl.gz").write_bytes(gzip.compress(b"".join(help_pages(language, translated))))
    whole, half = libreoffice_links(tmp_path, toy, pages=4)
    assert (whole.documents, whole.score) == (7, Score(3, 3, 3))  # no Dutch page and one French one are left out
    assert set(whole.found_by) == {"alone", "content"}
    assert half.documents < 7 and half.score.wanted < 3
    assert whole.indexing is not None and half.indexing is None
    assert libreoffice_links(tmp_path, toy, pages=4)[0].indexing == whole.indexing  # embedded once


def test_a_folder_that_is_no_help_says_what_is_missing(tmp_path: Path, toy: Bench) -> None:
    with pytest.raises(DatasetError, match=r"has no pages\.en-US\.jsonl\.gz"):
        libreoffice_links(tmp_path, toy)
