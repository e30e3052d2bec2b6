"""What to put before a query and before a passage, where a model does not say so itself."""

from __future__ import annotations

import re
from collections.abc import Mapping

_FAMILIES: tuple[tuple[str, str, str], ...] = (
    (
        r"e5-.*instruct",
        "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ",
        "",
    ),
    (r"(^|[-_/])e5-(small|base|large)", "query: ", "passage: "),
    (r"bge-(small|base|large)-en", "Represent this sentence for searching relevant passages: ", ""),
    (r"nomic-embed-text", "search_query: ", "search_document: "),
    (r"snowflake-arctic-embed", "query: ", ""),
)
"""Name pattern, query prompt, passage prompt, as on the models' own cards; the first that fits is taken."""


def prompts_of(name: str, configured: Mapping[str, str] | None) -> tuple[str, str]:
    """The prompts for queries and passages: the model's own, else its family's, else none."""
    own = configured or {}
    query = own.get("query") or ""
    passage = own.get("document") or own.get("passage") or own.get("corpus") or ""
    if query or passage:
        return query, passage
    for pattern, family_query, family_passage in _FAMILIES:
        if re.search(pattern, name, re.IGNORECASE):
            return family_query, family_passage
    return "", ""
