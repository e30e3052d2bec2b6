from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.datasets.questions_file import read_questions
from evaluation.errors import DatasetError
from evaluation.types import Dataset, EvaluationQuestion, Gold


def lines(folder: Path, *rows: object, language: str | None = None) -> Dataset:
    path = folder / "own.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    return read_questions(path, language=language)


def table(folder: Path, text: str, *, name: str = "own.csv", language: str | None = None) -> Dataset:
    path = folder / name
    path.write_bytes(text.encode())
    return read_questions(path, language=language)


def test_a_row_with_everything(tmp_path: Path) -> None:
    row = {
        "question": "  And how long is it?\r\n",
        "language": "pt-BR",
        "id": "pay-3",
        "gold": {"pay/pt.txt": "seis semanas", "pay/en.txt": ["six weeks", "42 days"]},
        "kind": "follow-up",
        "fact": "pay",
        "history": ["Is there training?", "Who gets it?"],
        "split": "tune",
    }
    assert lines(tmp_path, row).questions == (
        EvaluationQuestion(
            id="pay-3",
            text="And how long is it?",
            language="pt",
            kind="follow-up",
            group="pay",
            golds=(
                Gold("pay/pt.txt", "seis semanas"),
                Gold("pay/en.txt", "six weeks"),
                Gold("pay/en.txt", "42 days"),
            ),
            history=("Is there training?", "Who gets it?"),
            split="tune",
        ),
    )


def test_a_row_with_a_question_alone(tmp_path: Path) -> None:
    dataset = lines(tmp_path, {"question": "How long?", "gold": None, "answer": None, "file": None}, language="en")
    assert dataset.questions == (EvaluationQuestion("1", "How long?", "en", kind="near-miss", group="1"),)
    assert (dataset.name, dataset.corpus, dataset.note, dict(dataset.articles)) == ("own", None, "", {})
    data = (tmp_path / "own.jsonl").read_bytes()
    assert dataset.fingerprint == hashlib.sha256(data).hexdigest()


def test_answers_with_and_without_a_file(tmp_path: Path) -> None:
    rows = [
        {"question": "a?", "answer": "six weeks"},
        {"question": "b?", "answer": ["six weeks", "42 days"], "file": "pay.txt"},
        {"question": "c?", "gold": {}, "kind": "off-topic"},
    ]
    questions = lines(tmp_path, *rows, language="en").questions
    assert [question.golds for question in questions] == [
        (Gold(None, "six weeks"),),
        (Gold("pay.txt", "six weeks"), Gold("pay.txt", "42 days")),
        (),
    ]
    assert [question.kind for question in questions] == ["plain", "plain", "off-topic"]


def test_a_rows_own_language_wins_over_the_one_for_all(tmp_path: Path) -> None:
    dataset = lines(tmp_path, {"question": "a?", "language": "no"}, {"question": "b?"}, language="nl-BE")
    assert [question.language for question in dataset.questions] == ["nb", "nl"]


def test_files_of_one_question_are_versions_of_one_article_also_by_way_of_others(tmp_path: Path) -> None:
    golds = [("d", "c"), ("x", "y"), ("b", "e"), ("alone",), ("c", "b"), ("z", "y", "x"), ("a", "e")]
    dataset = lines(tmp_path, *({"question": "a?", "gold": dict.fromkeys(g, "words")} for g in golds), language="en")
    assert dict(dataset.articles) == dict.fromkeys("abcde", "a") | dict.fromkeys("xyz", "x")


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=3), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_articles_are_what_flooding_finds(tmp_path_factory: pytest.TempPathFactory, golds: list[list[str]]) -> None:
    rows = [{"question": "a?", "gold": dict.fromkeys(files, "words")} for files in golds]
    expected: dict[str, str] = {}
    for start in sorted({file for files in golds if len(set(files)) > 1 for file in files}):
        reached = {start}
        for _ in golds:
            reached |= {file for files in golds if reached & set(files) for file in files}
        expected[start] = min(reached)
    assert dict(lines(tmp_path_factory.getbasetemp(), *rows, language="en").articles) == expected


