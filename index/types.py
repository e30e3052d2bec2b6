"""The words of `index`, as types. Offsets everywhere count code points of `Document.text`, `[start, end)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Vectors: TypeAlias = NDArray[np.float32]
"""`float32 (n, dim)`, each row of unit length."""


Kind: TypeAlias = Literal["sentence", "passage"]


class Role(StrEnum):
    """What a stretch of text is to a reader. Only `PROSE` is ever quoted as an answer."""

    PROSE = "prose"
    HEADING = "heading"
    QUESTION = "question"
    CODE = "code"
    BOILERPLATE = "boilerplate"


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a document whose layout the source file told us: a paragraph, a list item, a heading, code."""

    start: int
    end: int
    role: Role


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """What a source read from a file, before the index has looked at it.

    `blocks` is empty where the file has no structure of its own (plain text); otherwise the blocks are in order, do
    not overlap, and text outside of them is white space. `language` and `article` are what the file itself declares.
    """

    uri: str
    text: str
    title: str | None = None
    language: str | None = None
    article: str | None = None
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file, or one record of it, that could not be read, and why."""

    uri: str
    reason: str


@dataclass(frozen=True, slots=True)
class Document:
    """One file, page or record in one language. `id` is stable: it depends on where the document came from only."""

    id: str
    source_uri: str
    title: str
    language: str
    text: str
    article: str | None
    content_hash: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """The unit of quotation."""

    start: int
    end: int
    role: Role


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, the unit of citation. Its sentences are in order and lie within `[start, end)`."""

    start: int
    end: int
    role: Role
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A stored sentence, with the passage that holds it. The ids are the store's."""

    id: int
    passage: int
    document: str
    language: str
    start: int
    end: int
    passage_start: int
    passage_end: int


class FoundBy(StrEnum):
    """How a document was found to be a version of its article."""

    DECLARED = "declared"
    PATH = "path"
    CONTENT = "content"
    ALONE = "alone"


@dataclass(frozen=True, slots=True)
class Version:
    """A document as a member of its article. `score` says how well it aligns with the others, where that linked it."""

    article: str
    document: str
    source_uri: str
    title: str
    language: str
    sentences: int
    found_by: FoundBy
    score: float | None


@dataclass(frozen=True, slots=True)
class SentenceScore:
    """One sentence against one question, by each way of searching.

    `cosine` is in [-1, 1]; `dense` and `passage_dense` are cosines less what the question has in common with the
    average text of the sentence's language. `coverage` and `passage_coverage` say how much of the question's words
    stand there, by their rarity, in [0, 1]; they are 0 where words were not compared, across languages.
    """

    unit: Unit
    cosine: float
    dense: float
    passage_dense: float
    coverage: float
    passage_coverage: float


@dataclass(frozen=True, slots=True)
class Statement:
    """What the versions of an article say alike, or one of them alone, against one question.

    `versions` has the aligned sentences of each document that has any, in their order. `score` puts together what all
    versions tell, higher is better; it is comparable among the statements of one search only.
    """

    score: float
    versions: Mapping[str, tuple[SentenceScore, ...]]

    def best(self, document: str) -> SentenceScore:
        """The sentence of this version that is nearest to the question."""
        return max(self.versions[document], key=lambda sentence: sentence.dense)


@dataclass(frozen=True, slots=True)
class Evidence:
    """An article that a search found, with its statements, best first; `rank` counts from 1.

    `documents` holds the versions that a statement is quoted from, by id.
    """

    rank: int
    article: str
    documents: Mapping[str, Document]
    statements: tuple[Statement, ...]

    @property
    def score(self) -> float:
        """That of its best statement."""
        return self.statements[0].score


class Embedder(Protocol):
    """Text to unit-length vectors. Queries and passages are embedded differently (each with its own prompt)."""

    @property
    def identity(self) -> EmbedderIdentity: ...

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """`float32 (len(texts), dim)`, unit length, in the order of `texts`."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """`float32 (len(texts), dim)`, unit length, in the order of `texts`."""
        ...


UNKNOWN_REVISION = "unknown"


@dataclass(frozen=True, slots=True)
class EmbedderIdentity:
    """What must agree between an index and whoever opens it. `name` opens the embedder: a name, or a folder's path."""

    name: str
    revision: str
    dimension: int
    query_prompt: str
    passage_prompt: str

    def gives_same_vectors(self, other: EmbedderIdentity) -> bool:
        """Whether vectors of both can be compared; where the revision says what the model is, the name may differ."""
        named_alike = self.name == other.name or self.revision != UNKNOWN_REVISION
        return named_alike and replace(self, name=other.name) == other
