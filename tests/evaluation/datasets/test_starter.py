from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.datasets.questions_file import read_questions
from evaluation.datasets.starter import write_starter
from evaluation.errors import DatasetError
from evaluation.locate import locate
from index.errors import IndexMissing
from index.indexer import index_paths
from index.store import Store
from index.types import Role
from tests.toy import WordEmbedder, new_store, put

SAMPLES = Path(__file__).parents[3] / "samples"
HEADER = ["question", "language", "answer", "file", "kind"]


def sentence(number: int, tail: str = "") -> str:
    return f"Rule {number:02} says what an agent does with call number {number:02}{tail}."


def rows(path: Path) -> list[list[str]]:
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    header, *rest = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
    assert header == HEADER
    return rest


def starter(folder: Path, questions: int) -> list[list[str]]:
    out = folder / f"starter-{questions}.csv"
    count = write_starter(folder / "index", out, questions=questions)
    written = rows(out)
    assert len(written) == count
    return written


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    index_paths([SAMPLES], folder / "index", WordEmbedder())
    return folder


def test_a_filled_in_copy_is_found_in_the_index_word_for_word(samples: Path) -> None:
    written = starter(samples, 40)
    copy = io.StringIO(newline="")
    # As a spreadsheet of another locale saves it: semicolons, and other line ends in cells.
    table = csv.writer(copy, delimiter=";", lineterminator="\r\n")
    table.writerow(HEADER)
    for number, (_, *cells) in enumerate(written):
        table.writerow([f"Question {number}?", *(cell.replace("\n", "\r\n") for cell in cells)])
    (samples / "filled.csv").write_bytes(copy.getvalue().encode())
    dataset = read_questions(samples / "filled.csv")
    with Store.open_to_read(samples / "index") as store:
        texts = {document.source_uri: document.text for document in store.documents()}
        asked = locate(dataset, store.documents())
    assert Counter(one.question.kind for one in asked) == {"plain": 40, "near-miss": 5}
    for one, (_, language, answer, uri, _) in zip(asked, written, strict=True):
        assert one.question.language == language
        for place in one.places:
            assert place.span is not None
            assert (place.uri, texts[uri][slice(*place.span)], place.language) == (uri, answer, language)
        assert len(one.places) == (1 if one.question.answerable else 0)


def test_the_file_as_written_asks_nothing_yet(samples: Path) -> None:
    starter(samples, 3)
    with pytest.raises(DatasetError, match=r"no questions \(8 rows without a question were passed over\)"):
        read_questions(samples / "starter-3.csv")


def test_sentences_are_spread_over_languages_and_then_documents(samples: Path) -> None:
    written = starter(samples, 22)
    asked = [row for row in written if row[2]]
    by_language = Counter(row[1] for row in asked)
    assert sorted(by_language.values()) == [4, 4, 4, 5, 5]
    assert max(Counter(row[3] for row in asked).values()) == 1  # five or more documents of each language
    assert all(40 <= len(row[2]) <= 300 and not row[0] and not row[4] for row in asked)
    assert written[22:] == [["", language, "", "", "near-miss"] for language in ("en", "fr", "nl", "pt", "vi")]


def test_the_same_index_gives_the_same_file(samples: Path) -> None:
    one, other = samples / "one.csv", samples / "other.csv"
    write_starter(samples / "index", one)
    write_starter(samples / "index", other)
    assert one.read_bytes() == other.read_bytes()
    assert sum(1 for row in rows(one) if row[2]) == 20


def test_what_one_language_or_document_lacks_others_give(tmp_path: Path) -> None:
    with new_store(tmp_path / "index") as store:
        put(store, "a", [sentence(number) for number in range(1, 8)])
        put(store, "b", [sentence(8)])
        put(store, "c", [sentence(9)], language="nl")
    assert [row[1:4] for row in starter(tmp_path, 6)] == [
        *(["en", sentence(number), "file:///a"] for number in (1, 3, 5, 7)),
        ["en", sentence(8), "file:///b"],
        ["nl", sentence(9), "file:///c"],
        ["en", "", ""],
        ["nl", "", ""],
    ]
    assert [row[2] for row in starter(tmp_path, 2)] == [sentence(8), sentence(9), "", ""]
    assert sum(1 for row in starter(tmp_path, 99) if row[2]) == 9


RISKY = [
    "=cmd|' /C calc'!A0 is what a document can hold to be run.",
    "+31 20 555 0100 is the number that an agent calls for help.",
    "-2 degrees is how cold the store may be in any of its rooms.",
    "@SUM(1+9) is what a document can hold for a spreadsheet to run.",
    "＝1+9 is what a document can hold for a spreadsheet to run it.",
    "\t=1+9 is what a document can hold for a spreadsheet to run it.",
    "A cell that semicolons divide;=1+9 is run where the comma is in numbers.",
    'A cell with a quote in it," =1+9 is run by what reads it carelessly.',
    "A second line can begin a cell that is run:\n=1+9 is what it may hold.",
    "A tab between words\tmay not come back as it was from a spreadsheet.",
    "A broken character \ufffd may not come back as it was from a spreadsheet.",
]


