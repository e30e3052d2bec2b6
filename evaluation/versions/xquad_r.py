"""XQuAD-R: its answers in two languages, and its paragraphs, whose versions are found by content alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evaluation.datasets import open_dataset
from evaluation.datasets.xquad_r import is_xquad_r
from evaluation.errors import DatasetError
from evaluation.types import Dataset
from evaluation.versions.answers import answers_aligned
from evaluation.versions.bench import Bench, corpus_of, embed_once, linked_anew
from evaluation.versions.links import links_row
from evaluation.versions.rows import LinksRow, Part
from index.store import Store

__all__ = ["xquad_r_links", "xquad_r_parts"]


def xquad_r_parts(folder: Path, bench: Bench) -> Iterator[Part]:
    """The answers in two languages, and the paragraphs as versions. Raises DatasetError."""
    if not is_xquad_r(folder):
        raise DatasetError(f"{folder} is no folder of XQuAD-R: it has no en.json.gz")
    dataset = open_dataset(str(folder))
    embedded = embed_once(dataset.name, corpus_of(dataset), bench)
    with linked_anew(embedded, bench) as (store, seconds):
        yield Part("Sentences of XQuAD-R that hold the same answer", tuple(answers_aligned(dataset, store)))
        links = xquad_r_links(dataset, store, seconds, embedded.seconds)
    yield Part("Versions of the paragraphs of XQuAD-R, by content alone", tuple(links))


def xquad_r_links(dataset: Dataset, store: Store, linking: float, indexing: float) -> list[LinksRow]:
    """The paragraphs of all articles, which are documents."""
    truth = {document.id: dataset.articles[document.source_uri] for document in store.documents()}
    return [links_row("paragraphs of all articles", list(store.articles.versions()), truth, linking, indexing)]
