from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.types import Answer, Citation, ModelUse, Timings
from evaluation.run import Bench, collect, outcome_from_json
from evaluation.types import (
    SETTINGS,
    Asked,
    EvaluationQuestion,
    Found,
    Grain,
    Outcome,
    Place,
    Pool,
    Quote,
    Ranking,
    Retrieved,
)
from index.types import Document

EN = Document(
    "training-en", "file:///help/en.txt", "", "en", "New agents train for the six weeks. A coach listens.", None, ""
)
NL = Document(
    "training-nl", "file:///help/nl.txt", "", "nl", "Nieuwe medewerkers leren zes weken. Een coach.", None, ""
)
SIX_WEEKS = Place(EN.source_uri, "en", (25, 34))
ZES_WEKEN = Place(NL.source_uri, "nl", (25, 34))

UNTIMED = Timings(0.0, 0.0, 0.0, 0.0)
ABSTAINED = Answer("?", "en", "abstained", "I do not know.", 0.1, None, (), UNTIMED)


def test_the_places_are_where_the_examples_say() -> None:
    assert (EN.text[25:34], NL.text[25:34]) == ("six weeks", "zes weken")


def cited(document: Document, quote: str, shift: int = 0) -> Citation:
    """The quote where it stands, or beside it."""
    start = document.text.index(quote) + shift
    return Citation(
        1, quote, document.id, document.source_uri, "", document.language, start, start + len(quote), document.text, 0
    )


def answered(*citations: Citation, confidence: float = 0.8) -> Answer:
    text = " ".join(citation.quote for citation in citations)
    return Answer("?", "en", "answered", text, confidence, None, citations, UNTIMED)


def asked(
    *places: Place, language: str = "en", kind: str = "plain", answers: tuple[str, ...] = (), own: str = "q"
) -> Asked:
    return Asked(EvaluationQuestion(own, "how long?", language, kind, own), places, answers)


@dataclass
class Scripted:
    """Says what it was told to say, and remembers what it was asked."""

    says: Answer
    insists: Answer = ABSTAINED
    rankings: dict[Pool, Ranking] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    searched: list[list[Pool]] = field(default_factory=list)
    name: str = "scripted"
    calibrated: bool = False

    def answer(self, question: EvaluationQuestion) -> Answer:
        self.calls.append("answer")
        return self.says

    def insist(self, question: EvaluationQuestion) -> Answer:
        self.calls.append("insist")
        return self.insists

    def rank(self, question: EvaluationQuestion, pools: Sequence[Pool]) -> list[Ranking]:
        self.searched.append(list(pools))
        return [self.rankings.get(pool, {}) for pool in pools]


def measure(system: Scripted, question: Asked) -> Outcome:
    return Bench(system, [EN, NL], {EN.source_uri: "training", NL.source_uri: "training"}, SETTINGS).measure(question)


# Right, wrong, abstained


@pytest.mark.parametrize(
    ("citations", "right"),
    [
        ([cited(EN, "New agents train for the six weeks.")], True),
        ([cited(EN, "A coach listens.")], False),
        ([cited(EN, "A coach listens."), cited(EN, "New agents train for the six weeks.")], True),
        ([cited(NL, "Nieuwe medewerkers leren zes weken.")], False),
        ([], False),
    ],
)
def test_an_answer_is_right_where_one_of_its_quotes_holds_a_gold(citations: list[Citation], right: bool) -> None:
    outcome = measure(Scripted(answered(*citations)), asked(SIX_WEEKS))
    assert (outcome.answered, outcome.right, outcome.best_right) == (True, right, right)
    assert (outcome.confidence, outcome.best_confidence) == (0.8, 0.8)


def test_a_version_in_another_language_is_as_right() -> None:
    outcome = measure(Scripted(answered(cited(NL, "Nieuwe medewerkers leren zes weken."))), asked(SIX_WEEKS, ZES_WEKEN))
    assert outcome.right
    assert outcome.quotes[0].language == "nl"


def test_to_abstain_from_what_is_answered_is_wrong_whatever_it_would_have_said() -> None:
    best = answered(cited(EN, "New agents train for the six weeks."), confidence=0.12)
    outcome = measure(Scripted(ABSTAINED, best), asked(SIX_WEEKS))
    assert (outcome.answered, outcome.right) == (False, False)
    assert (outcome.best_right, outcome.best_confidence, outcome.confidence) == (True, 0.12, 0.1)
    assert (outcome.text, outcome.quotes) == ("I do not know.", ())


