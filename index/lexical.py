"""Keyword search in every script, over sentences and passages; a cache of the store that can always be rebuilt."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from index.term_index import TermIndex
from index.tokens import terms
from index.types import Kind

__all__ = ["LexicalEntry", "LexicalIndex"]

MAX_QUERY_CHARACTERS = 4_000
MAX_QUERY_TERMS = 128
"""A question is a sentence or two; of a whole document pasted into the box, the beginning is searched for."""


@dataclass(frozen=True, slots=True)
class LexicalEntry:
    """One sentence or passage to be found by its words. `key` is the store's row id of it, 0 or more."""

    key: int
    kind: Kind
    document: str
    language: str
    text: str


class LexicalIndex:
    """BM25 over the terms of sentences and of passages, each kind with its own statistics.

    Reading never waits for a writer, and sees the state as of when this was opened or last updated.
    """

    def __init__(self, sentences: TermIndex, passages: TermIndex) -> None:
        self._kinds: dict[Kind, TermIndex] = {"sentence": sentences, "passage": passages}

    @classmethod
    def open(cls, folder: Path | None) -> Self:
        """The index in `folder`, which may be read-only; an empty one where that is missing, damaged or None."""
        return cls(
            TermIndex.open(folder / "sentences" if folder else None),
            TermIndex.open(folder / "passages" if folder else None),
        )

    @property
    def generation(self) -> int | None:
        """The last update's; None for a new or damaged folder, or after a crash between the commits of the kinds."""
        sentences, passages = (kind.generation for kind in self._kinds.values())
        return sentences if sentences == passages else None

    def clear(self) -> None:
        """Forgets everything, also in the folder. Raises IndexNotWritable."""
        for kind in self._kinds.values():
            kind.clear()

    def update(self, *, remove_documents: Iterable[str], add: Iterable[LexicalEntry], generation: int) -> None:
        """Removes, adds and then commits, the generation (0 or more) with it: after a crash, all of it or none.

        Raises IndexBusy where another process is writing, IndexNotWritable where the disk is read-only or full.
        """
        removed = list(remove_documents)
        with self._kinds["sentence"].writing() as sentences, self._kinds["passage"].writing() as passages:
            writers = {"sentence": sentences, "passage": passages}
            for writer in writers.values():
                writer.remove(removed)
            for entry in add:
                writers[entry.kind].add(entry.key, entry.document, entry.language, terms(entry.text))
            for writer in writers.values():
                writer.commit(generation)

    def search(
        self, query: str, *, kind: Kind, limit: int, languages: Collection[str] | None = None
    ) -> list[tuple[int, float]]:
        """`(key, BM25 score)`, best first, equal scores by key; of documents in `languages` only, where given.

        The query is text and has no syntax. What it holds beyond its first 128 different terms is not looked for.
        """
        return self._kinds[kind].search(_wanted(query), limit, languages)

    def rarities(self, text: str, language: str) -> dict[str, float]:
        """The text's terms, each with its rarity (inverse document frequency) among the sentences of the language."""
        return self._kinds["sentence"].rarities(_wanted(text), language)


def _wanted(text: str) -> list[str]:
    return list(dict.fromkeys(terms(text[:MAX_QUERY_CHARACTERS])))[:MAX_QUERY_TERMS]
