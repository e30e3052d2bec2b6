"""The beginning of a set of questions about an operator's own documents: a spreadsheet with answers, to fill in."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bot.question import checked_language
from evaluation.errors import DatasetError
from index.errors import QuestionError
from index.store import Store

__all__ = ["write_starter"]

HEADER = ("question", "language", "answer", "file", "kind")

SHORTEST, LONGEST = 40, 300
"""Characters of a sentence that is worth a question."""

FORMULA = re.compile(r"""(?:^|[,;"'\t\n\r])\s*[=+\-@＝＋－＠]""")
"""What a spreadsheet may take for a formula, also in the middle of a text, where it is set to divide cells there."""

CHANGEABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\ufeff\ufffd]")
"""What might not come back from a spreadsheet as it was."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class _Candidate:
    language: str
    uri: str
    text: str


def write_starter(index: Path, out: Path, *, questions: int = 20) -> int:
    """Writes a CSV of so many sentences of the documents, each to be asked for, and gives back how many rows it has.

    The sentences are spread evenly over the languages and in each over the documents; the same index gives the same
    file. For each language there follows a row for a question that the documents do not answer. Nothing in the file is
    a formula to a spreadsheet. Raises DatasetError where `out` exists or cannot be written, or where no sentence fits;
    StoreError where the index cannot be read.
    """
    if questions < 1:
        raise DatasetError(f"a file for {questions} questions has nothing in it: ask for 1 or more")
    with Store.open_to_read(index) as store, store.snapshot():
        languages = sorted(filter(_can_be_asked_in, store.languages()))
        chosen = _spread(_candidates(store, languages), questions)
    if not chosen:
        raise DatasetError(
            f"the index in {index} has no sentence of {SHORTEST} to {LONGEST} characters to ask for: index more"
        )
    rows = [("", candidate.language, candidate.text, candidate.uri, "") for candidate in chosen]
    rows += [("", language, "", "", "near-miss") for language in languages]
    _write(rows, out)
    return len(rows)


def _can_be_asked_in(language: str) -> bool:
    """Not where a document's language is unknown, or what it declares is no language."""
    try:
        return checked_language(language) == language
    except QuestionError:
        return False


def _candidates(store: Store, languages: Sequence[str]) -> list[_Candidate]:
    """By language, then document, then place.

    Left out are texts that stand in several places, of which none is the one answer, and documents of one URI.
    """
    uris = {document.id: document.source_uri for document in store.documents()}
    named = Counter(uris.values())
    found = [
        _Candidate(language, uris[document], text)
        for _, document, language, text in store.texts("sentence")
        if language in languages and named[uris[document]] == 1
    ]
    times = Counter(candidate.text for candidate in found)
    fit = (candidate for candidate in found if times[candidate.text] == 1 and _fits(candidate))
    return sorted(fit, key=lambda candidate: (candidate.language, candidate.uri))


def _fits(candidate: _Candidate) -> bool:
    cells = (candidate.text, candidate.uri)
    return SHORTEST <= len(candidate.text) <= LONGEST and not any(map(_is_risky, cells))


def _is_risky(cell: str) -> bool:
    return FORMULA.search(cell) is not None or CHANGEABLE.search(cell) is not None


def _spread(candidates: Sequence[_Candidate], count: int) -> list[_Candidate]:
    by_language: Mapping[str, dict[str, list[_Candidate]]] = defaultdict(lambda: defaultdict(list))
    for candidate in candidates:
        by_language[candidate.language][candidate.uri].append(candidate)
    rooms = [sum(map(len, documents.values())) for documents in by_language.values()]
    shares = _shares(rooms, count)
    return [
        candidate
        for documents, share in zip(by_language.values(), shares, strict=True)
        for candidate in _spread_over_documents(list(documents.values()), share)
    ]


def _spread_over_documents(documents: Sequence[Sequence[_Candidate]], count: int) -> Iterator[_Candidate]:
    shares = _shares([len(sentences) for sentences in documents], count)
    for sentences, share in zip(documents, shares, strict=True):
        yield from _spaced(sentences, share)


def _shares(rooms: Sequence[int], count: int) -> list[int]:
    """How many of `count` each gets, as evenly as their rooms allow."""
    shares = [0] * len(rooms)
    left = min(count, sum(rooms))
    while left:
        waiting = [number for number, room in enumerate(rooms) if shares[number] < room]
        served = _spaced(waiting, min(left, len(waiting)))
        for number in served:
            shares[number] += 1
        left -= len(served)
    return shares


def _spaced(items: Sequence[Item], count: int) -> list[Item]:
    """`count` of the items, at even distances."""
    return [items[(2 * number + 1) * len(items) // (2 * count)] for number in range(count)]


def _write(rows: Sequence[Sequence[str]], out: Path) -> None:
    """With a byte order mark, by which spreadsheets know that it is UTF-8."""
    table = io.StringIO(newline="")
    csv.writer(table).writerows([HEADER, *rows])
    try:
        with out.open("xb") as stream:
            stream.write(table.getvalue().encode("utf-8-sig"))
    except FileExistsError as error:
        raise DatasetError(f"{out} exists, and may hold questions: name another file") from error
    except OSError as error:
        raise DatasetError(f"cannot write {out} ({error.strerror or error})") from error
