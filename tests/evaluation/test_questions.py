from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.engine import AnswerEngine
from evaluation.questions import GoldQuestion, judge, read_questions, report
from index.retriever import Retriever
from tests.toy import WordEmbedder, new_store, put


@pytest.fixture
def retriever(tmp_path: Path) -> Retriever:
    store = new_store(tmp_path / "index")
    put(store, "training", ["New agents train for six weeks at the office.", "A coach listens to every call."])
    put(store, "refunds", ["Agents may refund forty euros without asking anybody."])
    return Retriever(store, WordEmbedder())


def engines(retriever: Retriever, threshold: float) -> tuple[AnswerEngine, AnswerEngine]:
    return AnswerEngine(retriever, threshold=threshold), AnswerEngine(retriever, threshold=0, most_quotes=1)


def ask(
    retriever: Retriever, question: str, file: str | None, gold: str | None, threshold: float = 0.3
) -> tuple[str, bool]:
    asked = GoldQuestion("1", question, "en", file, gold)
    outcome = judge(*engines(retriever, threshold), asked)
    return outcome.kind, outcome.right_first


def test_right_wrong_and_missed(retriever: Retriever) -> None:
    question = "How many weeks do new agents train at the office?"
    assert ask(retriever, question, "training", "six weeks") == ("right", True)
    assert ask(retriever, question, "training", "every call") == ("wrong", False)
    assert ask(retriever, question, "refunds", "six weeks") == ("wrong", False)
    assert ask(retriever, question, "training", "six weeks", threshold=1) == ("missed", True)


def test_where_nothing_answers_abstaining_is_right(retriever: Retriever) -> None:
    assert ask(retriever, "Which train goes to Paris tomorrow?", None, None) == ("right", False)
    assert ask(retriever, "New agents train for six weeks at the office?", None, None) == ("wrong", False)


def test_the_report_counts_by_language_and_in_all(retriever: Retriever) -> None:
    asked = [
        GoldQuestion("1", "How many weeks do new agents train at the office?", "en", "training", "six weeks"),
        GoldQuestion("2", "Which train goes to Paris tomorrow?", "en", None, None),
        GoldQuestion("3", "Who listens to every call?", "nl", "training", "six weeks"),
    ]
    lines = report([judge(*engines(retriever, 0.3), question) for question in asked]).splitlines()
    assert lines[2] == "| en | 1 of 1 | 1 | 0 | 0 | 1 of 1 |"
    assert lines[3].startswith("| nl | 0 of 1 | 0 | ")
    assert lines[4].startswith("| all | 1 of 2 | 1 | ")


@pytest.mark.parametrize("line", ["{", "[]", '"text"', json.dumps({"id": "2", "question": "?"})])
def test_a_malformed_row_is_named_by_its_line(tmp_path: Path, line: str) -> None:
    good = json.dumps({"id": "1", "question": "?", "language": "en", "file": None, "gold": None})
    (tmp_path / "questions.jsonl").write_text(f"{good}\n{line}\n", "utf-8")
    with pytest.raises(ValueError, match="line 2 is not a question"):
        read_questions(tmp_path / "questions.jsonl")


def test_our_own_question_files_are_well_formed() -> None:
    for path in (Path(__file__).parents[2] / "evaluation" / "data").glob("*.jsonl"):
        questions = read_questions(path)
        assert len({question.id for question in questions}) == len(questions) > 40
        assert {question.language for question in questions} == {"nl", "fr", "en", "pt", "vi"}
