"""The whole of an evaluation: index the dataset's documents, ask each system everything, work out the figures."""

from __future__ import annotations

import hashlib
import logging
import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import faiss
import numpy as np

from bot.engine import DEFAULT_THRESHOLD
from evaluation.errors import DatasetError
from evaluation.figures import Measured, measured
from evaluation.indexes import indexed
from evaluation.locate import articles_of, locate
from evaluation.metrics import abstention
from evaluation.metrics.intervals import Floats, Resamples, interval, p_value
from evaluation.metrics.prose import composed
from evaluation.provenance import code_fingerprint, provenance
from evaluation.results import Against, AskedQuestion, Results, SystemResults
from evaluation.run import Bench, collect
from evaluation.systems import open_system
from evaluation.types import SETTINGS, Asked, Dataset, Outcome, Setting
from evaluation.unfinished import kept_until_done
from index.embedding import open_embedder
from index.indexer import IndexingProgress
from index.store import Store
from index.types import Document, Embedder, EmbedderIdentity

if TYPE_CHECKING:
    from bot.generative import ModelSettings, ModelWriter

__all__ = ["EvaluationProgress", "Plan", "evaluate", "shuffled"]

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
    all, where they are asked in all. `jobs` processes ask at the same time. Dragoman answers in prose where there is a
    `model`.
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
    model: ModelSettings | None = None
    draws: int = 1000
    embedders: Callable[[str | None], Embedder] = open_embedder


def evaluate(
    plan: Plan, progress: EvaluationProgress | None = None, *, keep: Callable[[Results], None] = lambda _: None
) -> Results:
    """Raises DatasetError, EvaluationError, and what opening an index, an embedder or a language model raises.

    Interrupted, every finished question is kept, and the same call goes on from there. That is thrown away only after
    `keep` has put the results in safety.
    """
    progress = progress or EvaluationProgress()
    if plan.model:
        _require_openable(plan.model)
    folder = plan.index or indexed(plan.dataset, plan.embedders(plan.embedder), progress)
    with closing(Store.open_to_read(folder)) as store:
        documents = list(store.documents())
        asked = _chosen(plan, locate(plan.dataset, documents))
        opener = _Opener(plan, folder, plan.embedder or store.embedder.name, articles_of(plan.dataset, documents))
        with kept_until_done(plan.dataset.name, _parts(plan, store.embedder, documents, asked)) as unfinished:
            measurements = [_measurement(opener, name, asked, unfinished, progress) for name in plan.systems]
            home = _home([document.source_uri for document in documents])
            results = Results(
                dataset=_described(plan, asked),
                index={
                    "embedder": asdict(_without_way(store.embedder)),
                    "languages": {language: asdict(counts) for language, counts in store.counts().items()},
                },
                made=provenance()
                | {"threshold": plan.threshold, "draws": plan.draws, "jobs": plan.jobs}
                | ({"model": _told(plan.model)} if plan.model else {}),
                systems=tuple(_systems(plan, asked, frozenset(store.languages()), measurements, home)),
                questions=tuple(_shown(one) for one in asked),
            )
            keep(results)
    return results


def _parts(
    plan: Plan, embedder: EmbedderIdentity, documents: Sequence[Document], asked: Sequence[Asked]
) -> tuple[object, ...]:
    """All that an outcome depends on: the questions, the documents, the settings and the code."""
    return (
        plan.dataset.fingerprint,
        sorted((document.id, document.content_hash) for document in documents),
        asdict(embedder),
        tuple(plan.settings),
        plan.threshold,
        repr(plan.model),  # without the key
        [one.question for one in asked],
        code_fingerprint(),
    )


def _chosen(plan: Plan, asked: Sequence[Asked]) -> list[Asked]:
    chosen = [one for one in asked if not plan.split or one.question.split == plan.split]
    if plan.sample is not None:
        taken: Counter[str] = Counter()
        kept = set()
        for one in sorted(chosen, key=lambda one: (shuffled(one.question.group), one.question.id)):
            if taken[one.question.language] < plan.sample:
                taken[one.question.language] += 1
                kept.add(one.question.id)
        chosen = [one for one in chosen if one.question.id in kept]
    if not chosen:
        raise DatasetError(f"{plan.dataset.name} has no questions in its part {plan.split!r}")
    return chosen


