"""How well versions are found and their sentences aligned: `python -m evaluation.versions --samples --seeds DIR ...`.

Each part that is asked for is one Markdown table. What is measured is the linking and aligning of this code: documents
are embedded once (and kept with --cache), and linked anew in a copy each time.

- `--samples`, `--seeds DIR`: sentences against those that were aligned by hand, in evaluation/data/alignment.
- `--xquad-r DIR`: the sentences that hold the answer to one question in two languages should be aligned; and each
  paragraph is a document, whose versions are to be found. Aligning was tuned on the articles of even number.
- `--fastapi FILE.tar.gz`: FastAPI's manual, its versions found by their paths, and then by content alone.
- `--libreoffice DIR`: pages of LibreOffice's help without anything that tells which belong together, and then half of
  them: a page whose version is missing has to stay alone.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import random
import shutil
import sqlite3
import sys
import tarfile
import tempfile
import time
import zlib
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from itertools import combinations, permutations
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from evaluation.datasets import open_dataset
from evaluation.datasets.corpora import Files
from evaluation.datasets.reading import decoded, json_lines, member
from evaluation.datasets.xquad_r import is_xquad_r
from evaluation.errors import DatasetError
from evaluation.provenance import provenance
from evaluation.report.terminal import shown
from evaluation.types import Corpus, Dataset, EvaluationQuestion
from index.boilerplate import REPEATED_ON_PAGES
from index.database import connect
from index.embedding import open_embedder
from index.errors import DragomanError
from index.indexer import IndexingProgress
from index.linking import link_new_documents
from index.preparation import RECIPE
from index.store import Store
from index.types import Document, Embedder, Version

__all__ = [
    "AlignmentRow",
    "AnswersRow",
    "Bench",
    "GoldArticle",
    "LinksRow",
    "Page",
    "Part",
    "Score",
    "aligned_with_gold",
    "answers_aligned",
    "fastapi_links",
    "libreoffice_links",
    "links_row",
    "main",
    "markdown",
    "pairs_of_groups",
    "pairs_of_units",
    "read_gold",
    "sampled",
    "score_alignment",
    "score_answers",
    "score_pairs",
    "some_of",
    "unpacked",
    "write_opaque",
    "xquad_r_links",
]

GOLD = Path(__file__).parent / "data" / "alignment"

SEED = 4

TUNED_ON = 300
"""Pages of LibreOffice's help, the first in the order of SEED, that linking was tuned on; the sample follows them."""

PAGES = 300

ORIGINAL = "en-US"

TRANSLATED = 0.8
"""The share of a page's text that must be translated for it to be a version."""

KEPT = 0.5
"""The chance of each page to be kept where versions are missing."""

UNPACKED_LIMIT = 500_000_000
"""Bytes of an archive's contents."""

SHOWN_WRONG = 200

Span: TypeAlias = tuple[str, int, int]
"""A sentence: its document, start and end."""

Unit: TypeAlias = Mapping[str, Sequence[Span]]
"""By version, the run of sentences that say the same."""

Pair: TypeAlias = "tuple[Span, Span]"


@dataclass(frozen=True, slots=True)
class Score:
    """How many were right, of those found and of those wanted."""

    right: int = 0
    found: int = 0
    wanted: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(self.right + other.right, self.found + other.found, self.wanted + other.wanted)

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else math.nan

    @property
    def recall(self) -> float:
        return self.right / self.wanted if self.wanted else math.nan

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.found + self.wanted) if self.found + self.wanted else math.nan


@dataclass(frozen=True, slots=True)
class AlignmentRow:
    """Pairs of sentences against the gold's. `left_out` counts pairs of sentences neither of which the gold mentions.

    `cut_otherwise` counts the gold's sentences that are no sentences of the index, whose pairs are lost.
    """

    HEADER: ClassVar = (
        "articles", "pairs in the gold", "found", "precision", "coverage", "of sentences that the gold leaves out",
        "gold sentences cut otherwise",
    )  # fmt: skip

    name: str
    score: Score
    left_out: int
    cut_otherwise: int

    def cells(self) -> tuple[str, ...]:
        score = self.score
        counts = f"{score.wanted:,}", f"{score.found:,}"
        return (
            self.name,
            *counts,
            shown(score.precision),
            shown(score.recall),
            f"{self.left_out:,}",
            f"{self.cut_otherwise}",
        )


