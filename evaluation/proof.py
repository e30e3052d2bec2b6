"""How well the checks on a language model's sentences tell right ones from wrong ones: `python -m evaluation.proof`.

The records are model answers of one sentence over evidence, written by hand and labelled: in 17 languages and nine
scripts, half of them right and half with one thing wrong. A record has what the model wrote; where its evidence is in
another language, its translations back (`back`); and, of the test set, what it wrote when it was told why the sentence
cannot be shown (`repaired`). The checks were written with the tune set in sight and never with the test set.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeAlias

from bot.proof import Objection, Prover, Source
from index.embedding import open_embedder

__all__ = ["Attempt", "Counts", "Record", "counts", "objection", "read_records"]

Verdict: TypeAlias = Literal["faithful", "contradicts"]
SETS = ("tune", "test")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sentence as the model wrote it, the numbers that it cites, and its translations into their language."""

    sentence: str
    cites: tuple[int, ...]
    back: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """A model's answer over numbered evidence; `language` is the asker's, `kind` says what is right or wrong."""

    id: str
    language: str
    question: str
    evidence: Mapping[int, Source]
    first: Attempt
    verdict: Verdict
    kind: str
    repaired: Attempt | None = None

    @property
    def is_across(self) -> bool:
        """Whether its evidence is in another language than the asker's."""
        return self.kind.startswith("across")


@dataclass(frozen=True, slots=True)
class Counts:
    """Of so many records, those whose sentence is shown as it was first written, and after one repair.

    `checks` are those that the first sentences of the others failed.
    """

    records: int
    shown: int
    shown_after_repair: int
    checks: dict[str, int] = field(default_factory=dict)


def read_records(name: str) -> list[Record]:
    """Those of the set `tune` or `test`."""
    text = resources.files("evaluation").joinpath("data", "proof", f"{name}.jsonl").read_text("utf-8")
    return [_record(json.loads(line)) for line in text.splitlines()]


def objection(prover: Prover, record: Record, attempt: Attempt) -> Objection | None:
    """What the checks say, as `bot.generative` asks them."""
    unknown = [number for number in attempt.cites if number not in record.evidence]
    if unknown or not attempt.cites:
        return Objection("citation", f"there is no sentence {', '.join(map(str, unknown))}")
    sources = [record.evidence[number] for number in attempt.cites]
    if sources[0].language == record.language:
        return prover.objection(attempt.sentence, sources, record.language)
    return prover.across(attempt.sentence, sources, record.language) or prover.back(attempt.back, sources)


def counts(prover: Prover, records: Iterable[Record]) -> Counts:
    """Over these records."""
    first: list[Objection | None] = []
    after = 0
    for record in records:
        wrong = objection(prover, record, record.first)
        first.append(wrong)
        if wrong is None or (record.repaired and objection(prover, record, record.repaired) is None):
            after += 1
    checks = Counter(wrong.check for wrong in first if wrong)
    return Counts(len(first), first.count(None), after, dict(sorted(checks.items())))


def _record(read: Mapping[str, Any]) -> Record:
    repaired = read.get("repaired")
    return Record(
        id=read["id"],
        language=read["language"],
        question=read["question"],
        evidence={one["number"]: Source(one["text"], one["language"]) for one in read["evidence"]},
        first=_attempt(read),
        verdict=read["verdict"],
        kind=read["kind"],
        repaired=_attempt(repaired) if repaired else None,
    )


def _attempt(read: Mapping[str, Any]) -> Attempt:
    return Attempt(read["sentence"], tuple(read["cites"]), tuple(read.get("back", ())))


def _groups(records: Sequence[Record]) -> Iterator[tuple[str, list[Record]]]:
    """All of one verdict, in the asker's language and across languages; then by kind."""
    for verdict in ("faithful", "contradicts"):
        of_verdict = [record for record in records if record.verdict == verdict]
        yield f"{verdict}, own language", [record for record in of_verdict if not record.is_across]
        yield f"{verdict}, across languages", [record for record in of_verdict if record.is_across]
        for kind in sorted({record.kind for record in of_verdict}):
            yield f"{verdict}: {kind}", [record for record in of_verdict if record.kind == kind]


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints, or writes, the counts of each group of records."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.proof", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the counts there, too")
    parser.add_argument("--list", action="store_true", help="list the sentences that are judged wrongly")
    chosen = parser.parse_args(arguments)
    prover = Prover(open_embedder(progress=lambda line: print(line, file=sys.stderr)))
    results: dict[str, dict[str, dict[str, object]]] = {}
    for name in SETS:
        records = read_records(name)
        results[name] = {}
        print(f"{name}: {len(records)} records")
        print(f"  {'':38}{'records':>8}{'shown':>8}{'repaired':>9}  failed checks")
        for title, group in _groups(records):
            found = counts(prover, group)
            results[name][title] = asdict(found)
            failed = ", ".join(f"{check} {count}" for check, count in found.checks.items())
            print(f"  {title:38}{found.records:8}{found.shown:8}{found.shown_after_repair:9}  {failed}")
        if chosen.list:
            _list(prover, records)
    if chosen.json:
        chosen.json.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _list(prover: Prover, records: Sequence[Record]) -> None:
    for record in records:
        wrong = objection(prover, record, record.first)
        if (wrong is None) != (record.verdict == "faithful"):
            print(f"\n{record.id} {record.verdict} ({record.kind}): {wrong.reason if wrong else 'shown'}")
            print(f"  {record.first.sentence}")
            for number in record.first.cites:
                print(f"  [{number}] {record.evidence[number].text if number in record.evidence else ''}")


if __name__ == "__main__":
    main()
