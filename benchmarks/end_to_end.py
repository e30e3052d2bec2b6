"""What a user waits for: `python -m benchmarks.end_to_end`, as a Markdown table.

Indexing and cold questions are whole processes, so their time and peak memory hold everything, imports included. A
warm answer is one in a process that has answered before; one to a follow-up searches twice at most. Absolute times are
this machine's; the ratio to plain sentence-transformers is in `benchmarks.embedding_runtimes`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bot.engine import AnswerEngine
from bot.types import Question
from index.embedding import open_embedder
from index.retriever import Retriever
from index.store import Store

SAMPLES = Path(__file__).parents[1] / "samples"
QUESTIONS = Path(__file__).parents[1] / "evaluation" / "data" / "samples.jsonl"
COLD_RUNS = 7
COMMAND = "from ui.cli import main; main()"
MIB = 1024 * 1024


def main() -> None:
    """Prints the table."""
    open_embedder()  # builds the model where it is not built yet, which is no part of any figure
    with tempfile.TemporaryDirectory() as folder:
        indexing = _process("index", str(SAMPLES), "--index", folder)
        again = _process("index", str(SAMPLES), "--index", folder)
        question = ("ask", "How long is the training for new agents?", "--index", folder)
        cold = [_process(*question) for _ in range(COLD_RUNS)]
        alone, after = _warm(Path(folder))
    print("| what | seconds (median) | peak memory, MiB |\n|---|---|---|")
    print(f"| `dragoman index samples`, {len(list(SAMPLES.glob('*/*')))} files | {_row([indexing])} |")
    print(f"| the same again, nothing changed | {_row([again])} |")
    print(f"| cold `dragoman ask`, {COLD_RUNS} runs | {_row(cold)} |")
    print(f"| warm answer, {len(alone)} questions | {_spread(alone)} | |")
    print(f"| warm answer after other questions, {len(after)} questions | {_spread(after)} | |")


def _process(*arguments: str) -> tuple[float, float]:
    """`(wall seconds, peak MiB)` of the command run as a process of its own."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", COMMAND, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"dragoman {' '.join(arguments)} ended with {process.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss * 1024 / MIB


def _row(runs: list[tuple[float, float]]) -> str:
    return f"{statistics.median(seconds for seconds, _ in runs):.2f} | {max(memory for _, memory in runs):.0f}"


def _spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.4f}, slowest {max(seconds):.4f}"


def _warm(folder: Path) -> tuple[list[float], list[float]]:
    """Seconds of each answer: to the questions that come first, and to those that have a history."""
    rows = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    questions = [Question(row["question"], history=tuple(row.get("history", ()))) for row in rows]
    with Store.open_to_read(folder) as store:
        engine = AnswerEngine(Retriever(store, open_embedder()))
        engine.answer(questions[0])
        seconds = [(question, engine.answer(question).timings_ms.total / 1000) for question in questions]
    return [took for question, took in seconds if not question.history], [
        took for question, took in seconds if question.history
    ]


if __name__ == "__main__":
    main()