@dataclass(frozen=True, slots=True)
class AnswersRow:
    """Questions in one language and another: whether the sentences that hold the two answers are aligned."""

    HEADER: ClassVar = "questions of", "pairs of answers", "with an aligned sentence", "precision", "coverage"

    name: str
    score: Score

    def cells(self) -> tuple[str, ...]:
        score = self.score
        return self.name, f"{score.wanted:,}", f"{score.found:,}", shown(score.precision), shown(score.recall)


@dataclass(frozen=True, slots=True)
class LinksRow:
    """Pairs of documents that were found to be versions of one article, against the true ones.

    `mixed` counts the articles found that hold documents of more than one true article. `linking` is the seconds of
    linking and aligning, `indexing` those of all that `dragoman index` does, in the run that embedded the documents.
    `wrong` names some of the wrong pairs.
    """

    HEADER: ClassVar = (
        "documents", "count", "true pairs", "found", "wrong", "precision", "recall", "F1", "articles mixed", "found by",
        "linking and aligning, s per 1,000", "all of indexing, s per 1,000",
    )  # fmt: skip

    name: str
    documents: int
    score: Score
    mixed: int
    found_by: dict[str, int]
    linking: float
    indexing: float | None
    wrong: tuple[tuple[str, str], ...]

    def cells(self) -> tuple[str, ...]:
        score = self.score
        counts = self.documents, score.wanted, score.found, score.found - score.right
        return (
            self.name,
            *(f"{count:,}" for count in counts),
            *map(shown, (score.precision, score.recall, score.f1)),
            f"{self.mixed}",
            ", ".join(f"{found_by} {count:,}" for found_by, count in self.found_by.items()),
            self._per_thousand(self.linking),
            "–" if self.indexing is None else self._per_thousand(self.indexing),
        )

    def _per_thousand(self, seconds: float) -> str:
        return f"{1000 * seconds / max(1, self.documents):.1f}"


Row: TypeAlias = "AlignmentRow | AnswersRow | LinksRow"


