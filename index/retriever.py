"""A question -> ranked evidence: dense and keyword search, and what all versions of an article say, in one score."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from index.caches import open_caches
from index.errors import IndexDamaged
from index.store import Store
from index.tokens import terms
from index.types import (
    Embedder,
    EmbedderIdentity,
    Evidence,
    Kind,
    SentenceScore,
    Statement,
    Unit,
    Vectors,
)
from index.vectors import KINDS

__all__ = ["Retriever", "Weights"]

CANDIDATES: dict[Kind, int] = {"sentence": 40, "passage": 20}
"""How many units each way of searching proposes; the union is scored in all ways."""

CANDIDATES_ELSEWHERE = 20
"""How many sentences the vectors propose in each language that is not the asker's."""

EXPANDED = 40
"""Shared statements, best first by what the searches proposed of them, of which all versions are then scored."""

REMEMBERED_TEXTS = 16_384
"""Splitting texts into terms is most of a search's work; a string of terms is a fourteenth of a set of them."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What each part of a statement's score weighs beside its cosine, which weighs 1 (measured: docs/retrieval.md).

    `own` is the share of the asker's own version in the cosines; the better half of the other versions has the rest.
    """

    passage_dense: float = 0.6
    coverage: float = 0.15
    passage_coverage: float = 0.05
    own: float = 0.5


