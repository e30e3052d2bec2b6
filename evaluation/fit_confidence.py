"""Fits the confidence and tests it on what it has not seen: `python -m evaluation.fit_confidence DATASET...`.

A DATASET is what `dragoman evaluate` takes: `samples`, a questions file with the index of its documents (`FILE=INDEX`),
or the folder of XQuAD-R, of which a part of the paragraphs is left out, so that some questions have no answer. Fitted
on the half of each dataset that is called "tune", tested on the other. Where XQuAD-R is among others it has less
weight, since its questions were written by people who saw the paragraph and share its words. Prints the constants of
`bot.confidence` and the figures of docs/retrieval.md.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from bot.confidence import Features
from bot.engine import AnswerEngine
from evaluation.datasets import WITH_UNANSWERABLE, open_dataset
from evaluation.datasets.xquad_r import is_xquad_r
from evaluation.evaluate import shuffled
from evaluation.indexes import indexed
from evaluation.locate import locate
from evaluation.metrics.abstention import auroc, brier_score, coverage_at_risk
from evaluation.pools import is_right
from evaluation.types import Asked, Dataset
from index.embedding import open_embedder
from index.indexer import IndexingProgress
from index.retriever import Retriever
from index.store import Store
from index.types import Embedder

XQUAD_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Example:
    """The best statement for one question: its features, whether it is right, and whether anything would be."""

    source: str
    language: str
    kind: str
    is_tuned: bool
    features: Features
    right: bool
    answerable: bool


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the constants and how well they do on what was held out."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.fit_confidence", description=__doc__)
    parser.add_argument("datasets", nargs="+", metavar="DATASET", help="samples, FILE=INDEX, or a folder of XQuAD-R")
    parser.add_argument(
        "--test", action="append", default=[], metavar="DATASET=DOCUMENTS", help="only tested on: seeds=DIR"
    )
    parser.add_argument("--sample", type=int, help="at most so many questions of each language and half")
    parser.add_argument("--embedder", help="as of `dragoman index`")
    options = parser.parse_args(arguments)
    embedder = open_embedder(options.embedder)
    examples = [
        example
        for name in (*options.datasets, *options.test)
        for example in _examples(*_opened(name, embedder), embedder, options.sample)
    ]
    _report(embedder.identity.name, examples)


def _opened(name: str, embedder: Embedder) -> tuple[Dataset, Path]:
    name, _, place = name.partition("=")
    if is_xquad_r(Path(name)):
        dataset = open_dataset(f"{name}{WITH_UNANSWERABLE}")
    elif place and not Store.exists(Path(place)):
        dataset = open_dataset(name, corpus=Path(place))
    else:
        dataset = open_dataset(name)
    return dataset, Path(place) if place and dataset.corpus is None else indexed(dataset, embedder, IndexingProgress())


def _examples(dataset: Dataset, index: Path, embedder: Embedder, sample: int | None) -> Iterator[Example]:
    """What the engine would quote, be it sure or not."""
    with closing(Store.open_to_read(index)) as store:
        engine = AnswerEngine(Retriever(store, embedder), threshold=0)
        for asked in _sampled(locate(dataset, store.documents()), sample):
            question = asked.question
            found = engine.find(question.text, question.language, question.history)
            if found is None:
                continue
            run = found.statement.versions[found.document]
            uri = found.evidence.documents[found.document].source_uri
            yield Example(
                source=dataset.name,
                language=question.language,
                kind=question.kind,
                is_tuned=question.split == "tune",
                features=found.features,
                right=is_right(asked, uri, run[0].unit.start, run[-1].unit.end),
                answerable=question.answerable,
            )


def _sampled(asked: Sequence[Asked], sample: int | None) -> Iterator[Asked]:
    taken: Counter[tuple[str, str]] = Counter()
    for one in sorted(asked, key=lambda one: (shuffled(one.question.group), one.question.id)):
        part = one.question.language, one.question.split
        if sample is None or taken[part] < sample:
            taken[part] += 1
            yield one


def _report(embedder: str, examples: Sequence[Example]) -> None:
    fitted = [example for example in examples if example.is_tuned]
    size = Counter(example.source for example in fitted)
    weights = [(XQUAD_WEIGHT if "xquad" in e.source and len(size) > 1 else 1.0) * 1000 / size[e.source] for e in fitted]
    scaler = StandardScaler().fit(_matrix(fitted))
    model = LogisticRegression(max_iter=5000)
    model.fit(scaler.transform(_matrix(fitted)), [example.right for example in fitted], sample_weight=weights)
    slopes = model.coef_[0] / scaler.scale_
    intercept = float(model.intercept_[0] - slopes @ scaler.mean_)
    print(", ".join(field.name for field in fields(Features)))
    print(f'"{embedder}": (({", ".join(f"{slope:.2f}" for slope in slopes)}), {intercept:.2f}),\n')
    columns = "held out", "n", "AUROC right", "answerable", "off-topic", "near-miss", "by language", "Brier", "coverage"
    print(f"| {' | '.join(columns)} at 5 % risk |")
    print("|---" * len(columns) + "|")
    for source in dict.fromkeys(example.source for example in examples):
        tested = [example for example in examples if example.source == source and not example.is_tuned]
        _row(source, tested, model.predict_proba(scaler.transform(_matrix(tested)))[:, 1])


def _row(source: str, tested: Sequence[Example], probability: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    right = np.array([example.right for example in tested])
    answerable = np.array([example.answerable for example in tested])
    kinds = np.array([example.kind for example in tested])
    languages = np.array([example.language for example in tested])
    off_topic, near_miss = (
        auroc(answerable[part], probability[part])
        for part in (answerable | (kinds == kind) for kind in ("off-topic", "near-miss"))
    )
    of_languages = [
        auroc(answerable[languages == language], probability[languages == language])
        for language in sorted(set(languages))
    ]
    known = [figure for figure in of_languages if not np.isnan(figure)]
    print(
        f"| {source} | {len(tested):,} | {auroc(right, probability):.3f} | {auroc(answerable, probability):.3f} "
        f"| {off_topic:.3f} | {near_miss:.3f} | {min(known):.3f} - {max(known):.3f} "
        f"| {brier_score(right, probability):.3f} | {coverage_at_risk(right, probability, 0.05):.3f} |"
    )


def _matrix(examples: Sequence[Example]) -> list[tuple[float, ...]]:
    return [astuple(example.features) for example in examples]


if __name__ == "__main__":
    main()
