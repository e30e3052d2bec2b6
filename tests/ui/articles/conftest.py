"""A small index whose articles are put by hand, and a terminal to show them in."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from index.store import Store
from index.types import FoundBy
from tests.toy import new_store, put

LIMIT = ("An agent may grant 40 euros.", "Een medewerker mag 40 euro toekennen.", "Un conseiller accorde 45 euros.")
ASK = ("Ask before you grant more.", "Vraag het voordat je meer geeft.", "Demandez avant d'accorder plus.")


def link(store: Store, documents: Sequence[str], found_by: Sequence[tuple[FoundBy, float | None]]) -> None:
    """Makes them one article, their sentences aligned one by one as far as all have one."""
    with store.transaction():
        for document, (how, score) in zip(documents, found_by, strict=True):
            store.articles.put_alone(document)
            store.articles.join(document, documents[0], how, score)
        sentences = [store.articles.sentences(document).ids.tolist() for document in documents]
        store.articles.put_statements(
            documents[0], [dict.fromkeys(statement, 0.75) for statement in zip(*sentences, strict=False)]
        )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An article in three languages, the Dutch one with a sentence of its own; one in two; and a document alone."""
    with new_store(tmp_path / "index") as store:
        put(store, "help/nl/money", [LIMIT[1], ASK[1]], ["Dit staat alleen hier."], language="nl")
        put(store, "help/en/money", [LIMIT[0], ASK[0]], language="en")
        put(store, "help/fr/money.html", [LIMIT[2], ASK[2]], language="fr")
        link(
            store,
            ["help/nl/money", "help/en/money", "help/fr/money.html"],
            [(FoundBy.PATH, None), (FoundBy.CONTENT, 0.31), (FoundBy.CONTENT, 0.2345)],
        )
        put(store, "rest/nl/ask", [ASK[1]], language="nl")
        put(store, "rest/vi/ask", ["Hãy hỏi trước."], language="vi")
        link(store, ["rest/nl/ask", "rest/vi/ask"], [(FoundBy.DECLARED, None), (FoundBy.PATH, None)])
        put(store, "alone", ["Nobody else says this."], language="en")
        with store.transaction():
            store.articles.put_alone("alone")
    return tmp_path / "index"


def terminal(width: int) -> tuple[Console, io.StringIO]:
    written = io.StringIO()
    return Console(file=written, force_terminal=True, color_system=None, width=width, highlight=False), written
