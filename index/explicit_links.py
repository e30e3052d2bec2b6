"""What documents say themselves about the article that they are a version of: a declared key, or a place in a tree.

A place says it by naming the language: `fr/x.md` beside `nl/x.md`, `docs/fr/docs/x.md`, `x.fr.md` beside `x.md`,
`training/nl.txt` beside `training/fr.html`. It does so only where the text is in that language too: `it/` may be the
department, and a page that was never translated is no version.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from index.articles import DocumentStub
from index.language import canonical_language

__all__ = ["declared_keys", "place_keys"]

_TAG = r"[A-Za-z]{2,3}(?:[-_](?:Hans|Hant|Latn|Cyrl|Arab))?(?:[-_](?:[A-Za-z]{2}|\d{3}))?"
_LANGUAGE_TAG = re.compile(_TAG)
_LONGEST_TAG = len("zho-Hant-419")
_SEPARATOR = re.compile(r"[._-]")

REMEMBERED_NAMES = 4096
"""Of folders, and of what may name a language: most documents have these in common."""


def declared_keys(documents: Sequence[DocumentStub]) -> dict[str, str]:
    """By document, the key that it declares and shares with its versions.

    `translation_of: guide/start.md` names the original by its path; so that, which declares nothing, has the key too.
    """
    keys = {document.id: document.article for document in documents if document.article}
    if not keys:
        return {}
    undeclared: dict[str, list[str]] = defaultdict(list)
    for document in documents:
        if document.id not in keys:
            for ending in _endings(unquote(urlsplit(document.source_uri).path).strip("/")):
                undeclared[ending].append(document.id)
    for key in set(keys.values()):
        originals = undeclared.get(key.strip("/"), [])
        if len(originals) == 1:
            keys[originals[0]] = key
    return keys


def place_keys(documents: Iterable[DocumentStub]) -> dict[str, str]:
    """By document, its place without the language's name, where a document in another language has the same."""
    by_place: dict[str, list[tuple[DocumentStub, bool]]] = defaultdict(list)
    for document in documents:
        if place := _place(document.source_uri, document.language):
            by_place[place[0]].append((document, place[1]))
    return {
        document.id: key
        for key, found in by_place.items()
        if any(names_language for _, names_language in found)
        for versions in [_one_a_language(found)]
        if len(versions) > 1
        for document in versions
    }


def _endings(path: str) -> set[str]:
    """`docs/a/b.md` ends in `b.md`, `a/b.md` and itself, each also without the suffix."""
    parts = path.split("/")[-8:]
    whole = {"/".join(parts[at:]) for at in range(len(parts))}
    return whole | {ending.rpartition(".")[0] for ending in whole if "." in ending.rpartition("/")[2][1:]}


def _one_a_language(found: Sequence[tuple[DocumentStub, bool]]) -> list[DocumentStub]:
    """One document of each language, the one that names it before the one that does not."""
    chosen: dict[str, DocumentStub] = {}
    for document, _ in sorted(found, key=lambda entry: (not entry[1], entry[0].source_uri)):
        chosen.setdefault(document.language, document)
    return list(chosen.values())


def _place(uri: str, language: str) -> tuple[str, bool] | None:
    """The place without the language's name, and whether it had one; None for what has no place of its own."""
    address, _, query = uri.partition("?")
    folder, _, name = address.rpartition("/")
    above = _folder(folder, language)
    if above is None or "#" in uri:
        return None
    name = unquote(name)
    bare = _without_tag(name, language)
    return f"{above[0]}/{bare}?{query}".casefold(), above[1] or bare != name


@lru_cache(REMEMBERED_NAMES)
def _folder(uri: str, language: str) -> tuple[str, bool] | None:
    """As `_place`, of the folder that files lie in."""
    address = urlsplit(uri)
    if address.scheme not in ("file", "http", "https"):
        return None
    folders = unquote(address.path).split("/")
    naming = [at for at, folder in enumerate(folders) if _is(folder, language)]
    for at in naming[-1:]:  # of `it/docs/it/x.md`, the first is the department
        del folders[at]
    return f"{address.netloc}{'/'.join(folders)}", bool(naming)


def _without_tag(name: str, language: str) -> str:
    """`x.fr.md` is `x.md`, and `fr.md` has nothing left, so that `nl.html` may be its version."""
    stem, dot, suffix = name.rpartition(".") if "." in name[1:] else (name, "", "")
    if dot and _is(stem, language):
        return ""
    if _is(suffix, language):  # index.html.fr, as web servers choose among
        return stem
    for separator in _SEPARATOR.finditer(stem):
        if separator.start() > 0 and _is(stem[separator.end() :], language):
            return stem[: separator.start()] + dot + suffix
    return name


def _is(name: str, language: str) -> bool:
    return len(name) <= _LONGEST_TAG and _named_language(name) == language


@lru_cache(REMEMBERED_NAMES)
def _named_language(name: str) -> str | None:
    return canonical_language(name) if _LANGUAGE_TAG.fullmatch(name) else None
