from __future__ import annotations

from pathlib import Path

from evaluation.types import Dataset, EvaluationQuestion, Gold
from evaluation.versions.answers import answers_aligned, score_answers
from evaluation.versions.rows import Score
from index.linking import link_new_documents
from tests.toy import new_store, put


def test_answers_are_scored_from_each_language_to_each_other() -> None:
    answers = [{"en": 1, "nl": 11}, {"en": 2, "nl": 12, "th": 22}]
    language = {1: "en", 2: "en", 3: "en", 11: "nl", 12: "nl", 13: "nl", 22: "th"}
    aligned = {1: {11, 13}, 11: {1}, 2: {13}, 12: {3}, 22: {2}}
    scores = score_answers(answers, aligned, language)
    assert scores["en", "nl"] == Score(right=1, found=2, wanted=2)  # one of two aligned ones holds the first answer
    assert scores["nl", "en"] == Score(1, 2, 2)
    assert scores["th", "en"] == Score(1, 1, 1)
    assert scores["en", "th"] == scores["th", "nl"] == scores["nl", "th"] == Score(0, 0, 1)


def test_answers_are_found_in_the_sentence_that_holds_them(tmp_path: Path) -> None:
    with new_store(tmp_path / "index") as store:
        for language in ("en", "nl"):
            put(store, f"{language}/a", ["Red green blue one.", "Six seven eight weeks."], language=language)
            put(store, f"{language}/b", ["Dogs cats mice birds."], language=language)
        with store.transaction():
            link_new_documents(store.articles)
        golds = tuple(Gold(f"file:///{language}/a", "eight weeks", 30) for language in ("en", "nl"))
        odd = EvaluationQuestion("en/1", "How long?", "en", group="1", golds=golds, split="test")
        even = EvaluationQuestion("en/2", "Who?", "en", group="2", golds=golds[:1], split="tune")
        rows = answers_aligned(Dataset("set", "", (odd, even)), store)
    assert [row.score for row in rows] == [Score(2, 2, 2)] * 3
