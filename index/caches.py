"""The two search caches of an index, kept in step with its store by the store's generation number."""

from __future__ import annotations

from collections.abc import Iterable

from index.errors import IndexNotWritable
from index.lexical import LexicalEntry, LexicalIndex
from index.store import Store
from index.vectors import KINDS, VectorIndex

__all__ = ["are_current", "open_caches", "refresh_caches"]

VECTORS, LEXICAL = "vectors", "lexical"


def open_caches(store: Store) -> tuple[VectorIndex, LexicalIndex]:
    """The caches in the store's folder where they are up to date, else made from the store, in memory."""
    lexical = LexicalIndex.open(store.folder / LEXICAL)
    if lexical.generation != store.generation:
        lexical = LexicalIndex.open(None)
        _fill(lexical, store, None)
    return VectorIndex.load(store.folder / VECTORS, store), lexical


def are_current(store: Store) -> bool:
    """Whether the caches in the store's folder are those of its generation, so that opening them is quick."""
    generation = store.generation
    lexical = LexicalIndex.open(store.folder / LEXICAL).generation
    return lexical == VectorIndex.generation(store.folder / VECTORS) == generation


def refresh_caches(store: Store, since: int, languages: Iterable[str], documents: set[str]) -> None:
    """Writes into the store's folder what changed since generation `since`: in these languages, these documents.

    A cache that is not of that generation is made anew. Raises IndexNotWritable; the store keeps everything.
    """
    try:
        VectorIndex.refresh(store.folder / VECTORS, store, since=since, languages=languages, documents=documents)
        lexical = LexicalIndex.open(store.folder / LEXICAL)
        if lexical.generation != store.generation:
            _fill(lexical, store, documents if lexical.generation == since else None)
    except OSError as error:
        raise IndexNotWritable(
            f"all documents are committed, but the search files in {store.folder} could not be written ({error}): "
            "make room and run `dragoman index` again"
        ) from error


def _fill(lexical: LexicalIndex, store: Store, documents: set[str] | None) -> None:
    """Brings the keyword index to the store's generation: these documents alone, or everything anew."""
    if documents is None:
        lexical.clear()
    entries = (
        LexicalEntry(key, kind, document, language, text)
        for kind in KINDS
        for key, document, language, text in store.texts(kind, documents)
    )
    lexical.update(remove_documents=documents or (), add=entries, generation=store.generation)
