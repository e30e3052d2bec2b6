"""`dragoman ask` with a language model: prose on a terminal while it comes, the final answer alone elsewhere."""

from __future__ import annotations

import _thread
import io
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console

import ui.asking
import ui.settings
from index.errors import QuestionError
from index.types import Embedder
from tests.model_server import ModelServer, Reply, Request, sentences
from tests.ui.conftest import Run
from ui.asking import Asker, opened_engine
from ui.settings import ModelTable

QUESTION = "How long is the training for new agents?"
MADE_UP = "Penguins fly to the moon in nine hundred days."

FIRST = "Every new agent at Tarrow goes through six weeks of training before taking calls alone."
SECOND = (
    "The first two weeks are spent in the classroom, the next three beside an experienced colleague, and the last one "
    "on real calls with a coach listening in."
)


def numbers(request: Request, *texts: str) -> list[tuple[str, list[int]]]:
    """The texts, each with the number that the evidence has it under."""
    given = json.loads(re.sub(r"</?data-\w+>", "", request.user))["sentences"]
    by_text = {sentence["text"]: sentence["number"] for sentence in given}
    return [(text, [by_text[text]]) for text in texts]


def two_of_three(request: Request) -> Reply:
    """Two sentences pass and one fails; as its repair fails."""
    if len(request.messages) > 2:
        return sentences((MADE_UP, [1]), usage=(40, 8))
    first, second = numbers(request, FIRST, SECOND)
    return sentences(first, (MADE_UP, [1]), second, usage=(412, 96), pause=0.01)


def model(server: ModelServer) -> ModelTable:
    return ModelTable.model_validate({"name": "openai:scripted", "base_url": server.url, "api_key": "none"})


def toml(url: str) -> str:
    return f'[model]\nname = "openai:scripted"\nbase_url = "{url}"\napi_key = "none"\noptions = {{max_retries = 0}}\n'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(two_of_three) as server:
        yield server
    assert server.problems == []


# In a pipe


def test_prose_has_its_numbers_its_citations_and_its_model(
    run: Run, samples_index: Path, here: Path, server: ModelServer
) -> None:
    (here / "dragoman.toml").write_text(toml(server.url), "utf-8")
    ran = run("ask", QUESTION, "--index", samples_index)
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:3] == [f"{FIRST} [1] {SECOND} [2]", "", "How are new agents trained? (en)"]
    assert [line.partition(" ")[0] for line in lines[3:5]] == ["[1]", "[2]"]
    assert FIRST in lines[5] and SECOND in lines[5]  # the passage, once
    assert lines[6] == "    also in: fr, nl, pt, vi"
    assert re.fullmatch(
        r"confidence 0\.\d\d, \d+ ms, written by openai:scripted, 2 of 3 sentences passed, 452\+104 tokens", lines[-1]
    )
    assert len(lines) == 9


def test_citations_of_several_documents_each_have_their_place_and_passage(
    run: Run, tmp_path: Path, here: Path, bundled_embedder: Embedder
) -> None:
    said = {
        "weeks": "New agents of the help desk train for six weeks before they take calls.",
        "pay": "The training weeks of new agents are paid at the full rate.",
    }
    for name, text in said.items():
        (here / "docs").mkdir(exist_ok=True)
        (here / "docs" / f"{name}.txt").write_text(f"About {name}\n\n{text} The office opens at nine.\n", "utf-8")
    run("index", here / "docs", "--index", here / "index")
    with ModelServer(lambda request: sentences(*numbers(request, said["weeks"], said["pay"]))) as server:
        (here / "dragoman.toml").write_text(toml(server.url), "utf-8")
        out = run("ask", "How long do new agents train, and are they paid?", "--index", here / "index").out
    lines = out.splitlines()
    assert lines[0] == f"{said['weeks']} [1] {said['pay']} [2]"
    for marker, name in (("[1]", "weeks"), ("[2]", "pay")):
        place = next(n for n, line in enumerate(lines) if line.startswith(f"{marker} docs/{name}.txt, characters "))
        assert said[name] in lines[place + 1]
    assert out.count(said["pay"]) == 2  # in the answer, and below its own number


