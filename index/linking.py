"""Which documents are versions of one article: by what they declare, by where they lie, else by what they say.

A wrong link is worse than a missing one: it would quote one article as another's translation. So two documents are
linked by content only where each is the other's best match among all documents of its language, and where their
sentences match in the same order; how well they do needs no knowledge of either language.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations

import numpy as np

from index.alignment import ALONE, VersionText, align_versions, common_share, unit_length
from index.articles import Articles, VersionSentences, VersionVectors
from index.explicit_links import declared_keys, place_keys
from index.types import FoundBy, Vectors

__all__ = ["link_new_documents"]

NEAREST = 3
"""How many documents of another language are tried, by the cosine of their mean vectors."""

NOT_MUCH_WORSE = 0.2
"""And how far behind the nearest one's their cosine may be."""

STRONG = 0.10
"""In-order similarity from which two documents are versions of one article (measured: docs/articles.md)."""

WEAK = 0.05
"""That from which they are where another pair of versions of the two articles says so too."""

SUPPORT = 2

PRIOR_SENTENCES = 50
"""A language's mean vector is that of its sentences and of so many more that are the mean of all languages."""

ROWS = 1024
"""Documents compared at once, so that the table of cosines stays small."""

REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class _Language:
    """The documents of one language: `means` is `float32 (n, dim)`, centred and of unit length."""

    documents: list[str]
    means: Vectors


@dataclass(slots=True)
class _Clusters:
    """Articles in the making: those of the store, and what was joined since."""

    article_of: dict[str, str]
    languages: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    members: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, document: str, article: str, language: str) -> None:
        self.article_of[document] = article
        self.languages[article].add(language)
        self.members[article].add(document)

    def can_join(self, one: str, other: str) -> bool:
        return one != other and not self.languages[one] & self.languages[other]

    def join(self, one: str, other: str) -> str:
        """The two articles are one, with the id of the one that has more versions."""
        keep, gone = sorted((one, other), key=lambda article: (-len(self.members[article]), article))
        for document in self.members.pop(gone):
            self.article_of[document] = keep
            self.members[keep].add(document)
        self.languages[keep] |= self.languages.pop(gone)
        return keep


def link_new_documents(
    articles: Articles,
    *,
    announce: Callable[[int], None] = lambda _: None,
    advance: Callable[[], None] = lambda: None,
) -> set[str]:
    """Finds the articles of all documents that are new since the last time, and aligns these articles anew.

    Articles that no new document joins are not touched. To be called inside a transaction of the store; gives back the
    articles whose versions changed.
    """
    new = articles.unlinked()
    if not new:
        return set()
    for document in new:
        articles.put_alone(document)
    linker = _Linker(articles, set(new))
    linker.by_key()
    linker.by_content()
    announce(len(linker.changed))
    for article in sorted(linker.changed):
        linker.align(article)
        advance()
    return linker.changed


