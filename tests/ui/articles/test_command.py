"""What holds for all views of `dragoman articles`, and the sample articles."""

from __future__ import annotations

from pathlib import Path

from index.store import Store
from index.types import FoundBy
from tests.toy import new_store, put
from tests.ui.articles.conftest import link, terminal
from tests.ui.conftest import Run
from ui.articles import print_articles


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
