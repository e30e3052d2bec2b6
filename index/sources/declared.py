"""What a file declares about itself: its language and the article that it is a version of."""

from __future__ import annotations

import re

from index.sources.pieces import one_line

_PRIMARY = re.compile(r"[a-z]{2,3}(?=$|[-_])")
_RENAMED = {"no": "nb", "iw": "he", "in": "id", "ji": "yi", "mo": "ro"}
_NO_LANGUAGE = frozenset({"und", "mul", "mis", "zxx"})


def primary_language(code: str | None) -> str | None:
    """The primary subtag of a BCP-47 code in lower case (`pt-BR` -> `pt`), withdrawn codes renewed (`iw` -> `he`).

    None for what is no language code: an empty one, `und`, `x-default`, a language's name.
    """
    found = _PRIMARY.match((code or "").strip().lower())
    if found is None or found[0] in _NO_LANGUAGE:
        return None
    return _RENAMED.get(found[0], found[0])


def declared_text(value: object) -> str | None:
    """A declared title or key on one line; None where it is absent or empty. Numbers are taken as they are written."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return one_line(str(value)) or None
