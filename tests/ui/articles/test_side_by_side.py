from __future__ import annotations

from pathlib import Path

from index.store import Store
from tests.toy import new_store, put
from tests.ui.articles.conftest import ASK, LIMIT, terminal
from tests.ui.conftest import Run
from ui.articles import print_article


def test_an_article_is_shown_side_by_side_in_a_pipe_line_by_line(run: Run, folder: Path) -> None:
    assert run("articles", "help/nl/money", "--index", folder).out == (
        "[en] Help/En/Money  /help/en/money, found by content 0.31\n"
        "[fr] Help/Fr/Money.Html  /help/fr/money.html, found by content 0.23\n"
        "[nl] Help/Nl/Money  /help/nl/money, found by path\n"
        "\n"
        "0.75\n"
        f"[en] {LIMIT[0]}\n[fr] {LIMIT[2]}\n[nl] {LIMIT[1]}\n"
        "\n"
        "0.75\n"
        f"[en] {ASK[0]}\n[fr] {ASK[2]}\n[nl] {ASK[1]}\n"
        "\n"
        "alone\n"
        "[nl] Dit staat alleen hier.\n"
        "\n"
    )


def test_a_language_limits_what_is_shown(run: Run, folder: Path) -> None:
    out = run("articles", "help/nl/money", "--language", "fr", "--language", "en", "--index", folder).out
    assert f"[fr] {ASK[2]}\n\n" in out
    assert "[nl]" not in out
    assert "alone" not in out


def test_an_article_as_json(run: Run, folder: Path) -> None:
    shown = run("articles", "help/nl/money", "--json", "--language", "nl", "--index", folder).json
    assert shown["versions"] == [
        {
            "document": "help/nl/money",
            "language": "nl",
            "title": "Help/Nl/Money",
            "source_uri": "file:///help/nl/money",
            "found_by": "path",
            "score": None,
            "sentences": 3,
        }
    ]
    assert shown["statements"] == [
        [{"document": "help/nl/money", "language": "nl", "start": start, "end": end, "text": text, "score": score}]
        for start, end, text, score in [
            (0, 37, LIMIT[1], 0.75),
            (38, 70, ASK[1], 0.75),
            (72, 94, "Dit staat alleen hier.", None),
        ]
    ]


def test_versions_have_columns_where_the_terminal_is_wide_enough(folder: Path) -> None:
    for width, columns in ((100, True), (90, False)):
        console, written = terminal(width)
        with Store.open_to_read(folder) as store:
            print_article(console, store, "help/nl/money", set())
        lines = written.getvalue().splitlines()
        assert any("more." in line and "meer" in line for line in lines) == columns
        assert any(line.startswith(f"[en] {ASK[0]}") for line in lines) != columns


def test_markup_in_a_document_is_text(run: Run, tmp_path: Path) -> None:
    with new_store(tmp_path / "index") as store:
        put(store, "one", ["[bold]Agents[/bold] rest."], language="en")
        with store.transaction():
            store.articles.put_alone("one")
    assert "[en] [bold]Agents[/bold] rest." in run("articles", "one", "--index", tmp_path / "index").out
