"""`dragoman articles`, on a small index whose articles are put by hand and on the sample articles."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from index.store import Store
from index.types import FoundBy
from tests.toy import new_store, put
from tests.ui.conftest import Run
from ui.articles import print_article, print_articles, print_drift

LIMIT = ("An agent may grant 40 euros.", "Een medewerker mag 40 euro toekennen.", "Un conseiller accorde 45 euros.")
ASK = ("Ask before you grant more.", "Vraag het voordat je meer geeft.", "Demandez avant d'accorder plus.")


def link(store: Store, documents: Sequence[str], found_by: Sequence[tuple[FoundBy, float | None]]) -> None:
    """Makes them one article, their sentences aligned one by one as far as all have one."""
    with store.transaction():
        for document, (how, score) in zip(documents, found_by, strict=True):
            store.articles.put_alone(document)
            store.articles.join(document, documents[0], how, score)
        sentences = [store.articles.sentences(document).ids.tolist() for document in documents]
        store.articles.put_statements(
            documents[0], [dict.fromkeys(statement, 0.75) for statement in zip(*sentences, strict=False)]
        )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An article in three languages, the Dutch one with a sentence of its own; one in two; and a document alone."""
    with new_store(tmp_path / "index") as store:
        put(store, "help/nl/money", [LIMIT[1], ASK[1]], ["Dit staat alleen hier."], language="nl")
        put(store, "help/en/money", [LIMIT[0], ASK[0]], language="en")
        put(store, "help/fr/money.html", [LIMIT[2], ASK[2]], language="fr")
        link(
            store,
            ["help/nl/money", "help/en/money", "help/fr/money.html"],
            [(FoundBy.PATH, None), (FoundBy.CONTENT, 0.31), (FoundBy.CONTENT, 0.2345)],
        )
        put(store, "rest/nl/ask", [ASK[1]], language="nl")
        put(store, "rest/vi/ask", ["Hãy hỏi trước."], language="vi")
        link(store, ["rest/nl/ask", "rest/vi/ask"], [(FoundBy.DECLARED, None), (FoundBy.PATH, None)])
        put(store, "alone", ["Nobody else says this."], language="en")
        with store.transaction():
            store.articles.put_alone("alone")
    return tmp_path / "index"


def terminal(width: int) -> tuple[Console, io.StringIO]:
    written = io.StringIO()
    return Console(file=written, force_terminal=True, color_system=None, width=width, highlight=False), written


def test_articles_are_listed_with_their_languages_and_how_they_were_found(run: Run, folder: Path) -> None:
    ran = run("articles", "--index", folder)
    assert ran.status == 0
    assert [re.split("  +", line) for line in ran.out.splitlines()] == [
        ["article", "title", "languages", "versions", "aligned", "found by"],
        ["help/nl/money", "Help/En/Money", "en fr nl", "3", "86 %", "content 0.23"],
        ["rest/nl/ask", "Rest/Nl/Ask", "nl vi", "2", "100 %", "path"],
        ["2 articles of 2 or more versions, 1 document alone"],
    ]


def test_a_document_alone_is_listed_when_asked_for(run: Run, folder: Path) -> None:
    assert "Alone" not in run("articles", "--index", folder).out
    lines = run("articles", "--all", "--index", folder).out.splitlines()
    assert lines[1].split() == ["alone", "Alone", "en", "1", "–", "alone"]
    assert len(lines) == 5


def test_a_language_limits_the_list_to_articles_that_have_it(run: Run, folder: Path) -> None:
    lines = run("articles", "--language", "vi-VN", "--index", folder).out.splitlines()
    assert [line.split()[0] for line in lines] == ["article", "rest/nl/ask", "1"]
    assert run("articles", "--language", "el", "--index", folder).out == (
        "0 articles of 2 or more versions, 0 documents alone\n"
    )


