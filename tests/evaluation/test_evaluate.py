"""Whole evaluations of a few questions about real files, with the toy embedder and a cache folder of their own."""

from __future__ import annotations

import json
import math
import multiprocessing
import random
import shutil
import signal
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest

from bot.generative import ModelSettings
from evaluation.datasets import open_dataset
from evaluation.errors import DatasetError, EvaluationError
from evaluation.evaluate import EvaluationProgress, Plan, evaluate
from evaluation.report.html import html_page
from evaluation.report.markdown import markdown_page
from evaluation.results import Results, read_results, write_results
from evaluation.run import Bench
from evaluation.types import Asked, Dataset, Outcome
from index.embedding.model_cache import cache_folder
from index.errors import IndexMismatch
from index.indexer import index_paths
from index.language import preload
from index.store import Store
from index.types import Embedder
from tests.toy import WordEmbedder, put

DOCUMENTS = {
    "training/en.txt": "New agents train for six weeks at the office.\n\nA coach listens to every call they take. "
    "The course ends with two written tests.\n",
    "training/nl.txt": "Nieuwe medewerkers leren zes weken lang op kantoor.\n\nEen coach luistert naar elk gesprek dat "
    "zij voeren. De cursus eindigt met twee schriftelijke toetsen.\n",
    "refunds/en.txt": "Agents may refund up to forty euros themselves.\n\nA supervisor signs every larger refund. "
    "The money arrives within ten days.\n",
    "refunds/nl.txt": "Medewerkers mogen zelf tot veertig euro terugbetalen.\n\nEen leidinggevende tekent voor elk "
    "hoger bedrag. Het geld komt binnen tien dagen aan.\n",
}

FACTS = {
    "training/length": ("six weeks", "zes weken", "How many weeks do new agents train?", "Hoeveel weken leren nieuwe?"),
    "training/coach": ("A coach", "Een coach", "Which coach listens to calls?", "Welke coach luistert naar mij?"),
    "training/tests": (
        "two written",
        "twee",
        "How many written tests end the course?",
        "Hoeveel toetsen telt de cursus?",
    ),
    "refunds/limit": ("forty", "veertig", "How many euros may agents refund?", "Hoeveel euro terugbetalen?"),
    "refunds/large": ("A supervisor", "Een leidinggevende", "Who signs?", "Wie tekent voor een hoger bedrag?"),
    "refunds/days": ("ten days", "tien dagen", "When does my cash come?", "Binnen hoeveel dagen komt het geld aan?"),
}
"""The words that answer in English and in Dutch, and the questions. "When does my cash come?" shares none with them."""

UNANSWERED = [
    ("en", "How many agents listen to the radio?", "near-miss"),
    ("nl", "Hoeveel kost een kaartje naar Rome?", "off-topic"),
]


def rows() -> Iterator[dict[str, Any]]:
    for number, (fact, (english, dutch, *asked)) in enumerate(FACTS.items()):
        article = fact.partition("/")[0]
        gold = {f"{article}/en.txt": english, f"{article}/nl.txt": dutch}
        for language, text in zip(("en", "nl"), asked, strict=True):
            yield {
                "id": f"{language}-{fact}",
                "question": text,
                "language": language,
                "fact": fact,
                "gold": gold,
                "split": ("tune", "test")[number % 2],
            }
    for language, text, kind in UNANSWERED:
        yield {"id": f"{language}-{kind}", "question": text, "language": language, "kind": kind, "split": "test"}


def words(_: str | None) -> Embedder:
    """A plan's embedders; at the top of the module, where a spawned process finds it."""
    return WordEmbedder()


