"""Data from outside, read for a dataset: bytes, text and JSON, with an error of one line for whatever is wrong."""

from __future__ import annotations

import json
import reprlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from evaluation.errors import DatasetError
from index.errors import SourceError
from index.sources.opening import read_bytes
from index.sources.pieces import clean

__all__ = [
    "FILE_LIMIT",
    "decoded",
    "identifier",
    "json_lines",
    "json_value",
    "member",
    "read_data",
    "shown",
]

FILE_LIMIT = 500_000_000
"""Bytes; a dataset's file is held in memory as a whole."""

T = TypeVar("T")

IN_WORDS: Mapping[type, str] = {str: "a text", list: "a list", dict: "an object", int: "a whole number"}

_SHORT = reprlib.Repr()
_SHORT.maxstring = 80
_SHORT.maxlevel = 2


def read_data(path: Path) -> bytes:
    """The bytes of a dataset's file. Raises DatasetError, also over FILE_LIMIT."""
    try:
        return read_bytes(path, FILE_LIMIT)
    except SourceError as error:
        raise DatasetError(f"cannot read {path}: {error}") from error


def decoded(data: bytes, path: Path) -> str:
    """The text of a file in UTF-8, with or without a byte order mark. Raises DatasetError."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DatasetError(
            f"{path}, line {line}: not UTF-8 (byte 0x{data[error.start]:02x}): save the file as UTF-8"
        ) from error


def json_value(text: str, where: str) -> object:
    """What the JSON says. Raises DatasetError that begins with `where`."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise DatasetError(f"{where}: nested too deep") from error
    except json.JSONDecodeError as error:
        line = f"line {error.lineno}, " if error.lineno > 1 else ""
        raise DatasetError(f"{where}: not JSON ({error.msg}: {line}column {error.colno})") from error
    except ValueError as error:
        raise DatasetError(f"{where}: a number of thousands of digits") from error


def json_lines(text: str, path: Path) -> Iterator[tuple[int, str, object]]:
    """`(number, where, value)` of each line that is not blank: numbers count from 1, `where` names file and line."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            where = f"{path}, line {number}"
            yield number, where, json_value(line, where)


def member(holder: object, key: str, kind: type[T], where: str) -> T:
    """`holder[key]`, where `holder` is a JSON object that has it and it is of that kind, else DatasetError."""
    if not isinstance(holder, dict):
        raise DatasetError(f"{where}: should be an object with {key!r}, and is {shown(holder)}")
    if key not in holder:
        raise DatasetError(f"{where}: has no {key!r}")
    value = holder[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise DatasetError(f"{where}: {key!r} should be {IN_WORDS[kind]}, and is {shown(value)}")
    return value


def identifier(holder: object, key: str, where: str) -> str:
    """`holder[key]`, a text or, as some sets write their ids, a whole number. Raises DatasetError."""
    numbered = isinstance(holder, dict) and isinstance(holder.get(key), int)
    return str(member(holder, key, int, where)) if numbered else clean(member(holder, key, str, where))


def shown(value: object) -> str:
    """The value in an error: on one line, and not for longer than a reader wants it."""
    return _SHORT.repr(value)
