"""FAISS over the store's vectors: one exact index per kind and language, a cache that can always be rebuilt.

A language is searched by itself, so a question never pays for the others and no selector costs recall (ADR 2). Its file
is written anew only when much of it has changed; until then a small file beside it holds what was added since.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import faiss
import numpy as np
from numpy.typing import NDArray

from index.store import Store
from index.types import Kind, Vectors

__all__ = ["KINDS", "VectorIndex"]

CATALOGUE = "vectors.json"
KINDS: tuple[Kind, ...] = get_args(Kind)
MUCH = 0.1
"""A part's file is written anew when so much of it was added or removed since."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The units of one kind in one language: `mean` is `float32 (dim,)`, that of their vectors, `ids` are in order."""

    faiss_index: Any
    mean: NDArray[np.float32]
    ids: NDArray[np.int64]


class VectorIndex:
    """Exact search by inner product over unit vectors. Immutable: `load` and `refresh` give a new one."""

    def __init__(self, parts: dict[tuple[Kind, str], _Part]) -> None:
        self._parts = parts

    @classmethod
    def build(cls, store: Store) -> VectorIndex:
        """From the store alone, in memory."""
        return cls(
            {(kind, language): _build(store, kind, language) for language in store.languages() for kind in KINDS}
        )

    @classmethod
    def load(cls, folder: Path, store: Store) -> VectorIndex:
        """From the files in `folder` where they are of the store's generation, else from the store."""
        try:
            catalogue = _catalogue(folder)
            if catalogue["generation"] == store.generation:
                return cls({_parse(key): _read(folder, entry) for key, entry in catalogue["parts"].items()})
        except (OSError, ValueError, KeyError, TypeError, RuntimeError):
            pass  # missing, damaged or just being replaced: the store has it all
        return cls.build(store)

    @staticmethod
    def generation(folder: Path) -> int | None:
        """That of the files in `folder`; None where there are none that can be read."""
        try:
            return int(_catalogue(folder)["generation"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @staticmethod
    def refresh(folder: Path, store: Store, *, since: int, languages: Iterable[str], documents: Iterable[str]) -> None:
        """Brings the files up to the store's generation, in one atomic step.

        Where they are of generation `since`, only what changed after it is looked at: these documents, in these
        languages; otherwise all is written anew.
        """
        folder.mkdir(parents=True, exist_ok=True)
        everything = set(store.languages())
        if len(_unchanged(folder, store.generation, everything)) == len(everything) * len(KINDS):
            return
        parts = _unchanged(folder, since, everything - set(languages))
        changed = np.array(sorted(documents), dtype=np.bytes_)
        for language in sorted(everything):
            for kind in KINDS:
                key = f"{kind}.{language}"
                if key not in parts:
                    parts[key] = _patched(folder, store, kind, language, since, changed) or _written(
                        folder, store, kind, language
                    )
        temporary = folder / f"{CATALOGUE}.new"
        temporary.write_text(json.dumps({"generation": store.generation, "parts": parts}), "utf-8")
        temporary.replace(folder / CATALOGUE)
        in_use = {entry[name] for entry in parts.values() for name in ("file", "units", "added")}
        for path in (*folder.glob("*.faiss"), *folder.glob("*.npz")):
            if path.name not in in_use:
                path.unlink(missing_ok=True)

    def languages(self) -> list[str]:
        """Those with anything to search."""
        return sorted({language for _, language in self._parts})

    def search(self, kind: Kind, language: str, query: Vectors, limit: int) -> list[tuple[int, float]]:
        """`(id, cosine)` of the nearest units, best first; equal ones in the order of document and place.

        `query` is `float32 (dim,)`, unit length.
        """
        part = self._parts.get((kind, language))
        if part is None or part.faiss_index.ntotal == 0:
            return []
        scores, ids = part.faiss_index.search(query[None, :], min(limit, part.faiss_index.ntotal))
        return [(int(i), float(score)) for i, score in zip(ids[0], scores[0], strict=True) if i >= 0]

    def cosines(self, kind: Kind, language: str, query: Vectors, ids: Iterable[int]) -> dict[int, float]:
        """The cosine of each of these units with `query` (`float32 (dim,)`); unknown ids are left out."""
        part = self._parts.get((kind, language))
        wanted = np.array(sorted(set(ids)), dtype=np.int64)
        if part is None or len(wanted) == 0 or len(part.ids) == 0:
            return {}
        places = np.minimum(np.searchsorted(part.ids, wanted), len(part.ids) - 1)
        wanted = wanted[part.ids[places] == wanted]
        vectors = part.faiss_index.reconstruct_batch(wanted)
        return dict(zip(wanted.tolist(), (vectors @ query).tolist(), strict=True))

    def mean(self, kind: Kind, language: str) -> Vectors:
        """`float32 (dim,)`: the mean of one language's vectors, what all of its texts have in common."""
        return self._parts[kind, language].mean


def _build(store: Store, kind: Kind, language: str) -> _Part:
    ids, vectors = store.vectors(kind, language)
    mean = vectors.mean(axis=0) if len(vectors) else np.zeros(vectors.shape[1], dtype=np.float32)
    return _Part(_faiss_index(ids, vectors), mean, np.sort(ids))


def _faiss_index(ids: NDArray[np.int64], vectors: Vectors) -> Any:  # noqa: ANN401 - faiss has no types
    faiss_index = faiss.IndexIDMap2(faiss.IndexFlatIP(vectors.shape[1]))
    faiss_index.add_with_ids(vectors, ids)
    return faiss_index


def _written(folder: Path, store: Store, kind: Kind, language: str) -> dict[str, Any]:
    """The catalogue's entry of a part whose file was written anew."""
    part, name = _build(store, kind, language), f"{kind}.{language}.{store.generation}"
    # Written through Python, since FAISS reports a full disk by ending the write in silence.
    (folder / f"{name}.faiss").write_bytes(faiss.serialize_index(part.faiss_index).tobytes())
    ids, documents = store.units(kind, language)
    np.savez(folder / f"{name}.npz", ids=ids, documents=documents)
    return {
        "file": f"{name}.faiss",
        "units": f"{name}.npz",
        "mean": part.mean.tolist(),
        "added": None,
        "removed": [],
    }


def _patched(
    folder: Path, store: Store, kind: Kind, language: str, since: int, changed: NDArray[np.bytes_]
) -> dict[str, Any] | None:
    """The entry of a part whose file stays, with what changed since it was written; None where that is much.

    The mean stays that of the file: it is what texts of the language have in common, which a few more do not change.
    """
    entry = _unchanged(folder, since, {language}).get(f"{kind}.{language}")
    if entry is None:
        return None
    with np.load(folder / entry["units"]) as units:
        known, documents = units["ids"], units["documents"]
    here, _ = store.units(kind, language, changed.astype(str).tolist())
    touched = known[np.isin(documents, changed)]
    removed = np.union1d(np.setdiff1d(entry["removed"], touched), np.setdiff1d(touched, here)).astype(np.int64)
    # Of those that were added before, the store gives what is still there.
    added, vectors = store.vectors(kind, language, [*_added_before(folder, entry), *np.setdiff1d(here, known)])
    if len(added) + len(removed) > MUCH * len(known):
        return None
    name = f"{kind}.{language}.{store.generation}.added.faiss"
    (folder / name).write_bytes(faiss.serialize_index(_faiss_index(added, vectors)).tobytes())
    return {**entry, "added": name, "removed": removed.tolist()}


def _added_before(folder: Path, entry: dict[str, Any]) -> NDArray[np.int64]:
    if not entry["added"]:
        return np.zeros(0, dtype=np.int64)
    added: Any = faiss.read_index(str(folder / entry["added"]))
    ids: NDArray[np.int64] = faiss.vector_to_array(added.id_map)
    return ids


def _read(folder: Path, entry: dict[str, Any]) -> _Part:
    faiss_index: Any = faiss.read_index(str(folder / entry["file"]))
    if entry["removed"]:
        faiss_index.remove_ids(np.array(entry["removed"], dtype=np.int64))
    if entry["added"]:
        added: Any = faiss.read_index(str(folder / entry["added"]))
        faiss_index.add_with_ids(added.index.reconstruct_n(0, added.ntotal), faiss.vector_to_array(added.id_map))
    ids = np.sort(faiss.vector_to_array(faiss_index.id_map))
    return _Part(faiss_index, np.array(entry["mean"], dtype=np.float32), ids)


def _parse(key: str) -> tuple[Kind, str]:
    kind, _, language = key.partition(".")
    return ("sentence" if kind == "sentence" else "passage"), language


def _catalogue(folder: Path) -> dict[str, Any]:
    catalogue: dict[str, Any] = json.loads((folder / CATALOGUE).read_text("utf-8"))
    return catalogue


def _unchanged(folder: Path, since: int, languages: set[str]) -> dict[str, Any]:
    try:
        catalogue = _catalogue(folder)
        if catalogue["generation"] != since:
            return {}
        return {
            key: entry
            for key, entry in catalogue["parts"].items()
            if _parse(key)[1] in languages and all((folder / entry[name]).exists() for name in ("file", "units"))
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}