TABLE = """question,language,answer,file,kind,history,split
How long?,en,"six weeks, paid",pay/en.txt,,,tune
En daarna?,nl,"zij zei ""ja""
en ging",pay/nl.txt,Follow-up,Eerste vraag? | Tweede vraag?,
Quoi ?,fr,,,near-miss,,test
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_spreadsheets_table(tmp_path: Path, delimiter: str, mark: str, end: str) -> None:
    text = TABLE.replace(", paid", "\0").replace(",", delimiter).replace("\0", ", paid").replace("\n", end)
    name = "own.tsv" if delimiter == "\t" else "own.csv"
    assert table(tmp_path, mark + text, name=name).questions == (
        EvaluationQuestion("2", "How long?", "en", "plain", "2", (Gold("pay/en.txt", "six weeks, paid"),), (), "tune"),
        EvaluationQuestion(
            id="3",
            text="En daarna?",
            language="nl",
            kind="follow-up",
            group="3",
            golds=(Gold("pay/nl.txt", 'zij zei "ja"\nen ging'),),
            history=("Eerste vraag?", "Tweede vraag?"),
        ),
        EvaluationQuestion("4", "Quoi ?", "fr", "near-miss", "4", (), (), "test"),
    )


@pytest.mark.parametrize(
    ("rows", "note", "ids"),
    [
        ("a?,en,x\n", "", ["2"]),
        ("a?,en,x\n,en,\n", "1 row without a question was passed over", ["2"]),
        (",en,x\n\n,,\na?,en,x\n", "3 rows without a question were passed over", ["5"]),
    ],
)
def test_rows_that_ask_nothing_are_passed_over_and_counted(
    tmp_path: Path, rows: str, note: str, ids: list[str]
) -> None:
    dataset = table(tmp_path, "Question, language ,answer\n" + rows)
    assert (dataset.note, [question.id for question in dataset.questions]) == (note, ids)


def test_empty_columns_without_a_name_and_short_rows_are_a_spreadsheets_habit(tmp_path: Path) -> None:
    dataset = table(tmp_path, "question;language;kind;;\na?;en;;;\nb?;en\n;;;;\n")
    assert [question.text for question in dataset.questions] == ["a?", "b?"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot read .*own.csv: empty"),
        ("\n", r"row 1: should name the columns, one of them question, and has \[\]"),
        ("language,answer\nen,x\n", "row 1: should name the columns"),
        ("question,langauge\na?,en\n", "row 1: unknown 'langauge': did you mean language?"),
        ("question,gold\na?,en\n", "row 1: gold is for JSON: use the columns answer and file"),
        ("question,file,file\na?,x,y\n", "row 1: two columns are called file"),
        ("question,language\na?,en\n\nWhy, then?,en\n", "row 4: 'en' stands in a column without a name"),
        ("question,language\na?,\n", "row 2: no language"),
        ("question,language\na?,klingon\n", "row 2: 'klingon' is not a language code"),
        ("question,language,file\na?,en,x.txt\n", "row 2: a file and no answer"),
        ("question,language,kind\na?,en,plian\n", "row 2: kind 'plian' is none of .*did you mean plain?"),
        ("question,language,split\na?,en,dev\n", "row 2: split 'dev' is none of tune, test"),
        ("question,language,id\na?,en,3\nb?,en,\n", "row 3: id '3' is that of row 2 too"),
        ("question,language\n,en\n,\n", r"no questions \(2 rows without a question were passed over\)"),
        ("question,language\n", "own.csv has no questions: write one a row"),
        ('question,language\n"a?,en\n', "line 2: not a table .*: save it anew"),
        ("question,language\n" + "a" * 140_000 + ",en\n", "line 2: not a table .*field larger"),
        ("question,language\n???,en\n", "row 2: the question has no letters or digits"),
    ],
)
def test_what_is_wrong_with_a_table_is_one_line_with_its_row(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message) as raised:
        table(tmp_path, text)
    assert "\n" not in str(raised.value)
    assert str(tmp_path / "own.csv") in str(raised.value)


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_another_encoding_is_refused_with_the_remedy(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes("question,language\na?,fr\nOù ?,fr\n".encode(encoding))
    line = 1 if encoding == "utf-16" else 3
    with pytest.raises(DatasetError, match=f"line {line}: not UTF-8 .*: save the file as UTF-8"):
        read_questions(path)


GOOD: dict[str, Any] = {"question": "a?", "language": "en"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([GOOD], r"should be an object with a question, and is \[\{'language'"),
        ({"language": "en"}, "the question is empty"),
        (GOOD | {"question": "\ud800 \0 "}, "the question has no letters or digits"),
        (GOOD | {"question": "a" * 2001}, "the question has 2,001 characters"),
        (GOOD | {"question": ["a?"]}, r"question should be a text, and is \['a\?'\]"),
        (GOOD | {"language": 7}, "language should be a text, and is 7"),
        (GOOD | {"set": "own"}, "unknown 'set': did you mean"),
        (GOOD | {"answers": "x"}, "unknown 'answers': did you mean answer?"),
        (GOOD | {"answer": 7}, "answer should be a text or a list of texts, and has 7"),
        (GOOD | {"answer": ["x", " "]}, "answer should be a text or a list of texts, and has ' '"),
        (GOOD | {"file": "x.txt"}, "a file and no answer"),
        (GOOD | {"gold": "x", "file": None}, "gold should be an object, file to words that answer, and is 'x'"),
        (GOOD | {"gold": {" ": "x"}}, "gold should be an object"),
        (GOOD | {"gold": {"x.txt": {}}}, "gold should be a text or a list of texts, and has {}"),
        (GOOD | {"gold": {"x.txt": []}}, "gold names files and no words that answer"),
        (GOOD | {"gold": {"x.txt": "x"}, "answer": "x"}, "both gold and answer"),
        (GOOD | {"answer": "x", "kind": "near-miss"}, "near-miss is for what the documents do not answer"),
        (GOOD | {"kind": "typo"}, "typo is for what the documents answer"),
        (GOOD | {"kind": True}, "kind should be a text, and is True"),
        (GOOD | {"history": [1]}, "history should be a text or a list of texts, and has 1"),
        (GOOD | {"id": "1"}, "id '1' is that of line 1 too"),
        (GOOD | {"id": 1}, "id '1' is that of line 1 too"),
        (GOOD | {"id": {}}, "id should be a text, and is {}"),
    ],
)
def test_what_is_wrong_with_an_object_is_one_line_with_its_line(tmp_path: Path, row: object, message: str) -> None:
    with pytest.raises(DatasetError, match=f"own.jsonl, line 2: {message}") as raised:
        lines(tmp_path, GOOD, row)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("own.jsonl", '{"question": "a?"\n', "line 1: not JSON .*column"),
        ("own.jsonl", f'{{"question": {"[" * 200_000}', "line 1: nested too deep"),
        ("own.jsonl", f'{{"id": {"1" * 5_000}}}', "line 1: a number of thousands of digits"),
        ("own.jsonl", "\n \r\n", "has no questions"),
        ("own.json", '{"question": "a?"}', "own.json: should be a list of questions, and is {'question'"),
        ("own.json", '[{"question": "a?", "language": "en"}, 7]', "record 2: should be an object"),
        ("own.json", "[\n1,\n}]", "not JSON .*line 3, column 1"),
        ("own.xlsx", "PK", r"a file of questions ends in \.jsonl"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        table(tmp_path, text, name=name)


def test_a_list_in_json_and_blank_lines(tmp_path: Path) -> None:
    rows = [{"question": "a?", "language": "en"}, {"question": "line\u2028separator?", "language": "en"}]
    listed = table(tmp_path, json.dumps(rows, ensure_ascii=False), name="own.json")
    assert [(q.id, q.text) for q in listed.questions] == [("1", "a?"), ("2", "line\u2028separator?")]
    first, second = (json.dumps(row, ensure_ascii=False) for row in rows)
    questions = table(tmp_path, f"\ufeff\r\n{first}\r\n \r\n{second}", name="own.ndjson").questions
    assert [(q.id, q.text) for q in questions] == [("2", "a?"), ("4", "line\u2028separator?")]


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"cannot read .*gone\.csv: unreadable"):
        read_questions(tmp_path / "gone.csv")
    with pytest.raises(DatasetError, match=r"cannot read .*a folder"):
        read_questions(tmp_path)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
KEYS = ("question", "language", "answer", "file", "gold", "kind", "id", "fact", "history", "split")
WORDS = st.sampled_from(["en", "plain", "near-miss", "test", "How?", "x.txt"])


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), WORDS | ANYTHING), max_size=3))
@settings(max_examples=150, deadline=None)
def test_any_objects_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]
) -> None:
    try:
        dataset = lines(tmp_path_factory.getbasetemp(), *rows, language="en")
    except DatasetError as error:
        assert "\n" not in str(error)
    else:
        assert len(dataset.questions) == len(rows)
        str(dataset).encode()
        for question in dataset.questions:
            "".join((question.id, question.text, question.group, *question.history)).encode()  # can be written down
            assert question.answerable == bool(question.golds)


@given(
    st.sampled_from([".csv", ".tsv", ".json", ".jsonl", ".txt"]),
    st.sampled_from([b"", b"\xef\xbb\xbf", b"question,language\n", b"question;language\r\n", b'{"question": ']),
    st.binary(max_size=60) | st.text(st.sampled_from('a,;\t"\r\n\0[]{}:1'), max_size=60).map(str.encode),
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, head: bytes, rest: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / f"hostile{suffix}"
    path.write_bytes(head + rest)
    try:
        read_questions(path, language="en")
    except DatasetError as error:
        assert "\n" not in str(error)
