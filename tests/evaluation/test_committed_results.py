"""What is committed under evaluation/results, and what the documentation says of it, are the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.report.markdown import headline_table
from evaluation.results import Results, read_results
from evaluation.systems import SYSTEMS

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "evaluation" / "results"
FILES = sorted(RESULTS.glob("*.json"))

SHOWN = {
    "README.md": ["samples", "xquad-r"],
    "docs/evaluation.md": ["xquad-r-langchain", "xquad-r-unanswerable", "seeds"],
}

PUBLISHED = {"en": 0.975, "ar": 0.935, "hi": 0.954, "th": 0.948}
"""nDCG@10 of multilingual-e5-small on XQuAD's paragraphs (MTEB's XQuADRetrieval)."""


def results(name: str) -> Results:
    return read_results(RESULTS / f"{name}.json")


@pytest.mark.parametrize(("page", "name"), [(page, name) for page, names in SHOWN.items() for name in names])
def test_the_tables_are_those_of_the_files(page: str, name: str) -> None:
    assert headline_table(results(name)) in (ROOT / page).read_text("utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_can_be_repeated_by_somebody_else(path: Path) -> None:
    measured = read_results(path)
    assert measured.first.name == "dragoman"
    assert len(str(measured.made["commit"])) == 40 and not measured.made["uncommitted_changes"]
    assert "file:" not in path.read_text("utf-8")  # no path of the machine that measured


def test_every_system_is_there() -> None:
    """LangChain's embeds through torch, which took too long for all of XQuAD-R, so it was asked a part."""
    assert [system.name for system in results("samples").systems] == list(SYSTEMS)
    assert [system.name for system in results("xquad-r").systems] == [name for name in SYSTEMS if name != "langchain"]
    assert [system.name for system in results("xquad-r-langchain").systems] == ["dragoman", "langchain"]


def test_the_harness_gives_the_published_figures_of_the_model() -> None:
    """Plain cosine of paragraphs in one language: what the harness adds or loses would show here."""
    (dense,) = (system for system in results("xquad-r").systems if system.name == "dense")
    measured = {language: dense.cells["mono.passage.nDCG@10"][language].value for language in PUBLISHED}
    assert measured == pytest.approx(PUBLISHED, abs=0.01)


def test_all_of_xquad_r_was_asked() -> None:
    measured = results("xquad-r")
    assert measured.dataset["questions"] == 13_090
    assert sum(counts["sentences"] for counts in measured.index["languages"].values()) == 13_014
    assert measured.first.figures["cross.sentence.Success@1"].n == 130_900


def test_quotes_are_exact_everywhere() -> None:
    for path in FILES:
        assert read_results(path).first.figures["citation_exactness"].value == 1
