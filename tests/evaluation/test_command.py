"""What `dragoman evaluate` does with its options, over a few questions and the toy embedder, in this process."""

from __future__ import annotations

import csv
import json
import os
import re
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest

from evaluation.evaluate import Plan
from evaluation.metrics.catalogue import METRICS
from evaluation.results import read_results
from evaluation.systems import SYSTEMS
from index.embedding.model_cache import cache_folder
from index.indexer import index_paths
from index.language import preload
from tests.evaluation.test_evaluate import DOCUMENTS, rows, words
from tests.toy import WordEmbedder
from ui.cli import main


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of documents, its index, and questions about it."""
    folder = tmp_path_factory.mktemp("files")
    for name, text in DOCUMENTS.items():
        (folder / "help" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "help" / name).write_text(text, "utf-8")
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows()), "utf-8")
    index_paths([folder / "help"], folder / "index", WordEmbedder())
    preload()  # from the ordinary cache folder
    return folder


@pytest.fixture
def run(files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command in a folder of its own, whose every model is the toy."""
    monkeypatch.setenv("DRAGOMAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("evaluation.evaluate.Plan", partial(Plan, embedders=words, draws=20))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def ran(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["dragoman", "evaluate", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        return Ran(int(stopped.value.code or 0), *capsys.readouterr())

    return ran


@pytest.fixture
def ask(run: Run, files: Path) -> Run:
    """Runs the questions over the index that is there."""
    return partial(run, files / "questions.jsonl", "--index", files / "index", "--system", "keyword")


def complaint(ran: Ran) -> str:
    """Of a run that ended as a mistake should."""
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("dragoman: ")
    assert ran.err.count("\n") == 1
    return ran.err.removeprefix("dragoman: ").rstrip("\n")


# What is run


@pytest.mark.parametrize("named", [(), ("run",)])
def test_a_dataset_is_run_with_or_without_the_word(run: Run, files: Path, named: tuple[str, ...]) -> None:
    ran = run(*named, files / "questions.jsonl", "--index", files / "index", "--system", "keyword")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("questions: 14 questions in 2 languages, 2 of them without an answer")
    assert re.search(r"^answered right +\.786 \[", ran.out, re.MULTILINE)


def test_options_may_come_first(run: Run, files: Path) -> None:
    ran = run("--index", files / "index", "--system", "keyword", files / "questions.jsonl")
    assert ran.status == 0


def test_documents_are_indexed_where_they_are_named(run: Run, files: Path, tmp_path: Path) -> None:
    ran = run(files / "questions.jsonl", "--corpus", files / "help", "--system", "keyword", "--json", "a.json")
    assert ran.status == 0
    assert list((tmp_path / "cache" / "evaluation" / "indexes" / "questions").glob("*/complete"))
    assert list(Path.cwd().iterdir()) == [Path.cwd() / "a.json"]


def test_systems_are_compared_in_the_order_named(ask: Run, run: Run, files: Path) -> None:
    ran = ask("--system", "dense", "--system", "keyword", "--settings", "mixed", "--json", "a.json")
    results = read_results(Path("a.json"))
    assert [system.name for system in results.systems] == ["keyword", "dense"]
    assert "* differs from keyword" in ran.out
    assert results.dataset["settings"] == ["mixed"]
    assert "cross.sentence.AP" not in results.first.figures


def test_all_systems(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    plans: list[Any] = []

    def noted(plan: Plan, *_: object, **__: object) -> NoReturn:
        plans.append(plan)
        raise KeyboardInterrupt

    monkeypatch.setattr("evaluation.evaluate.evaluate", noted)
    run("samples", "--system", "dense", "--system", "all", "--split", "tune", "--sample", "3", "--threshold", "0.5")
    run("samples", "--settings", "mixed , mono", "--embedder", "some/model", "--jobs", "2")
    assert plans[0].systems == ["dense", *(name for name in SYSTEMS if name != "dense")]
    assert (plans[0].split, plans[0].sample, plans[0].threshold) == ("tune", 3, 0.5)
    assert plans[1].systems == ["dragoman"]
    assert (plans[1].settings, plans[1].embedder, plans[1].jobs) == (["mono", "mixed"], "some/model", 2)
    assert (plans[1].split, plans[1].sample, plans[1].index) == ("", None, None)


def test_the_language_of_a_file_that_names_none(run: Run, files: Path) -> None:
    Path("mine.csv").write_text("question;answer\nWelke coach luistert?;Een coach\n", "utf-8")
    nameless = run("mine.csv", "--index", files / "index", "--system", "keyword")
    assert (
        complaint(nameless)
        == "mine.csv, row 2: no language: give each row one, such as nl or pt-BR, or name one for all"
    )
    ran = run("mine.csv", "--index", files / "index", "--system", "keyword", "--language", "nl")
    assert ran.out.startswith("mine: 1 questions in 1 languages")


# What is written


def test_each_report_is_written_whole_and_named_on_a_line_of_its_own(ask: Run) -> None:
    far = Path("a folder with a name that is longer than most, since some people have such folders") / "and more"
    ran = ask("--json", far / "a.json", "--html", far / "a.html", "--markdown", far / "a.md")
    assert ran.out.splitlines()[-3:] == [f"written: {far / f'a.{end}'}" for end in ("json", "html", "md")]
    assert (far / "a.html").read_text("utf-8").rstrip().endswith("</html>")
    assert (far / "a.md").read_text("utf-8").startswith("# questions\n")
    assert sorted(path.name for path in far.iterdir()) == ["a.html", "a.json", "a.md"]


def test_the_json_can_do_without_the_single_questions(ask: Run) -> None:
    ask("--json", "all.json")
    ask("--json", "few.json", "--no-questions")
    whole, short = (read_results(Path(name)) for name in ("all.json", "few.json"))
    assert (len(whole.questions), len(whole.first.outcomes)) == (14, 14)
    assert (short.questions, short.first.outcomes) == ((), ())
    assert short.first.figures["accuracy"] == whole.first.figures["accuracy"]


def test_a_run_that_fails_leaves_the_last_ones_report_alone(run: Run, ask: Run, files: Path) -> None:
    Path("a.json").write_text("precious", "utf-8")
    Path("empty.md").touch()
    ran = run("nowhere.csv", "--json", "a.json", "--markdown", "empty.md", "--html", "new.html")
    assert "no dataset is called 'nowhere.csv'" in complaint(ran)
    assert Path("a.json").read_text("utf-8") == "precious"
    assert Path("empty.md").exists()
    assert not Path("new.html").exists()


def test_what_is_no_file_is_never_replaced(ask: Run) -> None:
    os.mkfifo("pipe")
    for name in ("pipe", "/dev/null", "."):
        said = complaint(ask("--json", name))
        assert said.startswith(f"cannot write {name}: ")
    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_where_nothing_can_be_written_nothing_is_asked(ask: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluation.evaluate.evaluate", forbidden)
    Path("file").touch()
    assert complaint(ask("--html", "file/a.html")) == "cannot write file/a.html: File exists"


def forbidden(*_: object, **__: object) -> NoReturn:
    raise AssertionError("nobody was to be asked")


@pytest.mark.parametrize("report", ["html", "markdown"])
def test_what_cannot_be_written_in_the_end_is_one_line_and_nothing_is_lost(
    ask: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, report: str
) -> None:
    def full(*_: object, **__: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", full)
        assert complaint(ask(f"--{report}", "a.out")) == "cannot write a.out: No space left on device"
    (kept,) = (tmp_path / "cache" / "evaluation" / "unfinished").glob("*/keyword.jsonl")
    assert kept.read_text("utf-8").count("\n") == 14


def test_ctrl_c_ends_in_one_line_and_the_same_command_goes_on(
    ask: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("evaluation.systems.plain.Keyword.insist", interrupted)
        ran = ask("--json", "a.json")
    assert (ran.status, ran.out) == (130, "")
    assert ran.err == "dragoman: interrupted; what was finished is kept, and the same command goes on from there\n"
    assert list((tmp_path / "cache" / "evaluation" / "unfinished").glob("*/keyword.jsonl"))
    assert not Path("a.json").exists()
    assert ask("--json", "a.json").status == 0
    assert len(read_results(Path("a.json")).first.outcomes) == 14


def interrupted(*_: object) -> NoReturn:
    raise KeyboardInterrupt


# What is demanded


def test_demands_that_are_met_and_unmet(ask: Run) -> None:
    """Of 14 questions, 11 are answered right; all answers are exact; one of 12 was abstained from."""
    met = ask("--fail-under", "accuracy=0.785", "--fail-under", "error_rate=0.084")
    assert (met.status, met.err) == (0, "")
    unmet = ask(
        *("--fail-under", "accuracy=0.79", "--fail-under", "citation_exactness=1", "--fail-under", "error_rate=0.083"),
        *("--json", "a.json"),
    )
    assert (unmet.status, unmet.err) == (1, "")
    assert unmet.out.splitlines()[-3:] == [
        "written: a.json",
        "accuracy is 0.7857, and was to be at least 0.79",
        "error_rate is 0.08333, and was to be at most 0.083",
    ]


def test_the_first_system_is_the_one_that_demands_are_made_of(run: Run, files: Path) -> None:
    demand = ("--fail-under", "error_rate=0")
    for systems, status in ((("dense", "keyword"), 0), (("keyword", "dense"), 1)):
        named = [part for name in systems for part in ("--system", name)]
        assert run(files / "questions.jsonl", "--index", files / "index", *named, *demand).status == status


def test_what_was_not_measured_cannot_be_demanded(ask: Run) -> None:
    ran = ask("--settings", "mono", "--fail-under", "cross.sentence.AP=0.1", "--json", "a.json")
    assert ran.status == 2
    assert ran.err == (
        "dragoman: cross.sentence.AP was not measured: these questions, settings or systems do not give it\n"
    )
    assert Path("a.json").exists()


def test_a_metric_that_does_not_exist_is_found_out_before_anything_is_asked(
    ask: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evaluation.evaluate.evaluate", forbidden)
    assert "did you mean" in complaint(ask("--fail-under", "cross.sentence.MAP=0.1"))


# With a language model


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (None, (), "there is no settings file model.toml"),
        ("threshold = 0.5\n", (), "model.toml has no table [model], and the environment no DRAGOMAN_MODEL__NAME"),
        ('[model]\nname = "scripted"\n', (), "the model 'scripted' has no provider"),
        ('[model]\nname = "openai:x"\n', ("--system", "dense"), "is for the system dragoman, which is not asked"),
    ],
)
def test_a_model_that_cannot_be_had_is_found_out_before_anything_is_asked(
    run: Run, files: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, options: tuple[str, ...], said: str
) -> None:
    monkeypatch.setattr("evaluation.evaluate.indexed", forbidden)
    monkeypatch.setattr("evaluation.evaluate.locate", forbidden)
    if text is not None:
        Path("model.toml").write_text(text, "utf-8")
    ran = run(files / "questions.jsonl", "--corpus", files / "help", *options, "--model-settings", "model.toml")
    assert said in complaint(ran)


# Mistakes in a dataset


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "question,language\nHow?,en,more\n", "a.csv, row 2: 'more' stands in a column without a name"),
        ("a.csv", 'question,language\n"How?,en\n', "a.csv, line 2: not a table"),
        ("a.csv", "question,language\nHow?,klingon\n", "a.csv, row 2: 'klingon' is not a language code"),
        ("a.csv", "", "cannot read a.csv: empty"),
        ("a.csv", "How?;en\n", "a.csv, row 1: unknown 'how?;en': did you mean"),
        ("a.csv", "question,language\n", "a.csv has no questions: write one a row"),
        ("a.jsonl", '{"question": "How?", "language": "en"}\n{"question"\n', "a.jsonl, line 2: not JSON"),
        ("a.jsonl", "\n", "a.jsonl has no questions"),
        ("a.json", '{"data": []}', "a.json has no questions"),
        (
            "a.jsonl",
            '{"question": "How?", "language": "en", "answer": "nine weeks", "file": "training/en.txt", "id": "q9"}',
            "question q9: the gold 'nine weeks' does not stand in file://",
        ),
    ],
)
def test_each_mistake_is_one_line_that_names_the_place(
    run: Run, files: Path, name: str, content: str, said: str
) -> None:
    Path(name).write_text(content, "utf-8")
    assert said in complaint(run(name, "--index", files / "index"))


def test_what_a_dataset_says_cannot_drive_the_terminal(run: Run, files: Path) -> None:
    Path("a.csv").write_text("question,language\nHow?,\x1b[31m\u202e\n", "utf-8")
    said = complaint(run("a.csv", "--index", files / "index"))
    assert not {"\x1b", "\u202e"} & set(said)


# The other commands


def test_what_is_filled_in_can_be_evaluated(run: Run, files: Path) -> None:
    begun = run("init", "mine.csv", "--index", files / "index", "--questions", "4")
    assert begun.out.splitlines() == [
        "6 rows in mine.csv: write a question in each, then",
        f"  dragoman evaluate mine.csv --index {files / 'index'}",
    ]
    with Path("mine.csv").open(encoding="utf-8-sig", newline="") as stream:
        table = list(csv.DictReader(stream))
    for row in table:
        row["question"] = f"{row['answer']}?" if row["answer"] else "Pluto?"
    with Path("mine.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    asked = run("mine.csv", "--index", files / "index", "--system", "keyword", "--json", "a.json")
    assert asked.status == 0
    results = read_results(Path("a.json"))
    assert [outcome.right for outcome in results.first.outcomes] == [True] * 6
    assert [question.kind for question in results.questions] == ["plain"] * 4 + ["near-miss"] * 2
    assert "exists" in complaint(run("init", "mine.csv", "--index", files / "index"))


def test_what_changed_between_two_runs(ask: Run, run: Run, files: Path) -> None:
    ask("--json", "before.json")
    run(files / "questions.jsonl", "--index", files / "index", "--threshold", "1", "--json", "after.json")
    same, changed = run("compare", "before.json", "before.json"), run("compare", "before.json", "after.json")
    assert (same.status, changed.status) == (0, 0)
    assert same.out.startswith("no metric changed\n")
    assert changed.out.startswith("note: the systems differ: keyword and dragoman\n")
    assert re.search(r"^accuracy +\.786 +\.143 +−\.643 ", changed.out, re.MULTILINE)  # nothing is answered any more
    assert "answers mended: 2, broken: 11" in changed.out
    assert "- How many weeks do new agents train?  (en, plain, en-training/length)" in changed.out
    assert "When does my cash come?" not in changed.out  # abstained from both times
    assert "(--all lists them)" in " ".join(changed.out.split())
    assert "--all" not in run("compare", "before.json", "after.json", "--all").out


def test_a_comparison_with_something_else_is_one_line(run: Run, ask: Run) -> None:
    ask("--json", "a.json")
    Path("b.json").write_text("{}", "utf-8")
    assert "b.json is not a file of results" in complaint(run("compare", "a.json", "b.json"))
    assert complaint(run("compare", "a.json", "c.json")) == "cannot read c.json: No such file or directory"


def test_every_metric_is_listed_with_what_it_says(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    listed = run("metrics").out
    for metric in METRICS.values():
        (line,) = (line for line in listed.splitlines() if line.startswith(f"{metric.name} "))
        assert metric.meaning in line
        assert metric.source in line
        assert ("(less is better)" in line) == metric.lower_is_better


@pytest.mark.parametrize("command", ["", "run", "compare", "init", "metrics"])
def test_every_command_explains_itself(run: Run, command: str) -> None:
    for option in ("--help", "-h"):
        ran = run(*([command] if command else []), option)
        assert (ran.status, ran.err) == (0, "")
        assert "Usage: dragoman evaluate" in ran.out


def test_the_cache_folder_is_the_tests_own(run: Run, tmp_path: Path) -> None:
    assert cache_folder() == tmp_path / "cache"
