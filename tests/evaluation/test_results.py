from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.types import ModelUse
from evaluation.errors import ResultsError
from evaluation.metrics.abstention import Bin
from evaluation.metrics.intervals import Figure
from evaluation.metrics.prose import Composed
from evaluation.results import Against, AskedQuestion, Results, SystemResults, read_results, write_results
from evaluation.types import Found, Outcome, Quote

NAN = math.nan

ANSWERED = Outcome(
    question="q1",
    answered=True,
    right=True,
    text="Zes weken — “ja”\n\x00\u2028",
    confidence=0.5,
    quotes=(
        Quote("nl.txt", "nl", 3, 12, "zes weken", exact=True, right=True),
        Quote("vi.txt", "vi", 0, 8, "sáu tuần", exact=False, right=False),
    ),
    best_right=True,
    best_confidence=0.5,
    exact_match=0.0,
    token_f1=0.25,
    containment=1.0,
    milliseconds=12.5,
    found=(Found("cross", "vi", "sentence", {"vi.txt": 3}, None), Found("mixed", "", "passage", {}, 2)),
)

WRITTEN = replace(
    ANSWERED,
    question="q3",
    language="nl",
    composer="generative",
    model_use=ModelUse("openai:x", 2, 412, 96, 0.25, 4, ("words", "facts"), 3),
)

ABSTAINED = Outcome("q2", False, True, "", 0.125, (), False, 0.75, None, None, None, 3.0, ())

RESULTS = Results(
    dataset={"name": "set", "fingerprint": "f", "split": "", "sample": None, "settings": ["mono", "mixed"]},
    index={"embedder": {"name": "words"}, "languages": {"nl": {"documents": 1}}},
    made={"threshold": 0.25, "draws": 1000},
    systems=(
        SystemResults(
            name="dragoman",
            seconds=1.5,
            figures={"accuracy": Figure(0.5, 0.25, 0.75, 8), "latency_p50": Figure(12.5, NAN, NAN, 8)},
            cells={
                "accuracy": {"nl": Figure(0.5, 0.0, 1.0, 4)},
                "accuracy by pair": {"vi>nl": Figure(1.0, NAN, 1.0, 1)},
            },
            reliability=(Bin(0.0, 0.1, 3, 0.0625, 0.5), Bin(0.5, 0.6, 5, 0.5, 0.25)),
            curve=((0.125, 0.0), (1.0, 0.5)),
            composed=Composed(
                composers={"extractive": 1, "generative": 1},
                fallbacks={"late": 1},
                model="openai:x",
                calls=2,
                input_tokens=412,
                output_tokens=96,
                cost=0.25,
                written=4,
                tried=5,
                rejected={"facts": 1, "words": 1},
                shown=3,
            ),
            outcomes=(ANSWERED, ABSTAINED, WRITTEN),
        ),
        SystemResults(
            name="keyword",
            seconds=0.0,
            figures={},
            cells={},
            reliability=(),
            curve=(),
            against={"accuracy": Against(0.25, -0.125, 0.5, 0.0625), "token_f1": Against(0.5, NAN, NAN, NAN)},
            outcomes=(),
        ),
    ),
    questions=(
        AskedQuestion("q1", "Hoe lang?", "nl", "plain", "fact", "test", ("Wat?", "En dan?"), ("zes weken",)),
        AskedQuestion("q2", "Bao lâu?", "vi", "off-topic", "", "", (), ()),
    ),
)


def complaint(path: Path) -> str:
    with pytest.raises(ResultsError) as caught:
        read_results(path)
    said = str(caught.value)
    assert len(said.splitlines()) == 1
    assert str(path) in said
    return said


def written(results: Results, folder: Path, *, questions: bool = True) -> str:
    path = folder / "results.json"
    write_results(results, path, questions=questions)
    return path.read_text("utf-8")


def refuse(constant: str) -> NoReturn:
    raise AssertionError(f"{constant} is not JSON")


# There and back


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    write_results(RESULTS, path)
    assert repr(read_results(path)) == repr(RESULTS)  # a NaN is not equal to itself, and is shown like itself


def test_written_again_it_is_the_same_file(tmp_path: Path) -> None:
    first = written(RESULTS, tmp_path / "one")
    write_results(read_results(tmp_path / "one" / "results.json"), tmp_path / "two.json")
    assert (tmp_path / "two.json").read_text("utf-8") == first == written(RESULTS, tmp_path / "three")


def test_the_file_is_the_same_for_floats_that_differ_by_a_rounding(tmp_path: Path) -> None:
    def with_figure(value: float) -> Results:
        system = replace(RESULTS.first, figures={"accuracy": Figure(value, value, value, 3)})
        return replace(RESULTS, systems=(system,))

    third = written(with_figure(1 / 3), tmp_path)
    assert third == written(with_figure(1 / 3 + 1e-12), tmp_path)
    assert third == written(with_figure(np.float64(1) / 3), tmp_path)
    assert third != written(with_figure(1 / 3 + 1e-5), tmp_path)
    assert read_results(tmp_path / "results.json").first.figures["accuracy"] == Figure(0.333343, 0.333343, 0.333343, 3)


def test_the_file_is_json_without_nan(tmp_path: Path) -> None:
    row = json.loads(written(RESULTS, tmp_path), parse_constant=refuse)
    assert list(row) == ["format", "dataset", "index", "made", "systems", "questions"]
    assert row["format"] == 1
    assert row["systems"][0]["figures"]["latency_p50"] == {"value": 12.5, "low": None, "high": None, "n": 8}
    assert row["systems"][1]["against"]["token_f1"] == {"difference": 0.5, "low": None, "high": None, "p": None}