@pytest.mark.parametrize("kind", ["off-topic", "near-miss", "false-premise"])
def test_what_nothing_answers_is_rightly_abstained_from_alone(kind: str) -> None:
    quote = answered(cited(EN, "A coach listens."), confidence=0.4)
    abstained, answer = (measure(Scripted(says, quote), asked(kind=kind)) for says in (ABSTAINED, quote))
    assert (abstained.answered, abstained.right) == (False, True)
    assert (abstained.best_right, abstained.best_confidence) == (False, 0.4)
    assert (answer.answered, answer.right, answer.best_right) == (True, False, False)


def test_only_who_abstains_is_asked_to_insist() -> None:
    bold, shy = Scripted(answered(cited(EN, "A coach listens."))), Scripted(ABSTAINED)
    measure(bold, asked(SIX_WEEKS))
    measure(shy, asked(SIX_WEEKS))
    assert (bold.calls, shy.calls) == (["answer"], ["answer", "insist"])


def test_a_system_with_nothing_to_insist_on_is_not_right() -> None:
    outcome = measure(Scripted(ABSTAINED, ABSTAINED), asked(SIX_WEEKS))
    assert (outcome.best_right, outcome.best_confidence) == (False, 0.1)


@pytest.mark.parametrize(
    ("said", "right"),
    [("They train for the six weeks, all paid.", True), ("Six paid weeks.", False), ("weeks six", False)],
)
def test_a_gold_that_stands_in_no_document_is_looked_for_in_the_answers_words(said: str, right: bool) -> None:
    answer = Answer("?", "en", "answered", said, 0.8, None, (cited(EN, "A coach listens."),), UNTIMED)
    outcome = measure(Scripted(answer), asked(answers=("Six weeks",)))
    assert (outcome.right, outcome.best_right) == (right, right)


def test_words_do_not_count_where_the_gold_has_a_place() -> None:
    answer = Answer("?", "en", "answered", "six weeks", 0.8, None, (cited(EN, "A coach listens."),), UNTIMED)
    assert not measure(Scripted(answer), asked(SIX_WEEKS, answers=("six weeks",))).right


# Quotes


@pytest.mark.parametrize(("shift", "exact"), [(0, True), (1, False), (-1, False)])
def test_a_quote_is_exact_where_it_is_the_documents_text_at_that_place(shift: int, exact: bool) -> None:
    (quote,) = measure(Scripted(answered(cited(EN, "the six weeks", shift))), asked(SIX_WEEKS)).quotes
    assert quote == Quote(EN.source_uri, "en", 21 + shift, 34 + shift, "the six weeks", exact=exact, right=True)


def test_a_quote_that_was_rewritten_is_not_exact() -> None:
    citation = Citation(1, "Six weeks", EN.id, EN.source_uri, "", "en", 25, 34, EN.text, 0)
    (quote,) = measure(Scripted(answered(citation)), asked(SIX_WEEKS)).quotes
    assert (quote.text, quote.exact, quote.right) == ("Six weeks", False, True)


# Words


def test_without_gold_texts_there_are_no_scores() -> None:
    for says in (ABSTAINED, answered(cited(EN, "A coach listens."))):
        outcome = measure(Scripted(says), asked(Place(EN.source_uri, "en", None)))
        assert (outcome.exact_match, outcome.token_f1, outcome.containment) == (None, None, None)


def test_an_abstention_has_none_of_the_golds_words() -> None:
    outcome = measure(Scripted(ABSTAINED), asked(SIX_WEEKS, answers=("I do not know",)))
    assert (outcome.exact_match, outcome.token_f1, outcome.containment) == (0, 0, 0)


def test_an_answers_words_are_compared_in_the_language_of_its_first_quote() -> None:
    """English drops "the": of "for six weeks" two words in three are in the gold, and both of the gold's in it."""
    for_weeks = asked(ZES_WEKEN, language="nl", answers=("the six weeks",))
    outcome = measure(Scripted(answered(cited(EN, "for the six weeks"))), for_weeks)
    assert (outcome.exact_match, outcome.containment) == (0, 1)
    assert outcome.token_f1 == pytest.approx(2 * 2 / (3 + 2))
    assert measure(Scripted(answered(cited(EN, "the six weeks"))), for_weeks).exact_match == 1


