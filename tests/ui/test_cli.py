"""The command as its users meet it: real processes' worth of work, on the sample articles, with the shipped model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from bot.messages import message
from index.store import Store
from tests.index.test_embedding_sentence_transformer import write_tiny_bert
from tests.ui.conftest import SAMPLES, Ran, Run
from ui.cli import app

QUESTIONS = {
    "nl": ("Hoe lang duurt de opleiding voor nieuwe medewerkers?", "zes weken"),
    "fr": ("Combien de temps dure la formation des nouveaux agents ?", "six semaines"),
    "en": ("How long is the training for new agents?", "six weeks"),
    "pt": ("Quanto tempo dura o treinamento dos novos atendentes?", "seis semanas"),
    "vi": ("Nhân viên mới được đào tạo trong bao lâu?", "sáu tuần"),
}


@pytest.mark.parametrize("language", QUESTIONS)
def test_a_question_is_answered_in_its_language_with_exact_offsets(
    run: Run, samples_index: Path, language: str
) -> None:
    question, expected = QUESTIONS[language]
    answer = run("ask", question, "--index", samples_index, "--json").json
    assert list(answer) == [
        "question", "language", "status", "text", "confidence", "notice", "citations", "timings_ms",
        "follow_up_of", "reason", "related", "pieces", "composer", "fallback", "model_use", "understood_as",
    ]  # fmt: skip
    assert (answer["composer"], answer["fallback"], answer["model_use"]) == ("extractive", None, None)
    assert "".join(piece["text"] for piece in answer["pieces"]) == answer["text"]
    assert (answer["follow_up_of"], answer["reason"], answer["related"]) == (None, None, [])
    assert (answer["question"], answer["language"], answer["status"]) == (question, language, "answered")
    assert expected in answer["text"]
    assert list(answer["timings_ms"]) == ["embed", "search", "compose", "total"]
    citation = next(citation for citation in answer["citations"] if expected in citation["quote"])
    assert list(citation) == [
        "marker", "quote", "document", "source_uri", "title", "language", "start", "end", "passage", "passage_start",
        "versions",
    ]  # fmt: skip
    assert [version["language"] for version in citation["versions"]] == sorted(set(QUESTIONS) - {language})
    for version in citation["versions"]:
        assert list(version) == ["language", "quote", "document", "start", "end"]
        assert QUESTIONS[version["language"]][1] in version["quote"]
    with Store.open_to_read(samples_index) as store:
        for quoted in (citation, *citation["versions"]):
            document = store.document(quoted["document"])
            assert document is not None
            assert document.text[quoted["start"] : quoted["end"]] == quoted["quote"]
    assert citation["quote"] in answer["text"]
    assert citation["quote"] in citation["passage"]
    assert citation["language"] == language
    assert (SAMPLES / "training" / f"{language}.txt").as_uri() == citation["source_uri"]


def test_a_person_sees_the_quote_the_place_and_the_passage(run: Run, samples_index: Path) -> None:
    ran = run("ask", "how", "long", "is", "the", "training", "for", "new", "agents?", "--index", samples_index)
    assert ran.status == 0
    lines = ran.out.splitlines()
    assert lines[0].endswith("[1]")
    assert "six weeks" in lines[0]
    assert lines[2] == "How are new agents trained? (en)"
    assert lines[3].startswith("[1] ")
    assert "training/en.txt, characters " in lines[3]
    assert lines[0].removesuffix(" [1]") in lines[4]
    assert "    also in: fr, nl, pt, vi" in lines


def test_a_follow_up_is_understood_with_what_was_asked_before(run: Run, samples_index: Path) -> None:
    question, _ = QUESTIONS["en"]
    options = ["--index", samples_index, "--threshold", "0", "--json"]
    answer = run("ask", "en hoe lang dan?", "--language", "nl", "--after", question, *options).json
    assert (answer["language"], answer["follow_up_of"]) == ("nl", question)
    assert question in answer["notice"]
    assert "zes weken" in answer["text"]
    assert run("ask", *QUESTIONS["nl"][:1], "--after", "🙂", "--after", "", *options).json["follow_up_of"] is None


def test_the_preferred_language_is_quoted_where_the_askers_has_no_version(run: Run, samples_index: Path) -> None:
    question = "Wie lange dauert die Ausbildung für neue Mitarbeiter?"
    asked = ["ask", question, "--threshold", "0", "--index", samples_index, "--json"]
    for code in ("fr", "vi"):
        answer = run(*asked, "--prefer", "es", "--prefer", code).json
        assert answer["language"] == "de"
        assert answer["citations"][0]["language"] == code
        assert QUESTIONS[code][1] in answer["text"]
    assert "'klingon' is not a language" in one_line(run(*asked[:-1], "--prefer", "klingon"))


def test_what_comes_nearest_is_shown_where_nothing_answers(run: Run, samples_index: Path) -> None:
    ran = run("ask", QUESTIONS["nl"][0], "--threshold", "1", "--index", samples_index)
    lines = ran.out.splitlines()
    assert lines[0] == message("abstained", "nl")
    assert lines[2] == message("maybe_related", "nl")
    assert "training/nl.txt, characters " in lines[3]
    assert "zes weken" in lines[4]


def test_questions_from_a_pipe_are_answered_one_by_one_and_a_bad_one_stops_nothing(
    run: Run, samples_index: Path
) -> None:
    ran = run(
        "ask",
        "--index",
        samples_index,
        "--json",
        stdin=f"How long is the training?\n🙂\n\n{'x' * 3000}\nHoe lang duurt de opleiding?\n",
    )
    decoder, answers, rest = json.JSONDecoder(), [], ran.out.strip()
    while rest:
        answer, end = decoder.raw_decode(rest)
        answers.append((answer["language"], answer["reason"]))
        rest = rest[end:].strip()
    assert answers == [("en", None), (answers[1][0], "empty_question"), ("nl", None)]
    assert ran.err == "dragoman: the question has 3,000 characters; at most 2,000 are read: shorten it\n"
    assert ran.status == 0


def test_an_explicit_language_wins(run: Run, samples_index: Path) -> None:
    answer = run("ask", QUESTIONS["en"][0], "--language", "pt-BR", "--index", samples_index, "--json").json
    assert answer["language"] == "pt"
    assert answer["citations"][0]["language"] == "pt" or "inglês" in answer["notice"]


def test_what_the_documents_do_not_say_is_abstained_from(run: Run, samples_index: Path) -> None:
    ran = run("ask", "What is the capital of Australia?", "--threshold", "0.5", "--index", samples_index, "--json")
    assert ran.status == 0
    assert (ran.json["status"], ran.json["citations"], ran.json["notice"]) == ("abstained", [], None)
    assert ran.json["text"] == message("abstained", "en")
    assert ran.json["reason"] == "below_threshold"
    assert [citation["marker"] for citation in ran.json["related"]] == [1, 2, 3]


def test_the_summary_counts_by_language_and_names_what_was_skipped(run: Run, tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("Agents train for six weeks. A coach listens to their calls.", "utf-8")
    (tmp_path / "nl.txt").write_text("De opleiding duurt zes weken. Een coach luistert mee.", "latin-1")
    (tmp_path / "empty.md").write_bytes(b"")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    ran = run("index", tmp_path, "--index", tmp_path / "index")
    rows = [line.split()[:4] for line in ran.out.splitlines()[:3]]
    assert rows == [["language", "documents", "passages", "sentences"], ["en", "1", "1", "2"], ["nl", "1", "1", "2"]]
    assert "2 added, 0 changed, 0 removed, 0 unchanged, 2 skipped" in ran.out
    assert "empty.md: " in ran.out
    assert "photo.png: " in ran.out
    again = run("index", tmp_path, "--index", tmp_path / "index")
    assert "0 added, 0 changed, 0 removed, 2 unchanged, 2 skipped" in again.out


def test_documents_can_be_removed_and_status_shows_what_is_left(run: Run, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.txt").write_text(f"Agents of team {name} train for six weeks.", "utf-8")
    run("index", tmp_path, "--index", tmp_path / "index")
    assert "1 removed" in run("remove", tmp_path / "a.txt", "--index", tmp_path / "index").out
    status = run("status", "--index", tmp_path / "index").out
    assert status.splitlines()[1].split() == ["en", "1", "1", "1"]
    assert "multilingual-e5-small" in status


def test_the_index_folder_comes_from_the_environment(
    run: Run, samples_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRAGOMAN_INDEX", str(samples_index))
    assert run("status").status == 0


def one_line(ran: Ran) -> str:
    """The complaint of a run that ended as a user's mistake should."""
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith("dragoman: ")
    assert ran.err.count("\n") == 1
    return ran.err