@pytest.fixture(scope="module", autouse=True)
def language_model() -> Path:
    """Loaded from the ordinary cache folder before the tests have one of their own."""
    preload()
    return cache_folder()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, language_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new cache folder, with nothing but the language model, for other processes."""
    folder = tmp_path / "cache"
    folder.mkdir()
    for unpacked in language_model.glob("py3langid-*"):
        (folder / unpacked.name).symlink_to(unpacked)
    monkeypatch.setenv("DRAGOMAN_CACHE", str(folder))
    return folder


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    for name, text in DOCUMENTS.items():
        (folder / "help" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "help" / name).write_text(text, "utf-8")
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()), "utf-8")
    index_paths([folder / "help"], folder / "index", WordEmbedder())
    return folder


@pytest.fixture(scope="module")
def dataset(files: Path) -> Dataset:
    return open_dataset(str(files / "questions.jsonl"), corpus=files / "help")


@pytest.fixture(scope="module")
def plan(dataset: Dataset, files: Path) -> Plan:
    """Of an index that is there already, so that each test need not make its own."""
    return Plan(dataset, ("keyword", "dragoman"), index=files / "index", draws=20, embedders=words)


@pytest.fixture(scope="module")
def results(plan: Plan, language_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Of the plan as it is, for tests that only look."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRAGOMAN_CACHE", str(tmp_path_factory.mktemp("cache")))
        return evaluate(plan)


def steady(results: Results) -> dict[str, Any]:
    """All that is the same on every run: no dates, no times."""
    row: dict[str, Any] = json.loads(json.dumps(asdict(results)))
    del row["made"]["date"], row["made"]["jobs"], row["made"]["commit"], row["made"]["uncommitted_changes"]
    for system in row["systems"]:
        del system["seconds"]
        for figures in (system["figures"], system["against"]):
            for name in [name for name in figures if name.startswith("latency")]:
                del figures[name]
        for outcome in system["outcomes"]:
            del outcome["milliseconds"]
    return row


def same(one: Results, other: Results) -> None:
    assert json.dumps(steady(one), indent=1) == json.dumps(steady(other), indent=1)  # as texts, since NaN is not NaN


def right(results: Results, system: int = 0) -> dict[str, bool]:
    return {outcome.question: outcome.right for outcome in results.systems[system].outcomes}


class Stopping(EvaluationProgress):
    """Stops like Ctrl-C after so many questions."""

    def __init__(self, after: int) -> None:
        self.left = after
        self.begun: list[tuple[str, int]] = []

    def begin(self, system: str, questions: int) -> None:
        self.begun.append((system, questions))

    def asked(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


# The whole


def test_the_files_are_indexed_and_each_question_asked_and_judged(plan: Plan, files: Path) -> None:
    progress = Stopping(after=1_000)
    results = evaluate(replace(plan, index=None), progress)
    assert progress.begun == [("keyword", 14), ("dragoman", 14)]
    assert 1_000 - progress.left == 28
    assert results.dataset == {
        "name": "questions",
        "fingerprint": plan.dataset.fingerprint,
        "split": "",
        "sample": None,
        "settings": ["mono", "cross", "mixed", "cross-only"],
        "questions": 14,
        "unanswerable": 2,
        "facts": 8,
        "kinds": {"near-miss": 1, "off-topic": 1, "plain": 12},
        "languages": {"en": 7, "nl": 7},
        "note": "",
    }
    assert results.index["embedder"]["name"] == "words"
    assert results.index["languages"]["nl"] == {"documents": 2, "passages": 4, "sentences": 6}
    assert (results.made["threshold"], results.made["draws"], results.made["jobs"]) == (plan.threshold, 20, 1)
    asked = [json.loads(line) for line in (files / "questions.jsonl").read_text("utf-8").splitlines()]
    assert [(q.id, q.text, q.language) for q in results.questions] == [
        (row["id"], row["question"], row["language"]) for row in asked
    ]
    by_id = {question.id: question for question in results.questions}
    assert by_id["nl-refunds/limit"].gold == ("veertig",)
    assert by_id["en-near-miss"].gold == ()


def test_who_shares_words_with_the_answer_is_found_by_words(results: Results) -> None:
    assert [system.name for system in results.systems] == ["keyword", "dragoman"]
    found = right(results)
    wrong = {own for own, was_right in found.items() if not was_right}
    assert wrong == {"en-refunds/days", "en-near-miss", "nl-off-topic"}
    keyword = results.first
    assert keyword.figures["accuracy"].value == pytest.approx((5 / 7 + 6 / 7) / 2)
    assert {cell: figure.value for cell, figure in keyword.cells["accuracy"].items()} == pytest.approx(
        {"en": 5 / 7, "nl": 6 / 7}
    )
    assert keyword.figures["citation_exactness"].value == 1
    assert keyword.figures["hallucination_rate"].value == 1
    assert keyword.figures["error_rate"].value == pytest.approx(1 / 12)  # the one whose words stand nowhere
    limit = next(outcome for outcome in keyword.outcomes if outcome.question == "nl-refunds/limit")
    assert limit.text == "Medewerkers mogen zelf tot veertig euro terugbetalen."
    assert [(quote.uri, quote.exact, quote.right) for quote in limit.quotes] == [("refunds/nl.txt", True, True)]


def test_what_is_calibrated_is_held_to_it(results: Results) -> None:
    keyword, dragoman = results.systems
    assert keyword.reliability == ()
    assert "brier" not in keyword.figures
    assert sum(one.n for one in dragoman.reliability) == 14
    confidences = {o.question: (o.best_confidence, o.best_right) for o in dragoman.outcomes}
    brier = np.mean([(confidence - was_right) ** 2 for confidence, was_right in confidences.values()])
    assert dragoman.figures["brier"].value == pytest.approx(brier)


def test_the_others_are_compared_with_the_first(results: Results) -> None:
    first, other = results.systems
    assert first.against == {}
    assert "brier" not in other.against
    assert list(other.against) == sorted(other.against)
    for name in ("accuracy", "citation_recall", "cross.sentence.AP", "mixed.passage.ArticleR@5"):
        against = other.against[name]
        assert against.difference == pytest.approx(first.figures[name].value - other.figures[name].value)
        assert against.low <= against.difference <= against.high
        assert 0 < against.p <= 1


def test_the_threshold_is_the_systems(plan: Plan) -> None:
    bold, shy = (evaluate(replace(plan, systems=("dragoman",), threshold=t)).first for t in (0.0, 1.0))
    assert (bold.figures["error_rate"].value, bold.figures["hallucination_rate"].value) == (0, 1)
    assert (shy.figures["error_rate"].value, shy.figures["hallucination_rate"].value) == (1, 0)
    assert bold.figures["auroc"] == shy.figures["auroc"]


def test_the_curve_is_of_all_and_short(results: Results, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = results.first.curve
    assert whole[-1] == pytest.approx((1.0, 3 / 14))
    assert [coverage for coverage, _ in whole] == sorted({coverage for coverage, _ in whole})
    monkeypatch.setattr("evaluation.evaluate.CURVE_POINTS", 4)
    cut = evaluate(replace(plan, systems=("keyword",))).first.curve
    assert len(cut) == 4
    assert (cut[0], cut[-1]) == (whole[0], whole[-1])
    assert set(cut) <= set(whole)


def test_the_trials_are_of_the_settings_asked_for(plan: Plan) -> None:
    figures = evaluate(replace(plan, systems=("keyword",), settings=("cross",))).first.figures
    assert {name.partition(".")[0] for name in figures if "." in name} == {"cross"}
    assert figures["cross.sentence.Success@1"].n == 12


# The same every time


def test_two_runs_are_equal_but_for_their_times(results: Results, plan: Plan) -> None:
    assert {"accuracy", "cross.sentence.AP"} <= steady(results)["systems"][0]["figures"].keys()
    same(results, evaluate(plan))
    same(results, evaluate(replace(plan, index=None)))  # nor does it matter who indexed the documents


def words_in_deaf_processes(name: str | None) -> Embedder:
    """The same, and an error in a process that Ctrl-C would stop in the middle of its own work."""
    if multiprocessing.parent_process() is not None and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        raise RuntimeError("Ctrl-C would be heard here")
    return words(name)


def test_two_processes_measure_what_one_does(results: Results, plan: Plan) -> None:
    listening = signal.getsignal(signal.SIGINT)
    together = evaluate(replace(plan, jobs=2, systems=("dragoman",), embedders=words_in_deaf_processes))
    assert together.made["jobs"] == 2
    alone = replace(results, systems=(replace(results.systems[1], against={}),))
    same(alone, together)
    assert signal.getsignal(signal.SIGINT) is listening


# Interrupted


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of all questions that systems are asked, as they are."""
    measured: list[str] = []
    original = Bench.measure

    def measure(self: Bench, one: Asked) -> Outcome:
        measured.append(one.question.id)
        return original(self, one)

    monkeypatch.setattr(Bench, "measure", measure)
    return measured


