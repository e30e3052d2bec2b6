"""One article more in an index of thousands: what `index_paths` takes, against indexing all of it anew.

`python -m benchmarks.new_article [ARTICLES]` prints Markdown tables. Texts are generated, and so are their vectors: a
sentence's meaning is a random direction that its translations share, each language adds a direction of its own and each
sentence noise. Files are named at random, so that versions are found by what they say.
"""

from __future__ import annotations

import hashlib
import random
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from index import indexer
from index.database import connect
from index.indexer import index_paths
from index.store import Store
from index.types import EmbedderIdentity, Vectors
from index.vectors import VectorIndex

ARTICLES = 2_000
LANGUAGES = ("en", "fr", "nl", "pt", "vi")
PARAGRAPHS, SENTENCES = 3, 4
WORDS = 3_000
"""Of each language."""

DIMENSION = 384
NOISE = 0.6
SENTENCE = re.compile(r"S(\d+)x(\d+) ([a-z]{2})\b")

STEPS = ("embedding", "linking and aligning", "repeated passages", "vector files", "keyword files")


class SyntheticEmbedder:
    """The mean of the meanings of a text's sentences, as their first words name them."""

    identity = EmbedderIdentity("synthetic", "1", DIMENSION, "", "")

    def __init__(self) -> None:
        self.seconds = 0.0
        self._languages = {language: _direction(language) for language in LANGUAGES}

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self.embed_passages(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        start = time.perf_counter()
        vectors = np.array([self._vector(text) for text in texts], dtype=np.float32).reshape(-1, DIMENSION)
        self.seconds += time.perf_counter() - start
        return vectors

    def _vector(self, text: str) -> Vectors:
        found = SENTENCE.findall(text)
        meaning = sum((_direction(f"{article}x{number}") for article, number, _ in found), np.zeros(DIMENSION))
        language = self._languages.get(found[0][2] if found else "", np.zeros(DIMENSION))
        vector = meaning / max(1, len(found)) + language + NOISE * _direction(text)
        unit: Vectors = (vector / np.linalg.norm(vector)).astype(np.float32)
        return unit


def _direction(name: str) -> Vectors:
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little")
    direction: Vectors = np.random.default_rng(seed).standard_normal(DIMENSION, dtype=np.float32)
    return direction / np.float32(np.sqrt(DIMENSION))


@dataclass(slots=True)
class Stopwatch:
    """Seconds by step."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def started(self, step: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same work, timed."""

        def timed(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the work takes
            start = time.perf_counter()
            try:
                return work(*arguments, **named)
            finally:
                self.seconds[step] += time.perf_counter() - start

        return timed

    @contextmanager
    def on(self, steps: Sequence[tuple[Any, str, str]]) -> Iterator[None]:
        """Times what these holders have under these names."""
        before = [(holder, name, vars(holder)[name]) for holder, name, _ in steps]
        for holder, name, step in steps:
            timed = self.started(step, getattr(holder, name))
            setattr(holder, name, staticmethod(timed) if isinstance(vars(holder)[name], staticmethod) else timed)
        try:
            yield
        finally:
            for holder, name, work in before:
                setattr(holder, name, work)


TIMED: list[tuple[Any, str, str]] = [
    (indexer, "link_new_documents", "linking and aligning"),
    (Store, "mark_repeated", "repeated passages"),
    (VectorIndex, "refresh", "vector files"),
    (indexer, "refresh_caches", "all search files"),
]


def write_article(number: int, folder: Path, vocabulary: dict[str, list[str]], chance: random.Random) -> None:
    """One file a language, of a name that says nothing."""
    for language in LANGUAGES:
        words = vocabulary[language]
        sentences = [
            f"S{number}x{place} {language} {' '.join(chance.choices(words, k=chance.randint(6, 16)))}."
            for place in range(PARAGRAPHS * SENTENCES)
        ]
        paragraphs = [" ".join(sentences[at : at + SENTENCES]) for at in range(0, len(sentences), SENTENCES)]
        text = f"---\nlanguage: {language}\n---\n# {' '.join(chance.choices(words, k=3))}\n\n" + "\n\n".join(paragraphs)
        (folder / f"{chance.getrandbits(64):016x}.md").write_text(text + "\n", "utf-8")


def make_vocabulary(chance: random.Random) -> dict[str, list[str]]:
    """By language."""
    return {
        language: ["".join(chance.choices("aeioulnrstdmk", k=chance.randint(2, 10))) for _ in range(WORDS)]
        for language in LANGUAGES
    }


def run(folder: Path, index: Path) -> tuple[float, dict[str, float]]:
    """Indexes the folder: seconds of all of it, and by step."""
    watch, embedder = Stopwatch(), SyntheticEmbedder()
    start = time.perf_counter()
    with watch.on(TIMED):
        index_paths([folder], index, embedder)
    seconds = time.perf_counter() - start
    steps = dict(watch.seconds) | {"embedding": embedder.seconds}
    steps["keyword files"] = steps["all search files"] - steps["vector files"]
    return seconds, steps


def digest_without(index: Path, folder: Path) -> str:
    """Of all that the index holds of articles, but for the documents in the folder."""
    digest = hashlib.sha256()
    here = f"{folder.resolve().as_uri()}/%"
    old = "SELECT id FROM documents WHERE source_uri NOT LIKE ?"
    sentences = f"SELECT s.id FROM sentences s JOIN passages p ON p.id = s.passage WHERE p.document IN ({old})"
    stated = f"SELECT statement, sentence, score FROM stated WHERE sentence IN ({sentences})"
    queries = (
        f"SELECT * FROM versions WHERE document IN ({old}) ORDER BY document",
        f"SELECT * FROM statements WHERE id IN (SELECT statement FROM ({stated})) ORDER BY id",
        f"{stated} ORDER BY statement, sentence",
    )
    with closing(connect(index, "mode=ro")) as connection:
        for query in queries:
            for row in connection.execute(query, (here,)):
                digest.update(repr(row).encode())
    return digest.hexdigest()


def articles_by_size(index: Path) -> Counter[int]:
    """How many articles have so many versions."""
    with Store.open_to_read(index) as store:
        return Counter(Counter(version.article for version in store.articles.versions()).values())


def table(anew: tuple[float, dict[str, float]], more: tuple[float, dict[str, float]]) -> str:
    """The two runs beside each other."""
    rows: list[tuple[str, float, float]] = [("**the whole run**", anew[0], more[0])]
    rows += [(f"of which {step}", anew[1][step], more[1][step]) for step in STEPS]
    rest, rest_of_more = (seconds - sum(steps[step] for step in STEPS) for seconds, steps in (anew, more))
    rows.append(("of which finding, reading and segmenting files, and storing them", rest, rest_of_more))
    rows.append(("**all but embedding**", anew[0] - anew[1]["embedding"], more[0] - more[1]["embedding"]))
    lines = ["| seconds | all anew | one article more | ratio |", "|---|---|---|---|"]
    lines += [f"| {name} | {left:.3f} | {right:.3f} | {left / right:.1f} |" for name, left, right in rows]
    return "\n".join(lines)


def main() -> None:
    """Makes an index, adds to it, and prints the tables."""
    articles = int(sys.argv[1]) if len(sys.argv) > 1 else ARTICLES
    chance = random.Random(7)
    vocabulary = make_vocabulary(chance)
    with tempfile.TemporaryDirectory() as place:
        old, new, index = (Path(place) / name for name in ("old", "new", "index"))
        for folder in (old, new):
            folder.mkdir()
        for number in range(articles):
            write_article(number, old, vocabulary, chance)
        write_article(articles, new, vocabulary, chance)
        anew = run(old, index)
        sizes = articles_by_size(index)
        before = digest_without(index, new)
        more = run(new, index)
        unchanged = before == digest_without(index, new)
        sizes_after = articles_by_size(index)
        size = sum(path.stat().st_size for path in index.rglob("*") if path.is_file()) / 1e6
    documents = len(LANGUAGES) * articles
    print(f"{documents:,} documents in {len(LANGUAGES)} languages, {size:,.0f} MB of index:\n")
    print(table(anew, more))
    print(f"\nArticles by their number of versions: {dict(sizes)}, and then {dict(sizes_after)}.")
    print(f"Rows of other articles are {'as they were' if unchanged else 'CHANGED'}.")
    if not unchanged:
        sys.exit(1)


if __name__ == "__main__":
    main()