@pytest.mark.parametrize("text", RISKY)
def test_what_a_spreadsheet_would_run_or_change_is_not_chosen(tmp_path: Path, text: str) -> None:
    assert 40 <= len(text) <= 300
    with new_store(tmp_path / "index") as store:
        put(store, "a", [text, sentence(1)])
    assert [row[2] for row in starter(tmp_path, 9)] == [sentence(1), ""]


@pytest.mark.parametrize("uri", ["=HYPERLINK(1)", "+1", "-1", "@x", "a;=1", "a,+1"])
def test_nor_is_a_document_with_such_an_address(tmp_path: Path, uri: str) -> None:
    docs = tmp_path / "docs.jsonl"
    docs.write_text(
        f'{{"url": "{uri}", "text": "{sentence(1)}", "language": "en"}}\n'
        f'{{"url": "x:2", "text": "{sentence(2)}", "language": "en"}}\n',
        "utf-8",
    )
    index_paths([docs], tmp_path / "index", WordEmbedder())
    assert [row[3] for row in starter(tmp_path, 9)] == ["x:2", ""]


@given(st.text(st.sampled_from("=+-@\t\r\n;,\"' aé"), min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_no_cell_of_any_reading_begins_a_formula(tmp_path_factory: pytest.TempPathFactory, head: str) -> None:
    folder = tmp_path_factory.mktemp("formula")
    with new_store(folder / "index") as store:
        put(store, "a", [head + sentence(1), sentence(2)])
    starter(folder, 9)
    text = (folder / "starter-9.csv").read_text("utf-8-sig")
    for delimiter in ",;\t":
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            assert not any(cell.strip().startswith(("=", "+", "-", "@")) for cell in cells)


def test_left_out_are_headings_repetitions_and_what_is_too_short_or_long(tmp_path: Path) -> None:
    with new_store(tmp_path / "index") as store:
        put(store, "a", [sentence(1), "x" * 39, "y" * 40, "z" * 300, "w" * 301])
        put(store, "b", [sentence(1), sentence(2)])  # the first stands in two documents: which of them answers?
        put(store, "c", [sentence(3)], role=Role.HEADING)
    assert {row[2] for row in starter(tmp_path, 9)} == {"y" * 40, "z" * 300, sentence(2), ""}


def test_of_two_documents_at_one_address_neither_is_named(tmp_path: Path) -> None:
    for number in (1, 2):
        record = f'{{"url": "x:1", "text": "{sentence(number)}", "language": "en"}}\n'
        (tmp_path / f"{number}.jsonl").write_text(record, "utf-8")
    (tmp_path / "3.txt").write_text(sentence(3), "utf-8")
    index_paths([tmp_path / name for name in ("1.jsonl", "2.jsonl", "3.txt")], tmp_path / "index", WordEmbedder())
    assert [row[2] for row in starter(tmp_path, 9)] == [sentence(3), ""]


def test_a_language_that_cannot_be_asked_in_is_left_out(tmp_path: Path) -> None:
    with new_store(tmp_path / "index") as store:
        put(store, "a", [sentence(1)], language="und")
        put(store, "b", [sentence(2)], language="xx")
        put(store, "c", ["Kort."], language="nl")
        put(store, "d", [sentence(3)])
    assert [row[1:3] for row in starter(tmp_path, 9)] == [["en", sentence(3)], ["en", ""], ["nl", ""]]


def test_an_existing_file_is_not_written_over(tmp_path: Path) -> None:
    with new_store(tmp_path / "index") as store:
        put(store, "a", [sentence(1)])
    out = tmp_path / "questions.csv"
    out.write_text("an evening's work", "utf-8")
    with pytest.raises(DatasetError, match=r"questions\.csv exists, and may hold questions: name another file"):
        write_starter(tmp_path / "index", out)
    assert out.read_text("utf-8") == "an evening's work"


def test_what_is_wrong_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing):
        write_starter(tmp_path / "index", tmp_path / "out.csv")
    with new_store(tmp_path / "index") as store:
        put(store, "a", ["Too short."])
    with pytest.raises(DatasetError, match="has no sentence of 40 to 300 characters"):
        write_starter(tmp_path / "index", tmp_path / "out.csv")
    with pytest.raises(DatasetError, match="for 0 questions has nothing in it"):
        write_starter(tmp_path / "index", tmp_path / "out.csv", questions=0)
    with new_store(tmp_path / "index") as store:
        put(store, "a", [sentence(1)])
    with pytest.raises(DatasetError, match=r"cannot write .*out\.csv \(No such file or directory\)"):
        write_starter(tmp_path / "index", tmp_path / "gone" / "out.csv")
    assert not (tmp_path / "out.csv").exists()