def last_line(ran: Ran) -> str:
    """The same, below a line that says what is being loaded."""
    return one_line(Ran(ran.status, ran.out, ran.err.partition("\n")[2]))


def test_a_missing_index(run: Run, tmp_path: Path) -> None:
    assert "make one with `dragoman index PATH" in one_line(run("ask", "who?", "--index", tmp_path / "none"))


def test_a_damaged_index(run: Run, tmp_path: Path) -> None:
    (tmp_path / "index.sqlite3").write_bytes(b"SQLite format 3\0" + b"garbage" * 100)
    assert "delete the folder and index again" in one_line(run("ask", "who?", "--index", tmp_path))
    (tmp_path / "a.txt").write_text("A text.", "utf-8")
    assert "delete the folder and index again" in one_line(run("index", tmp_path / "a.txt", "--index", tmp_path))


def test_a_path_that_does_not_exist(run: Run, tmp_path: Path) -> None:
    assert "nowhere" in one_line(run("index", tmp_path / "nowhere", "--index", tmp_path / "index"))
    assert not (tmp_path / "index").exists()


def test_a_folder_without_readable_files(run: Run, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    assert "no files to read" in one_line(run("index", tmp_path / "docs", "--index", tmp_path / "index"))
    (tmp_path / "docs" / "a.bin").write_bytes(bytes(100))
    assert "none of the 1 files could be read" in one_line(
        run("index", tmp_path / "docs", "--index", tmp_path / "index")
    )


@pytest.mark.parametrize(
    ("question", "complaint"),
    [
        ("x" * 100_000, "100,000 characters"),
        ("ﷺ" * 3000, "3,000"),
    ],
)
def test_a_question_that_is_too_long(run: Run, samples_index: Path, question: str, complaint: str) -> None:
    assert complaint in one_line(run("ask", question, "--index", samples_index))


@pytest.mark.parametrize("question", ["", "🙂", "\x01\x02"])
def test_what_is_no_question_is_asked_for_in_the_askers_language(run: Run, samples_index: Path, question: str) -> None:
    ran = run("ask", question, "--language", "fr", "--index", samples_index)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"{message('empty_question', 'fr')}\n")


