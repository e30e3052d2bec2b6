"""Fits the confidence and tests it on what it has not seen: `python -m evaluation.fit_confidence XQUAD_R_FOLDER`.

XQuAD-R gives questions as asked, and the same with the answering paragraph taken out (near-misses) and with the whole
article taken out (off the subject); its even articles are fitted on, its odd ones tested on. Its questions were written
by people who saw the paragraph and share its words, so every second question about the sample articles is fitted on
too, with three times the weight; the others test. Prints the constants of `bot.confidence` and the figures of
docs/retrieval.md.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from bot.confidence import UNRELATED_COSINE
from evaluation.questions import read_questions
from evaluation.xquad_r import LANGUAGES, opened_language
from index.embedding import open_embedder
from index.indexer import index_paths
from index.retriever import Retriever
from index.store import Store
from index.types import Embedder, Hit

XQUAD_WEIGHT = 0.3
DATA = Path(__file__).parent / "data"
SAMPLES = Path(__file__).parents[1] / "samples"


@dataclass(frozen=True, slots=True)
class Example:
    """The best sentence for one question: its features, whether it is right, and whether anything would be."""

    source: str
    held_out: bool
    relatedness: float
    coverage: float
    right: bool
    answerable: bool


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the constants and how well they do on each held-out part."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.fit_confidence", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--languages", default=",".join(LANGUAGES))
    parser.add_argument("--indexes", type=Path, help="as for evaluation.xquad_r")
    parser.add_argument("--seeds", type=Path, help="the seed articles, to test on them too")
    options = parser.parse_args(arguments)
    embedder = open_embedder()
    with tempfile.TemporaryDirectory() as temporary:
        indexes = options.indexes or Path(temporary)
        examples = [
            example
            for language in options.languages.split(",")
            for example in _xquad(options.folder, language, embedder, indexes)
        ]
        examples += _own("samples", DATA / "sample_questions.jsonl", SAMPLES, embedder, Path(temporary) / "samples")
        if options.seeds:
            examples += _own("seeds", DATA / "seed_questions.jsonl", options.seeds, embedder, Path(temporary) / "seeds")
    _report(examples)


def _xquad(source: Path, language: str, embedder: Embedder, indexes: Path) -> Iterator[Example]:
    with opened_language(source, language, embedder, indexes) as (retriever, questions):
        for question in questions:
            # Ten passages: an article has five, so something is left when all of them are taken out.
            hits = retriever.search(question.text, retriever.embed(question.text), [language])
            article = question.document.partition(".")[0]
            for without in ("", question.document, f"{article}."):
                left = [hit for hit in hits if not (without and hit.document.id.startswith(without))]
                if left:
                    unit = left[0].sentences[0].unit
                    right = (unit.document, unit.start) == (question.document, question.start)
                    yield _example("XQuAD-R", bool(question.article % 2), retriever, left, right, not without)


def _own(source: str, questions: Path, documents: Path, embedder: Embedder, folder: Path) -> Iterator[Example]:
    index_paths([documents], folder, embedder)
    with Store.open_to_read(folder) as store:
        retriever = Retriever(store, embedder)
        for number, asked in enumerate(read_questions(questions)):
            hits = retriever.search(asked.question, retriever.embed(asked.question), [asked.language])
            unit = hits[0].sentences[0].unit
            right = asked.gold is not None and asked.gold in hits[0].document.text[unit.start : unit.end]
            yield _example(source, source == "seeds" or number % 2 == 0, retriever, hits, right, asked.gold is not None)


def _example(
    source: str, held_out: bool, retriever: Retriever, hits: Sequence[Hit], right: bool, answerable: bool
) -> Example:
    best, unrelated = hits[0].sentences[0], UNRELATED_COSINE[retriever.embedder.name]
    return Example(source, held_out, (best.dense - unrelated) / (1 - unrelated), best.coverage, right, answerable)


def _report(examples: Sequence[Example]) -> None:
    fitted = [example for example in examples if not example.held_out]
    share = {source: sum(example.source == source for example in fitted) for source in {e.source for e in fitted}}
    weights = [(XQUAD_WEIGHT if e.source == "XQuAD-R" else 1.0) * 1000 / share[e.source] for e in fitted]
    model = LogisticRegression(C=1e4, max_iter=5000)
    model.fit(_features(fitted), [example.right for example in fitted], sample_weight=weights)
    relatedness, coverage = model.coef_[0]
    print(f"RELATEDNESS, COVERAGE, INTERCEPT = {relatedness:.2f}, {coverage:.2f}, {model.intercept_[0]:.2f}\n")
    print("| held out | n | AUROC right against all else | AUROC answerable against not | Brier score |")
    print("|---|---|---|---|---|")
    for source in dict.fromkeys(example.source for example in examples):
        tested = [example for example in examples if example.source == source and example.held_out]
        right = np.array([example.right for example in tested])
        probability = model.predict_proba(_features(tested))[:, 1]
        figures = (
            roc_auc_score(right, probability),
            roc_auc_score([example.answerable for example in tested], probability),
            float(np.mean((probability - right) ** 2)),
        )
        print(f"| {source} | {len(tested):,} | {' | '.join(f'{figure:.3f}' for figure in figures)} |")


def _features(examples: Sequence[Example]) -> list[list[float]]:
    return [[example.relatedness, example.coverage] for example in examples]


if __name__ == "__main__":
    main()
