"""Pairs of documents."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations

from evaluation.versions.rows import LinksRow, Score
from index.types import Version

__all__ = ["links_row", "pairs_of_groups", "score_pairs"]

SHOWN_WRONG = 200


def pairs_of_groups(groups: Mapping[str, str]) -> set[tuple[str, str]]:
    """The pairs of documents that are in the same group."""
    members: dict[str, list[str]] = defaultdict(list)
    for document, group in groups.items():
        members[group].append(document)
    return {pair for group in members.values() for pair in combinations(sorted(group), 2)}


def score_pairs(found: Mapping[str, str], truth: Mapping[str, str]) -> tuple[Score, int]:
    """The score of pairs of documents in one article, and how many articles hold documents of several true ones.

    Both give the article of each document; only documents that were found count.
    """
    true_pairs = pairs_of_groups({document: truth[document] for document in found})
    found_pairs = pairs_of_groups(found)
    names: dict[str, set[str]] = defaultdict(set)
    for document, article in found.items():
        names[article].add(truth[document])
    mixed = sum(len(of_article) > 1 for of_article in names.values())
    return Score(len(true_pairs & found_pairs), len(found_pairs), len(true_pairs)), mixed


def links_row(
    name: str, versions: Sequence[Version], truth: Mapping[str, str], linking: float, indexing: float | None = None
) -> LinksRow:
    """`truth` names the true article of each document."""
    found = {version.document: version.article for version in versions}
    score, mixed = score_pairs(found, truth)
    called = {version.document: f"{version.language}/{truth[version.document]}" for version in versions}
    wrong = sorted((called[one], called[other]) for one, other in pairs_of_groups(found) if truth[one] != truth[other])[
        :SHOWN_WRONG
    ]
    found_by = Counter(version.found_by.value for version in versions)
    return LinksRow(name, len(versions), score, mixed, dict(sorted(found_by.items())), linking, indexing, tuple(wrong))
