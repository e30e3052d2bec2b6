"""Keyword search against the plainest thing that could do it: a dictionary of postings, scored in Python.

python -m benchmarks.lexical [ROWS]

Prints JSON: updates per second and the median query in milliseconds, of both, and their ratios. Both use the same
terms; what differs is the index. Sentences are generated, their words as unevenly common as in real text.
"""

from __future__ import annotations

import json
import math
import random
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

from index.lexical import LexicalEntry, LexicalIndex
from index.tokens import terms

WORDS = 30_000
QUERIES = 200
CHANGED = 1_000


class PostingsInMemory:
    """BM25 over a dictionary; to remove a document is to look through all of it."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[str, Counter[str]]] = {}
        self._postings: dict[str, dict[int, int]] = defaultdict(dict)

    def update(self, remove: set[str], add: list[LexicalEntry]) -> None:
        for key in [key for key, (document, _) in self._rows.items() if document in remove]:
            for term in self._rows.pop(key)[1]:
                del self._postings[term][key]
        for entry in add:
            counts = Counter(terms(entry.text))
            self._rows[entry.key] = (entry.document, counts)
            for term, times in counts.items():
                self._postings[term][entry.key] = times

    def search(self, query: str, limit: int) -> list[tuple[int, float]]:
        scores: dict[int, float] = defaultdict(float)
        average = 20.0
        for term in set(terms(query)):
            found = self._postings.get(term, {})
            rarity = math.log(1 + (len(self._rows) - len(found) + 0.5) / (len(found) + 0.5))
            for key, times in found.items():
                length = self._rows[key][1].total()
                scores[key] += rarity * 2.2 * times / (times + 1.2 * (0.25 + 0.75 * length / average))
        return sorted(scores.items(), key=lambda hit: (-hit[1], hit[0]))[:limit]


def sentences(count: int, chance: random.Random) -> list[LexicalEntry]:
    """`count` sentences of 8 to 30 words in documents of 20, words by Zipf's law."""
    vocabulary = ["".join(chance.choices("aeioulnrstdmk", k=chance.randint(2, 10))) for _ in range(WORDS)]
    weights = [1 / (rank + 1) for rank in range(WORDS)]
    drawn = [chance.choices(vocabulary, weights, k=chance.randint(8, 30)) for _ in range(count)]
    return [LexicalEntry(key, "sentence", f"d{key // 20}", "en", " ".join(words)) for key, words in enumerate(drawn)]


def seconds(act: Callable[[], object]) -> float:
    """How long `act` takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def main() -> None:
    """Runs both over the same rows and queries, in turn."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    chance = random.Random(7)
    rows = sentences(count, chance)
    queries = [" ".join(chance.sample(chance.choice(rows).text.split(), 6)) for _ in range(QUERIES)]
    changed = [row for row in rows if int(row.document[1:]) < CHANGED // 20]
    names = {row.document for row in changed}
    with tempfile.TemporaryDirectory() as folder:
        ours = LexicalIndex.open(Path(folder) / "lexical")
        plain = PostingsInMemory()
        built = seconds(lambda: ours.update(remove_documents=[], add=rows, generation=1))
        built_plain = seconds(lambda: plain.update(set(), rows))
        updated = seconds(lambda: ours.update(remove_documents=names, add=changed, generation=2))
        updated_plain = seconds(lambda: plain.update(names, changed))
        asked = [seconds(partial(ours.search, query, kind="sentence", limit=50)) for query in queries]
        asked_plain = [seconds(partial(plain.search, query, 50)) for query in queries]
        opened = seconds(lambda: LexicalIndex.open(Path(folder) / "lexical"))
    p50, p50_plain = statistics.median(asked) * 1000, statistics.median(asked_plain) * 1000
    figures = {
        "rows": count,
        "built_rows_per_s": round(count / built),
        "built_to_plain": round(built_plain / built, 2),
        "updated_rows_per_s": round(len(changed) / updated),
        "updated_to_plain": round(updated_plain / updated, 2),
        "query_p50_ms": round(p50, 2),
        "query_p50_plain_ms": round(p50_plain, 2),
        "query_speedup": round(p50_plain / p50, 1),
        "open_ms": round(opened * 1000, 1),
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