class _Linker:
    def __init__(self, articles: Articles, new: set[str]) -> None:
        self._articles = articles
        self._new = new
        stubs = articles.stubs()
        self._language = {stub.id: stub.language for stub in stubs}
        self._keys = {FoundBy.DECLARED: declared_keys(stubs), FoundBy.PATH: place_keys(stubs)}
        self.changed: set[str] = set()
        vectors = articles.vectors()
        languages = [self._language[document] for document in vectors.ids]
        self._clusters = _Clusters({})
        for version in zip(vectors.ids, vectors.articles, languages, strict=True):
            self._clusters.add(*version)
        self._centres = _centres(languages, vectors)
        self._languages = _by_language(languages, vectors, self._centres)
        self._text = lru_cache(REMEMBERED)(self._read_text)

    # What the documents say themselves.

    def by_key(self) -> None:
        """Joins new documents with those that have the same key; of one language only the first."""
        for found_by, keys in self._keys.items():
            groups: dict[str, list[str]] = defaultdict(list)
            for document, key in keys.items():
                groups[key].append(document)
            for documents in groups.values():
                # Documents that were linked before stay as they are, and the new ones come to them.
                first, *others = sorted(documents, key=lambda document: (document in self._new, document))
                for other in others:
                    if other in self._new and not self._contradicted(first, other):
                        self._join(first, other, found_by, None)

    def _join(self, one: str, other: str, found_by: FoundBy, score: float | None) -> bool:
        clusters = self._clusters
        articles = clusters.article_of[one], clusters.article_of[other]
        if not clusters.can_join(*articles):
            return False
        before = {article: set(clusters.members[article]) for article in articles}
        kept = clusters.join(*articles)
        for article, members in before.items():
            for document in members:
                if len(members) == 1:
                    self._articles.join(document, kept, found_by, score)
                elif article != kept:
                    self._articles.move(document, kept)
            if article != kept:
                self._articles.put_statements(article, [])
        self.changed = (self.changed - set(articles)) | {kept}
        return True

    # What their sentences say.

    def by_content(self) -> None:
        """Joins documents that are each other's best match, best matches first."""
        edges = [
            edge
            for one, other in combinations(sorted(self._languages), 2)
            for edge in self._mutual_best(self._languages[one], self._languages[other])
        ]
        edges.sort(key=lambda edge: (-edge[0], edge[1:]))
        beside: dict[str, set[str]] = defaultdict(set)
        for _, left, right in edges:
            beside[left].add(right)
            beside[right].add(left)
        joined = True
        while joined:
            joined = False
            for strength, left, right in edges:
                if self._may_link(strength, left, right, beside):
                    joined |= self._join(left, right, FoundBy.CONTENT, round(strength, 4))

    def _may_link(self, strength: float, left: str, right: str, beside: Mapping[str, set[str]]) -> bool:
        clusters = self._clusters
        one, other = clusters.article_of[left], clusters.article_of[right]
        if not clusters.can_join(one, other) or self._contradicted(left, right):
            return False
        if strength >= STRONG:
            return True
        return sum(len(beside[document] & clusters.members[other]) for document in clusters.members[one]) >= SUPPORT

    def _mutual_best(self, one: _Language, other: _Language) -> list[tuple[float, str, str]]:
        """`(strength, document, document)` of the pairs, a new document in each, that prefer each other to all else."""
        pairs = self._candidates(one, other)
        best: dict[str, tuple[float, str]] = {}
        for left, right in sorted(pairs):
            if self._are_taken(left, right) or self._contradicted(left, right):
                continue
            strength = _in_order(self._text(left), self._text(right))
            for document, match in ((left, right), (right, left)):
                if strength > best.get(document, (0.0, ""))[0]:
                    best[document] = strength, match
        return [
            (strength, left, right)
            for left in one.documents
            if left in best
            for strength, right in [best[left]]
            if best[right][1] == left and strength >= WEAK and {left, right} & self._new
        ]

    def _are_taken(self, left: str, right: str) -> bool:
        """Whether the article of each has a version in the other's language already."""
        clusters, languages = self._clusters, self._language
        return (
            languages[right] in clusters.languages[clusters.article_of[left]]
            and languages[left] in clusters.languages[clusters.article_of[right]]
        )

    def _contradicted(self, left: str, right: str) -> bool:
        """Whether their articles declare, or lie where documents declare, which they are, and it is not the same."""
        clusters = self._clusters
        sides = [clusters.members[clusters.article_of[document]] for document in (left, right)]
        for keys in self._keys.values():
            one, other = ({keys[document] for document in side if document in keys} for side in sides)
            if one and other:
                return one.isdisjoint(other)
        return False

    def _candidates(self, one: _Language, other: _Language) -> set[tuple[str, str]]:
        """What is near a new document, and what is near that: its rivals for the same match."""
        new = [[at for at, document in enumerate(side.documents) if document in self._new] for side in (one, other)]
        there = _nearest(one, other, new[0])
        back = _nearest(other, one, new[1])
        rivals_there = _nearest(one, other, sorted({at for _, at in back} - set(new[0])))
        rivals_back = _nearest(other, one, sorted({at for _, at in there} - set(new[1])))
        ahead = {(one.documents[a], other.documents[b]) for a, b in (*there, *rivals_there)}
        return ahead | {(one.documents[a], other.documents[b]) for b, a in (*back, *rivals_back)}

    def _read_text(self, document: str) -> VersionText:
        return _text(self._articles.sentences(document), self._centres[self._language[document]])

    def align(self, article: str) -> None:
        """Aligns the versions of one article."""
        versions = sorted(self._clusters.members[article])
        self._articles.put_statements(article, list(self._statements(versions)))

    def _statements(self, documents: Sequence[str]) -> Iterable[dict[int, float]]:
        held = [(document, self._articles.sentences(document)) for document in documents]
        sentences = [found for _, found in held if len(found.ids)]
        texts = [_text(found, self._centres[self._language[document]]) for document, found in held if len(found.ids)]
        for column in align_versions(texts):
            yield {
                int(sentences[version].ids[place]): round(column.scores[version], 4)
                for version, run in column.runs.items()
                for place in range(*run)
            }


