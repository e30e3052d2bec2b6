"""`dragoman`, the command. The one place that reads settings and puts the rooms together."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from evaluation.command import app as evaluate
from index.errors import DragomanError, QuestionError

if TYPE_CHECKING:
    from rich.console import Console

    from bot.generative import ModelSettings
    from index.types import Embedder
    from ui.settings import Settings

__all__ = ["app", "main"]

# The rooms are imported inside the commands: each costs a part of the start, and no command needs all of them.

app = typer.Typer(
    help="Answers questions about your documents in the asker's language, with the passage each answer stands on.",
    epilog="Begin with: dragoman index FOLDER, then: dragoman ask 'a question in any language'",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(evaluate, name="evaluate")

IndexOption = Annotated[
    Path,
    typer.Option("--index", envvar="DRAGOMAN_INDEX", metavar="DIR", help="The folder that holds the index."),
]
ServedOption = Annotated[
    Path | None,
    typer.Option("--index", metavar="DIR", help="The folder that holds the index. Default: .dragoman."),
]
SettingsOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Default: dragoman.toml in this folder, where there is one.")
]
EmbedderOption = Annotated[
    str | None,
    typer.Option(
        "--embedder",
        envvar="DRAGOMAN_EMBEDDER",
        metavar="NAME-OR-PATH",
        help="Any sentence-transformers model, by name or folder. Default: the one that the index was made with, "
        "and the bundled multilingual-e5-small for a new index.",
        show_default=False,
    ),
]
DEFAULT_INDEX = Path(".dragoman")

USAGE_ERROR = cast(
    "type[typer.BadParameter]", typer.BadParameter.__mro__[1]
)  # of wrong options; typer has it and does not name it
INTERRUPTED = 130  # what the command line library makes of Ctrl-C


@app.command()
def index(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Files and folders to read.")],
    folder: IndexOption = DEFAULT_INDEX,
    embedder: EmbedderOption = None,
) -> None:
    """Read documents into the index, or bring it up to date with them.

    Reads text, Markdown, HTML, PDF, Word (.docx) and JSON lines. Run it again whenever the files change: only changed
    files are read, and documents whose file is gone leave the index. Documents under other paths stay.
    """
    from index.indexer import index_paths
    from ui.console import ProgressBar, print_summary

    console = _console(stderr=True)
    with ProgressBar(console) as progress:
        summary = index_paths(paths, folder, _embedder_for(folder, embedder), progress=progress)
    print_summary(_console(), summary)


@app.command()
def ask(
    question: Annotated[
        list[str] | None,
        typer.Argument(metavar="[QUESTION]", help="In any language. Without it, a prompt opens that keeps asking."),
    ] = None,
    folder: IndexOption = DEFAULT_INDEX,
    language: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="The asker's language (nl, fr, pt-BR, ...). Default: that of the question."),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Answer from this confidence on, abstain below it. Default: 0.2.", show_default=False
        ),
    ] = None,
    prefer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODE",
            envvar="DRAGOMAN_PREFER",
            help="A language to quote from where no version is in the asker's; repeat it for the next best. "
            "Default: the version that comes nearest to the question.",
            show_default=False,
        ),
    ] = None,
    after: Annotated[
        list[str] | None,
        typer.Option(
            metavar="QUESTION",
            help="What was asked before, so that a follow-up such as 'and how much experience?' is understood; "
            "repeat it, oldest first. At the prompt this goes by itself.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    quote: Annotated[bool, typer.Option("--quote", help="Quote, also where a language model is set up.")] = False,
    settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Whose table [model] names a language model that writes the answers; without one they are quoted. "
            "Default: dragoman.toml in this folder, where there is one. All else is set by the other options.",
        ),
    ] = None,
    embedder: EmbedderOption = None,
) -> None:
    """Answer a question from the index, with the passage that the answer stands on.

    The passage is quoted from the version in the asker's language, in whichever version the answer was found; or a
    language model writes the answer, and each of its sentences is checked against what it cites. Where the documents do
    not answer, it says so. Exit status: 0 when answered or abstained, 2 for a mistake.
    """
    from ui.asking import Asker, asked, chosen_model, opened_engine

    model = None if quote else chosen_model(settings)
    history = tuple(after or ())
    with opened_engine(folder, embedder, threshold, prefer or (), model, _note) as engine:
        asker = Asker(engine, _console(), language, as_json=as_json, written=model is not None)
        if question:
            asker.ask(" ".join(question), history)
            return
        for line in asked():
            if not line:
                history = ()
                continue
            try:
                asker.ask(line, history)
            except QuestionError as error:
                _complain(str(error))
            if sys.stdin.isatty():  # lines from a pipe are no conversation
                history = (*history, line)


@app.command()
def status(folder: IndexOption = DEFAULT_INDEX) -> None:
    """Show what the index holds, and the embedder that made it."""
    from index.store import Store
    from ui.console import print_counts

    with Store.open_to_read(folder) as store:
        print_counts(_console(), store.counts(), store.embedder)


@app.command()
def articles(
    show: Annotated[
        str | None,
        typer.Argument(
            metavar="[SHOW]",
            help="One article: its id or how that begins, a title, or where a version lies (training/nl.txt).",
        ),
    ] = None,
    folder: IndexOption = DEFAULT_INDEX,
    drifting: Annotated[
        bool, typer.Option("--drift", help="Show what disagrees between the versions, with what each of them says.")
    ] = False,
    language: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CODE",
            help="Only versions in this language, articles that have one, or what has drifted in one; may be repeated.",
        ),
    ] = None,
    also_alone: Annotated[bool, typer.Option("--all", help="List documents without other versions too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as JSON.")] = False,
) -> None:
    """Show which documents are versions of one article, what they say side by side, and where they disagree.

    Without SHOW, all articles: their languages, how much of their sentences has a counterpart in another version, and
    how the weakest of the versions was found to be one: declared, by its path, or by its content, with its score.

    With SHOW, the versions of one article and their sentences side by side; a sentence that one version has alone is
    dim, or stands under "alone".

    With --drift: a version that is cut short, passages that one lacks and others have, and numbers, dates, e-mail
    addresses and URLs that are not the same. Exit status: 0 also where it finds any.

    What --json prints:

    - `{"articles": [{article, title, languages, versions, aligned, found_by, score}], "alone": N}`

    - with SHOW `{"article", "versions": [{document, language, title, source_uri, found_by, score, sentences}],
      "statements": [[{document, language, start, end, text, score}]]}`; what a version says alone has no score

    - with --drift `{"drift": [{article, kind, document, language, source_uri, quote, after, other, detail}],
      "counts": {kind: N}, "articles": N}`; `quote` is what the version says, or null, and then `after` what it would
      stand after; `other` is what another version says; each is `{document, language, source_uri, start, end, text}`
    """
    from index.store import Store
    from ui.articles import (
        article_json,
        articles_json,
        chosen_languages,
        drift_json,
        find_article,
        print_article,
        print_articles,
        print_drift,
    )

    languages = chosen_languages(language or [])
    with Store.open_to_read(folder) as store, store.snapshot():
        article = None if show is None else find_article(store, show)
        if drifting:
            if as_json:
                print(drift_json(store, article, languages))
            else:
                print_drift(_console(), store, article, languages)
        elif article is not None:
            if as_json:
                print(article_json(store, article, languages))
            else:
                print_article(_console(), store, article, languages)
        elif as_json:
            print(articles_json(store, languages, also_alone=also_alone))
        else:
            print_articles(_console(), store, languages, also_alone=also_alone)


@app.command()
def serve(
    folder: ServedOption = None,
    host: Annotated[
        str | None, typer.Option(help="The address to listen on. Default: 127.0.0.1, this machine alone.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Default: 7860; 0 takes a free one.")] = None,
    settings: SettingsOption = None,
) -> None:
    """Serve the chat page, the HTTP API and the source view over an index, until Ctrl-C.

    `dragoman index` may run meanwhile: what it commits shows in answers within seconds. All settings, in a file and in
    the environment, are in docs/settings.md; the API describes itself at /openapi.json.
    """
    from ui.server.running import serve as run
    from ui.settings import SlackSecrets

    read = _settings(settings, folder)
    chosen = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    run(read.model_copy(update={"server": read.server.model_copy(update=chosen)}), SlackSecrets(), _note)


@app.command()
def slack(folder: ServedOption = None, settings: SettingsOption = None) -> None:
    """Answer in Slack over Socket Mode, which needs no public address, until Ctrl-C.

    SLACK_BOT_TOKEN and SLACK_APP_TOKEN come from the environment. Over HTTP, `dragoman serve` takes Slack's events
    once SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET are set. How to set up the app in Slack is in docs/slack.md.
    """
    from ui.server.running import serve_slack
    from ui.settings import SlackSecrets

    serve_slack(_settings(settings, folder), SlackSecrets(), _note)


@app.command()
def mcp(folder: ServedOption = None, settings: SettingsOption = None) -> None:
    """Answer a model over standard input and output (MCP), until the client that started it ends.

    `ask`, `search` and `open_document` are its tools. Over HTTP, `dragoman serve` has the same at /mcp. What a client
    needs to be told is in docs/mcp.md.
    """
    from ui.mcp_server import serve_mcp

    serve_mcp(_settings(settings, folder), _note)


def _settings(file: Path | None, folder: Path | None) -> Settings:
    from ui.settings import read_settings

    read = read_settings(file)
    return read if folder is None else read.model_copy(update={"index": folder})


@app.command()
def remove(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Files and folders to forget.")],
    folder: IndexOption = DEFAULT_INDEX,
) -> None:
    """Take documents out of the index. The files themselves are left alone; `dragoman index` brings them back."""
    from index.indexer import remove_paths
    from ui.console import print_summary

    print_summary(_console(), remove_paths(paths, folder, _embedder_for(folder, None)))


def _version(show: bool) -> None:
    if show:
        from importlib.metadata import version

        _console().print(f"dragoman {version('dragoman')}", highlight=False)
        raise typer.Exit


def _model_settings(file: Path) -> ModelSettings | None:
    from ui.settings import read_settings

    model = read_settings(file).model
    return model.settings() if model else None


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    context.obj = _model_settings  # for `evaluate`, whose room knows nothing of settings


def _embedder_for(folder: Path, embedder: str | None) -> Embedder:
    """The one that was named, else the one that the index was made with, else the bundled one."""
    from index.embedding import open_embedder
    from index.store import Store

    if embedder is None and Store.exists(folder):
        embedder = Store.embedder_of(folder).name
    return open_embedder(embedder, progress=_note)


def _note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _complain(problem: str) -> None:
    from bot.visible import visible

    print(f"dragoman: {visible(problem)}", file=sys.stderr)


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def main() -> None:
    """The entry point of the command: a user's mistake ends in one line and exit status 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # answers are in any script, whatever the locale says
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        status = app(standalone_mode=False)
        if status == INTERRUPTED:
            _complain("interrupted; what was finished is kept, and the same command goes on from there")
        sys.exit(status)
    except DragomanError as error:
        _complain(str(error))
    except USAGE_ERROR as error:
        if wrong := error.format_message():  # empty where no command was given, and the help was shown instead
            _complain(f"{wrong} (`dragoman --help` explains)")
    sys.exit(2)
