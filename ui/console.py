"""How the command talks to a person: answers, the summary of a run, the progress bar. JSON is made here too."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit
from urllib.request import url2pathname

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from bot.layout import pieces
from bot.messages import message
from bot.types import Answer, Citation, Piece
from bot.visible import visible
from index.indexer import IndexingProgress, IndexingSummary
from index.store import LanguageCounts
from index.types import EmbedderIdentity

__all__ = [
    "ProgressBar",
    "answer_json",
    "answer_text",
    "pieces_text",
    "print_answer",
    "print_below",
    "print_counts",
    "print_summary",
    "print_text",
    "readable",
]


def answer_json(answer: Answer, *, indent: int | None = 2) -> str:
    """The documented shape of `dragoman ask --json`, which the HTTP API gives too."""
    return json.dumps(asdict(answer), ensure_ascii=False, indent=indent)


def print_answer(console: Console, answer: Answer) -> None:
    """The answer, and under it what it stands on."""
    print_text(console, answer_text(answer))
    print_below(console, answer)


def answer_text(answer: Answer) -> Text:
    """With the numbers of its citations, each behind what stands on it."""
    return pieces_text(pieces(answer), "bold" if answer.citations else "yellow")


def pieces_text(said: Iterable[Piece], style: str = "bold") -> Text:
    """Of an answer, or as much of it as there is."""
    text = Text()
    for piece in said:
        text.append(visible(piece.text), style).append("".join(f" [{marker}]" for marker in piece.markers))
    return text


def print_below(console: Console, answer: Answer) -> None:
    """The notice, the quotes, each with its number and place, in the passages that they stand in, and what it took."""
    if answer.notice:
        print_text(console, Text(visible(answer.notice), "yellow"))
    by_passage: dict[tuple[str, int, str], list[Citation]] = {}
    for citation in answer.citations:
        by_passage.setdefault((citation.document, citation.passage_start, citation.passage), []).append(citation)
    for citations in by_passage.values():
        _print_citations(console, citations)
    if answer.related:
        _print_related(console, answer.related, message("maybe_related", answer.language))
    print_text(console, Text("\n" + visible(", ".join(_took(answer))), "dim"))


def _took(answer: Answer) -> Iterator[str]:
    yield f"confidence {answer.confidence:.2f}"
    yield f"{answer.timings_ms.total:.0f} ms"
    use = answer.model_use
    if use is None:
        return
    if answer.fallback:
        yield f"{use.model} could not be used ({answer.fallback.replace('_', ' ')}): quoted instead"
    elif answer.composer == "generative":
        yield f"written by {use.model}"
        yield f"{use.shown} of {use.written} sentences passed"
        yield f"{use.input_tokens}+{use.output_tokens} tokens"


def _print_citations(console: Console, citations: Sequence[Citation]) -> None:
    """Of one passage: it is shown once, below their places."""
    first = citations[0]
    passage = Text(visible(first.passage))
    console.print()
    print_text(console, Text.assemble(visible(first.title), f" ({first.language})"))
    for citation in citations:
        place = f"{visible(readable(citation.source_uri))}, characters {citation.start}-{citation.end}"
        print_text(console, Text.assemble((f"[{citation.marker}] ", "bold"), (place, "dim")))
        passage.highlight_words([visible(citation.quote)], "bold underline")
    print_text(console, passage, indent=4)
    others = sorted({version.language for citation in citations for version in citation.versions})
    if others:
        print_text(console, Text(f"also in: {', '.join(others)}", "dim"), indent=4)


def _print_related(console: Console, related: Sequence[Citation], heading: str) -> None:
    """The nearest passages, each by its nearest sentences and where they stand."""
    console.print()
    print_text(console, Text(heading))
    for citation in related:
        place = f"{visible(readable(citation.source_uri))}, characters {citation.start}-{citation.end}"
        print_text(
            console, Text.assemble(visible(citation.title), f" ({citation.language}) ", (place, "dim")), indent=2
        )
        print_text(console, Text(visible(citation.quote)), indent=4)


def print_text(console: Console, text: Text, indent: int = 0) -> None:
    """Wrapped and indented for a terminal; in a pipe every paragraph stays on its line."""
    if console.is_terminal:
        console.print(Padding(text, (0, 0, 0, indent)))
    else:
        for line in text.split(allow_blank=True):
            console.print(Text(" " * indent).append_text(line), soft_wrap=True)


def readable(uri: str) -> str:
    """A file's path, from the current folder where it lies below it; any other URI as it is."""
    address = urlsplit(uri)
    if address.scheme != "file" or address.fragment:
        return uri
    path = Path(url2pathname(address.path))
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def print_summary(console: Console, summary: IndexingSummary) -> None:
    """What the index holds by language, what the run changed, and every file it skipped with the reason."""
    _print_table(console, summary.counts, {language: f"{spent:.1f}" for language, spent in summary.seconds.items()})
    console.print(
        f"{summary.added:,} added, {summary.changed:,} changed, {summary.removed:,} removed, "
        f"{summary.unchanged:,} unchanged, {len(summary.skipped):,} skipped"
    )
    if summary.articles:
        articles = "1 article" if summary.articles == 1 else f"{summary.articles:,} articles"
        console.print(f"{articles} in two or more languages (`dragoman articles` lists them)")
    for skipped in summary.skipped:
        print_text(
            console, Text(f"skipped {visible(readable(skipped.uri))}: {visible(skipped.reason)}", "yellow"), indent=2
        )


def print_counts(console: Console, counts: Mapping[str, LanguageCounts], embedder: EmbedderIdentity) -> None:
    """What an index holds."""
    _print_table(console, counts, None)
    console.print(Text(f"embedder {embedder.name}, revision {embedder.revision}, {embedder.dimension} dimensions"))


def _print_table(console: Console, counts: Mapping[str, LanguageCounts], seconds: Mapping[str, str] | None) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("language")
    for column in ("documents", "passages", "sentences", *(("seconds",) if seconds is not None else ())):
        table.add_column(column, justify="right")
    for language, count in counts.items():
        row = [f"{number:,}" for number in (count.documents, count.passages, count.sentences)]
        table.add_row(language, *row, *((seconds.get(language, "0.0"),) if seconds is not None else ()))
    console.print(table)


class ProgressBar(IndexingProgress):
    """A bar on the console while the indexer works; it is not drawn where nobody watches."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %  {task.fields[what]}"),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._progress.add_task("indexing", total=None, what="0 documents")
        self._documents = 0

    def start(self, total_bytes: int) -> None:
        self._progress.update(self._task, total=max(1, total_bytes))

    def advance(self, read_bytes: int, documents: int) -> None:
        self._documents += documents
        self._progress.update(self._task, advance=read_bytes, what=f"{self._documents:,} documents")

    def align(self, articles: int) -> None:
        self._progress.update(self._task, visible=False)
        self._aligning = self._progress.add_task("aligning", total=articles, what="articles")

    def aligned(self) -> None:
        self._progress.advance(self._aligning)

    def __enter__(self) -> ProgressBar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()