@dataclass(frozen=True, slots=True)
class Part:
    """One table."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Bench:
    """What it is measured with: `cache` keeps embedded documents, `scratch` is for the time being."""

    embedder: Embedder
    cache: Path
    scratch: Path
    say: Callable[[str], None] = lambda _: None


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the tables."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not (options.samples or options.seeds or options.xquad_r or options.fastapi or options.libreoffice):
        parser.error("name at least one of --samples, --seeds, --xquad-r, --fastapi and --libreoffice")
    parts: list[Part] = []
    try:
        with tempfile.TemporaryDirectory() as scratch:
            cache = options.cache or Path(scratch) / "cache"
            bench = Bench(open_embedder(progress=_say), cache, Path(scratch), _say)
            for part in _parts(options, bench):
                print(markdown(part), flush=True)
                parts.append(part)
    except DragomanError as error:
        parser.exit(2, f"{error}\n")
    if options.json:
        content = {"made": provenance(), "parts": [_as_json(part) for part in parts]}
        options.json.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m evaluation.versions", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", action="store_true", help="the sample articles")
    parser.add_argument("--seeds", type=Path, metavar="DIR", help="the seed articles")
    parser.add_argument("--xquad-r", type=Path, metavar="DIR", help="the folder of XQuAD-R")
    parser.add_argument("--fastapi", type=Path, metavar="FILE.tar.gz", help="FastAPI's docs/<language>/docs/...")
    parser.add_argument("--libreoffice", type=Path, metavar="DIR", help="the folder of pages.<language>.jsonl.gz")
    parser.add_argument("--pages", type=int, default=PAGES, help=f"of LibreOffice's help, by default {PAGES}")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keeps embedded documents for the next time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all figures, with what they were measured with")
    return parser


def _parts(options: argparse.Namespace, bench: Bench) -> Iterator[Part]:
    own = [("samples", None)] * options.samples + [("seeds", options.seeds)] * (options.seeds is not None)
    if own:
        rows = [row for name, corpus in own for row in aligned_with_gold(name, corpus, bench)]
        yield Part("Sentences against those aligned by hand", tuple(rows))
    if options.xquad_r:
        yield from _xquad_r(options.xquad_r, bench)
    if options.fastapi:
        yield Part("Versions of the pages of FastAPI's manual", tuple(fastapi_links(options.fastapi, bench)))
    if options.libreoffice:
        rows_of_links = libreoffice_links(options.libreoffice, bench, options.pages)
        yield Part("Versions of the pages of LibreOffice's help, by content alone", tuple(rows_of_links))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def markdown(part: Part) -> str:
    """The part as a table under its title."""
    header = part.rows[0].HEADER
    lines = [header, ("---",) * len(header), *(row.cells() for row in part.rows)]
    return f"{part.title}:\n\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def _as_json(part: Part) -> dict[str, Any]:
    return {"title": part.title, "rows": [asdict(row) | _shares(row.score) for row in part.rows]}


def _shares(score: Score) -> dict[str, float | None]:
    shares = {"precision": score.precision, "recall": score.recall, "f1": score.f1}
    return {name: None if math.isnan(share) else round(share, 5) for name, share in shares.items()}


# Documents embedded once, and linked anew.


class _Progress(IndexingProgress):
    """A line for each tenth."""

    def __init__(self, name: str, say: Callable[[str], None]) -> None:
        self._name, self._say = name, say
        self._total, self._read, self._documents, self._told = 1, 0, 0, 0

    def start(self, total_bytes: int) -> None:
        self._total = max(1, total_bytes)

    def advance(self, read_bytes: int, documents: int) -> None:
        self._read += read_bytes
        self._documents += documents
        tenths = 10 * self._read // self._total
        if tenths > self._told:
            self._told = tenths
            self._say(f"{self._name}: {10 * tenths} % embedded, {self._documents:,} documents")


@dataclass(frozen=True, slots=True)
class _Embedded:
    """An index, and the seconds that it took to make."""

    folder: Path
    seconds: float

    def documents(self) -> list[Document]:
        with Store.open_to_read(self.folder) as store:
            return list(store.documents())


def _embedded(name: str, corpus: Corpus, bench: Bench) -> _Embedded:
    """Found in the cache, or made."""
    parts = f"{corpus.fingerprint} {asdict(bench.embedder.identity)} {RECIPE}"
    folder = bench.cache / f"{name}-{hashlib.sha256(parts.encode()).hexdigest()[:16]}"
    note = folder / "made.json"
    if not note.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        started = time.perf_counter()
        corpus.index(folder, bench.embedder, _Progress(name, bench.say))
        note.write_text(json.dumps({"seconds": time.perf_counter() - started}), "utf-8")
    return _Embedded(folder, json.loads(note.read_text("utf-8"))["seconds"])


def _as_it_is(_: sqlite3.Connection) -> None:
    """Changes nothing."""


@contextmanager
def _linked_anew(
    embedded: _Embedded, bench: Bench, change: Callable[[sqlite3.Connection], None] = _as_it_is
) -> Iterator[tuple[Store, float]]:
    """A copy of the index, in which `change` was made before all was linked and aligned anew, and the seconds of that.

    They hold the commit too.
    """
    bench.scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=bench.scratch) as place:
        folder = Path(place)
        with closing(connect(embedded.folder, "mode=ro")) as original, closing(connect(folder, "mode=rwc")) as copy:
            original.backup(copy)
            copy.execute("PRAGMA foreign_keys = ON")
            copy.executescript("BEGIN; DELETE FROM versions; DELETE FROM statements;")
            change(copy)
            copy.execute("COMMIT")
        with Store.open_to_write(folder, bench.embedder.identity) as store:
            with store.transaction():
                store.mark_repeated(REPEATED_ON_PAGES)
            bench.say(f"linking and aligning {sum(store.languages().values()):,} documents")
            started = time.perf_counter()
            with store.transaction():
                link_new_documents(store.articles)
            yield store, time.perf_counter() - started


# Pairs of sentences against the gold.


@dataclass(frozen=True, slots=True)
class GoldArticle:
    """Versions of one article, aligned by hand: `documents` names each version's, `units` has offsets only."""

    name: str
    documents: Mapping[str, str]
    sha256: Mapping[str, str]
    units: Sequence[Mapping[str, Sequence[Sequence[int]]]]


def read_gold(name: str) -> list[GoldArticle]:
    """The gold of `samples` or `seeds`."""
    content = json.loads((GOLD / f"{name}.json").read_text("utf-8"))
    return [GoldArticle(**article) for article in content["articles"]]


