"""`dragoman evaluate`, from an operator's empty hands to figures; and every mistake in one line."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evaluation.results import read_results
from tests.model_server import ModelServer, Reply, Request, sentences
from tests.ui.conftest import SAMPLES, Run

ROWS = [
    {"question": "Hoe lang duurt de opleiding?", "language": "nl", "answer": "zes weken", "file": "training/nl.txt"},
    {"question": "When may I hang up on someone?", "language": "en", "answer": "After a second warning"},
    {"question": "Wie hoch ist der Eiffelturm?", "language": "de", "kind": "off-topic"},
]


def write(path: Path, rows: list[dict[str, object]] | list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_from_an_index_to_figures(run: Run, samples_index: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "questions.csv"
    started = run("evaluate", "init", sheet, "--index", samples_index, "--questions", "5")
    assert started.status == 0 and f"dragoman evaluate {sheet}" in started.out.replace("\n", "")
    assert run("evaluate", "init", sheet, "--index", samples_index).status == 2  # nothing is overwritten
    with sheet.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    asked = next(row for row in rows if row["answer"])
    asked["question"] = f"{asked['answer']}?"
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(asked))
        writer.writeheader()
        writer.writerows(rows)
    done = run("evaluate", sheet, "--index", samples_index, "--json", tmp_path / "out" / "a.json")
    assert done.status == 0
    assert "rows without a question were passed over" in done.out
    written = json.loads((tmp_path / "out" / "a.json").read_text("utf-8"))
    assert written["systems"][0]["figures"]["accuracy"]["value"] == 1


def test_reports_are_written_and_demands_decide_the_exit_status(run: Run, samples_index: Path, tmp_path: Path) -> None:
    questions = write(tmp_path / "q.jsonl", ROWS)
    outputs = [tmp_path / name for name in ("r.json", "r.html", "r.md")]
    options = [part for path in outputs for part in (f"--{path.suffix[1:].replace('md', 'markdown')}", path)]
    done = run("evaluate", questions, "--index", samples_index, *options, "--fail-under", "citation_exactness=1")
    assert done.status == 0, done.err
    assert all(path.stat().st_size > 1000 for path in outputs)
    failed = run("evaluate", "run", questions, "--index", samples_index, "--fail-under", "latency_p50=0.001")
    assert failed.status == 1
    assert "latency_p50 is" in failed.out
    same = run("evaluate", "compare", tmp_path / "r.json", tmp_path / "r.json")
    assert same.status == 0
    assert "no metric changed" in same.out


# With a language model

MADE_UP = ("Penguins fly to the moon.", [1])

ASKED = {
    "sample-en-01": "repaired",
    "sample-en-03": "rejected twice",
    "sample-nl-02": "rejected twice",
    "sample-nl-10": "fails",
    "sample-nl-06": "writes nothing true",
    "sample-none-en-3": "is not asked",
}
"""Questions of our own, and what the model makes of each."""


def sample_rows() -> list[dict[str, Any]]:
    lines = (SAMPLES.parent / "evaluation" / "data" / "samples.jsonl").read_text("utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row["id"] in ASKED]


def scripted(request: Request) -> Reply:
    """One sentence of the documents' own and one made up; then the repair of what was made up."""
    given = json.loads(re.sub(r"</?data-\w+>", "", request.user.partition("These sentences cannot")[0]))
    behaviour = next(ASKED[row["id"]] for row in sample_rows() if row["question"] == given["question"])
    first, second = ((one["text"], [one["number"]]) for one in given["sentences"][:2])
    if behaviour == "fails":
        return Reply(status=500, headers={"x-should-retry": "false"})
    if request.messages[-2]["role"] == "assistant":
        return sentences(second if behaviour == "repaired" else MADE_UP, usage=(50, 5))
    return sentences(MADE_UP if behaviour == "writes nothing true" else first, MADE_UP, usage=(100, 10))


