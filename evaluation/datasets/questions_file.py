"""Questions as our own sets write them down, and as an operator does in a spreadsheet.

JSON lines (.jsonl, .ndjson), a list in JSON (.json), or a table with a header row (.csv, .tsv), in UTF-8. A row has

    question   what is asked
    language   what it is asked in; may be left out where one is named for all
    answer     the words of a document that answer, or in JSON a list of such
    file       the document that they stand in; without it, wherever they stand
    gold       in JSON, in place of the two: {file: words or a list of such}, one for each version of the document
    kind       plain, paraphrase, typo, follow-up, off-topic, near-miss or false-premise
    id, fact   the row's own name, and that of the fact it asks for, which rows can share
    history    what was asked before, in JSON a list, in a table with " | " between
    split      tune or test

Only `question` has to be there. A question without an answer is one that the documents do not answer.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.question import checked_text
from evaluation.datasets.languages import language_in
from evaluation.datasets.reading import decoded, json_lines, json_value, read_data, shown
from evaluation.errors import DatasetError
from evaluation.types import UNANSWERABLE, Dataset, EvaluationQuestion, Gold
from index.errors import QuestionError
from index.sources.pieces import clean

__all__ = ["read_questions"]

TABLE_KEYS = ("question", "language", "answer", "file", "kind", "id", "fact", "history", "split")
KEYS = (*TABLE_KEYS, "gold")

KINDS = ("plain", "paraphrase", "typo", "follow-up", *UNANSWERABLE)
SPLITS = ("tune", "test")

DELIMITERS = ",;\t"
"""Where the comma is in numbers, spreadsheets write semicolons."""

BETWEEN_TURNS = " | "


def read_questions(path: Path, *, language: str | None = None) -> Dataset:
    """The questions of the file; `language` is that of those that name none.

    Rows of a table that ask nothing are passed over, as the note says. Files that answer one question are versions of
    one article. Raises DatasetError, which names the row.
    """
    data = read_data(path)
    rows = list(_rows(path, decoded(data, path)))
    asking = [row for row in rows if not (row.in_table and not row.text("question"))]
    passed_over = _counted(len(rows) - len(asking))
    default = language_in(language, "the language for all")
    questions = tuple(_question(row, default) for row in asking)
    if not questions:
        raise DatasetError(f"{path} has no questions{passed_over and f' ({passed_over})'}: write one a row")
    _require_distinct(asking, questions)
    return Dataset(
        name=path.stem,
        fingerprint=hashlib.sha256(data).hexdigest(),
        questions=questions,
        articles=_articles(questions),
        note=passed_over,
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """A row before it is looked at. `where` names file and row; absent is what is None or empty."""

    number: int
    where: str
    in_table: bool
    values: Mapping[str, object]

    def error(self, message: str) -> DatasetError:
        return DatasetError(f"{self.where}: {message}")

    def text(self, key: str) -> str:
        """The text at `key`, without white space around it; "" where absent."""
        value = self.values.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.error(f"{key} should be a text, and is {shown(value)}")
        return clean(value).strip()

    def name(self, key: str, default: str) -> str:
        """The text or whole number at `key`."""
        value = self.values.get(key)
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else self.text(key) or default

    def texts(self, key: str) -> tuple[str, ...]:
        """The text or texts at `key`."""
        return self.texts_of(self.values.get(key), key)

    def texts_of(self, value: object, key: str) -> tuple[str, ...]:
        """`value` as texts, each with something in it."""
        if value is None or value == "":
            return ()
        found = value if isinstance(value, list) else [value]
        return tuple(self._filled(text, key) for text in found)

    def _filled(self, text: object, key: str) -> str:
        if not isinstance(text, str) or not text.strip():
            raise self.error(f"{key} should be a text or a list of texts, and has {shown(text)}")
        return clean(text).strip()

    def choice(self, key: str, known: tuple[str, ...], default: str) -> str:
        """One of the known words."""
        word = self.text(key).lower() or default
        if word and word not in known:
            raise self.error(
                f"{key} {shown(word)} is none of {', '.join(known)}: did you mean {_nearest(word, known)}?"
            )
        return word


def _rows(path: Path, text: str) -> Iterator[_Row]:
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv"):
        yield from _table(path, text)
    elif suffix in (".jsonl", ".ndjson"):
        for number, where, value in json_lines(text, path):
            yield _of_object(number, where, value)
    elif suffix == ".json":
        values = json_value(text, str(path))
        if not isinstance(values, list):
            raise DatasetError(f"{path}: should be a list of questions, and is {shown(values)}")
        for number, value in enumerate(values, start=1):
            yield _of_object(number, f"{path}, record {number}", value)
    else:
        raise DatasetError(f"{path}: a file of questions ends in .jsonl, .ndjson, .json, .csv or .tsv: rename it")


def _of_object(number: int, where: str, value: object) -> _Row:
    if not isinstance(value, dict):
        raise DatasetError(f"{where}: should be an object with a question, and is {shown(value)}")
    for key in value:
        _require_known(key, KEYS, where)
    return _Row(number, where, False, value)


def _table(path: Path, text: str) -> Iterator[_Row]:
    lines = _cells(path, text)
    header = [cell.strip().lower() for cell in next(lines, [])]
    where = f"{path}, row 1"
    for column in filter(None, header):
        if column == "gold":
            raise DatasetError(f"{where}: gold is for JSON: use the columns answer and file")
        _require_known(column, TABLE_KEYS, where)
        if header.count(column) > 1:
            raise DatasetError(f"{where}: two columns are called {column}: keep one")
    if "question" not in header:
        raise DatasetError(f"{where}: should name the columns, one of them question, and has {shown(header)}")
    for number, cells in enumerate(lines, start=2):
        yield _of_cells(number, f"{path}, row {number}", header, cells)


def _cells(path: Path, text: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        yield from reader
    except csv.Error as error:
        raise DatasetError(
            f"{path}, line {reader.line_num}: not a table ({error}): save it anew from a spreadsheet"
        ) from error


def _delimiter(text: str) -> str:
    """The one that divides the header into the most names of columns."""
    header = text.partition("\n")[0].lower()
    return max(DELIMITERS, key=lambda mark: sum(cell.strip(' "\r') in TABLE_KEYS for cell in header.split(mark)))


def _of_cells(number: int, where: str, header: list[str], cells: list[str]) -> _Row:
    values: dict[str, object] = {}
    for at, cell in enumerate(cells):
        column = header[at] if at < len(header) else ""
        if column:
            values[column] = cell.strip()
        elif cell.strip():
            raise DatasetError(
                f"{where}: {shown(cell)} stands in a column without a name: quote cells that hold commas"
            )
    turns = str(values.get("history", "")).split(BETWEEN_TURNS)
    values["history"] = [turn for turn in turns if turn.strip()]
    return _Row(number, where, True, values)


def _require_known(key: str, known: tuple[str, ...], where: str) -> None:
    if key not in known:
        raise DatasetError(f"{where}: unknown {shown(key)}: did you mean {_nearest(key, known)}?")


def _nearest(word: str, known: Iterable[str]) -> str:
    return difflib.get_close_matches(word[:80], known, n=1, cutoff=0)[0]


def _question(row: _Row, default: str | None) -> EvaluationQuestion:
    golds = _golds(row)
    kind = row.choice("kind", KINDS, "plain" if golds else "near-miss")
    if golds and kind in UNANSWERABLE:
        raise row.error(f"{kind} is for what the documents do not answer, and here is an answer: leave one of them out")
    if not golds and kind not in UNANSWERABLE:
        raise row.error(f"{kind} is for what the documents answer: give the answer, or say {', '.join(UNANSWERABLE)}")
    own = row.name("id", str(row.number))
    return EvaluationQuestion(
        id=own,
        text=_asked(row),
        language=_language(row, default),
        kind=kind,
        group=row.name("fact", own),
        golds=golds,
        history=row.texts("history"),
        split=row.choice("split", SPLITS, ""),
    )


def _asked(row: _Row) -> str:
    text = row.text("question")
    try:
        checked_text(text)
    except QuestionError as error:
        raise row.error(str(error)) from error
    return text


def _language(row: _Row, default: str | None) -> str:
    language = language_in(row.text("language") or None, row.where) or default
    if language is None:
        raise row.error("no language: give each row one, such as nl or pt-BR, or name one for all")
    return language


def _golds(row: _Row) -> tuple[Gold, ...]:
    answers, file, gold = row.texts("answer"), row.text("file"), row.values.get("gold")
    if file and not answers:
        raise row.error("a file and no answer: copy the words that answer from it, or leave it out")
    if gold in (None, {}):
        return tuple(Gold(file or None, answer) for answer in answers)
    if answers:
        raise row.error("both gold and answer: leave one of them out")
    if not isinstance(gold, dict) or not all(name.strip() for name in gold):
        raise row.error(f"gold should be an object, file to words that answer, and is {shown(gold)}")
    golds = tuple(Gold(clean(name).strip(), text) for name in gold for text in row.texts_of(gold[name], "gold"))
    if not golds:
        raise row.error("gold names files and no words that answer: copy them from the files, or leave it out")
    return golds


def _require_distinct(rows: Iterable[_Row], questions: Iterable[EvaluationQuestion]) -> None:
    seen: dict[str, str] = {}
    for row, question in zip(rows, questions, strict=True):
        if question.id in seen:
            raise row.error(f"id {shown(question.id)} is that of {seen[question.id]} too: give each its own")
        seen[question.id] = row.where.rpartition(", ")[2]


def _articles(questions: Iterable[EvaluationQuestion]) -> dict[str, str]:
    """The article of each file that shares a question with another, named by the alphabetically first of its files."""
    before: dict[str, str] = {}

    def first(file: str) -> str:
        while before[file] != file:
            before[file] = before[before[file]]
            file = before[file]
        return file

    for question in questions:
        files = sorted({gold.document for gold in question.golds if gold.document is not None})
        if len(files) < 2:
            continue  # alone it says nothing, and may have an article that it declares itself
        for file in files:
            before.setdefault(file, file)
            low, high = sorted((first(files[0]), first(file)))
            before[high] = low
    return {file: first(file) for file in sorted(before)}


def _counted(rows: int) -> str:
    if not rows:
        return ""
    return (
        "1 row without a question was passed over" if rows == 1 else f"{rows} rows without a question were passed over"
    )
