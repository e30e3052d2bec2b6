"""The sample help centre and the questions about it stay what the documentation says they are."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TypedDict

import pytest

from index.sources import find_files, read_file
from index.types import SourceDocument

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "samples"
DATA = ROOT / "evaluation" / "data"
ARTICLES = ["angry-callers", "quality", "refunds", "shifts", "training", "verification"]
LANGUAGES = ["en", "fr", "nl", "pt", "vi"]
NO_SPACE_AFTER_FULL_STOP = [
    "training/fr.txt",
    "training/vi.txt",
    "verification/fr.txt",
    "quality/fr.txt",
    "quality/vi.txt",
]


class Question(TypedDict):
    id: str
    question: str
    language: str
    file: str | None
    gold: str | None
    set: str


def questions(name: str) -> list[Question]:
    lines = (DATA / f"{name}_questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


ABOUT_SAMPLES = questions("sample")
ABOUT_SEEDS = questions("seed")


@cache
def document(file: str) -> SourceDocument:
    (read,) = read_file(SAMPLES / file)
    assert isinstance(read, SourceDocument)
    return read


def per_language(asked: list[Question]) -> Counter[str]:
    return Counter(question["language"] for question in asked)


def test_six_articles_in_five_languages_but_for_one_version() -> None:
    files = {file.relative_to(SAMPLES).with_suffix("").as_posix() for file in find_files([SAMPLES])}
    every_version = {f"{article}/{language}" for article in ARTICLES for language in LANGUAGES}
    assert len(find_files([SAMPLES])) == 29
    assert files == every_version - {"verification/vi"}


@pytest.mark.parametrize("file", [file.relative_to(SAMPLES).as_posix() for file in find_files([SAMPLES])])
def test_what_a_sample_declares_is_true(file: str) -> None:
    article, version = file.split("/")
    assert document(file).language in {None, version.split(".")[0]}
    assert document(file).article in {None, article}
    assert 1_500 < len(document(file).text) < 4_000


@pytest.mark.parametrize("file", NO_SPACE_AFTER_FULL_STOP)
def test_these_files_have_full_stops_without_a_space(file: str) -> None:
    text = document(file).text
    joined = sum(
        stop == "." and before.islower() and after.isupper()
        for before, stop, after in zip(text, text[1:], text[2:], strict=False)
    )
    assert joined >= 5


@pytest.mark.parametrize("asked", [ABOUT_SAMPLES, ABOUT_SEEDS], ids=["samples", "seeds"])
def test_questions_are_well_formed(asked: list[Question]) -> None:
    assert all(set(question) == set(Question.__annotations__) for question in asked)
    assert (
        len({question["id"] for question in asked}) == len({question["question"] for question in asked}) == len(asked)
    )
    assert all((question["file"] is None) == (question["gold"] is None) for question in asked)
    assert set(per_language(asked)) == set(LANGUAGES)


def test_how_many_questions_there_are_about_the_samples() -> None:
    answerable = [question for question in ABOUT_SAMPLES if question["gold"]]
    assert len(answerable) >= 60
    assert min(per_language(answerable).values()) >= 12
    assert set(per_language([question for question in ABOUT_SAMPLES if not question["gold"]]).values()) == {3}


def test_how_many_questions_there_are_about_the_seed_articles() -> None:
    answerable = [question for question in ABOUT_SEEDS if question["gold"]]
    assert Counter(question["set"] for question in answerable) == {"issue": 5, "own": 30}
    assert set(per_language(answerable).values()) == {7}
    assert len(ABOUT_SEEDS) - len(answerable) == 10
    assert all(len(str(question["gold"]).split()) <= 6 for question in answerable)


@pytest.mark.parametrize(
    "question", [question for question in ABOUT_SAMPLES if question["gold"]], ids=lambda question: question["id"]
)
def test_the_right_sentence_is_there_once(question: Question) -> None:
    assert question["file"] is not None and question["gold"] is not None
    assert document(question["file"]).text.count(question["gold"]) == 1


def test_a_question_names_its_own_version_unless_there_is_none() -> None:
    for question in ABOUT_SAMPLES:
        article, version = (question["file"] or f"none/{question['language']}.").split("/")
        expected = "en" if (article, question["language"]) == ("verification", "vi") else question["language"]
        assert version.split(".")[0] == expected, question["id"]
    assert sum(question["set"] == "missing" for question in ABOUT_SAMPLES) == 4
