"""`dragoman evaluate`, from an operator's empty hands to figures; and every mistake in one line."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.ui.conftest import Run

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
