"""What disagrees between the versions of one article: a missing passage, another number, another address.

Nothing here knows what a sentence means. Versions are compared statement by statement, and only in what survives
translation: that a passage is there at all, and the numbers, dates and addresses in it. Where a version may only say
it otherwise (in words, in the sentence before, under another heading) nothing is reported: a report that is often
wrong is not read.
"""

from __future__ import annotations

from index.drift.disagreeing import Disagreements
from index.drift.missing import Passages
from index.drift.sides import Drift, DriftKind, Quote, Row, Versions, side_by_side
from index.store import Store

__all__ = ["Drift", "DriftKind", "Quote", "Row", "drift", "side_by_side"]


def drift(store: Store, article: str) -> list[Drift]:
    """What disagrees between the versions of an article, by kind and in order of the text; nothing where it has one."""
    versions = Versions(store, article)
    if len(versions.documents) < 2:
        return []
    passages = Passages(store, versions)
    found = [*passages.missing(), *passages.shorter(), *Disagreements(versions).all()]
    order = list(DriftKind)
    return sorted(found, key=lambda one: order.index(one.kind))
