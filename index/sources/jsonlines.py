"""JSON lines, plain or in gzip, and JSON files that hold a list: one record is one document.

A record is an object with `paragraphs` (a list of strings) or `text` (a string), and as it likes `title`, `language`
(or `lang`), `url`, `article` and `id`. Other keys are allowed and mean nothing here.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from index.errors import SourceError
from index.sources.encoding import BrokenUtf8, decode
from index.sources.opening import SIZE_LIMIT
from index.sources.pieces import clean
from index.sources.records import document_of_record
from index.types import Skipped, SourceDocument

RECORD_LIMIT = 10_000_000
EXPANDED_LIMIT = 4 * SIZE_LIMIT
_MOST_CONTAINERS = 2_000_000
_BETWEEN = re.compile(r"[ \t\n\r]*")
Found: TypeAlias = "tuple[int, object | SourceError]"
"""The number of a record, from 1, and its JSON value or why it has none."""


def read_json_lines(data: bytes, uri: str) -> Iterator[SourceDocument | Skipped]:
    """A document for each line that holds a record, and a Skipped that names the line for each other one."""
    try:
        data = clean(decode(data)).encode()
    except BrokenUtf8:  # then only the broken lines are lost
        data = data.removeprefix(b"\xef\xbb\xbf")
    yield from _documents(_of_lines(io.BytesIO(data)), uri, "line")


def read_gzipped_json_lines(data: bytes, uri: str) -> Iterator[SourceDocument | Skipped]:
    """As `read_json_lines`, out of gzip, in UTF-8. Raises SourceError where it is no gzip, or expands too far."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            yield from _documents(_of_lines(file), uri, "line")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(f"damaged gzip ({error})") from error


def read_json(data: bytes, uri: str) -> Iterator[SourceDocument | Skipped]:
    """A document for each record of a list, or for the one record that the file is."""
    yield from _documents(_of_list(decode(data)), uri, "record")


def _documents(records: Iterable[Found], uri: str, unit: str) -> Iterator[SourceDocument | Skipped]:
    taken: dict[str, int] = {}
    for number, record in records:
        try:
            if isinstance(record, SourceError):
                raise record
            document = document_of_record(record, uri, number)
            first = taken.setdefault(document.uri, number)
            if first != number:
                raise SourceError(f"same address as {unit} {first}: {document.uri}")
            yield document
        except SourceError as error:
            yield Skipped(f"{uri}#{number}", f"{unit} {number}: {error}")


def _of_lines(file: io.BufferedIOBase) -> Iterator[Found]:
    number, size, is_rest = 0, 0, False
    while line := file.readline(RECORD_LIMIT + 1):
        size += len(line)
        if size > EXPANDED_LIMIT:
            raise SourceError(f"over the size limit ({EXPANDED_LIMIT / 1e6:,.0f} MB once expanded)")
        if not is_rest:
            number += 1
            if line.strip():
                yield number, _parsed_line(line)
        is_rest = not line.endswith(b"\n")


def _parsed_line(line: bytes) -> object | SourceError:
    try:
        return _parsed(line.decode("utf-8-sig"))[0] if len(line) <= RECORD_LIMIT else _too_long()
    except UnicodeDecodeError as error:
        return SourceError(f"malformed record (mis-encoded: byte {error.start} of the line is not UTF-8)")
    except SourceError as error:
        return error


def _too_long() -> SourceError:
    return SourceError(f"malformed record (over {RECORD_LIMIT / 1e6:,.0f} MB)")


def _of_list(text: str) -> Iterator[Found]:
    """One element at a time, so that those before a fault are read; where the fault ends, nobody can tell."""
    if text.count("[") + text.count("{") > _MOST_CONTAINERS:
        raise SourceError("malformed JSON (too many lists and objects for a file of documents)")
    at = _skip(text, 0)
    if not text.startswith("[", at):
        yield 1, _parsed(text)[0]
        return
    at, number = _skip(text, at + 1), 0
    while not text.startswith("]", at):
        number += 1
        try:
            record, at = _parsed(text, at, alone=False)
        except SourceError as error:
            yield number, error
            return
        yield number, record
        at = _skip(text, at)
        if text.startswith(",", at):
            at = _skip(text, at + 1)
        elif not text.startswith("]", at):
            yield number + 1, SourceError("malformed record (the list is not closed)")
            return


def _skip(text: str, at: int) -> int:
    found = _BETWEEN.match(text, at)
    return found.end() if found else at


def _parsed(text: str, at: int = 0, *, alone: bool = True) -> tuple[object, int]:
    """The JSON value of `text` from `at`, and where it ends; `alone`: nothing but white space is around it."""
    try:
        return (json.loads(text), len(text)) if alone else json.JSONDecoder().raw_decode(text, at)
    except RecursionError as error:
        raise SourceError("malformed record (nested too deep)") from error
    except json.JSONDecodeError as error:
        raise SourceError(f"malformed record (not JSON: {error.msg} at character {error.pos + 1})") from error
    except ValueError as error:
        raise SourceError("malformed record (a number of thousands of digits)") from error
