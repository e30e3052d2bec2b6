"""`dragoman evaluate`: the options, and what is printed and written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from bot.generative import ModelSettings
    from evaluation.compare import Comparison
    from evaluation.results import Results
    from evaluation.types import Setting

__all__ = ["app"]

# Everything heavy is imported inside the commands: `dragoman ask` must not wait for what only an evaluation needs.

BELOW = 1
"""Exit status where a metric is worse than what --fail-under demands."""


class _RunByDefault(TyperGroup):
    """What is not the name of a command is a dataset to run: `dragoman evaluate samples`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - Typer keeps its own Context to itself
        """As Typer's, with `run` put in where no command is named."""
        return super().parse_args(ctx, args if args and args[0] in self.commands else ["run", *args])


app = typer.Typer(cls=_RunByDefault, help="Measure how good the answers are.", rich_markup_mode="markdown")

SETTINGS_HELP = (
    "Where each question is searched: mono (documents in the asker's language), cross (each other language by "
    "itself), mixed (all), cross-only (all but the asker's). Comma-separated."
)


@app.command(
    epilog="Other commands: `dragoman evaluate compare A.json B.json` shows what changed, `dragoman evaluate "
    "init` writes a spreadsheet to fill in, `dragoman evaluate metrics` says what each metric means.",
)
def run(
    context: typer.Context,
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET",
            help="samples (our questions about the sample articles); a CSV, TSV or JSON-lines file of questions; a "
            "file in SQuAD's format; a folder in BEIR's or of XQuAD-R (with +unanswerable behind its path: a part of "
            "the documents is left out).",
        ),
    ],
    folder: Annotated[
        Path | None, typer.Option("--index", metavar="DIR", help="Ask this index, instead of the dataset's documents.")
    ] = None,
    corpus: Annotated[Path | None, typer.Option(metavar="PATH", help="Index these documents and ask them.")] = None,
    systems: Annotated[
        list[str] | None,
        typer.Option(
            "--system",
            metavar="NAME",
            help="dragoman (default), keyword, dense, dense+keyword, langchain, or all. May be given several times; "
            "the others are compared with the first.",
        ),
    ] = None,
    json_out: Annotated[
        Path | None, typer.Option("--json", metavar="OUT", help="Write everything, for programs and for `compare`.")
    ] = None,
    html_out: Annotated[
        Path | None, typer.Option("--html", metavar="OUT", help="Write a page, with wrong answers beside their gold.")
    ] = None,
    markdown_out: Annotated[
        Path | None, typer.Option("--markdown", metavar="OUT", help="Write the tables as Markdown.")
    ] = None,
    questions: Annotated[
        bool, typer.Option("--questions/--no-questions", help="Whether the JSON has the single questions.")
    ] = True,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC=VALUE",
            help="End with exit status 1 where the metric is worse than that. May be given several times; "
            "`dragoman evaluate metrics` lists them.",
        ),
    ] = None,
    settings: Annotated[str, typer.Option(help=SETTINGS_HELP)] = "mono,cross,mixed,cross-only",
    language: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="The language of a dataset that does not say; of XQuAD-R, a list."),
    ] = None,
    split: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only the half that is called tune, or test.")
    ] = None,
    sample: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only N questions of each language, the same facts in all.")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="As for `dragoman ask`. Default: that of the product.", show_default=False),
    ] = None,
    embedder: Annotated[
        str | None,
        typer.Option(envvar="DRAGOMAN_EMBEDDER", metavar="NAME-OR-PATH", help="As for `dragoman index`."),
    ] = None,
    model_settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Have dragoman's answers written by the language model of this settings file ([model]), and measure "
            "how many of its sentences are rejected. Default: answers are quoted, whatever dragoman.toml has.",
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, help="Processes that ask at the same time (then latency says little).")
    ] = 1,
) -> None:
    """Measure how good the answers to a set of questions are, for every pair of languages.

    The first run indexes the dataset's documents and keeps the index; Ctrl-C loses nothing, the same command goes on.
    Exit status: 0; 1 where --fail-under is not met; 2 for a mistake.
    """
    from rich.console import Console

    from bot.engine import DEFAULT_THRESHOLD
    from evaluation.datasets import open_dataset
    from evaluation.demands import parse_demand, unmet
    from evaluation.evaluate import Plan, evaluate
    from evaluation.report.terminal import Bars, print_results

    demands = [parse_demand(demand) for demand in fail_under or ()]
    if folder is not None and corpus is not None:
        raise typer.BadParameter("give either --index or --corpus, not both")
    named = _systems(systems or ["dragoman"])
    if model_settings is not None and "dragoman" not in named:
        raise typer.BadParameter("--model-settings is for the system dragoman, which is not asked")
    outputs = [path for path in (json_out, html_out, markdown_out) if path is not None]
    _require_writable(outputs)
    plan = Plan(
        dataset=open_dataset(dataset, language=language, corpus=corpus),
        systems=named,
        index=folder,
        embedder=embedder,
        settings=_settings(settings),
        threshold=DEFAULT_THRESHOLD if threshold is None else threshold,
        split=split or "",
        sample=sample,
        jobs=jobs,
        model=None if model_settings is None else _model(context, model_settings),
    )
    with Bars(Console(stderr=True)) as bars:
        results = evaluate(
            plan, bars, keep=lambda results: _write(results, json_out, html_out, markdown_out, questions)
        )
    console = Console(highlight=False)
    print_results(console, results)
    for path in outputs:
        console.print(f"written: {path}", markup=False, soft_wrap=True)  # to be copied: in one piece
    failed = unmet(results, demands)
    for line in failed:
        console.print(line, style="red", markup=False, soft_wrap=True)
    if failed:
        raise typer.Exit(BELOW)


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(metavar="A.json", help="Results of the earlier run.")],
    after: Annotated[Path, typer.Argument(metavar="B.json", help="Results of the later run.")],
    all_changes: Annotated[
        bool, typer.Option("--all", help="List answers that changed and stayed right, or stayed wrong, too.")
    ] = False,
) -> None:
    """Show what changed between two runs, metric by metric and question by question."""
    from rich.console import Console

    from evaluation.compare import compare as compared
    from evaluation.report.changes import print_comparison
    from evaluation.results import read_results

    comparison: Comparison = compared(read_results(before), read_results(after))
    print_comparison(Console(highlight=False), comparison, everything=all_changes)


