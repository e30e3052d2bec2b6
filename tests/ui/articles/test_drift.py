from __future__ import annotations

from pathlib import Path

from index.store import Store
from index.types import FoundBy
from tests.toy import new_store, put
from tests.ui.articles.conftest import LIMIT, terminal
from tests.ui.conftest import Run
from ui.articles import print_drift


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