class Retriever:
    """Searches one index, as it was when the retriever was made. Reads only; threads may share it."""

    def __init__(self, store: Store, embedder: Embedder, *, weights: Weights | None = None) -> None:
        """Raises IndexMismatch where the index was made with another embedder."""
        store.require_embedder(embedder.identity)
        self._store = store
        self._embedder = embedder
        self._weights = weights or Weights()
        self._vectors, self._lexical = open_caches(store)
        self.languages = store.languages()

    @property
    def embedder(self) -> EmbedderIdentity:
        """The embedder of the index and of the questions."""
        return self._embedder.identity

    def mean_cosine(self) -> float:
        """The mean cosine of two sentences of one language, averaged over the index's languages; 0 for no sentences."""
        means = [self._vectors.mean("sentence", language) for language in self._vectors.languages()]
        return sum(float(mean @ mean) for mean in means) / max(1, len(means))

    def embed(self, question: str) -> Vectors:
        """`float32 (dim,)`, unit length."""
        query: Vectors = self._embedder.embed_queries([question])[0]
        return query

    def search(
        self, question: str, query: Vectors, languages: Iterable[str], *, asker: str | None = None, limit: int = 10
    ) -> list[Evidence]:
        """The best articles in these languages, best first; `query` is the question's vector from `embed`.

        Where the `asker`'s language is among them, words are looked for in it alone, and its version of a statement
        counts for half. Languages are made comparable by taking from each cosine what the question has in common
        with the mean of that language's texts: without this, texts in the question's own language win (Roy et al. 2020,
        arXiv:2004.05484).
        """
        spoken = [language for language in languages if language in self.languages]
        worded = _worded(asker, spoken)
        with self._store.snapshot():
            proposed = [
                unit
                for language in spoken
                for unit in self.propose(question, query, language, worded=language in worded)
            ]
            return self._found(question, query, proposed, spoken, asker, limit)

    def read(
        self, question: str, query: Vectors, passages: Iterable[int], *, asker: str | None = None
    ) -> list[Evidence]:
        """All that these passages say and that can be quoted, with its versions, as `search` gives what it finds.

        Passages that are gone are passed over.
        """
        with self._store.snapshot():
            units = self._store.quotable_sentences((), passages)
            return self._found(question, query, units, list(self.languages), asker, None)

    def _found(
        self,
        question: str,
        query: Vectors,
        proposed: Sequence[Unit],
        spoken: Sequence[str],
        asker: str | None,
        limit: int | None,
    ) -> list[Evidence]:
        """The proposed sentences with their versions in these languages, folded by article."""
        worded = _worded(asker, spoken)
        scores = self._scored(question, query, proposed, worded)
        members = self._store.articles.statements_with(scores)
        aligned = {sentence for sentences in members.values() for sentence in sentences}
        alone = [self._statement([score], asker) for sentence, score in scores.items() if sentence not in aligned]
        shared = self._shared(members, scores, asker)
        whole = self._store.articles.statements(sorted(shared, key=lambda i: _order(shared[i]))[:EXPANDED])
        missing = {sentence for sentences in whole.values() for sentence in sentences} - scores.keys()
        added = [unit for unit in self._store.quotable_sentences(missing, ()) if unit.language in spoken]
        scores |= self._scored(question, query, added, worded)
        shared |= self._shared(whole, scores, asker)
        return self._folded(sorted([*alone, *shared.values()], key=_order), limit)

    def propose(self, question: str, query: Vectors, language: str, *, worded: bool) -> list[Unit]:
        """The sentences of one language that the vectors propose, and those that the words do where `worded`."""
        found: dict[Kind, set[int]] = {}
        if not worded:
            near = self._vectors.search("sentence", language, query, CANDIDATES_ELSEWHERE)
            return self._store.quotable_sentences((unit for unit, _ in near), ())
        for kind in KINDS:
            nearest = self._vectors.search(kind, language, query, CANDIDATES[kind])
            best_worded = self._lexical.search(question, kind=kind, limit=CANDIDATES[kind], languages=[language])
            found[kind] = {unit for unit, _ in (*nearest, *best_worded)}
        return self._store.quotable_sentences(found["sentence"], found["passage"])

    def _scored(
        self, question: str, query: Vectors, units: Iterable[Unit], worded: Collection[str]
    ) -> dict[int, SentenceScore]:
        by_language: dict[str, list[Unit]] = defaultdict(list)
        for unit in units:
            by_language[unit.language].append(unit)
        return {
            score.unit.id: score
            for language, found in by_language.items()
            for score in self.score(question, query, language, found, worded=language in worded)
        }

    def score(
        self, question: str, query: Vectors, language: str, units: Sequence[Unit], *, worded: bool
    ) -> list[SentenceScore]:
        """These sentences of one language against the question; those that the vectors do not know are left out."""
        dense = self._vectors.cosines("sentence", language, query, {unit.id for unit in units})
        passage_dense = self._vectors.cosines("passage", language, query, {unit.passage for unit in units})
        coverage = self._coverage(question, language, units) if worded else {}
        common = {kind: float(query @ self._vectors.mean(kind, language)) for kind in KINDS if units}
        return [
            SentenceScore(
                unit,
                dense[unit.id],
                dense[unit.id] - common["sentence"],
                passage_dense[unit.passage] - common["passage"],
                *coverage.get(unit.id, (0.0, 0.0)),
            )
            for unit in units
            if unit.id in dense and unit.passage in passage_dense
        ]

    def _coverage(self, question: str, language: str, units: Sequence[Unit]) -> dict[int, tuple[float, float]]:
        """By sentence id, how much of the question's words stand in the sentence, and in its passage; in [0, 1].

        A word counts by its rarity in the language's sentences, so that "the" is worth nothing.
        """
        rarity = self._lexical.rarities(question, language)
        whole = sum(rarity.values()) or 1.0
        texts = self._store.document_texts({unit.document for unit in units})

        @cache
        def covered(document: str, start: int, end: int) -> float:
            there = _joined_terms(texts[document][start:end])
            return sum(weight for term, weight in rarity.items() if f" {term} " in there) / whole

        return {
            unit.id: (
                covered(unit.document, unit.start, unit.end),
                covered(unit.document, unit.passage_start, unit.passage_end),
            )
            for unit in units
        }

    def _shared(
        self, members: Mapping[int, Sequence[int]], scores: Mapping[int, SentenceScore], asker: str | None
    ) -> dict[int, Statement]:
        """By id, the statements with these members, of which those without a score are left out."""
        return {
            statement: self._statement([scores[i] for i in sentences if i in scores], asker)
            for statement, sentences in members.items()
        }

    def _statement(self, sentences: Iterable[SentenceScore], asker: str | None) -> Statement:
        versions: dict[str, tuple[SentenceScore, ...]] = {}
        for sentence in sorted(sentences, key=lambda score: (score.unit.document, score.unit.start)):
            document = sentence.unit.document
            versions[document] = (*versions.get(document, ()), sentence)
        own = [self._nearness(run) for run in versions.values() if run[0].unit.language == asker]
        others = [self._nearness(run) for run in versions.values() if run[0].unit.language != asker]
        parts = [_mean_of_better_half(side) for side in (own, others) if side]
        share = self._weights.own
        nearness = share * parts[0] + (1 - share) * parts[1] if len(parts) == 2 else parts[0]
        return Statement(nearness + max(map(self._wording, versions.values())), versions)

    def _nearness(self, run: Sequence[SentenceScore]) -> float:
        return max(sentence.dense + self._weights.passage_dense * sentence.passage_dense for sentence in run)

    def _wording(self, run: Sequence[SentenceScore]) -> float:
        weights = self._weights
        return max(weights.coverage * s.coverage + weights.passage_coverage * s.passage_coverage for s in run)

    def _folded(self, statements: Sequence[Statement], limit: int | None) -> list[Evidence]:
        """One article takes one place, that of its best statement."""
        article_of = self._store.articles.of_documents({next(iter(statement.versions)) for statement in statements})
        by_article: dict[str, list[Statement]] = defaultdict(list)
        for statement in statements:
            by_article[article_of[next(iter(statement.versions))]].append(statement)
        best = list(by_article.items())[:limit]
        ids = {document for _, found in best for statement in found for document in statement.versions}
        documents = {document.id: document for document in self._store.documents(ids)}
        if lacking := ids - documents.keys():
            raise IndexDamaged(f"the index in {self._store.folder} lacks document {min(lacking)}: index again")
        return [
            Evidence(rank, article, {d: documents[d] for found in held for d in found.versions}, tuple(held))
            for rank, (article, held) in enumerate(best, start=1)
        ]


def _worded(asker: str | None, spoken: Sequence[str]) -> Sequence[str]:
    """The languages that words are looked for in: the asker's alone where it is among those searched."""
    return [asker] if asker is not None and asker in spoken else spoken


def _mean_of_better_half(values: Sequence[float]) -> float:
    """A version that is badly translated, or in a language that the model knows less well, does not hide a fact."""
    better = sorted(values, reverse=True)[: (len(values) + 1) // 2]
    return sum(better) / len(better)


def _order(statement: Statement) -> tuple[float, str, int]:
    """Best first, equal ones by document and place."""
    document, sentences = next(iter(statement.versions.items()))
    return -statement.score, document, sentences[0].unit.start


@lru_cache(maxsize=REMEMBERED_TEXTS)
def _joined_terms(text: str) -> str:
    """The terms of a text with a space before and after each, so that `" term " in` it asks for a whole one."""
    return f" {' '.join(terms(text))} "