@app.command()
def init(
    out: Annotated[Path, typer.Argument(metavar="OUT.csv", help="The file to write.")] = Path("questions.csv"),
    folder: Annotated[
        Path, typer.Option("--index", envvar="DRAGOMAN_INDEX", metavar="DIR", help="The folder that holds the index.")
    ] = Path(".dragoman"),
    questions: Annotated[int, typer.Option(min=1, help="How many sentences to ask about.")] = 20,
) -> None:
    """Write a spreadsheet of sentences from an index: fill in a question that each answers, then evaluate the file.

    At its end there is a row for each language, for a question that the documents do not answer. Rows whose question
    stays empty are passed over.
    """
    from rich.console import Console

    from evaluation.datasets.starter import write_starter

    rows = write_starter(folder, out, questions=questions)
    console = Console(highlight=False)
    console.print(f"{rows} rows in {out}: write a question in each, then", markup=False, soft_wrap=True)
    console.print(f"  dragoman evaluate {out} --index {folder}", markup=False, soft_wrap=True)


@app.command()
def metrics() -> None:
    """List the metrics: what each says, and where it comes from."""
    from rich.console import Console
    from rich.table import Table

    from evaluation.metrics.catalogue import METRICS

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("metric", "what it says", "source"):
        table.add_column(column)
    for metric in METRICS.values():
        better = " (less is better)" if metric.lower_is_better else ""
        table.add_row(metric.name, metric.meaning + better, metric.source)
    Console(highlight=False, markup=False).print(table)


def _systems(names: Sequence[str]) -> list[str]:
    from evaluation.errors import EvaluationError
    from evaluation.systems import SYSTEMS

    wanted = list(dict.fromkeys(part for name in names for part in (SYSTEMS if name == "all" else [name])))
    for name in wanted:
        if name not in SYSTEMS:
            raise EvaluationError(f"no system is called {name!r}: choose from {', '.join(SYSTEMS)}, or all")
    return wanted


def _model(context: typer.Context, file: Path) -> ModelSettings:
    """What reads settings is handed in as the context's `obj`: this room knows nothing of them."""
    from evaluation.errors import EvaluationError

    read: Callable[[Path], ModelSettings | None] = context.obj
    model = read(file)
    if model is None:
        raise EvaluationError(f"{file} has no table [model], and the environment no DRAGOMAN_MODEL__NAME")
    return model


def _settings(text: str) -> list[Setting]:
    from evaluation.errors import EvaluationError
    from evaluation.types import SETTINGS

    wanted = [part.strip() for part in text.split(",") if part.strip()]
    for setting in wanted:
        if setting not in SETTINGS:
            raise EvaluationError(f"no setting is called {setting!r}: choose from {', '.join(SETTINGS)}")
    return [setting for setting in SETTINGS if setting in wanted]


def _require_writable(outputs: Sequence[Path]) -> None:
    """Before hours of work, not after. What is there stays as it is; a device is none that could be replaced."""
    from evaluation.errors import ResultsError

    for path in outputs:
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            is_new = not path.exists()
            if not is_new and not path.is_file():
                raise ResultsError(f"cannot write {path}: it is there and no file")
            with path.open("a", encoding="utf-8"):
                pass
            if is_new:
                path.unlink()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    from evaluation.errors import ResultsError

    try:
        yield
    except OSError as error:
        raise ResultsError(f"cannot write {path}: {error.strerror or error}") from error


def _write(
    results: Results, json_out: Path | None, html_out: Path | None, markdown_out: Path | None, questions: bool
) -> None:
    if json_out is not None:
        from evaluation.results import write_results

        write_results(results, json_out, questions=questions)
    if html_out is not None:
        from evaluation.report.html import html_page

        with _writing(html_out):
            html_out.write_text(html_page(results), "utf-8")
    if markdown_out is not None:
        from evaluation.report.markdown import markdown_page

        with _writing(markdown_out):
            markdown_out.write_text(markdown_page(results), "utf-8")
