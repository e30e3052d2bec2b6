"""Right sentence first on XQuAD-R, one language at a time: `python -m evaluation.xquad_r FOLDER`.

The pool is every sentence of one language, as LAReQA (Roy et al. 2020, arXiv:2004.05484) cuts them; the right one is
that in which the answer span begins. The folder holds `<language>.json.gz`. Weights were fitted on the articles of even
number, so both halves are shown.
"""

from __future__ import annotations

import argparse
import bisect
import gzip
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.embedding import open_embedder
from index.retriever import Retriever
from index.store import IndexedPassage, Store
from index.types import Document, Embedder, Passage, Role, Sentence

__all__ = ["LANGUAGES", "Scores", "XquadQuestion", "evaluate_language", "opened_language"]

LANGUAGES = ("ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh")

FILE_URI = "xquad-r:"


@dataclass(frozen=True, slots=True)
class XquadQuestion:
    """A question with the document (one a paragraph) and the offset of the sentence that answers it."""

    text: str
    article: int
    document: str
    start: int


@dataclass(frozen=True, slots=True)
class Scores:
    """Shares in [0, 1]: right sentence first (all articles, even, odd), right paragraph first, and the MRR@10."""

    sentence: float
    even: float
    odd: float
    paragraph: float
    mrr: float


@contextmanager
def opened_language(
    source: Path, language: str, embedder: Embedder, indexes: Path
) -> Iterator[tuple[Retriever, list[XquadQuestion]]]:
    """The language's paragraphs as an index below `indexes`, made where it is not there yet, and its questions."""
    folder = indexes / language
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(source / f"{language}.json.gz", "rt", encoding="utf-8") as stream:
        documents, passages, questions = _read(json.load(stream)["data"], language)
    with Store.open_to_write(folder, embedder.identity) as store:
        if not store.languages():
            _fill(store, documents, passages, embedder)
        yield Retriever(store, embedder), questions


def evaluate_language(retriever: Retriever, questions: Sequence[XquadQuestion]) -> Scores:
    """Searches for every question in the one language of the index."""
    language = next(iter(retriever.languages))
    ranks, paragraphs = [], []
    for question in questions:
        hits = retriever.search(question.text, retriever.embed(question.text), [language])
        found = sorted((s for hit in hits for s in hit.sentences), key=lambda s: -s.score)[:10]
        places = [(s.unit.document, s.unit.start) for s in found]
        right = (question.document, question.start)
        ranks.append(places.index(right) + 1 if right in places else np.inf)
        paragraphs.append(bool(places) and places[0][0] == question.document)
    first = np.array(ranks) == 1
    odd = np.array([question.article % 2 for question in questions], dtype=bool)
    figures = (first.mean(), first[~odd].mean(), first[odd].mean(), np.mean(paragraphs), np.mean(1 / np.array(ranks)))
    return Scores(*(float(figure) for figure in figures))


def _read(articles: list[dict[str, Any]], language: str) -> tuple[list[Document], list[Passage], list[XquadQuestion]]:
    """Every paragraph as a document of one passage, and the questions."""
    documents: list[Document] = []
    passages: list[Passage] = []
    questions: list[XquadQuestion] = []
    for number, article in enumerate(articles):
        for place, paragraph in enumerate(article["paragraphs"]):
            name, text = f"{number:02}.{place}", paragraph["context"]
            sentences = tuple(Sentence(start, end, Role.PROSE) for start, end in paragraph["sentence_breaks"])
            documents.append(Document(name, f"{FILE_URI}{name}", "", language, text, None, ""))
            passages.append(Passage(0, len(text), Role.PROSE, sentences))
            questions += _questions(paragraph, passages[-1], number, name)
    return documents, passages, questions


def _fill(store: Store, documents: Sequence[Document], passages: Sequence[Passage], embedder: Embedder) -> None:
    with store.transaction():
        store.put_file(FILE_URI, "")
        for document, indexed in zip(documents, _embedded(documents, passages, embedder), strict=True):
            store.put_document(FILE_URI, document, [indexed])


def _embedded(
    documents: Sequence[Document], passages: Sequence[Passage], embedder: Embedder
) -> Iterator[IndexedPassage]:
    texts = []
    for document, passage in zip(documents, passages, strict=True):
        texts += [document.text, *(document.text[s.start : s.end] for s in passage.sentences)]
    vectors = iter(embedder.embed_passages(texts))
    for passage in passages:
        yield IndexedPassage(passage, None, next(vectors), tuple(next(vectors) for _ in passage.sentences))


def _questions(paragraph: dict[str, Any], passage: Passage, article: int, document: str) -> Iterator[XquadQuestion]:
    starts = [sentence.start for sentence in passage.sentences]
    for row in paragraph["qas"]:
        at = bisect.bisect_right(starts, row["answers"][0]["answer_start"]) - 1
        yield XquadQuestion(row["question"], article, document, starts[max(at, 0)])


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a table as Markdown, a row for each language and one for their mean."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.xquad_r", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--languages", default=",".join(LANGUAGES))
    parser.add_argument("--embedder", help="any sentence-transformers model; default: the bundled one")
    parser.add_argument("--indexes", type=Path, help="keep the indexes in this folder, and use those that are there")
    options = parser.parse_args(arguments)
    embedder = open_embedder(options.embedder)
    print("| language | right sentence first | even articles | odd articles | right paragraph first | MRR@10 |")
    print("|---|---|---|---|---|---|")
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        for language in options.languages.split(","):
            place = options.indexes or Path(temporary)
            with opened_language(options.folder, language, embedder, place) as (retriever, questions):
                scores = evaluate_language(retriever, questions)
            rows.append([scores.sentence, scores.even, scores.odd, scores.paragraph, scores.mrr])
            print(_row(language, rows[-1]), flush=True)
    print(_row("mean", np.mean(rows, axis=0).tolist()))


def _row(name: str, figures: Sequence[float]) -> str:
    return f"| {name} | {' | '.join(f'{figure:.3f}' for figure in figures)} |"


if __name__ == "__main__":
    main()
