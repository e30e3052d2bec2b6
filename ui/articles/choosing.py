"""Which articles and languages are asked for, and an article with its versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import unquote

from bot.question import checked_language
from index.errors import DragomanError
from index.store import Store
from index.types import FoundBy, Version
from ui.articles.putting import one_line
from ui.console import readable

__all__ = ["Article", "chosen_languages", "find_article", "read_articles"]

NAMED = 3


@dataclass(frozen=True, slots=True)
class Article:
    """An article with its versions, the one in English first; `aligned` is the share of sentences in a statement."""

    id: str
    versions: tuple[Version, ...]
    aligned: float | None

    @property
    def title(self) -> str:
        return self.versions[0].title or readable(self.versions[0].source_uri)

    @property
    def found_by(self) -> FoundBy:
        """How its weakest version was found."""
        order = list(FoundBy)
        return max((version.found_by for version in self.versions), key=order.index)

    @property
    def score(self) -> float | None:
        """The lowest of its versions that were found by their content."""
        scores = [version.score for version in self.versions if version.score is not None]
        return min(scores, default=None)


def chosen_languages(codes: Sequence[str]) -> set[str]:
    """The languages of these codes. Raises QuestionError for what is none."""
    return {language for code in codes if (language := checked_language(code))}


def find_article(store: Store, show: str) -> str:
    """The one article with this id, or with a version of this title or at this place.

    Raises DragomanError where it is not just one.
    """
    found: dict[str, Version] = {}
    at_the_end: set[str] = set()
    for version in store.articles.versions():
        if version.article == show:
            return show
        ends, is_there = _lies_at(version.source_uri, show)
        ends |= bool(show) and one_line(version.title).casefold() == one_line(show).casefold()
        if ends or is_there or (show and version.article.startswith(show)):
            found.setdefault(version.article, version)
        if ends:
            at_the_end.add(version.article)
    articles = sorted(at_the_end) if len(at_the_end) == 1 else sorted(found)
    if len(articles) == 1:
        return articles[0]
    if not articles:
        raise DragomanError(
            f"no article has the id or the title {show!r}, or a version at such a place: "
            "`dragoman articles --all` lists them"
        )
    named = ", ".join(f"{article} ({one_line(found[article].title)})" for article in articles[:NAMED])
    more = ", ..." if len(articles) > NAMED else ""
    raise DragomanError(f"{len(articles):,} articles match {show!r}: {named}{more}; name one by its id")


def _lies_at(uri: str, show: str) -> tuple[bool, bool]:
    """Whether the address ends in `show`, and whether it has it, as whole names; the last may lack its suffix."""
    address = unquote(uri)
    folder, slash, name = address.rpartition("/")
    forms = [f"/{form}/" for form in {address, folder + slash + name.rpartition(".")[0] or name}]
    wanted = f"/{show.removeprefix('./').strip('/')}/"
    if wanted == "//":
        return False, False
    return any(form.endswith(wanted) for form in forms), any(wanted in form for form in forms)


def read_articles(store: Store, only: str | None = None) -> Iterator[Article]:
    """The articles of the index, or only the one with this id."""
    versions = store.articles.versions(None if only is None else [only])
    for article, of_article in groupby(versions, key=lambda version: version.article):
        yield _with_alignment(store, article, list(of_article))


def _with_alignment(store: Store, article: str, versions: Sequence[Version]) -> Article:
    aligned = {sentence for statement in store.articles.statements_of(article).values() for sentence in statement}
    sentences = sum(version.sentences for version in versions)
    english_first = sorted(versions, key=lambda version: version.language != "en")
    return Article(article, tuple(english_first), min(1.0, len(aligned) / sentences) if sentences else None)
