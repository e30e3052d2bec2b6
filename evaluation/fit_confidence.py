"""Fits the confidence and tests it on what it has not seen: `python -m evaluation.fit_confidence XQUAD_R_FOLDER`.

Fitted on the half of each dataset that is called "tune", tested on the other: XQuAD-R with a part of its paragraphs
left out, so that some questions have no answer, and the questions about the sample articles. The former's questions
were written by people who saw the paragraph and share its words; so the latter, with three times the weight, are fitted
on too. Prints the constants of `bot.confidence` and the figures of docs/retrieval.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from bot.confidence import UNRELATED_COSINE
from evaluation.datasets import WITH_UNANSWERABLE, open_dataset
from evaluation.indexes import indexed
from evaluation.locate import locate
from evaluation.metrics.abstention import auroc, brier_score
from evaluation.pools import is_right
from evaluation.types import Dataset
from index.embedding import open_embedder
from index.indexer import IndexingProgress
from index.retriever import Retriever
from index.store import Store
from index.types import Embedder

XQUAD_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Example:
    """The best sentence for one question: its features, whether it is right, and whether anything would be."""

    source: str
    split: str
    relatedness: float
    coverage: float
    right: bool
    answerable: bool


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the constants and how well they do on what was held out."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.fit_confidence", description=__doc__)
    parser.add_argument("folder", type=Path, help="XQuAD-R")
    parser.add_argument("--languages", help="of XQuAD-R; comma-separated, default: all")
    parser.add_argument("--seeds", type=Path, help="the seed articles, to test on them too")
    options = parser.parse_args(arguments)
    datasets = [
        open_dataset(f"{options.folder}{WITH_UNANSWERABLE}", language=options.languages),
        open_dataset("samples"),
    ]
    if options.seeds:
        datasets.append(open_dataset("seeds", corpus=options.seeds))
    embedder = open_embedder()
    _report([example for dataset in datasets for example in _examples(dataset, embedder)])


def _examples(dataset: Dataset, embedder: Embedder) -> Iterator[Example]:
    """As the engine goes about it: the asker's language where there is any of it, else all."""
    unrelated = UNRELATED_COSINE[embedder.identity.name]
    with closing(Store.open_to_read(indexed(dataset, embedder, IndexingProgress()))) as store:
        retriever = Retriever(store, embedder)
        for asked in locate(dataset, store.documents()):
            question, languages = asked.question, list(retriever.languages)
            searched = [question.language] if question.language in languages else languages
            hits = retriever.search(question.text, retriever.embed(question.text), searched, limit=1)
            best = hits[0].sentences[0]
            yield Example(
                source=dataset.name,
                split=question.split,
                relatedness=(best.dense - unrelated) / (1 - unrelated),
                coverage=best.coverage,
                right=is_right(asked, hits[0].document.source_uri, best.unit.start, best.unit.end),
                answerable=question.answerable,
            )


def _report(examples: Sequence[Example]) -> None:
    fitted = [example for example in examples if example.split == "tune"]
    share = {source: sum(example.source == source for example in fitted) for source in {e.source for e in fitted}}
    weights = [(XQUAD_WEIGHT if e.source.startswith("xquad") else 1.0) * 1000 / share[e.source] for e in fitted]
    model = LogisticRegression(C=1e4, max_iter=5000)
    model.fit(_features(fitted), [example.right for example in fitted], sample_weight=weights)
    relatedness, coverage = model.coef_[0]
    print(f"RELATEDNESS, COVERAGE, INTERCEPT = {relatedness:.2f}, {coverage:.2f}, {model.intercept_[0]:.2f}\n")
    print("| held out | n | AUROC right against all else | AUROC answerable against not | Brier score |")
    print("|---|---|---|---|---|")
    for source in dict.fromkeys(example.source for example in examples):
        tested = [example for example in examples if example.source == source and example.split != "tune"]
        right = np.array([example.right for example in tested])
        answerable = np.array([example.answerable for example in tested])
        probability = model.predict_proba(_features(tested))[:, 1]
        figures = auroc(right, probability), auroc(answerable, probability), brier_score(right, probability)
        print(f"| {source} | {len(tested):,} | {' | '.join(f'{figure:.3f}' for figure in figures)} |")


def _features(examples: Sequence[Example]) -> list[list[float]]:
    return [[example.relatedness, example.coverage] for example in examples]


if __name__ == "__main__":
    main()