def aligned_with_gold(name: str, corpus: Path | None, bench: Bench) -> list[AlignmentRow]:
    """A row for each article, where there are several, and one for all."""
    embedded = _embedded(name, _corpus(open_dataset(name, corpus=corpus)), bench)
    with _linked_anew(embedded, bench) as (store, _):
        rows = [_alignment_row(article, store) for article in read_gold(name)]
    if len(rows) == 1:
        return [AlignmentRow(name, rows[0].score, rows[0].left_out, rows[0].cut_otherwise)]
    whole = AlignmentRow(
        f"{name}, all",
        sum((row.score for row in rows), Score()),
        sum(row.left_out for row in rows),
        sum(row.cut_otherwise for row in rows),
    )
    return [*rows, whole]


def _corpus(dataset: Dataset) -> Corpus:
    if dataset.corpus is None:
        raise DatasetError(f"{dataset.name} comes without documents: name their folder")
    return dataset.corpus


def _alignment_row(article: GoldArticle, store: Store) -> AlignmentRow:
    ids = _documents_of(article, store)
    units = [
        {ids[language]: [(ids[language], start, end) for start, end in run] for language, run in unit.items()}
        for unit in article.units
    ]
    mentioned = {span for unit in units for run in unit.values() for span in run}
    held = {place: (document, start, end) for place, document, start, end in store.places("sentence")}
    wanted = {found for document, found in store.articles.of_documents(ids.values()).items()}
    stated = [
        _by_document(held[sentence] for sentence in statement if sentence in held)
        for found in sorted(wanted)
        for statement in store.articles.statements_of(found).values()
    ]
    score, left_out = score_alignment(pairs_of_units(units), mentioned, pairs_of_units(stated), set(ids.values()))
    return AlignmentRow(article.name, score, left_out, len(mentioned - set(held.values())))


def _documents_of(article: GoldArticle, store: Store) -> dict[str, str]:
    """The id of each version. Raises DatasetError where one is missing, or has not the text that was aligned."""
    ids = {}
    documents = list(store.documents())
    for language, name in article.documents.items():
        found = [document for document in documents if document.source_uri.endswith(f"/{name}")]
        if len(found) != 1:
            raise DatasetError(f"the gold alignment of {article.name!r} names {name}, which {len(found)} documents are")
        (document,) = found
        digest = hashlib.sha256(document.text.encode()).hexdigest()
        if digest != article.sha256[language]:
            raise DatasetError(
                f"{document.source_uri} is not the text that the gold alignment of {article.name!r} was made for "
                f"(SHA-256 {digest[:12]}, not {article.sha256[language][:12]}): restore it, or align it anew by hand"
            )
        ids[language] = document.id
    return ids


def _by_document(spans: Iterable[Span]) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        found[span[0]].append(span)
    return found


def pairs_of_units(units: Iterable[Unit]) -> set[Pair]:
    """Each sentence of a version with each of another's, of all units."""
    return {
        (min(left, right), max(left, right))
        for unit in units
        for one, other in combinations(unit.values(), 2)
        for left in one
        for right in other
    }


def score_alignment(
    gold: Set[Pair], mentioned: Collection[Span], found: Set[Pair], documents: Collection[str]
) -> tuple[Score, int]:
    """The score of what was found in these documents, and how many pairs were of sentences that the gold leaves out.

    A sentence that overlaps one of the gold counts as mentioned, so that it is wrong, not left out, where it is cut
    otherwise.
    """
    of_interest = {pair for pair in found if any(span[0] in documents for span in pair)}
    by_document = _by_document(sorted(mentioned))
    left_out = {pair for pair in of_interest - gold if not any(_overlaps(span, by_document) for span in pair)}
    return Score(len(of_interest & gold), len(of_interest - left_out), len(gold)), len(left_out)


def _overlaps(span: Span, by_document: Mapping[str, Sequence[Span]]) -> bool:
    document, start, end = span
    return any(start < other_end and other_start < end for _, other_start, other_end in by_document.get(document, ()))


# Answers in two languages.