# Prose

USE = ModelUse("openai:x", 2, 412, 96, 0.25, 4, ("words", "facts"), 3)


def prose(text: str, *citations: Citation, language: str = "en") -> Answer:
    return Answer("?", language, "answered", text, 0.8, None, citations, UNTIMED, composer="generative", model_use=USE)


@pytest.mark.parametrize(
    ("citations", "right"),
    [
        ([cited(EN, "A coach listens."), cited(NL, "Nieuwe medewerkers leren zes weken.")], True),
        ([cited(EN, "A coach listens.")], False),
    ],
)
def test_prose_is_right_where_one_of_its_citations_holds_a_gold(citations: list[Citation], right: bool) -> None:
    """Its words are not looked at: the checks hold them to what they cite."""
    outcome = measure(Scripted(prose("They train for six weeks.", *citations)), asked(SIX_WEEKS, ZES_WEKEN))
    assert (outcome.right, outcome.best_right) == (right, right)
    assert (outcome.composer, outcome.fallback, outcome.model_use) == ("generative", None, USE)


def test_the_words_of_prose_are_compared_in_its_own_language() -> None:
    """It cites Dutch and is English, which drops "the"; of Dutch it would be a word."""
    said = prose("the six weeks", cited(NL, "Nieuwe medewerkers leren zes weken."))
    outcome = measure(Scripted(said), asked(ZES_WEKEN, answers=("six weeks",)))
    assert (outcome.language, outcome.exact_match) == ("en", 1)


def test_a_quote_is_in_the_language_that_it_quotes_and_keeps_why_there_is_no_prose() -> None:
    said = replace(answered(cited(NL, "Een coach.")), fallback="late", model_use=USE)
    outcome = measure(Scripted(said), asked(SIX_WEEKS))
    assert (outcome.language, outcome.composer, outcome.fallback) == ("nl", "extractive", "late")


# Rankings


def ranked(*units: tuple[Document, int, int]) -> list[Retrieved]:
    return [Retrieved(document.source_uri, document.language, start, end, 1.0) for document, start, end in units]


def test_each_pool_is_searched_once_and_what_was_found_there_is_kept() -> None:
    english, dutch = frozenset({"en"}), frozenset({"nl"})
    good, other, gut = (EN, 0, 35), (EN, 36, 52), (NL, 0, 35)
    rankings: dict[Pool, Ranking] = {
        english: {"sentence": ranked(other, good)},
        dutch: {"sentence": ranked(gut), "passage": ranked((NL, 0, 46))},
        english | dutch: {"sentence": ranked(gut, other, good)},
    }
    system = Scripted(answered(cited(EN, "A coach listens.")), rankings=rankings)
    outcome = measure(system, asked(SIX_WEEKS, ZES_WEKEN))
    assert system.searched == [[english, dutch, english | dutch, dutch]]
    sentence: Grain = "sentence"
    assert outcome.found == (
        Found("mono", "en", sentence, {EN.source_uri: 2}, None),
        Found("cross", "nl", sentence, {NL.source_uri: 1}, 1),
        Found("cross", "nl", "passage", {NL.source_uri: 1}, 1),
        Found("mixed", "", sentence, {NL.source_uri: 1, EN.source_uri: 3}, 1),
        Found("cross-only", "", sentence, {NL.source_uri: 1}, 1),
        Found("cross-only", "", "passage", {NL.source_uri: 1}, 1),
    )


def test_nothing_is_searched_for_a_question_without_an_answer() -> None:
    system = Scripted(ABSTAINED)
    assert measure(system, asked(kind="near-miss")).found == ()
    assert system.searched == []


def test_the_clock_runs_for_the_answer_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]

    class Slow(Scripted):
        def answer(self, question: EvaluationQuestion) -> Answer:
            now[0] += 0.05
            return super().answer(question)

        def insist(self, question: EvaluationQuestion) -> Answer:
            now[0] += 7
            return super().insist(question)

        def rank(self, question: EvaluationQuestion, pools: Sequence[Pool]) -> list[Ranking]:
            now[0] += 7
            return super().rank(question, pools)

    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    assert measure(Slow(ABSTAINED), asked(SIX_WEEKS)).milliseconds == 50.0


# Checkpoints


