"""Every metric by name: what it says, how it is worked out, where it comes from, and which way is better."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from evaluation.errors import MetricError
from evaluation.types import GRAINS, SETTINGS

__all__ = ["HEADLINES", "METRICS", "Metric", "metric_named"]


@dataclass(frozen=True, slots=True)
class Metric:
    """`unit` is "share" (0 to 1) or "ms"; `headline` metrics stand in the short tables."""

    name: str
    label: str
    meaning: str
    source: str
    lower_is_better: bool = False
    unit: str = "share"
    headline: bool = False


_ANSWERS = (
    Metric(
        "accuracy",
        "answered right",
        "questions answered with a citation that holds a gold, in any version, or rightly abstained from / all "
        "questions; mean of the askers' languages",
        "this project",
        headline=True,
    ),
    Metric(
        "containment",
        "gold in the answer",
        "answerable questions whose answer has the words of a gold in a row / answerable questions",
        "this project, with the tokens of MLQA (Lewis et al. 2020)",
    ),
    Metric(
        "token_f1",
        "token F1",
        "F1 of the answer's and the gold's tokens, best gold; long quotes of a short gold score low by nature",
        "SQuAD (Rajpurkar et al. 2016), normalised as in MLQA (Lewis et al. 2020)",
    ),
    Metric(
        "exact_match",
        "exact match",
        "the answer's tokens are the gold's; a system that quotes sentences meets short golds seldom",
        "SQuAD (Rajpurkar et al. 2016), normalised as in MLQA (Lewis et al. 2020)",
    ),
    Metric(
        "language_match",
        "asker's language",
        "answers in the asker's language, all quotes of them or their prose / answers whose gold has a version in it",
        "this project",
        headline=True,
    ),
    Metric(
        "citation_exactness",
        "quotes exact",
        "citations with document.text[start:end] == quote; mean over answers of each one's share",
        "this project",
        headline=True,
    ),
    Metric(
        "citation_precision",
        "citation precision",
        "citations that hold a gold, in any version; mean over answers of each one's share",
        "after ALCE (Gao et al. 2023), with golds for judgements",
    ),
    Metric(
        "citation_recall",
        "citation recall",
        "questions with a citation that holds a gold, in any version / questions whose gold stands in the documents",
        "after ALCE (Gao et al. 2023), with golds for judgements",
        headline=True,
    ),
    Metric(
        "hallucination_rate",
        "hallucination rate",
        "unanswerable questions that were answered / unanswerable questions",
        "NoMIRACL (Thakur et al. 2024)",
        lower_is_better=True,
        headline=True,
    ),
    Metric(
        "error_rate",
        "error rate",
        "answerable questions abstained from / answerable questions",
        "NoMIRACL (Thakur et al. 2024)",
        lower_is_better=True,
        headline=True,
    ),
    Metric(
        "abstention_f1", "abstention F1", "F1 of abstaining, with the unanswerable as positives", "van Rijsbergen 1979"
    ),
    Metric(
        "auroc",
        "AUROC",
        "the chance that an answerable question has more confidence than an unanswerable one",
        "Hanley & McNeil 1982",
        headline=True,
    ),
    Metric(
        "coverage_at_5",
        "coverage at 5 % risk",
        "the largest share of questions that can be answered, surest first, with at most 5 % of them wrong",
        "selective prediction (El-Yaniv & Wiener 2010)",
        headline=True,
    ),
    Metric("brier", "Brier score", "mean of (confidence - right)^2", "Brier 1950", lower_is_better=True),
    Metric(
        "calibration_error",
        "calibration error",
        "mean distance of confidence and share of right answers, over ten bins of equal width",
        "ECE (Naeini et al. 2015)",
        lower_is_better=True,
    ),
    Metric(
        "prose_rate",
        "in prose",
        "answers written by the language model / answers, where there is one",
        "this project",
        headline=True,
    ),
    Metric(
        "rejection_rate",
        "sentences rejected",
        "sentences of the language model that failed a check / all that it tried, repairs among them",
        "this project",
        lower_is_better=True,
        headline=True,
    ),
    Metric(
        "shown_rate",
        "sentences shown",
        "sentences shown / sentences that the language model wrote, repairs not counted",
        "this project",
        headline=True,
    ),
    Metric("latency_p50", "latency p50", "milliseconds to the answer, half take less", "", True, "ms", True),
    Metric("latency_p95", "latency p95", "milliseconds to the answer, 95 in 100 take less", "", True, "ms"),
    Metric("latency_p99", "latency p99", "milliseconds to the answer, 99 in 100 take less", "", True, "ms"),
)

_SEARCHED = {
    "mono": "the documents in the asker's language searched",
    "cross": "the documents in one other language searched, mean of all pairs",
    "mixed": "all documents searched",
    "cross-only": "all documents but those in the asker's language searched",
}

_MEASURES = {
    "R@1": ("relevant documents found in the first place / relevant documents", "trec_eval"),
    "R@5": ("relevant documents found in the first 5 / relevant documents", "trec_eval"),
    "R@10": ("relevant documents found in the first 10 / relevant documents", "trec_eval"),
    "Success@1": ("questions with something relevant in the first place / questions", "trec_eval"),
    "MRR@10": ("mean of 1 / rank of the first relevant, 0 beyond 10", "Voorhees 1999"),
    "nDCG@10": ("sum of grade / log2(rank + 1) over the first 10 / the best possible", "Järvelin & Kekäläinen 2002"),
    "AP": (
        "mean of the precision at each relevant document; over questions, MAP",
        "trec_eval; LAReQA (Roy et al. 2020)",
    ),
}

_MIXED = {
    "ArticleR@5": (
        "questions whose article is in the first 5, each at the place of its best unit, which has to be right",
        "this project",
    ),
    "LPR": (
        "Language Preference Rate: of the found versions, that in the asker's language comes first",
        "MLAIRE (Jang et al. 2026)",
    ),
}

_HEADLINE_RETRIEVAL = {
    "mono.sentence.Success@1",
    "cross.sentence.Success@1",
    "mixed.sentence.AP",
    "mixed.passage.ArticleR@5",
    "mixed.sentence.LPR",
    "cross-only.passage.Success@1",
}


def _retrieval() -> list[Metric]:
    metrics = []
    for setting in SETTINGS:
        for grain in GRAINS:
            for measure, (meaning, source) in (_MEASURES | (_MIXED if setting == "mixed" else {})).items():
                name = f"{setting}.{grain}.{measure}"
                said = f"{meaning} ({grain}s; {_SEARCHED[setting]})"
                label = f"{setting}, {grain}s: {measure}"
                metrics.append(Metric(name, label, said, source, headline=name in _HEADLINE_RETRIEVAL))
    return metrics


METRICS: dict[str, Metric] = {metric.name: metric for metric in (*_ANSWERS, *_retrieval())}

HEADLINES = tuple(name for name, metric in METRICS.items() if metric.headline)


def metric_named(name: str) -> Metric:
    """Raises MetricError for a name that does not exist, with the nearest that do."""
    if name in METRICS:
        return METRICS[name]
    near = difflib.get_close_matches(name, METRICS, n=3, cutoff=0.5)
    words = re.split(r"[.\s]", name)
    near = near or [known for known in METRICS if words[-1].lower() in known.lower()][:3]
    hint = f"did you mean {' or '.join(near)}?" if near else "`dragoman evaluate metrics` lists them"
    raise MetricError(f"no metric is called {name!r}: {hint}")
