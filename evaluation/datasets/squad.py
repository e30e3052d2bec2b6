"""Files in the format of SQuAD 1.1 and 2.0 (Rajpurkar et al. 2016, 2018, arXiv:1606.05250 and arXiv:1806.03822).

MLQA, XQuAD, FQuAD and others share it: articles of paragraphs, each a context with questions whose answers stand in it.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from evaluation.datasets.corpora import Record, Records
from evaluation.datasets.languages import language_of_questions, named_languages
from evaluation.datasets.reading import FILE_LIMIT, decoded, identifier, json_value, member, read_data, shown
from evaluation.errors import DatasetError
from evaluation.types import Dataset, EvaluationQuestion, Gold
from index.language import document_language
from index.sources.pieces import clean

__all__ = ["read_squad"]

GZIP = b"\x1f\x8b"


def read_squad(path: Path, *, language: str | None = None) -> Dataset:
    """Each context a document, `squad:<name>/<article>.<paragraph>`, counted from 1; each question about all of them.

    The languages are `language`, else those that the file's name says, else what the texts read like. A question that
    is marked impossible or has no answer is a near-miss. Raises DatasetError, which names the question.
    """
    data = _unpacked(read_data(path), path)
    name = path.name.removesuffix(".gz").removesuffix(".json")
    named = named_languages(name, language, str(path))
    paragraphs = list(
        _paragraphs(json_value(decoded(data, path), str(path)), path, quote(name, safe="", errors="surrogatepass"))
    )
    asked = [question for paragraph in paragraphs for question in _questions(paragraph)]
    if not asked:
        raise DatasetError(f"{path} has no questions: is it a SQuAD file with its 'qas'?")
    _require_distinct(asked, path)
    spoken = named.questions or language_of_questions((question.text for question in asked), str(path))
    records = (Record(p.uri, p.title, p.context, named.documents or document_language(p.context)) for p in paragraphs)
    return Dataset(
        name=name,
        fingerprint=hashlib.sha256(data).hexdigest(),
        questions=tuple(question.spoken_in(spoken) for question in asked),
        corpus=Records(name, tuple(records)),
        note=named.note,
    )


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """`where` names it in an error."""

    uri: str
    where: str
    title: str
    context: str
    rows: list[object]


@dataclass(frozen=True, slots=True)
class _Question:
    """A question before its language is known."""

    id: str
    text: str
    golds: tuple[Gold, ...]

    def spoken_in(self, language: str) -> EvaluationQuestion:
        kind = "plain" if self.golds else "near-miss"
        return EvaluationQuestion(self.id, self.text, language, kind=kind, group=self.id, golds=self.golds)


def _unpacked(data: bytes, path: Path) -> bytes:
    if not data.startswith(GZIP):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            unpacked = stream.read(FILE_LIMIT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path}: damaged gzip ({error}): fetch it again") from error
    if len(unpacked) > FILE_LIMIT:
        raise DatasetError(f"{path}: over {FILE_LIMIT / 1e6:,.0f} MB once unpacked: take a part of it")
    return unpacked


def _paragraphs(value: object, path: Path, name: str) -> Iterator[_Paragraph]:
    for number, article in enumerate(member(value, "data", list, str(path)), start=1):
        where = f"{path}, article {number}"
        paragraphs = member(article, "paragraphs", list, where)
        title = member(article, "title", str, where) if "title" in article else ""
        for place, paragraph in enumerate(paragraphs, start=1):
            yield _paragraph(paragraph, f"squad:{name}/{number}.{place}", f"{where}, paragraph {place}", title)


def _paragraph(value: object, uri: str, where: str, title: str) -> _Paragraph:
    context = member(value, "context", str, where)
    if not context.strip():
        raise DatasetError(f"{where}: the context is empty: leave the paragraph out")
    return _Paragraph(uri, where, title, context, member(value, "qas", list, where))


def _questions(paragraph: _Paragraph) -> Iterator[_Question]:
    for number, row in enumerate(paragraph.rows, start=1):
        where = f"{paragraph.where}, question {number}"
        own = identifier(row, "id", where)
        where = f"{paragraph.where}, question {shown(own)}"
        text = clean(member(row, "question", str, where)).strip()
        if not text:
            raise DatasetError(f"{where}: the question is empty: leave it out")
        yield _Question(own, text, _golds(row, paragraph, where))


def _golds(row: object, paragraph: _Paragraph, where: str) -> tuple[Gold, ...]:
    if not isinstance(row, dict) or row.get("is_impossible") is True or "answers" not in row:
        return ()
    answers = member(row, "answers", list, where)
    return tuple(dict.fromkeys(_gold(answer, paragraph, f"{where}, answer") for answer in answers))


def _gold(answer: object, paragraph: _Paragraph, where: str) -> Gold:
    text, start = member(answer, "text", str, where), member(answer, "answer_start", int, where)
    if not text.strip():
        raise DatasetError(f"{where}: the text is empty: leave the answer out")
    there = paragraph.context[max(0, start) : max(0, start + len(text))]
    if there != text:
        raise DatasetError(
            f"{where} {shown(text)} does not stand at character {start} of its context, where {shown(there)} stands: "
            "count in Unicode code points from 0"
        )
    # On its way into the index a text is cleaned, which makes one character of a line end of two.
    return Gold(paragraph.uri, clean(text), len(clean(paragraph.context[:start])))


def _require_distinct(questions: list[_Question], path: Path) -> None:
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            raise DatasetError(f"{path}: two questions have the id {shown(question.id)}: give each its own")
        seen.add(question.id)
