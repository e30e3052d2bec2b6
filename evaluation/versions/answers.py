"""Answers in two languages."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from itertools import permutations

from evaluation.errors import DatasetError
from evaluation.types import Dataset, EvaluationQuestion
from evaluation.versions.rows import AnswersRow, Score
from index.store import Store

__all__ = ["answers_aligned", "score_answers"]


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
