from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from evaluation.xquad_r import evaluate_language, opened_language
from tests.toy import WordEmbedder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two articles of one paragraph each: the first question has its answer in a second sentence."""

    def paragraph(sentences: list[str], question: str, answer: str) -> dict[str, object]:
        context = " ".join(sentences)
        breaks = [[context.index(sentence), context.index(sentence) + len(sentence)] for sentence in sentences]
        answers = [{"text": answer, "answer_start": context.index(answer)}]
        row = {"id": question, "question": question, "answers": answers}
        return {"context": context, "sentences": sentences, "sentence_breaks": breaks, "qas": [row]}

    training = paragraph(["Agents are new here.", "They train for six weeks."], "They train for how long?", "six weeks")
    refunds = paragraph(["Refunds end at forty euros.", "Nobody asks."], "Nobody knows agents?", "forty")
    data = {"data": [{"title": "a", "paragraphs": [training]}, {"title": "b", "paragraphs": [refunds]}]}
    with gzip.open(tmp_path / "en.json.gz", "wt", encoding="utf-8") as stream:
        json.dump(data, stream)
    return tmp_path


def test_the_answers_sentence_is_the_gold_one(source: Path, tmp_path: Path) -> None:
    with opened_language(source, "en", WordEmbedder(), tmp_path / "indexes") as (_, questions):
        assert [(q.article, q.document, q.start) for q in questions] == [(0, "00.0", 21), (1, "01.0", 0)]


def test_scores_are_worked_out_by_hand(source: Path, tmp_path: Path) -> None:
    """The first question finds its sentence first. The second shares its words with others, and finds it last."""
    with opened_language(source, "en", WordEmbedder(), tmp_path / "indexes") as (retriever, questions):
        scores = evaluate_language(retriever, questions)
        hits = retriever.search(questions[1].text, retriever.embed(questions[1].text), ["en"])
    found = sorted((s for hit in hits for s in hit.sentences), key=lambda s: -s.score)
    rank = [(s.unit.document, s.unit.start) for s in found].index(("01.0", 0)) + 1
    assert rank > 1
    assert (scores.sentence, scores.even, scores.odd) == (0.5, 1.0, 0.0)
    assert scores.mrr == pytest.approx((1 + 1 / rank) / 2)


def test_an_index_that_is_kept_is_used_again(source: Path, tmp_path: Path) -> None:
    embedder = WordEmbedder()
    for _ in range(2):
        with opened_language(source, "en", embedder, tmp_path / "indexes") as (_, questions):
            assert len(questions) == 2
    assert embedder.embedded == 6  # two passages, four sentences, once
