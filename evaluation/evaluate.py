"""The whole of an evaluation: index the dataset's documents, ask each system everything, work out the figures."""

from __future__ import annotations

import hashlib
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from itertools import takewhile
from pathlib import Path

import faiss
import numpy as np
from filelock import FileLock

from bot.engine import DEFAULT_THRESHOLD
from evaluation.errors import DatasetError
from evaluation.figures import Measured, measured
from evaluation.indexes import indexed
from evaluation.locate import articles_of, locate
from evaluation.metrics import abstention
from evaluation.metrics.intervals import Floats, Resamples, interval, p_value
from evaluation.provenance import code_fingerprint, provenance
from evaluation.results import Against, AskedQuestion, Results, SystemResults
from evaluation.run import Bench, collect
from evaluation.systems import open_system
from evaluation.types import SETTINGS, Asked, Dataset, Outcome, Setting
from index.embedding import open_embedder
from index.embedding.model_cache import cache_folder
from index.indexer import IndexingProgress
from index.store import Store
from index.types import Embedder

__all__ = ["EvaluationProgress", "Plan", "evaluate"]

CURVE_POINTS = 200
"""Of the risk-coverage curve at the most, so that a report of 13,000 questions stays small."""


class EvaluationProgress(IndexingProgress):
    """Told how the work goes; this one is silent, the command draws bars with its own."""

    def begin(self, system: str, questions: int) -> None:
        """So many questions will be put to this system."""

    def asked(self) -> None:
        """One of them is done."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to evaluate. `index` None: the dataset's own documents are indexed, once, in the cache folder.

    `split` keeps the questions of one half ("tune" or "test"), `sample` so many of each language: the same facts in
    all, where they are asked in all. `jobs` processes ask at the same time.
    """

    dataset: Dataset
    systems: Sequence[str] = ("dragoman",)
    index: Path | None = None
    embedder: str | None = None
    settings: Sequence[Setting] = SETTINGS
    threshold: float = DEFAULT_THRESHOLD
    split: str = ""
    sample: int | None = None
    jobs: int = 1
    draws: int = 1000
    embedders: Callable[[str | None], Embedder] = open_embedder


def evaluate(
    plan: Plan, progress: EvaluationProgress | None = None, *, keep: Callable[[Results], None] = lambda _: None
) -> Results:
    """Raises DatasetError, EvaluationError, and what opening an index or an embedder raises.

    Interrupted, every finished question is kept, and the same call goes on from there. That is thrown away only after
    `keep` has put the results in safety.
    """
    progress = progress or EvaluationProgress()
    folder = plan.index or indexed(plan.dataset, plan.embedders(plan.embedder), progress)
    with closing(Store.open_to_read(folder)) as store:
        documents = list(store.documents())
        asked = _chosen(plan, locate(plan.dataset, documents))
        articles = articles_of(plan.dataset, documents)
        home = _home([document.source_uri for document in documents])
        checkpoints = _checkpoints(plan, store, asked)
        with FileLock(checkpoints.with_suffix(".lock")):
            measurements = []
            for name in plan.systems:
                opener = _Opener(plan, folder, plan.embedder or store.embedder.name, name, articles)
                progress.begin(name, len(asked))
                started = time.perf_counter()
                outcomes = collect(asked, opener.measure_all, _checkpoint(checkpoints, name), progress.asked)
                measurements.append((name, outcomes, time.perf_counter() - started))
            results = Results(
                dataset=_described(plan, asked),
                index={
                    "embedder": asdict(store.embedder),
                    "languages": {language: asdict(counts) for language, counts in store.counts().items()},
                },
                made=provenance() | {"threshold": plan.threshold, "draws": plan.draws, "jobs": plan.jobs},
                systems=tuple(_systems(plan, asked, frozenset(store.languages()), measurements, home)),
                questions=tuple(_shown(one) for one in asked),
            )
            keep(results)
            for name in plan.systems:
                _checkpoint(checkpoints, name).unlink(missing_ok=True)
    return results


def _chosen(plan: Plan, asked: Sequence[Asked]) -> list[Asked]:
    chosen = [one for one in asked if not plan.split or one.question.split == plan.split]
    if plan.sample is not None:
        taken: Counter[str] = Counter()
        kept = set()
        for one in sorted(chosen, key=lambda one: (_shuffled(one.question.group), one.question.id)):
            if taken[one.question.language] < plan.sample:
                taken[one.question.language] += 1
                kept.add(one.question.id)
        chosen = [one for one in chosen if one.question.id in kept]
    if not chosen:
        raise DatasetError(f"{plan.dataset.name} has no questions in its part {plan.split!r}")
    return chosen


def _shuffled(group: str) -> bytes:
    """The same order wherever it is drawn, and none that the dataset's author had a hand in."""
    return hashlib.sha256(group.encode("utf-8", "surrogatepass")).digest()