def kept(cache: Path) -> dict[str, int]:
    """Lines in the checkpoint of each system."""
    found = (cache / "evaluation" / "unfinished").glob("*/*.jsonl")
    return {path.stem: path.read_text("utf-8").count("\n") for path in found}


@pytest.mark.parametrize(("after", "left"), [(5, {"keyword": 5}), (17, {"keyword": 14, "dragoman": 3})])
def test_an_interrupted_run_goes_on_and_asks_nothing_twice(
    results: Results, plan: Plan, asked: list[str], cache: Path, after: int, left: dict[str, int]
) -> None:
    with pytest.raises(KeyboardInterrupt):
        evaluate(plan, Stopping(after))
    assert kept(cache) == left
    progress = Stopping(after=1_000)
    same(results, evaluate(plan, progress))
    assert 1_000 - progress.left == 28
    assert asked == [question.id for question in plan.dataset.questions] * 2
    assert kept(cache) == {}


def test_a_question_in_whose_middle_a_system_was_interrupted_is_asked_again(
    results: Results, plan: Plan, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopping(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    sure = [outcome.best_confidence for outcome in results.systems[1].outcomes]
    shy = replace(plan, threshold=sum(sorted(sure)[6:8]) / 2)  # half of them are abstained from
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("evaluation.systems.dragoman.Dragoman.insist", stopping)
        evaluate(shy)
    first = next(place for place, confidence in enumerate(sure) if confidence < shy.threshold)
    assert kept(cache) == {"keyword": 14, "dragoman": first}
    resumed = evaluate(shy)
    assert [outcome.answered for outcome in resumed.systems[1].outcomes].count(False) == 7
    shutil.rmtree(cache / "evaluation")
    same(evaluate(shy), resumed)


def test_two_processes_that_are_interrupted_keep_what_was_finished(plan: Plan, asked: list[str], cache: Path) -> None:
    plan = replace(plan, systems=("keyword",))
    with pytest.raises(KeyboardInterrupt):
        evaluate(replace(plan, jobs=2), Stopping(after=5))
    assert kept(cache) == {"keyword": 5}
    evaluate(plan)
    assert asked == [question.id for question in plan.dataset.questions][5:]


def test_what_could_not_be_kept_is_not_measured_again(plan: Plan, asked: list[str], cache: Path) -> None:
    def full(results: Results) -> NoReturn:
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space"):
        evaluate(plan, keep=full)
    assert kept(cache) == {"keyword": 14, "dragoman": 14}
    asked.clear()
    given: list[Results] = []
    results = evaluate(plan, keep=given.append)
    assert asked == []
    assert given == [results]
    assert kept(cache) == {}


def test_a_checkpoint_is_of_one_threshold_dataset_index_and_language_model(
    plan: Plan, asked: list[str], tmp_path: Path, files: Path, cache: Path
) -> None:
    """What was measured of something else must not be taken for this."""
    shutil.copytree(files / "index", tmp_path / "index")
    with Store.open_to_write(tmp_path / "index", WordEmbedder().identity) as store:
        put(store, "more", ["Agents train."])
    plan = replace(plan, systems=("keyword",), draws=2)
    others = [
        replace(plan, threshold=0.9),
        replace(plan, settings=("mono",)),
        replace(plan, split="tune"),
        replace(plan, dataset=replace(plan.dataset, fingerprint="changed")),
        replace(plan, index=tmp_path / "index"),
        replace(plan, model=ModelSettings("openai:x", api_key="none")),
    ]
    with pytest.raises(KeyboardInterrupt):
        evaluate(plan, Stopping(after=3))
    for other in others:
        asked.clear()
        evaluate(other)
        assert asked == [q.id for q in plan.dataset.questions if other.split in ("", q.split)]
    assert kept(cache) == {"keyword": 3}


def test_a_checkpoint_is_of_one_language(tmp_path: Path, files: Path, plan: Plan) -> None:
    """The file does not say which, and the one named first was the wrong one."""
    (tmp_path / "mine.csv").write_text("question,answer\nWelke coach luistert?,Een coach\n", "utf-8")
    dutch, french = (
        replace(
            plan,
            dataset=open_dataset(str(tmp_path / "mine.csv"), language=code, corpus=files / "help"),
            systems=("keyword",),
        )
        for code in ("nl", "fr")
    )
    with pytest.raises(KeyboardInterrupt):
        evaluate(french, Stopping(after=1))
    found = evaluate(dutch).first.figures
    assert found["mono.sentence.Success@1"].value == 1


def test_nothing_unfinished_is_left_behind(plan: Plan, cache: Path) -> None:
    evaluate(replace(plan, systems=("keyword",)))
    assert list((cache / "evaluation" / "unfinished").iterdir()) == []


# Parts


def ids(results: Results) -> list[str]:
    return [question.id for question in results.questions]


def test_a_half_is_asked_alone(plan: Plan) -> None:
    tune = evaluate(replace(plan, systems=("keyword",), split="tune"))
    assert ids(tune) == [row["id"] for row in rows() if row["split"] == "tune"]
    assert (tune.dataset["split"], tune.dataset["questions"], tune.dataset["facts"]) == ("tune", 6, 3)


def test_a_half_that_has_no_questions(plan: Plan) -> None:
    with pytest.raises(DatasetError) as caught:
        evaluate(replace(plan, split="dev"))
    assert str(caught.value) == "questions has no questions in its part 'dev'"


def test_a_sample_is_of_the_same_facts_in_all_languages(plan: Plan) -> None:
    quick = replace(plan, systems=("keyword",), settings=(), draws=2)
    answerable = [question for question in plan.dataset.questions if question.answerable]
    answered = tuple(replace(one, id=str(5 * number % 12)) for number, one in enumerate(answerable))  # ids say nothing
    quick = replace(quick, dataset=replace(plan.dataset, questions=answered))
    sampled: list[set[str]] = []
    for size in (1, 2, 5, 6, 100):
        results = evaluate(replace(quick, sample=size))
        facts: dict[str, list[str]] = {"en": [], "nl": []}
        for question in results.questions:
            facts[question.language].append(question.group)
        assert facts["en"] == facts["nl"]
        assert len(facts["en"]) == min(size, 6)
        assert results.dataset["sample"] == size
        sampled.append(set(facts["en"]))
    assert all(small <= large for small, large in pairwise(sampled))
    assert sampled[1] != {"training/length", "training/coach"}  # not simply the first


def test_a_sample_does_not_depend_on_the_order_of_the_questions(plan: Plan) -> None:
    quick = replace(plan, systems=("keyword",), settings=(), draws=2, sample=3)
    shuffled = list(plan.dataset.questions)
    random.Random(7).shuffle(shuffled)
    other = evaluate(replace(quick, dataset=replace(plan.dataset, questions=tuple(shuffled))))
    assert set(ids(other)) == set(ids(evaluate(quick)))
    assert ids(other) == [question.id for question in shuffled if question.id in set(ids(other))]


# The index


def test_an_index_that_is_named_is_asked_instead(plan: Plan, files: Path, tmp_path: Path, cache: Path) -> None:
    index_paths([files / "help" / "training"], tmp_path / "index", WordEmbedder())
    questions = tuple(q for q in plan.dataset.questions if q.group.startswith("training") or not q.answerable)
    part = replace(plan, systems=("keyword",), index=None)
    part = replace(part, dataset=replace(plan.dataset, questions=questions, corpus=None))
    results = evaluate(replace(part, index=tmp_path / "index"))
    assert sum(counts["documents"] for counts in results.index["languages"].values()) == 2
    assert not (cache / "evaluation" / "indexes").exists()
    with pytest.raises(DatasetError, match=r"en-refunds/limit: no document of the index is called refunds/en\.txt"):
        evaluate(replace(plan, index=tmp_path / "index"))
    with pytest.raises(DatasetError, match="name them with --corpus, or an index with --index"):
        evaluate(part)


def test_another_embedder_than_the_indexs_is_refused(plan: Plan, files: Path) -> None:
    with pytest.raises(IndexMismatch):
        evaluate(replace(plan, index=files / "index", embedders=lambda _: WordEmbedder("2")))


def test_an_unknown_system_is_refused(plan: Plan, files: Path) -> None:
    with pytest.raises(EvaluationError, match="no system is called 'oracle'"):
        evaluate(replace(plan, index=files / "index", systems=("oracle",)))


# What is written


def test_nothing_that_is_written_tells_where_it_was_measured(results: Results, tmp_path: Path, files: Path) -> None:
    write_results(results, tmp_path / "out.json")
    written = (tmp_path / "out.json").read_text("utf-8")
    for text in (written, html_page(results), markdown_page(results)):
        assert str(files) not in text
        assert str(tmp_path) not in text
        assert "file:" not in text
    quoted = {quote.uri for system in results.systems for outcome in system.outcomes for quote in outcome.quotes}
    assert quoted <= set(DOCUMENTS)
    back = read_results(tmp_path / "out.json")
    assert json.dumps(steady(back)["questions"]) == json.dumps(steady(results)["questions"])
    assert back.first.figures["accuracy"].value == pytest.approx(results.first.figures["accuracy"].value, abs=1e-6)


def test_a_model_in_a_folder_is_named_without_the_way_there(plan: Plan, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "mine"

    class InFolder(WordEmbedder):
        def __init__(self) -> None:
            super().__init__()
            self.identity = replace(self.identity, name=str(folder))

    results = evaluate(replace(plan, systems=("keyword",), index=None, embedders=lambda _: InFolder()))
    assert results.index["embedder"]["name"] == "mine"


def test_the_rankings_are_worked_out_and_not_written(results: Results) -> None:
    assert all(outcome.found == () for system in results.systems for outcome in system.outcomes)
    assert not math.isnan(results.first.figures["mixed.sentence.LPR"].value)
