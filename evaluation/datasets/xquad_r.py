"""XQuAD-R (Roy et al. 2020, LAReQA, arXiv:2004.05484): questions and paragraphs that say the same in 11 languages.

A folder of `<language>.json.gz` files. The sentences are those that the set itself marks, so that the pools are those
of the published figures: 13,014 sentences in all.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.datasets.languages import language_in
from evaluation.datasets.reading import member, shown
from evaluation.errors import DatasetError
from evaluation.types import Dataset, EvaluationQuestion, Gold
from index.caches import refresh_caches
from index.indexer import IndexingProgress
from index.linking import link_new_documents
from index.store import IndexedPassage, Store
from index.types import Document, Embedder, Passage, Role, Sentence

__all__ = ["is_xquad_r", "read_xquad_r"]

SCHEME = "xquad-r:"

BATCH = 60
"""Paragraphs from one commit to the next: about a quarter of a language."""

HELD_OUT_ARTICLE = 8
"""With `unanswerable`, every so-manyth article is left out: questions off the subject of all that is left."""

HELD_OUT_PARAGRAPH = 4
"""And of the others every so-manyth paragraph: near-misses, whose article is there and whose answer is not."""


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """One paragraph in one language. `number` counts the articles, `name` is the same in all languages."""

    language: str
    number: int
    place: int
    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.number:02}.{self.place}"

    @property
    def uri(self) -> str:
        return f"{SCHEME}{self.language}/{self.name}"

    @property
    def held_out(self) -> str:
        """The kind that its questions are of when it is left out; "" where it stays."""
        if self.number % HELD_OUT_ARTICLE == HELD_OUT_ARTICLE - 1:
            return "off-topic"
        return "near-miss" if self.place % HELD_OUT_PARAGRAPH == HELD_OUT_PARAGRAPH - 1 else ""


@dataclass(frozen=True, slots=True)
class _Paragraphs:
    """The corpus: every paragraph a document of one passage, with the set's own sentences."""

    paragraphs: tuple[_Paragraph, ...]
    fingerprint: str

    def index(self, folder: Path, embedder: Embedder, progress: IndexingProgress) -> None:
        progress.start(sum(len(paragraph.data["context"]) for paragraph in self.paragraphs))
        folder.mkdir(parents=True, exist_ok=True)
        with Store.open_to_write(folder, embedder.identity) as store:
            done = {document.source_uri for document in store.documents()}
            left = [paragraph for paragraph in self.paragraphs if paragraph.uri not in done]
            for start in range(0, len(left), BATCH):
                batch = left[start : start + BATCH]
                _store(store, batch, embedder)
                progress.advance(sum(len(paragraph.data["context"]) for paragraph in batch), len(batch))
            with store.transaction():
                link_new_documents(store.articles)
            refresh_caches(store, 0, store.languages(), {document.id for document in store.documents()})


def is_xquad_r(folder: Path) -> bool:
    """Whether the folder looks like one."""
    return folder.is_dir() and (folder / "en.json.gz").is_file()


def read_xquad_r(folder: Path, *, languages: Sequence[str] = (), unanswerable: bool = False) -> Dataset:
    """The set in these languages, by default all that the folder has.

    `unanswerable` leaves some articles and paragraphs out of the documents, and the questions about them become
    questions that the documents do not answer. Articles of even number are for tuning, the others for testing. Raises
    DatasetError.
    """
    files = {path.name.partition(".")[0]: path for path in sorted(folder.glob("*.json.gz"))}
    if missing := [language for language in languages if language not in files]:
        raise DatasetError(f"{folder} has no {missing[0]}.json.gz: it has {', '.join(files) or 'nothing'}")
    codes = {name: language_in(name, str(files[name])) or name for name in languages or files}
    paragraphs = [paragraph for name, code in codes.items() for paragraph in _read(files[name], code)]
    left = [paragraph for paragraph in paragraphs if not (unanswerable and paragraph.held_out)]
    digest = hashlib.sha256(repr(sorted((p.uri, p.data["context"]) for p in left)).encode()).hexdigest()
    name = "xquad-r-unanswerable" if unanswerable else "xquad-r"
    return Dataset(
        name=name,
        fingerprint=hashlib.sha256(repr([(p.uri, p.data) for p in paragraphs]).encode()).hexdigest(),
        questions=tuple(_questions(paragraphs, unanswerable)),
        corpus=_Paragraphs(tuple(left), digest),
        articles={paragraph.uri: paragraph.name for paragraph in left},
    )


def _read(path: Path, language: str) -> Iterator[_Paragraph]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            content = json.load(stream)
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise DatasetError(f"{path} is not a file of XQuAD-R: {error!r}") from error
    for number, article in enumerate(member(content, "data", list, str(path))):
        where = f"{path}, article {number}"
        for place, paragraph in enumerate(member(article, "paragraphs", list, where)):
            _require_whole(paragraph, f"{where}, paragraph {place}")
            yield _Paragraph(language, number, place, paragraph)


def _require_whole(paragraph: object, where: str) -> None:
    """Raises DatasetError where the paragraph lacks anything that is read of it later."""
    text = member(paragraph, "context", str, where)
    for span in member(paragraph, "sentence_breaks", list, where):
        if not (isinstance(span, list) and len(span) == 2 and _is_stretch(span[0], span[1], len(text))):
            raise DatasetError(f"{where}: the sentence break {shown(span)} is no stretch of the context")
    for row in member(paragraph, "qas", list, where):
        within = f"{where}, question {shown(member(row, 'id', str, where))}"
        member(row, "question", str, within)
        answers = member(row, "answers", list, within)
        if not answers:
            raise DatasetError(f"{within}: has no answer, and in XQuAD-R each has one")
        member(answers[0], "text", str, within)
        member(answers[0], "answer_start", int, within)


def _is_stretch(start: object, end: object, length: int) -> bool:
    return isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= length


def _questions(paragraphs: Sequence[_Paragraph], unanswerable: bool) -> Iterator[EvaluationQuestion]:
    golds: dict[str, list[Gold]] = defaultdict(list)
    for paragraph in paragraphs:
        for row in paragraph.data["qas"]:
            answer = row["answers"][0]
            golds[row["id"]].append(Gold(paragraph.uri, answer["text"], answer["answer_start"]))
    for paragraph in paragraphs:
        kind = (unanswerable and paragraph.held_out) or "plain"
        for row in paragraph.data["qas"]:
            yield EvaluationQuestion(
                id=f"{paragraph.language}/{row['id']}",
                text=row["question"],
                language=paragraph.language,
                kind=kind,
                group=row["id"],
                golds=() if kind != "plain" else tuple(golds[row["id"]]),
                split="test" if paragraph.number % 2 else "tune",
            )


def _store(store: Store, paragraphs: Sequence[_Paragraph], embedder: Embedder) -> None:
    texts = []
    for paragraph in paragraphs:
        context, breaks = paragraph.data["context"], paragraph.data["sentence_breaks"]
        texts += [context, *(context[start:end] for start, end in breaks)]
    vectors = iter(embedder.embed_passages(texts))
    with store.transaction():
        for paragraph in paragraphs:
            text = paragraph.data["context"]
            sentences = tuple(Sentence(start, end, Role.PROSE) for start, end in paragraph.data["sentence_breaks"])
            passage = Passage(0, len(text), Role.PROSE, sentences)
            indexed = IndexedPassage(passage, None, next(vectors), tuple(next(vectors) for _ in sentences))
            document = Document(paragraph.uri, paragraph.uri, "", paragraph.language, text, None, "")
            store.put_file(paragraph.uri, "")
            store.put_document(paragraph.uri, document, [indexed])