def test_the_list_as_json(run: Run, folder: Path) -> None:
    listed = run("articles", "--json", "--index", folder).json
    assert listed["alone"] == 1
    assert listed["articles"][0] == {
        "article": "help/nl/money",
        "title": "Help/En/Money",
        "languages": ["en", "fr", "nl"],
        "versions": 3,
        "aligned": 0.8571,
        "found_by": "content",
        "score": 0.2345,
    }
    assert len(run("articles", "--json", "--all", "--index", folder).json["articles"]) == 3


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


@pytest.mark.parametrize(
    "show", ["fr/money", "fr/money.html", "/help/en", "./en/money", "file:///help/nl/money", "rest"]
)
def test_an_article_is_found_by_where_a_version_lies(run: Run, folder: Path, show: str) -> None:
    shown = run("articles", show, "--json", "--index", folder).json
    assert shown["article"] == ("rest/nl/ask" if show == "rest" else "help/nl/money")


def test_an_article_is_found_by_the_beginning_of_its_id(run: Run, folder: Path) -> None:
    assert run("articles", "re", "--json", "--index", folder).json["article"] == "rest/nl/ask"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["oney"], "no article has the id 'oney'"),
        (["/"], "no article has the id '/'"),
        (["nl"], "2 articles match 'nl': help/nl/money (Help/Nl/Money), rest/nl/ask (Rest/Nl/Ask); name one by its id"),
        (["rest", "--language", "fr"], "has no version in fr: it has nl, vi"),
        (["--language", "xx-klingon"], "'xx-klingon' is not a language code"),
    ],
)
def test_what_does_not_name_one_article(run: Run, folder: Path, arguments: list[str], complaint: str) -> None:
    ran = run("articles", *arguments, "--index", folder)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert complaint in ran.err


def test_an_ending_wins_over_a_folder_of_that_name(run: Run, folder: Path) -> None:
    with Store.open_to_write(folder, Store.embedder_of(folder)) as store:
        put(store, "docs/alone/else", ["Something else."], language="en")
        with store.transaction():
            store.articles.put_alone("docs/alone/else")
    assert run("articles", "/alone", "--json", "--index", folder).json["article"] == "alone"


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


def test_drift_is_shown_with_both_quotes_and_counted(run: Run, folder: Path) -> None:
    assert run("articles", "--drift", "--index", folder).out == (
        "Help/En/Money  help/nl/money\n"
        "\n"
        "numbers, fr: 40 there, 45 here\n"
        "  [fr] /help/fr/money.html, characters 0-31\n"
        f"  {LIMIT[2]}\n"
        "  [en] /help/en/money, characters 0-28\n"
        f"  {LIMIT[0]}\n"
        "\n"
        "drift in 1 of 2 articles of 2 or more versions: numbers 1\n"
    )


def test_drift_of_one_article_and_in_one_language(run: Run, folder: Path) -> None:
    assert run("articles", "rest", "--drift", "--index", folder).out == (
        "no drift found in 1 article of 2 or more versions\n"
    )
    assert "no drift found in 2 articles" in run("articles", "--drift", "--language", "nl", "--index", folder).out


def test_drift_as_json(run: Run, folder: Path) -> None:
    ran = run("articles", "--drift", "--json", "--index", folder)
    assert ran.json == {
        "drift": [
            {
                "article": "help/nl/money",
                "kind": "numbers",
                "document": "help/fr/money.html",
                "language": "fr",
                "source_uri": "file:///help/fr/money.html",
                "quote": {
                    "document": "help/fr/money.html",
                    "language": "fr",
                    "source_uri": "file:///help/fr/money.html",
                    "start": 0,
                    "end": 31,
                    "text": LIMIT[2],
                },
                "after": None,
                "other": {
                    "document": "help/en/money",
                    "language": "en",
                    "source_uri": "file:///help/en/money",
                    "start": 0,
                    "end": 28,
                    "text": LIMIT[0],
                },
                "detail": "40 there, 45 here",
            }
        ],
        "counts": {"cut short": 0, "missing passage": 0, "numbers": 1, "dates": 0, "e-mail": 0, "URL": 0},
        "articles": 2,
    }
    assert ran.status == 0