def test_json_has_what_the_model_did(run: Run, samples_index: Path, here: Path, server: ModelServer) -> None:
    (here / "other.toml").write_text(toml(server.url), "utf-8")
    answer = run("ask", QUESTION, "--index", samples_index, "--json", "--settings", "other.toml").json
    assert (answer["composer"], answer["fallback"], answer["text"]) == ("generative", None, f"{FIRST} {SECOND}")
    assert [piece["markers"] for piece in answer["pieces"]] == [[1], [2]]
    assert answer["model_use"]["written"] == 3
    assert len(answer["model_use"]["rejected"]) == 2
    assert server.finished == 2


def test_the_environment_may_name_the_model_and_quote_asks_none(
    run: Run, samples_index: Path, here: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    quoted = run("ask", QUESTION, "--index", samples_index, "--json").json
    for name, value in {"NAME": "openai:scripted", "BASE_URL": server.url, "API_KEY": "none"}.items():
        monkeypatch.setenv(f"DRAGOMAN_MODEL__{name}", value)
    again = run("ask", QUESTION, "--index", samples_index, "--json", "--quote").json
    assert server.requests == []
    assert quoted | {"timings_ms": None} == again | {"timings_ms": None}
    assert (quoted["composer"], quoted["model_use"]) == ("extractive", None)
    assert run("ask", QUESTION, "--index", samples_index, "--json").json["composer"] == "generative"


def test_the_pipes_questions_share_one_model(run: Run, samples_index: Path, here: Path, server: ModelServer) -> None:
    (here / "dragoman.toml").write_text(toml(server.url), "utf-8")
    ran = run("ask", "--index", samples_index, stdin=f"{QUESTION}\n{'x' * 3_000}\n{QUESTION}\n")
    assert ran.out.count("written by openai:scripted") == 2
    assert ran.err == "dragoman: the question has 3,000 characters; at most 2,000 are read: shorten it\n"


def test_a_model_that_cannot_be_reached_is_said_beside_the_quote(run: Run, samples_index: Path, here: Path) -> None:
    quoted = run("ask", QUESTION, "--index", samples_index).out.splitlines()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    (here / "dragoman.toml").write_text(toml(f"http://127.0.0.1:{port}/v1"), "utf-8")
    ran = run("ask", QUESTION, "--index", samples_index)
    lines = ran.out.splitlines()
    assert (ran.status, ran.err) == (0, "")
    assert lines[:-1] == quoted[:-1]
    assert lines[-1].endswith(" ms, openai:scripted could not be used (unreachable): quoted instead")


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (None, ["--settings", "none.toml"], "there is no settings file none.toml"),
        ("[model\n", [], "the settings file dragoman.toml cannot be read"),
        ('[model]\nnam = "openai:x"\n', [], "a setting model.nam that is not known: did you mean model.name?"),
        ('[model]\nname = "scripted"\n', [], "the model 'scripted' has no provider"),
        ('[model]\nname = "nobody:scripted"\n', [], "the model nobody:scripted cannot be opened"),
    ],
)
def test_a_mistake_in_the_settings_is_one_line(
    run: Run, samples_index: Path, here: Path, text: str | None, options: Sequence[str], said: str
) -> None:
    if text is not None:
        (here / "dragoman.toml").write_text(text, "utf-8")
    ran = run("ask", QUESTION, "--index", samples_index, *options)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.startswith("dragoman: ") and ran.err.count("\n") == 1
    assert run("ask", QUESTION, "--index", samples_index, "--quote").status == 0


# On a terminal


class Screen(io.StringIO):
    """What a terminal shows, line by line, and what the server had done when each part was written."""

    def __init__(self, done: Callable[[], int]) -> None:
        super().__init__()
        self._done = done
        self.parts: list[tuple[int, str]] = []

    def write(self, text: str) -> int:
        self.parts.append((self._done(), text))
        return super().write(text)

    @property
    def lines(self) -> list[str]:
        """After all that was written; of the control codes, those that Rich's live displays use."""
        shown, row = [""], 0
        for code in re.findall(r"\x1b\[[\d;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", self.getvalue()):
            if code == "\n":
                row += 1
                shown += [""] * (row + 1 - len(shown))
            elif code == "\x1b[2K":
                shown[row] = ""
            elif code == "\x1b[1A":
                row -= 1
            elif not code.startswith(("\x1b", "\r")):
                shown[row] += code
        return [line.rstrip() for line in shown]

    def first(self, text: str) -> int:
        """How much the server had done when this text was first there."""
        return next(done for done, part in self.parts if text in part)


