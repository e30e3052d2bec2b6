"""The words of `evaluation`, as types: a dataset's questions go to a system; what comes back is judged and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypeAlias, get_args

from bot.types import Answer, Composer, Fallback, ModelUse
from index.indexer import IndexingProgress
from index.types import Embedder
from index.types import Kind as Grain

__all__ = [
    "DEPTH",
    "GRAINS",
    "SETTINGS",
    "UNANSWERABLE",
    "Asked",
    "Corpus",
    "Dataset",
    "EvaluationQuestion",
    "Found",
    "Gold",
    "Grain",
    "Outcome",
    "Place",
    "Pool",
    "Quote",
    "Ranking",
    "Retrieved",
    "Setting",
    "System",
]

GRAINS: tuple[Grain, ...] = get_args(Grain)

DEPTH: Mapping[Grain, int] = {"sentence": 300, "passage": 100}
"""How far down a ranking is looked at; what stands below counts as not found."""

Setting: TypeAlias = Literal["mono", "cross", "mixed", "cross-only"]
"""Which documents are searched: those in the asker's language; those in one other; all; all but the asker's."""

SETTINGS: tuple[Setting, ...] = get_args(Setting)

UNANSWERABLE = ("off-topic", "near-miss", "false-premise")
"""The kinds of questions that the documents do not answer."""


@dataclass(frozen=True, slots=True)
class Gold:
    """What answers a question, as a dataset's author wrote it down.

    `document` is a source URI or the end of one ("training/nl.txt"); None: wherever `text` stands. `text` None: the
    whole document. `start` None: wherever `text` stands in the document. `grade` is the relevance, 1 or more.
    """

    document: str | None
    text: str | None
    start: int | None = None
    grade: int = 1


@dataclass(frozen=True, slots=True)
class Place:
    """A gold found in the index: a `span` `[start, end)` of the document at `uri`, in code points; None: all of it."""

    uri: str
    language: str
    span: tuple[int, int] | None
    grade: int = 1


@dataclass(frozen=True, slots=True)
class EvaluationQuestion:
    """`kind` is one of UNANSWERABLE where the documents do not answer. `history` holds the asker's earlier questions.

    Questions of one `group` ask for the same fact, in whatever language; they are resampled together.
    """

    id: str
    text: str
    language: str
    kind: str = "plain"
    group: str = ""
    golds: tuple[Gold, ...] = ()
    history: tuple[str, ...] = ()
    split: str = ""

    @property
    def answerable(self) -> bool:
        """Whether the documents answer it."""
        return self.kind not in UNANSWERABLE


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its golds found in the index. `answers` are gold texts: the asker's language's, else all."""

    question: EvaluationQuestion
    places: tuple[Place, ...]
    answers: tuple[str, ...]


class Corpus(Protocol):
    """The documents of a dataset, before they are indexed."""

    @property
    def fingerprint(self) -> str:
        """Changes with the documents."""
        ...

    def index(self, folder: Path, embedder: Embedder, progress: IndexingProgress) -> None:
        """Indexes the documents in `folder`."""
        ...


@dataclass(frozen=True, slots=True)
class Dataset:
    """Questions, and the documents they are asked of. `corpus` None: an index has to be named.

    `articles` gives the article of each document by the name that the golds use, where the dataset knows; it is used
    for scoring alone, never shown to a system.
    """

    name: str
    fingerprint: str
    questions: tuple[EvaluationQuestion, ...]
    corpus: Corpus | None = None
    articles: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A sentence or passage in a ranking: `[start, end)` of the document at `uri`."""

    uri: str
    language: str
    start: int
    end: int
    score: float


Pool: TypeAlias = frozenset[str]
"""The languages whose documents are searched."""

Ranking: TypeAlias = "Mapping[Grain, Sequence[Retrieved]]"
"""Best first; a grain that the system does not rank is left out."""


class System(Protocol):
    """Something that answers questions from an index."""

    name: str

    calibrated: bool
    """Whether the confidence claims to be a probability."""

    def answer(self, question: EvaluationQuestion) -> Answer:
        """Over all documents, as it ships."""
        ...

    def insist(self, question: EvaluationQuestion) -> Answer:
        """What it would have answered had it not abstained."""
        ...

    def rank(self, question: EvaluationQuestion, pools: Sequence[Pool]) -> list[Ranking]:
        """A ranking for each pool."""
        ...


@dataclass(frozen=True, slots=True)
class Quote:
    """A citation as it was judged: whether it is the document's own text, and whether it holds a gold."""

    uri: str
    language: str
    start: int
    end: int
    text: str
    exact: bool
    right: bool


@dataclass(frozen=True, slots=True)
class Found:
    """One ranking, judged: the rank of each document of which a right unit was found, counted from 1.

    `documents` is the language searched in the settings of one language, "" otherwise. `article_rank` is that of the
    first right unit when each article takes one place.
    """

    setting: Setting
    documents: str
    grain: Grain
    ranks: Mapping[str, int]
    article_rank: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one system made of one question.

    The scores compare the text of the answer with the gold texts; they are None where nothing answers. `best_right` and
    `best_confidence` are those of what it would have answered had it not abstained. `language` is the text's; results
    from before there were language models do not tell it.
    """

    question: str
    answered: bool
    right: bool
    text: str
    confidence: float
    quotes: tuple[Quote, ...]
    best_right: bool
    best_confidence: float
    exact_match: float | None
    token_f1: float | None
    containment: float | None
    milliseconds: float
    found: tuple[Found, ...]
    language: str = ""
    composer: Composer = "extractive"
    fallback: Fallback | None = None
    model_use: ModelUse | None = None
