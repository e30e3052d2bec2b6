"""Folders in the format of BEIR (Thakur et al. 2021, arXiv:2104.08663): documents, queries and graded judgements."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from evaluation.datasets.corpora import Record, Records
from evaluation.datasets.languages import NamedLanguages, language_of_questions, named_languages
from evaluation.datasets.reading import decoded, identifier, json_lines, member, read_data, shown
from evaluation.errors import DatasetError
from evaluation.types import Dataset, EvaluationQuestion, Gold
from index.language import document_language
from index.sources.pieces import clean

__all__ = ["read_beir"]

HEADER = ["query-id", "corpus-id", "score"]

HIGHEST_SCORE = 1_000
"""Tools that compute measures reserve room for every grade up to the highest."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A query, or a document; `text` is the title where a document has nothing else."""

    title: str
    text: str


Judgements: TypeAlias = Mapping[str, Mapping[str, int]]
"""The score of each document judged for a query, by their ids."""


def read_beir(folder: Path, *, language: str | None = None, split: str = "test") -> Dataset:
    """The queries that `qrels/<split>.tsv` judges; where it is missing, the only other there is.

    The languages are `language`, else those that the folder's name says, else what the texts read like. A query is
    left out where nothing is relevant to it (a score of 1 or more), a document where it has neither text nor title;
    the note counts both. Raises DatasetError, which names file and line.
    """
    judged, corpus_path, queries_path = _split(folder, split), folder / "corpus.jsonl", folder / "queries.jsonl"
    data = {path: read_data(path) for path in (corpus_path, queries_path, judged)}
    texts = {path: decoded(data[path], path) for path in data}
    corpus, queries = _entries(corpus_path, texts[corpus_path]), _entries(queries_path, texts[queries_path])
    judgements = _judgements(judged, texts[judged], queries, corpus)
    golds = {query: found for query, scores in judgements.items() if (found := _golds(scores, corpus))}
    if not golds:
        raise DatasetError(f"{judged}: no document is relevant to any query: take another split")
    name = folder.resolve().name
    named = named_languages(name, language, str(folder))
    spoken = named.questions or language_of_questions((queries[query].text for query in golds), str(queries_path))
    return Dataset(
        name=name,
        fingerprint=hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in data.values())).hexdigest(),
        questions=tuple(
            _question(query, queries[query], spoken, found, queries_path) for query, found in golds.items()
        ),
        corpus=Records(name, tuple(_records(corpus, named))),
        note="; ".join(filter(None, [named.note, *_notes(judged, split, judgements, golds, corpus)])),
    )


def _split(folder: Path, wanted: str) -> Path:
    there = {path.stem: path for path in sorted((folder / "qrels").glob("*.tsv"))}
    if wanted in there:
        return there[wanted]
    if len(there) == 1:
        return next(iter(there.values()))
    listed = f"only {', '.join(there)}: name one of these splits" if there else "nothing: is it a BEIR folder?"
    raise DatasetError(f"{folder / 'qrels'} has no {wanted}.tsv, {listed}")


def _entries(path: Path, text: str) -> dict[str, _Entry]:
    entries: dict[str, _Entry] = {}
    for _, where, value in json_lines(text, path):
        own = identifier(value, "_id", where)
        if own in entries:
            raise DatasetError(f"{where}: the _id {shown(own)} stands there twice: give each its own")
        entries[own] = _entry(value, where)
    return entries


def _entry(value: object, where: str) -> _Entry:
    text = member(value, "text", str, where)
    titled = isinstance(value, dict) and value.get("title") is not None
    title = member(value, "title", str, where) if titled else ""
    return _Entry(title, text if text.strip() else title)


def _judgements(path: Path, text: str, queries: Collection[str], corpus: Collection[str]) -> Judgements:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    strangers: dict[tuple[str, str], str] = {}
    for where, query, document, score in _lines(path, text):
        if query not in queries:
            strangers.setdefault(("query", query), where)
        if document not in corpus:
            strangers.setdefault(("document", document), where)
        if found[query].setdefault(document, score) != score:
            raise DatasetError(f"{where}: {shown(document)} has another score for {shown(query)} above: keep one")
    for (what, own), where in strangers.items():
        raise DatasetError(
            f"{where}: no {what} has the _id {shown(own)}; so with {len(strangers)} in all: is the folder whole?"
        )
    return found


def _lines(path: Path, text: str) -> Iterator[tuple[str, str, str, int]]:
    """`(where, query, document, score)` of each judgement."""
    for number, line in enumerate(text.split("\n"), start=1):
        cells, where = line.rstrip("\r").split("\t"), f"{path}, line {number}"
        if not line.strip() or (number == 1 and cells == HEADER):
            continue
        if len(cells) != len(HEADER):
            raise DatasetError(f"{where}: should be {', '.join(HEADER)} with tabs between, and is {shown(line)}")
        yield where, cells[0], cells[1], _score(cells[2], where)


def _score(cell: str, where: str) -> int:
    try:
        score = int(cell)
    except ValueError as error:
        raise DatasetError(f"{where}: the score should be a whole number, and is {shown(cell)}") from error
    if score > HIGHEST_SCORE:
        raise DatasetError(f"{where}: the score should be at most {HIGHEST_SCORE:,}, and is {shown(score)}")
    return score


def _uri(document: str) -> str:
    return f"beir:{quote(document, safe='')}"


def _golds(scores: Mapping[str, int], corpus: Mapping[str, _Entry]) -> tuple[Gold, ...]:
    return tuple(
        Gold(_uri(document), None, grade=score)
        for document, score in scores.items()
        if score > 0 and corpus[document].text.strip()
    )


def _question(own: str, query: _Entry, language: str, golds: tuple[Gold, ...], path: Path) -> EvaluationQuestion:
    text = clean(query.text).strip()
    if not text:
        raise DatasetError(f"{path}: the query {shown(own)} is empty: leave it and its judgements out")
    return EvaluationQuestion(own, text, language, group=own, golds=golds)


def _records(corpus: Mapping[str, _Entry], named: NamedLanguages) -> Iterator[Record]:
    for own, entry in corpus.items():
        if entry.text.strip():
            yield Record(_uri(own), entry.title, entry.text, named.documents or document_language(entry.text))


def _notes(
    judged: Path, split: str, judgements: Judgements, asked: Collection[str], corpus: Mapping[str, _Entry]
) -> Iterator[str]:
    if judged.stem != split:
        yield f"judged by {judged.name}, the only split"
    if left_out := len(judgements) - len(asked):
        yield f"queries left out, nothing being relevant to them: {left_out}"
    empty = {own for own, entry in corpus.items() if not entry.text.strip()}
    if empty:
        relevant = {own for scores in judgements.values() for own, score in scores.items() if score > 0}
        yield f"documents left out, being empty: {len(empty)}, of them relevant to a query: {len(empty & relevant)}"