def _xquad_r(folder: Path, bench: Bench) -> Iterator[Part]:
    if not is_xquad_r(folder):
        raise DatasetError(f"{folder} is no folder of XQuAD-R: it has no en.json.gz")
    dataset = open_dataset(str(folder))
    embedded = _embedded(dataset.name, _corpus(dataset), bench)
    with _linked_anew(embedded, bench) as (store, seconds):
        yield Part("Sentences of XQuAD-R that hold the same answer", tuple(answers_aligned(dataset, store)))
        links = xquad_r_links(dataset, store, seconds, embedded.seconds)
    yield Part("Versions of the paragraphs of XQuAD-R, by content alone", tuple(links))


def answers_aligned(dataset: Dataset, store: Store) -> list[AnswersRow]:
    """Of the articles of odd number, of the language that does worst there, and of all."""
    aligned, language = _aligned(store)
    facts = {question.group: question for question in dataset.questions}
    places = _answer_sentences(facts.values(), store)
    odd = [places[group] for group, question in facts.items() if question.split == "test"]
    scores = score_answers(odd, aligned, language)
    if not scores:
        raise DatasetError(f"{dataset.name} has no question with an answer in two languages")
    by_language = {
        code: sum((score for pair, score in scores.items() if code in pair), Score())
        for code in sorted({code for pair in scores for code in pair})
    }
    worst = min(by_language, key=lambda code: by_language[code].f1)
    everything = score_answers(places.values(), aligned, language)
    return [
        AnswersRow("articles of odd number", sum(scores.values(), Score())),
        AnswersRow(f"the same, from and to {worst}, the worst", by_language[worst]),
        AnswersRow("all articles", sum(everything.values(), Score())),
    ]


def _aligned(store: Store) -> tuple[dict[int, set[int]], dict[int, str]]:
    """For each sentence, those of other versions that it shares a statement with; and the language of each."""
    languages = {version.document: version.language for version in store.articles.versions()}
    documents = {sentence: document for sentence, document, _, _ in store.places("sentence")}
    aligned: dict[int, set[int]] = defaultdict(set)
    for article in {version.article for version in store.articles.versions()}:
        for statement in store.articles.statements_of(article).values():
            for one, other in permutations(statement, 2):
                if documents[one] != documents[other]:
                    aligned[one].add(other)
    return aligned, {sentence: languages[document] for sentence, document in documents.items()}


def _answer_sentences(questions: Iterable[EvaluationQuestion], store: Store) -> dict[str, dict[str, int]]:
    """By question and language, the sentence in which the answer begins."""
    sentences: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for sentence, document, start, _ in store.places("sentence"):
        sentences[document].append((start, sentence))
    documents = {document.source_uri: (document.id, document.language) for document in store.documents()}
    found: dict[str, dict[str, int]] = {}
    for question in questions:
        found[question.group] = {}
        for gold in question.golds:
            if gold.document is None or gold.start is None:
                continue
            document, language = documents[gold.document]
            at = bisect_right(sentences[document], (gold.start, sys.maxsize))
            if at:
                found[question.group][language] = sentences[document][at - 1][1]
    return found


def score_answers(
    answers: Iterable[Mapping[str, int]], aligned: Mapping[int, Set[int]], language: Mapping[int, str]
) -> dict[tuple[str, str], Score]:
    """By language of departure and arrival: of the answers' sentences with any aligned one there, how many are right.

    `answers` has for each question the sentence that answers it in each language.
    """
    scores: dict[tuple[str, str], Score] = defaultdict(Score)
    for of_question in answers:
        for one, other in permutations(of_question, 2):
            there = {s for s in aligned.get(of_question[one], frozenset()) if language[s] == other}
            scores[one, other] += Score(of_question[other] in there, bool(there), 1)
    return dict(scores)


# Pairs of documents.


def pairs_of_groups(groups: Mapping[str, str]) -> set[tuple[str, str]]:
    """The pairs of documents that are in the same group."""
    members: dict[str, list[str]] = defaultdict(list)
    for document, group in groups.items():
        members[group].append(document)
    return {pair for group in members.values() for pair in combinations(sorted(group), 2)}


def score_pairs(found: Mapping[str, str], truth: Mapping[str, str]) -> tuple[Score, int]:
    """The score of pairs of documents in one article, and how many articles hold documents of several true ones.

    Both give the article of each document; only documents that were found count.
    """
    true_pairs = pairs_of_groups({document: truth[document] for document in found})
    found_pairs = pairs_of_groups(found)
    names: dict[str, set[str]] = defaultdict(set)
    for document, article in found.items():
        names[article].add(truth[document])
    mixed = sum(len(of_article) > 1 for of_article in names.values())
    return Score(len(true_pairs & found_pairs), len(found_pairs), len(true_pairs)), mixed