def test_a_persons_diff_shows_one_figure_question_or_outcome_a_line(tmp_path: Path) -> None:
    lines = [line.strip() for line in written(RESULTS, tmp_path).splitlines()]
    assert '"accuracy": {"value": 0.5, "low": 0.25, "high": 0.75, "n": 8},' in lines
    assert sum(line.startswith('{"question": "q') for line in lines) == 3
    assert sum(line.startswith('{"id": "q') for line in lines) == 2
    assert written(RESULTS, tmp_path).endswith("}\n")


def test_text_stays_readable(tmp_path: Path) -> None:
    assert "Zes weken — “ja”\\n" in written(RESULTS, tmp_path)
    assert "Bao lâu?" in written(RESULTS, tmp_path)


def test_half_a_character_is_written_and_read_back(tmp_path: Path) -> None:
    odd = AskedQuestion("\udfff", 'Hoe "lang\ud800"?', "nl", "plain", "", "", (), ("\\ud800",))
    written(replace(RESULTS, questions=(odd,)), tmp_path)
    assert read_results(tmp_path / "results.json").questions == (odd,)


def test_without_questions_the_figures_are_kept(tmp_path: Path) -> None:
    written(RESULTS, tmp_path, questions=False)
    read = read_results(tmp_path / "results.json")
    assert read.questions == ()
    assert [system.outcomes for system in read.systems] == [(), ()]
    assert repr(read.first.figures) == repr(RESULTS.first.figures)
    assert read.first.curve == RESULTS.first.curve
    assert read.first.composed == RESULTS.first.composed
    assert len(RESULTS.first.outcomes) == 3  # what was handed in is untouched


def test_a_file_from_before_there_were_models_is_read_as_quoted(tmp_path: Path) -> None:
    row = json.loads(written(RESULTS, tmp_path))
    for system in row["systems"]:
        del system["composed"]
        for outcome in system["outcomes"]:
            for key in ("language", "composer", "fallback", "model_use"):
                del outcome[key]
    (tmp_path / "results.json").write_text(json.dumps(row), "utf-8")
    read = read_results(tmp_path / "results.json")
    assert read.first.composed == Composed()
    assert read.first.outcomes[:2] == (ANSWERED, ABSTAINED)
    assert {(o.composer, o.model_use) for o in read.first.outcomes} == {("extractive", None)}


def test_the_first_system_is_what_the_others_are_compared_with() -> None:
    assert RESULTS.first.name == "dragoman"


# Files that cannot be


def test_folders_are_made_and_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "results.json"
    write_results(RESULTS, path)
    write_results(RESULTS, path)
    assert [found.name for found in path.parent.iterdir()] == ["results.json"]


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    below_a_file, folder = tmp_path / "file" / "results.json", tmp_path / "folder"
    folder.mkdir()
    for path in (below_a_file, folder):
        with pytest.raises(ResultsError) as caught:
            write_results(RESULTS, path)
        assert str(caught.value).startswith(f"cannot write {path}: ")
        assert len(str(caught.value).splitlines()) == 1


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert complaint(tmp_path / "no.json") == f"cannot read {tmp_path / 'no.json'}: No such file or directory"
    assert complaint(tmp_path).startswith(f"cannot read {tmp_path}: ")


@pytest.mark.parametrize("shown", ["2", "0", "null", '"one\\ntwo"', f'"{"x" * 10_000}"'], ids=lambda shown: shown[:10])
def test_another_format_is_not_guessed_at(tmp_path: Path, shown: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(f'{{"format": {shown}, "systems": []}}')
    said = complaint(path)
    assert said.startswith(f"{path} has format ")
    assert said.endswith("; this dragoman reads 1: evaluate again")
    assert len(said) < len(str(path)) + 100


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100,
        "{}".encode("utf-16"),
        b"question,answer\n",
        b"[]",
        b"7",
        b"null",
        b"{}",
        b'{"format": 1}',
        b'{"format": 1, "dataset": {}, "index": {}, "made": {}, "systems": [], "questions": []}',
        b'{"format": 1, "dataset": {}, "index": {}, "made": {}, "systems": {"a": 1}, "questions": []}',
        b'{"format": 1, "dataset": 3, "index": {}, "made": {}, "systems": [1], "questions": []}',
        b'{"format": 1, "dataset": {}, "index": {}, "made": {}, "systems": [{"name": "a", "seconds": 1%s}]}'
        % (b"0" * 400),
        b'{"format": 1, "dataset": {}, "index": {}, "made": {}, "systems": [{"name": "a", "seconds": 0, '
        b'"figures": {"accuracy": {"one\\ntwo": 1}}}]}',
        b"[" * 100_000,
        b"9" * 5_000,
        json.dumps({"x" * 10_000: 1}).encode(),
    ],
    ids=lambda content: repr(content[:90]),
)
def test_garbage_is_one_short_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "results.json"
    path.write_bytes(content)
    said = complaint(path)
    assert said.startswith(f"{path} is not a file of results that `dragoman evaluate --json` wrote (")
    assert len(said) < len(str(path)) + 250


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in the JSON with each of its keys or indices."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


JUNK: st.SearchStrategy[object] = st.sampled_from(
    [None, True, -1, 10**400, "a\nb", [], {}, [[]], {"a\nb": 1}, [1, 2], "nan"]
)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_file_that_was_tampered_with_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "tampered.json"
    write_results(RESULTS, path)
    row = json.loads(path.read_text("utf-8"))
    holder, key = data.draw(st.sampled_from(list(_places(row))))
    if data.draw(st.booleans()):
        holder[key] = data.draw(JUNK)
    else:
        del holder[key]
    path.write_text(json.dumps(row), "utf-8")
    try:
        assert read_results(path).first
    except ResultsError as error:
        assert len(str(error).splitlines()) == 1