def told(samples_index: Path, server: ModelServer, question: str = QUESTION) -> Screen:
    """The screen of somebody who asks at a terminal."""
    screen = Screen(lambda: server.finished)
    console = Console(file=screen, force_terminal=True, width=400, highlight=False, color_system=None)
    with opened_engine(samples_index, None, None, (), model(server), lambda _: None) as engine:
        Asker(engine, console, None, as_json=False, written=True).ask(question, ())
    return screen


def test_sentences_are_shown_as_they_come_and_stay(samples_index: Path, server: ModelServer) -> None:
    screen = told(samples_index, server)
    assert screen.first(FIRST) == 0  # before the reply was whole
    assert screen.first(SECOND) == 2  # after what failed was repaired in vain: the order is the model's
    assert screen.lines[:3] == [f"{FIRST} [1] {SECOND} [2]", "", "How are new agents trained? (en)"]
    assert screen.lines[-2].endswith(", written by openai:scripted, 2 of 3 sentences passed, 452+104 tokens")


def test_what_a_model_said_before_it_failed_is_taken_back(samples_index: Path) -> None:
    def failing(request: Request) -> Reply:
        both = sentences(*numbers(request, FIRST, SECOND), (MADE_UP, [1]))
        return Reply(both.text, cut_after=len(both.pieces) - 3)

    with ModelServer(failing) as server:
        screen = told(samples_index, server)
    assert screen.first(SECOND) == 0  # it was there
    assert not any(SECOND in line for line in screen.lines[:3])
    assert screen.lines[0] == f"{FIRST} [1]"
    assert "openai:scripted could not be used (failed): quoted instead" in screen.lines[-2]


def test_an_abstention_takes_the_place_of_waiting(samples_index: Path, server: ModelServer) -> None:
    screen = told(samples_index, server, "What is the capital of Australia?")
    assert server.requests == []
    assert screen.lines[0].startswith("The documents")
    assert screen.lines[-2].endswith(" ms")


def test_a_question_that_cannot_be_used_leaves_nothing_on_the_screen(samples_index: Path, server: ModelServer) -> None:
    screen = Screen(lambda: 0)
    console = Console(file=screen, force_terminal=True, width=80, color_system=None)
    with opened_engine(samples_index, None, None, (), model(server), lambda _: None) as engine:
        asker = Asker(engine, console, None, as_json=False, written=True)
        with pytest.raises(QuestionError):
            asker.ask("x" * 3_000, ())
    assert set(screen.lines) == {""}


def test_ctrl_c_while_it_writes_stops_the_model(run: Run, samples_index: Path, here: Path) -> None:
    def interrupting(request: Request) -> Reply:
        _thread.interrupt_main()
        return Reply("{", first_after=30)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs in the background may ignore it
    try:
        with ModelServer(interrupting) as server:
            (here / "dragoman.toml").write_text(toml(server.url), "utf-8")
            ran = run("ask", QUESTION, "--index", samples_index)
            assert server.abandoned.wait(5)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (ran.status, ran.out) == (130, "")
    assert ran.err.startswith("dragoman: interrupted") and ran.err.count("\n") == 1


# Without a model


ONLY_FOR_MODELS = ("ui.settings", "pydantic_settings", "bot.generative", "bot.proof", "langchain", "openai", "anyio")


@pytest.mark.parametrize("settings", [None, "[server]\nport = 80\n"])
def test_without_a_model_nothing_is_imported_that_only_one_needs(
    samples_index: Path, here: Path, settings: str | None
) -> None:
    if settings:
        (here / "dragoman.toml").write_text(settings, "utf-8")
    assert modules_of_ask(samples_index).isdisjoint(ONLY_FOR_MODELS)


def test_with_a_model_all_of_that_is_imported(samples_index: Path, here: Path) -> None:
    """So the names above are the right ones. And though the model cannot be reached, nothing else is said about it."""
    (here / "dragoman.toml").write_text(toml("http://127.0.0.1:9/v1"), "utf-8")
    assert modules_of_ask(samples_index).issuperset(ONLY_FOR_MODELS)


def modules_of_ask(index: Path) -> set[str]:
    """What the command has imported when it ends, in a process of its own."""
    script = "import sys; from ui.cli import main\ntry: main()\nfinally: print(' '.join(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script, "ask", QUESTION, "--index", str(index)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    (modules,) = done.stderr.splitlines()
    return set(modules.split())


def test_the_settings_file_is_the_one_of_the_settings() -> None:
    assert ui.asking.SETTINGS_FILE == ui.settings.SETTINGS_FILE