def shuffled(group: str) -> bytes:
    """The same order wherever it is drawn, and none that the dataset's author had a hand in."""
    return hashlib.sha256(group.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class _Opener:
    """How to open a system with its bench, here or in another process."""

    plan: Plan
    folder: Path
    embedder: str
    articles: dict[str, str]

    @contextmanager
    def opened(self, name: str) -> Iterator[Bench]:
        with ExitStack() as stack:
            store = stack.enter_context(closing(Store.open_to_read(self.folder)))
            embedder, model = self.plan.embedders(self.embedder), self.plan.model
            writer = stack.enter_context(closing(_writer(model, embedder))) if model and name == "dragoman" else None
            system = open_system(name, store, embedder, self.plan.threshold, writer)
            yield Bench(system, store.documents(), self.articles, self.plan.settings)

    def measure_all(self, name: str, asked: Sequence[Asked]) -> Iterator[Outcome]:
        """In the order of the questions, however many processes work on them."""
        if not asked:
            return
        if self.plan.jobs == 1:
            with self.opened(name) as bench:
                yield from map(bench.measure, asked)
            return
        # Spawned, since a fork would copy threads that hold locks.
        spawning = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(self.plan.jobs, spawning, initializer=_open_here, initargs=(self, name)) as workers:
            with _deaf_to_interrupts():
                outcomes = workers.map(_measure_here, asked, chunksize=4)
            yield from outcomes


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes that begin inside ignore Ctrl-C, which reaches them all: this one hears it, speaks and ends them."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


_open_until_the_end = ExitStack()
_bench_here: list[Bench] = []


def _open_here(opener: _Opener, name: str) -> None:
    # Each process has a core; threads of several that wait for each other spin, torch's so that all but stands still.
    os.environ["OMP_NUM_THREADS"] = "1"  # for torch, which reads it when it is first imported
    faiss.omp_set_num_threads(1)
    _bench_here.append(_open_until_the_end.enter_context(opener.opened(name)))


def _measure_here(asked: Asked) -> Outcome:
    return _bench_here[0].measure(asked)


def _measurement(
    opener: _Opener, name: str, asked: Sequence[Asked], unfinished: Path, progress: EvaluationProgress
) -> tuple[str, list[Outcome], float]:
    """The system's name, its outcomes and the seconds they took now."""
    progress.begin(name, len(asked))
    started = time.perf_counter()
    outcomes = collect(asked, partial(opener.measure_all, name), unfinished / f"{name}.jsonl", progress.asked)
    return name, outcomes, time.perf_counter() - started


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
            composed=composed(outcomes),
            outcomes=tuple(_kept(outcome, home) for outcome in outcomes),
        )
        first = first or result


def _kept(outcome: Outcome, home: str) -> Outcome:
    """Without the rankings, whose figures are worked out, and with addresses that do not tell where it was measured."""
    quotes = tuple(replace(quote, uri=quote.uri.removeprefix(home)) for quote in outcome.quotes)
    return replace(outcome, quotes=quotes, found=())


def _without_way(embedder: EmbedderIdentity) -> EmbedderIdentity:
    """A model in a folder by the name of the folder alone; its revision says which it is."""
    path = Path(embedder.name)
    return replace(embedder, name=path.name) if path.is_absolute() else embedder


def _home(uris: Sequence[str]) -> str:
    """The folder that all documents lie below, "" where they are no files."""
    folders = [uri.split("/")[:-1] for uri in uris if uri.startswith("file:")]
    shared = takewhile(lambda names: len(set(names)) == 1, zip(*folders, strict=False))
    return "".join(f"{names[0]}/" for names in shared)


def _curve(coverage: Floats, risk: Floats) -> tuple[tuple[float, float], ...]:
    places = np.unique(np.linspace(0, len(coverage) - 1, min(len(coverage), CURVE_POINTS)).round().astype(int))
    return tuple((float(coverage[place]), float(risk[place])) for place in places)


def _writer(model: ModelSettings, embedder: Embedder) -> ModelWriter:
    from bot.generative import ModelWriter, open_model

    logging.getLogger("bot.generative").addHandler(logging.NullHandler())  # the report counts what went wrong
    return ModelWriter(open_model(model), model, embedder)


def _require_openable(model: ModelSettings) -> None:
    """Before hours of work, not after."""
    from bot.generative import open_model

    open_model(model)


def _told(model: ModelSettings) -> dict[str, object]:
    """What an answer depends on, without what belongs to the machine that measured: addresses, keys, prices."""
    return {name: getattr(model, name) for name in ("name", "method", "seconds", "tokens", "sentences", "rewrite")}


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