def evaluated(run: Run, tmp_path: Path, index: Path, *options: object) -> dict[str, Any]:
    """The JSON that is written, and what is printed, of our questions."""
    questions = write(tmp_path / "samples.jsonl", sample_rows())
    done = run("evaluate", questions, "--index", index, "--settings", "mono", "--json", tmp_path / "a.json", *options)
    assert (done.status, done.err) == (0, "")
    row: dict[str, Any] = json.loads((tmp_path / "a.json").read_text("utf-8"))
    return row | {"printed": done.out}


def test_a_models_sentences_are_counted_exactly(
    run: Run, samples_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("DRAGOMAN_MODEL__API_KEY", "a-secret-key")
    with ModelServer(scripted) as server:
        (tmp_path / "model.toml").write_text(
            f'[model]\nname = "openai:scripted"\nbase_url = "{server.url}"\ninput_price = 2\noutput_price = 10\n',
            "utf-8",
        )
        row = evaluated(run, tmp_path, samples_index, "--model-settings", tmp_path / "model.toml")
    assert server.problems == []
    (system,) = row["systems"]
    assert system["composed"] == {
        "composers": {"generative": 3, "extractive": 2},
        "fallbacks": {"failed": 1, "nothing_proven": 1},
        "model": "openai:scripted",
        "calls": 9,  # one for each answer, one for each repair; the failure has none
        "input_tokens": 4 * 100 + 4 * 50,
        "output_tokens": 4 * 10 + 4 * 5,
        "cost": pytest.approx((600 * 2 + 60 * 10) / 1_000_000),
        "written": 8,
        "tried": 3 + 3 + 3 + 3,  # of the last, two that failed and the one that was to be their repair
        "rejected": {"language": 2 + 3, "words": 1 + 2},  # what is made up is English, and no Dutch
        "shown": 2 + 1 + 1,
    }
    figures = {name: system["figures"][name]["value"] for name in ("prose_rate", "rejection_rate", "shown_rate")}
    assert figures == pytest.approx({"prose_rate": 3 / 5, "rejection_rate": 8 / 12, "shown_rate": 4 / 8}, abs=1e-6)
    assert system["figures"]["citation_exactness"]["value"] == 1
    assert (row["made"]["model"]["name"], row["made"]["model"]["sentences"]) == ("openai:scripted", 4)
    assert "a-secret-key" not in (tmp_path / "a.json").read_text("utf-8")
    outcomes = {outcome["question"]: outcome for outcome in system["outcomes"]}
    assert outcomes["sample-en-01"]["composer"] == "generative"
    assert len(outcomes["sample-en-01"]["quotes"]) == 2
    assert (outcomes["sample-nl-10"]["fallback"], outcomes["sample-nl-10"]["composer"]) == ("failed", "extractive")
    assert outcomes["sample-none-en-3"]["model_use"]["calls"] == 0
    assert "dragoman, composer: generative 3, extractive 2 (failed 1, nothing proven 1)\n" in row["printed"]
    assert re.search(r"^sentences rejected \(less is better\) +\.667 ", row["printed"], re.MULTILINE)


def test_without_a_model_the_figures_are_those_of_quotes(
    run: Run, samples_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where this folder and the environment have one, as somebody may who works with it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dragoman.toml").write_text('[model]\nname = "openai:x"\n', "utf-8")
    monkeypatch.setenv("DRAGOMAN_MODEL__API_KEY", "none")
    row = evaluated(run, tmp_path, samples_index)
    (system,) = row["systems"]
    assert system["composed"]["composers"] == {"extractive": 5}
    assert system["composed"]["model"] is None
    assert not {"prose_rate", "rejection_rate", "shown_rate"} & system["figures"].keys()
    assert "model" not in row["made"]
    assert "\ncomposer: extractive\n" in row["printed"]
    assert all(outcome["model_use"] is None for outcome in system["outcomes"])
    assert read_results(tmp_path / "a.json").first.composed.composers == {"extractive": 5}


def test_python_m_evaluation_is_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "evaluation", "nowhere.jsonl"],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONUTF8": "1"},
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("dragoman: no dataset is called 'nowhere.jsonl'")