def _checkpoints(plan: Plan, store: Store, asked: Sequence[Asked]) -> Path:
    """A folder for what is measured of just these questions, documents and settings by just this code."""
    parts = (
        plan.dataset.fingerprint,
        sorted((document.id, document.content_hash) for document in store.documents()),
        asdict(store.embedder),
        tuple(plan.settings),
        plan.threshold,
        [one.question.id for one in asked],
        code_fingerprint(),
    )
    key = hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    folder = cache_folder() / "evaluation" / "unfinished" / f"{plan.dataset.name}-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _checkpoint(folder: Path, system: str) -> Path:
    return folder / f"{system}.jsonl"


@dataclass(frozen=True, slots=True)
class _Opener:
    """How to open a system and its bench, here or in another process."""

    plan: Plan
    folder: Path
    embedder: str
    system: str
    articles: dict[str, str]

    def open(self) -> Bench:
        store = Store.open_to_read(self.folder)
        system = open_system(self.system, store, self.plan.embedders(self.embedder), self.plan.threshold)
        return Bench(system, store.documents(), self.articles, self.plan.settings)

    def measure_all(self, asked: Sequence[Asked]) -> Iterator[Outcome]:
        """In the order of the questions, however many processes work on them."""
        if not asked:
            return
        if self.plan.jobs == 1:
            yield from map(self.open().measure, asked)
            return
        # Spawned, since a fork would copy threads that hold locks.
        spawning = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self.plan.jobs, spawning, initializer=_open_here, initargs=(self,)) as workers:
            yield from workers.map(_measure_here, asked, chunksize=4)


_bench_here: list[Bench] = []


def _open_here(opener: _Opener) -> None:
    faiss.omp_set_num_threads(1)  # each process has a core; threads of several that wait for each other spin
    _bench_here.append(opener.open())


def _measure_here(asked: Asked) -> Outcome:
    return _bench_here[0].measure(asked)


def _systems(
    plan: Plan,
    asked: Sequence[Asked],
    languages: frozenset[str],
    measurements: Sequence[tuple[str, list[Outcome], float]],
    home: str,
) -> Iterator[SystemResults]:
    resamples = Resamples([one.question.group or one.question.id for one in asked], draws=plan.draws)
    first: Measured | None = None
    for name, outcomes, seconds in measurements:
        result = measured(asked, outcomes, languages, name == "dragoman", resamples)
        right = np.array([outcome.best_right for outcome in outcomes])
        confidence = np.array([outcome.best_confidence for outcome in outcomes])
        yield SystemResults(
            name=name,
            seconds=round(seconds, 1),
            figures=result.figures,
            cells=result.cells,
            reliability=tuple(abstention.reliability(right, confidence)) if name == "dragoman" else (),
            curve=_curve(*abstention.risk_coverage(right, confidence)),
            against=_against(first, result) if first else {},
            outcomes=tuple(_kept(outcome, home) for outcome in outcomes),
        )
        first = first or result


def _kept(outcome: Outcome, home: str) -> Outcome:
    """Without the rankings, whose figures are worked out, and with addresses that do not tell where it was measured."""
    quotes = tuple(replace(quote, uri=quote.uri.removeprefix(home)) for quote in outcome.quotes)
    return replace(outcome, quotes=quotes, found=())


def _home(uris: Sequence[str]) -> str:
    """The folder that all documents lie below, "" where they are no files."""
    folders = [uri.split("/")[:-1] for uri in uris if uri.startswith("file:")]
    shared = takewhile(lambda names: len(set(names)) == 1, zip(*folders, strict=False))
    return "".join(f"{names[0]}/" for names in shared)


def _curve(coverage: Floats, risk: Floats) -> tuple[tuple[float, float], ...]:
    places = np.unique(np.linspace(0, len(coverage) - 1, min(len(coverage), CURVE_POINTS)).round().astype(int))
    return tuple((float(coverage[place]), float(risk[place])) for place in places)


def _against(first: Measured, other: Measured) -> dict[str, Against]:
    compared = {}
    for metric in first.drawn.keys() & other.drawn.keys():
        differences = first.drawn[metric] - other.drawn[metric]
        difference = first.figures[metric].value - other.figures[metric].value
        bounds = interval(difference, differences, 0)
        compared[metric] = Against(difference, bounds.low, bounds.high, p_value(differences))
    return dict(sorted(compared.items()))


def _described(plan: Plan, asked: Sequence[Asked]) -> dict[str, object]:
    return {
        "name": plan.dataset.name,
        "fingerprint": plan.dataset.fingerprint,
        "split": plan.split,
        "sample": plan.sample,
        "settings": list(plan.settings),
        "questions": len(asked),
        "unanswerable": sum(not one.question.answerable for one in asked),
        "facts": len({one.question.group for one in asked}),
        "kinds": dict(sorted(Counter(one.question.kind for one in asked).items())),
        "languages": dict(sorted(Counter(one.question.language for one in asked).items())),
        "note": plan.dataset.note,
    }


def _shown(asked: Asked) -> AskedQuestion:
    question = asked.question
    return AskedQuestion(
        id=question.id,
        text=question.text,
        language=question.language,
        kind=question.kind,
        group=question.group,
        split=question.split,
        history=question.history,
        gold=asked.answers,
    )