def outcome(own: str, text: str = "Six weeks.") -> Outcome:
    quotes = (Quote("file:///help/en.txt", "en", 3, 13, text, True, False),)
    found = (Found("mixed", "", "sentence", {"file:///help/en.txt": 4}, None),)
    return Outcome(own, True, False, text, 0.25, quotes, False, 0.25, None, 0.5, 1.0, 12.34, found)


QUESTIONS = [asked(own=own) for own in ("c", "a", "d", "b")]


class Measuring:
    """Measures as told, and remembers what; stops like Ctrl-C before the question called `until`."""

    def __init__(self, until: str = "") -> None:
        self.until = until
        self.measured: list[str] = []

    def __call__(self, questions: Iterable[Asked]) -> Iterator[Outcome]:
        for one in questions:
            if one.question.id == self.until:
                raise KeyboardInterrupt
            self.measured.append(one.question.id)
            yield outcome(one.question.id)


def test_outcomes_come_in_the_order_of_the_questions_and_are_kept(tmp_path: Path) -> None:
    measuring, advanced = Measuring(), []
    outcomes = collect(QUESTIONS, measuring, tmp_path / "new" / "kept.jsonl", lambda: advanced.append(1))
    assert outcomes == [outcome(own) for own in "cadb"]
    assert len(advanced) == 4
    lines = (tmp_path / "new" / "kept.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["question"] for line in lines] == list("cadb")


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    path, first, second, advanced = tmp_path / "kept.jsonl", Measuring(until="d"), Measuring(), []
    with pytest.raises(KeyboardInterrupt):
        collect(QUESTIONS, first, path)
    outcomes = collect(QUESTIONS, second, path, lambda: advanced.append(1))
    assert (first.measured, second.measured) == (["c", "a"], ["d", "b"])
    assert outcomes == [outcome(own) for own in "cadb"]
    assert len(advanced) == 4


def test_each_outcome_is_on_the_disk_before_the_next_question_is_asked(tmp_path: Path) -> None:
    path, kept = tmp_path / "kept.jsonl", []

    def looking(questions: Sequence[Asked]) -> Iterator[Outcome]:
        for one in questions:
            kept.append(path.read_text("utf-8").count("\n"))
            yield outcome(one.question.id)

    collect(QUESTIONS, looking, path)
    assert kept == [0, 1, 2, 3]


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_a_last_line_that_was_cut_off_is_measured_again(tmp_path: Path, cut: int) -> None:
    path, again = tmp_path / "kept.jsonl", Measuring()
    collect(QUESTIONS[:2], Measuring(), path)
    path.write_bytes(path.read_bytes()[:-cut])
    outcomes = collect(QUESTIONS, again, path)
    assert again.measured == ["a", "d", "b"]
    assert outcomes == [outcome(own) for own in "cadb"]
    assert collect(QUESTIONS, Measuring(until="c"), path) == outcomes  # and the file is whole again


def test_a_character_that_was_cut_in_two_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    collect(QUESTIONS[:1], Measuring(), path)
    path.write_bytes(path.read_bytes() + '{"question": "ä'.encode()[:-1])
    assert collect(QUESTIONS[:1], Measuring(until="c"), path) == [outcome("c")]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters() | st.sampled_from("\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\ud800"), max_size=20))
def test_whatever_an_answer_holds_it_comes_back_from_the_checkpoint(tmp_path: Path, text: str) -> None:
    path, whole = tmp_path / "kept.jsonl", outcome("c", text)
    path.unlink(missing_ok=True)
    collect(QUESTIONS[:1], lambda _: [whole], path)
    assert collect(QUESTIONS[:1], Measuring(until="c"), path) == [whole]


def test_a_row_that_is_no_outcome_is_refused() -> None:
    row = json.loads(json.dumps(asdict(outcome("c"))))
    assert outcome_from_json(row) == outcome("c")
    with_model = replace(outcome("c"), composer="generative", language="en", model_use=USE)
    assert outcome_from_json(json.loads(json.dumps(asdict(with_model)))) == with_model
    older = {key: row[key] for key in row if key not in {"language", "composer", "fallback", "model_use"}}
    assert outcome_from_json(older) == outcome("c")
    with pytest.raises(KeyError):
        outcome_from_json({key: value for key, value in row.items() if key != "quotes"})
    with pytest.raises(TypeError):
        outcome_from_json(row | {"mood": "good"})