@pytest.mark.parametrize(
    "question", ["how long\x00 is the training?", "\udcffhow long is the training?", "how \u202elong is the training?"]
)
def test_odd_characters_in_a_question_do_no_harm(run: Run, samples_index: Path, question: str) -> None:
    ran = run("ask", question, "--index", samples_index, "--json")
    assert ran.status == 0
    ran.out.encode()


@pytest.mark.parametrize("wrong", [["ask", "--threshold", "3", "who?"], ["ask", "--nothing"], ["dance"], ["index"]])
def test_a_wrong_option_or_command(run: Run, wrong: list[str]) -> None:
    assert "explains" in one_line(run(*wrong))


def test_an_unknown_language_or_embedder(run: Run, samples_index: Path, tmp_path: Path) -> None:
    assert "'xx-klingon' is not a language" in one_line(
        run("ask", "who?", "--language", "xx-klingon", "--index", samples_index)
    )
    (tmp_path / "model").mkdir()
    assert str(tmp_path / "model") in last_line(
        run("ask", "who?", "--embedder", tmp_path / "model", "--index", samples_index)
    )


def test_an_index_remembers_its_embedder_and_refuses_another(run: Run, tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    write_tiny_bert(model, {})
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("Hello world of agents. The world says hello.", "utf-8")
    index = tmp_path / "index"
    assert run("index", tmp_path / "docs", "--index", index, "--embedder", model).status == 0
    assert str(model) in run("status", "--index", index).out
    assert run("ask", "hello world?", "--language", "en", "--index", index, "--threshold", "0").status == 0
    other = run("ask", "hello world?", "--index", index, "--embedder", "multilingual-e5-small")
    assert "was made with" in one_line(other)
    assert "was made with" in one_line(
        run("index", tmp_path / "docs", "--index", index, "--embedder", "multilingual-e5-small")
    )
    model.rename(tmp_path / "moved")
    moved = run(
        "ask",
        "hello world?",
        "--language",
        "en",
        "--index",
        index,
        "--threshold",
        "0",
        "--embedder",
        tmp_path / "moved",
    )
    assert moved.status == 0


def test_control_characters_of_a_document_do_not_reach_the_terminal(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Agents train \x1b[31mfor six\u202e weeks in the office.", "utf-8")
    run("index", tmp_path, "--index", tmp_path / "index")
    shown = run("ask", "How long do agents train?", "--index", tmp_path / "index").out
    assert "six" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_every_command_and_option_explains_itself_and_is_in_the_readme(run: Run) -> None:
    documented = "".join((SAMPLES.parent / page).read_text("utf-8") for page in ("README.md", "docs/evaluation.md"))
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # a click Group, typed as Command
    assert set(commands) == {"index", "ask", "serve", "slack", "mcp", "articles", "remove", "status", "evaluate"}
    evaluate = commands.pop("evaluate").commands
    assert set(evaluate) == {"run", "compare", "init", "metrics"}
    for name, command in (commands | {f"evaluate {name}": command for name, command in evaluate.items()}).items():
        assert f"dragoman {name.removesuffix(' run')}" in documented
        assert command.help
        for parameter in command.params:
            assert parameter.help, f"{name} {parameter.name}"
        assert run(*name.split(), "--help").status == 0


def test_answers_go_through_a_pipe_whatever_the_locale(samples_index: Path) -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    script = [
        sys.executable,
        "-c",
        "from ui.cli import main; main()",
        "ask",
        QUESTIONS["vi"][0],
        "--index",
        str(samples_index),
    ]
    ran = subprocess.run(script, capture_output=True, env=environment, timeout=60, check=True)
    assert "sáu tuần" in ran.stdout.decode("utf-8")
    assert ran.stderr == b""


def test_ctrl_c_ends_in_one_line(samples_index: Path) -> None:
    # A process that was started in the background ignores Ctrl-C, and so would its children.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from ui.cli import main; main()"
    script = [sys.executable, "-c", code, "ask", "--index", str(samples_index)]
    with subprocess.Popen(
        script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as asking:
        assert asking.stdin is not None
        assert asking.stdout is not None
        asking.stdin.write("How long is the training?\n")
        asking.stdin.flush()
        assert asking.stdout.readline()
        asking.send_signal(signal.SIGINT)
        _, complaint = asking.communicate(timeout=60)
    assert asking.returncode == 130
    assert complaint.startswith("dragoman: interrupted")
    assert complaint.count("\n") == 1


def test_asking_imports_none_of_the_heavy_libraries(samples_index: Path) -> None:
    """The start of `dragoman ask` must stay short: importing sentence-transformers alone costs six seconds."""
    code = (
        "import sys; from ui.cli import main\n"
        "try: main()\n"
        "finally: sys.stderr.write(' '.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    script = [sys.executable, "-c", code, "ask", QUESTIONS["nl"][0], "--index", str(samples_index)]
    ran = subprocess.run(script, capture_output=True, text=True, timeout=60, check=True)
    heavy = {"torch", "transformers", "sentence_transformers", "trafilatura", "pypdf", "docx", "pythainlp", "sklearn"}
    assert heavy.isdisjoint(ran.stderr.split())