def test_what_is_missing_is_shown_with_the_place_where_it_would_stand(run: Run, tmp_path: Path) -> None:
    long = "Whoever is ill telephones the office before the shift begins, and brings a letter later. " * 9
    with new_store(tmp_path / "index") as store:
        put(store, "en", ["Begin here."], [long.strip()], ["End here."], language="en")
        put(store, "nl", ["Begin hier."], ["Eind hier."], language="nl")
        with store.transaction():
            for document in ("en", "nl"):
                store.articles.put_alone(document)
                store.articles.join(document, "en", FoundBy.PATH, None)
            first, _, last = store.articles.sentences("en").ids.tolist()
            eerst, laatst = store.articles.sentences("nl").ids.tolist()
            store.articles.put_statements("en", [{first: 0.9, eerst: 0.9}, {last: 0.9, laatst: 0.9}])
    piped = run("articles", "--drift", "--index", tmp_path / "index").out
    assert "missing passage, nl: 1 statement, 800 characters, in en" in piped
    assert "  [nl] /nl, nothing after characters 0-11\n  Begin hier.\n" in piped
    assert f"  {long.strip()}\n" in piped
    console, written = terminal(100)
    with Store.open_to_read(tmp_path / "index") as store:
        print_drift(console, store, None, set())
    shown = written.getvalue()
    assert "..." in shown
    assert shown.count("Whoever") == 5
    assert any("Begin hier." in line and "ill" in line for line in shown.splitlines())


def test_nothing_is_cut_off_in_a_pipe_and_control_characters_do_not_reach_the_terminal(
    run: Run, tmp_path: Path
) -> None:
    name = "a very long title " * 20 + "\x1b[31m\u202eend"
    with new_store(tmp_path / "index") as store:
        for language in ("en", "nl"):
            put(store, f"{name}.{language}", [f"\x1b[31m Agents\u202e rest {'well ' * 60}."], language=language)
        link(store, [f"{name}.en", f"{name}.nl"], [(FoundBy.PATH, None)] * 2)
    for arguments in ([], ["a very"], ["--drift"]):
        out = run("articles", *arguments, "--index", tmp_path / "index").out
        assert "\x1b" not in out
        assert "\u202e" not in out
    listed = run("articles", "--index", tmp_path / "index").out
    assert listed.splitlines()[1].endswith("path")
    assert "A Very Long Title " * 20 in listed
    assert "well " * 59 in run("articles", "a very", "--index", tmp_path / "index").out
    console, written = terminal(80)
    with Store.open_to_read(tmp_path / "index") as store:
        print_articles(console, store, set(), also_alone=False)
    assert max(map(len, written.getvalue().splitlines())) <= 80


def test_markup_in_a_document_is_text(run: Run, tmp_path: Path) -> None:
    with new_store(tmp_path / "index") as store:
        put(store, "one", ["[bold]Agents[/bold] rest."], language="en")
        with store.transaction():
            store.articles.put_alone("one")
    assert "[en] [bold]Agents[/bold] rest." in run("articles", "one", "--index", tmp_path / "index").out


def test_a_missing_index_is_one_line(run: Run, tmp_path: Path) -> None:
    ran = run("articles", "--index", tmp_path / "none")
    assert (ran.status, ran.out) == (2, "")
    assert "make one with `dragoman index PATH" in ran.err


def test_the_sample_articles_are_whole_and_do_not_drift(run: Run, samples_index: Path) -> None:
    listed = run("articles", "--json", "--index", samples_index).json
    assert {article["found_by"] for article in listed["articles"]} <= {"declared", "path"}
    assert all(article["aligned"] > 0.95 for article in listed["articles"])
    assert run("articles", "--drift", "--index", samples_index).out == (
        f"no drift found in {len(listed['articles'])} articles of 2 or more versions\n"
    )
    shown = run("articles", "training", "--index", samples_index).out
    assert "[nl] Elke nieuwe medewerker van Tarrow volgt eerst zes weken opleiding" in shown
