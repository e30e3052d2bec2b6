"""Finds the golds of a dataset in the documents of an index, and says whether a unit or a quote holds one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import unquote

from bot.question import checked_text
from evaluation.errors import DatasetError
from evaluation.types import Asked, Dataset, EvaluationQuestion, Gold, Place
from index.errors import QuestionError
from index.sources.pieces import one_line
from index.types import Document

__all__ = ["articles_of", "holds", "locate", "relevant"]


def locate(dataset: Dataset, documents: Iterable[Document]) -> list[Asked]:
    """Every question with its places. Raises DatasetError where a gold is not there, or a question cannot be asked."""
    library = _Library(documents)
    return [_asked(question, library) for question in dataset.questions]


def holds(place: Place, start: int, end: int) -> bool:
    """Whether `[start, end)` of the place's document overlaps the place by half of the shorter of the two."""
    if place.span is None:
        return True
    overlap = min(end, place.span[1]) - max(start, place.span[0])
    return overlap > 0 and 2 * overlap >= min(end - start, place.span[1] - place.span[0])


def articles_of(dataset: Dataset, documents: Iterable[Document]) -> dict[str, str]:
    """The article of each document, by URI: the dataset's word, else the document's own, else itself alone."""
    library = _Library(documents)
    articles = {document.source_uri: document.article or document.source_uri for document in library.by_uri.values()}
    for name, article in dataset.articles.items():
        for document in library.named(name):
            articles[document.source_uri] = article
    return articles


class _Library:
    """Documents by URI, and by the parts that a URI can end in: as it stands, and as a person writes it ("é")."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self.by_uri = {document.source_uri: document for document in documents}
        self._by_ending: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for uri in self.by_uri:
            for spelling in {uri, unquote(uri)}:
                self._by_ending[_ending(spelling)].append((spelling, uri))

    def named(self, name: str) -> list[Document]:
        """The document of that URI, else all whose URI ends in that path."""
        if name in self.by_uri:
            return [self.by_uri[name]]
        path = "/" + name.lstrip("/")
        ending = [uri for spelling, uri in self._by_ending[_ending(name)] if spelling.endswith(path)]
        return [self.by_uri[uri] for uri in dict.fromkeys(ending)]


def _ending(uri: str) -> str:
    return uri.rsplit("/", 1)[-1]


def _asked(question: EvaluationQuestion, library: _Library) -> Asked:
    try:
        checked_text(question.text)
    except QuestionError as error:
        raise _error(question, str(error)) from error
    places, in_own_language, texts = [], [], []
    for gold in question.golds:
        found = list(_places(question, gold, library))
        places += found
        if gold.text:
            texts.append(gold.text)
            if any(place.language == question.language for place in found):
                in_own_language.append(gold.text)
    return Asked(question, tuple(dict.fromkeys(places)), tuple(dict.fromkeys(in_own_language or texts)))


def _places(question: EvaluationQuestion, gold: Gold, library: _Library) -> Iterator[Place]:
    if gold.document is None:
        for document in library.by_uri.values():
            for span in _spans(document.text, gold.text or ""):
                yield Place(document.source_uri, document.language, span, gold.grade)
        return
    document = _document(question, gold.document, library)
    if gold.text is None:
        yield Place(document.source_uri, document.language, None, gold.grade)
        return
    spans = _spans(document.text, gold.text)
    if gold.start is not None and (gold.start, gold.start + len(gold.text)) in spans:
        spans = [(gold.start, gold.start + len(gold.text))]
    if not spans:
        raise _error(
            question,
            f"the gold {_shown(gold.text)} does not stand in {document.source_uri}: "
            "copy it from the document word for word",
        )
    for span in spans:
        yield Place(document.source_uri, document.language, span, gold.grade)


def _document(question: EvaluationQuestion, name: str, library: _Library) -> Document:
    found = library.named(name)
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(document.source_uri for document in found[:3])
        raise _error(question, f"{len(found)} documents are called {one_line(name)} ({listed}): name more of the path")
    raise _error(question, f"no document of the index is called {one_line(name)}: is it the right index?")


def _error(question: EvaluationQuestion, message: str) -> DatasetError:
    return DatasetError(f"question {one_line(question.id)}: {message}")


def _spans(text: str, wanted: str) -> list[tuple[int, int]]:
    """Every occurrence, also one that begins inside another."""
    spans = []
    start = text.find(wanted) if wanted.strip() else -1
    while start >= 0:
        spans.append((start, start + len(wanted)))
        start = text.find(wanted, start + 1)
    return spans


def _shown(text: str, most: int = 60) -> str:
    return repr(text if len(text) <= most else f"{text[:most]}…")


def relevant(places: Sequence[Place], languages: Iterable[str]) -> dict[str, int]:
    """The grade of each document in these languages that holds a gold, by URI."""
    spoken = set(languages)
    grades: dict[str, int] = {}
    for place in places:
        if place.language in spoken:
            grades[place.uri] = max(place.grade, grades.get(place.uri, 0))
    return grades
