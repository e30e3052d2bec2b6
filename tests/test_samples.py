"""The sample help centre and the questions about it stay what the documentation says they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from evaluation.datasets.questions_file import read_questions
from evaluation.types import UNANSWERABLE, EvaluationQuestion
from index.preparation import prepare
from index.sources import find_files, read_file
from index.tokens import terms
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


ASKERS_WITHOUT_A_VERSION = ["ar", "de", "es", "it", "ja", "pl", "ru", "sv", "tr", "zh"]
ABOUT_SAMPLES = read_questions(DATA / "samples.jsonl").questions
ABOUT_SEEDS = read_questions(DATA / "seeds.jsonl").questions


@cache
def document(file: str) -> SourceDocument:
    (read,) = read_file(SAMPLES / file)
    assert isinstance(read, SourceDocument)
    return read


@cache
def sentences(file: str) -> list[str]:
    prepared = prepare(file, document(file))
    text = prepared.document.text
    return [text[s.start : s.end] for passage in prepared.passages for s in passage.sentences]


def sentence_of(file: str, gold: str) -> str:
    return next(sentence for sentence in sentences(file) if gold in sentence)


@cache
def frequency(language: str) -> Counter[str]:
    """The share of the language's sentences that a term stands in."""
    files = [file.relative_to(SAMPLES).as_posix() for file in find_files([SAMPLES]) if file.stem == language]
    every = [sentence for file in files for sentence in sentences(file)]
    counts = Counter(term for sentence in every for term in set(terms(sentence)))
    return Counter({term: count / len(every) for term, count in counts.items()})


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


def answerable(questions: Sequence[EvaluationQuestion]) -> list[EvaluationQuestion]:
    return [question for question in questions if question.answerable]


def test_there_are_questions_enough_in_every_language() -> None:
    languages = Counter(question.language for question in ABOUT_SAMPLES)
    assert set(languages) == {*LANGUAGES, *ASKERS_WITHOUT_A_VERSION}
    assert len(ABOUT_SAMPLES) >= 250
    assert min(languages[language] for language in LANGUAGES) >= 30
    assert min(languages[language] for language in ASKERS_WITHOUT_A_VERSION) >= 8


def test_a_quarter_has_no_answer_for_one_of_three_reasons() -> None:
    kinds = Counter(question.kind for question in ABOUT_SAMPLES)
    unanswerable = [kinds[kind] for kind in UNANSWERABLE]
    assert 0.24 < sum(unanswerable) / len(ABOUT_SAMPLES) < 0.26
    assert min(unanswerable) >= 20
    assert min(kinds[kind] for kind in ("paraphrase", "typo", "follow-up")) >= 30


def test_the_halves_share_no_fact() -> None:
    facts = {split: {q.group for q in ABOUT_SAMPLES if q.split == split} for split in ("tune", "test")}
    sizes = Counter(question.split for question in ABOUT_SAMPLES)
    assert not facts["tune"] & facts["test"]
    assert abs(sizes["tune"] - sizes["test"]) <= 4 and set(sizes) == {"tune", "test"}


def test_every_version_of_an_answer_is_named() -> None:
    """So that a quote in any language can be judged; verification has no Vietnamese version."""
    for question in answerable(ABOUT_SAMPLES):
        files = {str(gold.document) for gold in question.golds}
        article = next(iter(files)).split("/")[0]
        assert {file.split("/")[0] for file in files} == {article}, question.id
        expected = set(LANGUAGES) - ({"vi"} if article == "verification" else set())
        assert {file.split("/")[1].split(".")[0] for file in files} == expected, question.id


def test_follow_ups_alone_have_a_history() -> None:
    for question in ABOUT_SAMPLES:
        assert bool(question.history) == (question.kind == "follow-up"), question.id


@pytest.mark.parametrize("question", answerable(ABOUT_SAMPLES), ids=lambda question: question.id)
def test_the_right_sentence_is_there_once(question: EvaluationQuestion) -> None:
    for gold in question.golds:
        assert document(str(gold.document)).text.count(str(gold.text)) == 1, gold


def test_a_paraphrase_shares_no_telling_word_with_the_sentence_that_answers() -> None:
    """Telling: three letters or more of a stem, in less than one in twenty-five of the language's sentences."""
    for question in answerable(ABOUT_SAMPLES):
        if question.kind != "paraphrase" or question.language not in LANGUAGES:
            continue
        for gold in question.golds:
            if f"/{question.language}." in str(gold.document):
                sentence = sentence_of(str(gold.document), str(gold.text))
                shared = set(terms(question.text)) & set(terms(sentence))
                telling = {t for t in shared if len(t) > 2 and frequency(question.language)[t] < 0.04}
                assert telling == set(), (question.id, sentence)


def test_how_many_questions_there_are_about_the_seed_articles() -> None:
    asked = answerable(ABOUT_SEEDS)
    assert set(Counter(question.language for question in asked).values()) == {7}
    assert len(ABOUT_SEEDS) - len(asked) == 10
    assert all(len({gold.document for gold in question.golds}) == 5 for question in asked)