def links_row(
    name: str, versions: Sequence[Version], truth: Mapping[str, str], linking: float, indexing: float | None = None
) -> LinksRow:
    """`truth` names the true article of each document."""
    found = {version.document: version.article for version in versions}
    score, mixed = score_pairs(found, truth)
    called = {version.document: f"{version.language}/{truth[version.document]}" for version in versions}
    wrong = sorted((called[one], called[other]) for one, other in pairs_of_groups(found) if truth[one] != truth[other])[
        :SHOWN_WRONG
    ]
    found_by = Counter(version.found_by.value for version in versions)
    return LinksRow(name, len(versions), score, mixed, dict(sorted(found_by.items())), linking, indexing, tuple(wrong))


def xquad_r_links(dataset: Dataset, store: Store, linking: float, indexing: float) -> list[LinksRow]:
    """The paragraphs of all articles, which are documents."""
    truth = {document.id: dataset.articles[document.source_uri] for document in store.documents()}
    return [links_row("paragraphs of all articles", list(store.articles.versions()), truth, linking, indexing)]


# FastAPI's manual.


def fastapi_links(archive: Path, bench: Bench) -> list[LinksRow]:
    """By path, and by content alone."""
    with unpacked(archive, bench.scratch) as folder:
        embedded = _embedded("fastapi", Files((folder,)), bench)
    truth = {document.id: _page_of_manual(document.source_uri) for document in embedded.documents()}
    rows = []
    with _linked_anew(embedded, bench) as (store, seconds):
        rows.append(links_row("as they lie", list(store.articles.versions()), truth, seconds, embedded.seconds))
    with _linked_anew(embedded, bench, _without_names) as (store, seconds):
        rows.append(links_row("by content alone", list(store.articles.versions()), truth, seconds))
    return rows


@contextmanager
def unpacked(archive: Path, scratch: Path) -> Iterator[Path]:
    """The archive's `docs`, for the time being. Raises DatasetError."""
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        try:
            with tarfile.open(archive, "r:gz") as packed:
                members = [entry for entry in packed if entry.name.startswith("docs/")]
                _require_room(sum(entry.size for entry in members), archive)
                packed.extractall(folder, members, filter="data")
        except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
            raise DatasetError(f"cannot unpack {archive}: {error}") from error
        if not (Path(folder) / "docs").is_dir():
            raise DatasetError(f"{archive} has no folder docs: it is not FastAPI's manual")
        yield Path(folder) / "docs"


def _page_of_manual(uri: str) -> str:
    """What stands below `docs/<language>/docs/`."""
    return uri.rpartition("/docs/")[2]


def _without_names(index: sqlite3.Connection) -> None:
    """What the documents declare, and where they lie, is forgotten."""
    index.execute("UPDATE documents SET source_uri = 'doc:' || rowid, article = NULL")


# LibreOffice's help.


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
        embedded = _embedded("libreoffice", Files((Path(place) / "pages.jsonl",)), bench)
    truth = {document.id: named[document.source_uri].name for document in embedded.documents()}
    languages = {document.id: document.language for document in embedded.documents()}
    missing = set(truth) - some_of({document: (truth[document], languages[document]) for document in truth})
    rows = []
    with _linked_anew(embedded, bench) as (store, seconds):
        rows.append(links_row("all versions", list(store.articles.versions()), truth, seconds, embedded.seconds))
    with _linked_anew(embedded, bench, lambda index: _remove(index, missing)) as (store, seconds):
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
    _require_room(len(data), path)
    for _, where, row in json_lines(decoded(data, path), path):
        name, language, title = (member(row, key, str, where) for key in ("id", "lang", "title"))
        paragraphs = member(row, "paragraphs", list, where)
        share = row.get("body_translated") if isinstance(row, dict) else None
        translated = share if isinstance(share, int | float) else 0
        yield Page(name, language, title, tuple(map(str, paragraphs))), translated


def _require_room(size: int, path: Path) -> None:
    if size > UNPACKED_LIMIT:
        raise DatasetError(f"{path} holds more than {UNPACKED_LIMIT / 1e6:,.0f} MB")


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


if __name__ == "__main__":
    main()