def _centres(languages: Sequence[str], vectors: VersionVectors) -> dict[str, Vectors]:
    """What the sentences of each language have in common, `float32 (dim,)`: mostly the language itself.

    Of a language with few sentences the mean would be about their subject; so it is drawn to the mean of all languages.
    """
    of = np.array(languages)
    sums: dict[str, tuple[float, Vectors]] = {}
    for language in sorted(set(languages)):
        counts = vectors.sentences[of == language]
        if counts.any():
            sums[language] = counts.sum(), counts.astype(np.float32) @ vectors.means[of == language]
    if not sums:
        return {}
    overall = np.mean([total / count for count, total in sums.values()], axis=0)
    return {
        language: ((total + PRIOR_SENTENCES * overall) / (count + PRIOR_SENTENCES)).astype(np.float32)
        for language, (count, total) in sums.items()
    }


def _by_language(
    languages: Sequence[str], vectors: VersionVectors, centres: Mapping[str, Vectors]
) -> dict[str, _Language]:
    """The documents that have any sentence."""
    found: dict[str, _Language] = {}
    for language, centre in centres.items():
        at = [place for place, of in enumerate(languages) if of == language and vectors.sentences[place] > 0]
        found[language] = _Language([vectors.ids[place] for place in at], unit_length(vectors.means[at] - centre))
    return found


def _nearest(one: _Language, other: _Language, rows: Sequence[int]) -> list[tuple[int, int]]:
    """For each of these documents of `one`, the nearest of `other`: places of both."""
    found: list[tuple[int, int]] = []
    most = min(NEAREST, len(other.documents))
    for start in range(0, len(rows), ROWS):
        chosen = np.asarray(rows[start : start + ROWS])
        cosines = one.means[chosen] @ other.means.T
        best = np.argsort(-cosines, axis=1, kind="stable")[:, :most]
        scores = np.take_along_axis(cosines, best, axis=1)
        near = scores >= scores[:, :1] - NOT_MUCH_WORSE
        found += [(int(chosen[row]), int(best[row, column])) for row, column in np.argwhere(near)]
    return found


def _text(sentences: VersionSentences, centre: Vectors) -> VersionText:
    return VersionText(unit_length(sentences.vectors - centre), np.maximum(sentences.lengths, 1.0))


def _in_order(left: VersionText, right: VersionText) -> float:
    """How much of two texts matches in the same order, sentence by sentence, in [0, 1].

    The best of all ways to pair sentences without crossings, as in a longest common subsequence, each pair worth its
    similarity beyond what is common to both texts and beyond `ALONE`; by the share of the text that it stands for.
    """
    if not len(left.vectors) or not len(right.vectors):
        return 0.0
    common_left = 0.5 * common_share(len(right.vectors)) * (left.vectors @ right.vectors.mean(axis=0))
    common_right = 0.5 * common_share(len(left.vectors)) * (right.vectors @ left.vectors.mean(axis=0))
    similar = left.vectors @ right.vectors.T - common_left[:, None] - common_right[None, :]
    weights = np.log1p(left.lengths), np.log1p(right.lengths)
    gains = np.maximum(similar - ALONE, 0.0) * np.minimum.outer(*weights)
    best = np.zeros(len(right.vectors) + 1)
    for row in gains:
        paired = best.copy()
        np.maximum(paired[1:], best[:-1] + row, out=paired[1:])
        best = np.maximum.accumulate(paired)
    return float(2 * best[-1] / (weights[0].sum() + weights[1].sum()))
