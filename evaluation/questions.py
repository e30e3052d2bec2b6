"""How many questions of a file are answered right: `python -m evaluation.questions QUESTIONS.jsonl DOCUMENTS`.

Each line of the file is `{"id", "question", "language", "file", "gold"}`: `gold` is a part of the one sentence that
answers, `file` the document that holds it, and both are null where the documents do not answer. A question counts as
right when the engine quotes that sentence from that file, or abstains where nothing answers.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.engine import DEFAULT_THRESHOLD, AnswerEngine
from bot.types import Answer, Question
from index.embedding import open_embedder
from index.indexer import index_paths
from index.retriever import Retriever
from index.store import Store

__all__ = ["GoldQuestion", "Outcome", "judge", "read_questions", "report"]


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question and where its answer stands; `file` and `gold` are None where the documents do not answer."""

    id: str
    question: str
    language: str
    file: str | None
    gold: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question. `right_first`: the best single sentence is right, whatever the confidence."""

    asked: GoldQuestion
    answer: Answer
    right_first: bool
    quoted_right: bool

    @property
    def kind(self) -> str:
        """`right` (quoted, or rightly abstained), `wrong` (no quote is right) or `missed` (abstained for nothing)."""
        if self.answer.status == "abstained":
            return "right" if self.asked.gold is None else "missed"
        return "right" if self.quoted_right else "wrong"


def read_questions(path: Path) -> list[GoldQuestion]:
    """Raises ValueError, naming the line, where one is not such a question."""
    questions = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            questions.append(GoldQuestion(*(row[key] for key in ("id", "question", "language", "file", "gold"))))
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise ValueError(f"{path}, line {number} is not a question with its answer: {error!r}") from error
    return questions


def judge(engine: AnswerEngine, first: AnswerEngine, asked: GoldQuestion) -> Outcome:
    """Asks `engine`; and `first`, which never abstains and quotes one sentence, for the best one."""
    answer = engine.answer(Question(asked.question))
    best = first.answer(Question(asked.question))
    return Outcome(asked, answer, _has_gold(best, asked), _has_gold(answer, asked))


def _has_gold(answer: Answer, asked: GoldQuestion) -> bool:
    if asked.gold is None or asked.file is None:
        return False
    return any(asked.gold in cited.quote and cited.source_uri.endswith(asked.file) for cited in answer.citations)


def report(outcomes: Iterable[Outcome]) -> str:
    """A table by language: of the answerable the right quotes, and what the engine did with all of them."""
    by_language: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_language[outcome.asked.language].append(outcome)
        by_language["all"].append(outcome)
    lines = [
        "| asker | right sentence first | answered right | wrong | missed | unanswerable: abstained |",
        "|---|" * 6,
    ]
    lines[1] = "|---|---|---|---|---|---|"
    for language in (*sorted(by_language.keys() - {"all"}), "all"):
        answerable = [outcome for outcome in by_language[language] if outcome.asked.gold is not None]
        others = [outcome for outcome in by_language[language] if outcome.asked.gold is None]
        kinds = Counter(outcome.kind for outcome in answerable)
        first = sum(outcome.right_first for outcome in answerable)
        abstained = sum(outcome.kind == "right" for outcome in others)
        cells = (
            language,
            f"{first} of {len(answerable)}",
            *(str(kinds[kind]) for kind in ("right", "wrong", "missed")),
            f"{abstained} of {len(others)}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Indexes the documents in a temporary folder and asks every question."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.questions", description=__doc__)
    parser.add_argument("questions", type=Path)
    parser.add_argument("documents", type=Path, nargs="+")
    parser.add_argument("--threshold", type=float, default=DEFAULT_THRESHOLD)
    parser.add_argument("--all", action="store_true", help="list every question, not only those that went wrong")
    options = parser.parse_args(arguments)
    embedder = open_embedder()
    with tempfile.TemporaryDirectory() as folder:
        index_paths(options.documents, Path(folder), embedder)
        with Store.open_to_read(Path(folder)) as store:
            retriever = Retriever(store, embedder)
            engine = AnswerEngine(retriever, threshold=options.threshold)
            first = AnswerEngine(retriever, threshold=0, most_quotes=1)
            outcomes = [judge(engine, first, asked) for asked in read_questions(options.questions)]
    for outcome in outcomes:
        if options.all or outcome.kind != "right":
            said = outcome.answer.text if outcome.answer.status == "answered" else "(abstained)"
            print(f"{outcome.kind:6} {outcome.answer.confidence:.2f} {outcome.asked.question}\n       {said[:150]}")
    print(report(outcomes))
    answered = [outcome.answer for outcome in outcomes if outcome.answer.status == "answered"]
    quotes = sum(len(answer.citations) for answer in answered)
    print(f"\n{quotes / max(1, len(answered)):.2f} sentences quoted an answer, mean of {len(answered)}")


if __name__ == "__main__":
    main()
