from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.engine import AnswerEngine
from bot.question import QUESTION_LIMIT, checked_text
from bot.types import Question
from index.errors import QuestionError
from index.retriever import Retriever
from index.store import Store
from tests.toy import WordEmbedder, new_store, put


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = new_store(tmp_path / "index")
    put(store, "training", ["New agents train for six weeks at the office.", "A coach listens to every call."])
    put(
        store,
        "opleiding",
        ["Nieuwe medewerkers leren zes weken op kantoor.", "Een coach luistert naar elk gesprek."],
        language="nl",
    )
    put(store, "only-french", ["La cantine ouvre ses portes à midi pour tous."], language="fr")
    return store


def engine(store: Store, threshold: float = 0.3) -> AnswerEngine:
    return AnswerEngine(Retriever(store, WordEmbedder()), threshold=threshold)


def test_the_quote_is_in_the_askers_language_and_exact(store: Store) -> None:
    answer = engine(store).answer(Question("Hoe veel weken leren nieuwe medewerkers op kantoor?"))
    assert (answer.status, answer.language, answer.notice) == ("answered", "nl", None)
    assert answer.text == "Nieuwe medewerkers leren zes weken op kantoor."
    (citation,) = answer.citations
    document = store.document(citation.document)
    assert document is not None
    assert document.text[citation.start : citation.end] == citation.quote == answer.text
    assert citation.passage == document.text
    assert (citation.marker, citation.language, citation.title) == (1, "nl", "Opleiding")


def test_what_only_another_language_says_is_quoted_with_a_notice_in_the_askers(store: Store) -> None:
    answer = engine(store).answer(Question("la cantine ouvre ses portes", language="nl"))
    assert (answer.status, answer.language, answer.citations[0].language) == ("answered", "nl", "fr")
    assert answer.notice is not None
    assert "Frans" in answer.notice


def test_an_asker_of_a_language_without_documents_gets_a_quote_and_a_notice(store: Store) -> None:
    answer = engine(store).answer(Question("New agents train for six weeks at the office", language="vi"))
    assert (answer.language, answer.citations[0].language) == ("vi", "en")
    assert answer.notice is not None
    assert "Tiếng Anh" in answer.notice


def test_two_sentences_that_are_nearly_equal_are_both_quoted(store: Store) -> None:
    """To the toy embedder, sentences of the same words are equal."""
    put(store, "twins", ["Calls open at nine sharp.", "Nobody has asked about lunch.", "At nine sharp calls open."])
    answer = engine(store, threshold=0).answer(Question("When do calls open, nine sharp?", language="en"))
    assert [citation.quote for citation in answer.citations] == [
        "Calls open at nine sharp.",
        "At nine sharp calls open.",
    ]
    assert [citation.marker for citation in answer.citations] == [1, 2]
    assert answer.text == "Calls open at nine sharp. … At nine sharp calls open."
    one = AnswerEngine(Retriever(store, WordEmbedder()), threshold=0, most_quotes=1)
    assert len(one.answer(Question("When do calls open, nine sharp?", language="en")).citations) == 1


def test_neighbours_are_joined_without_a_mark(store: Store) -> None:
    put(store, "twins", ["Calls open at nine sharp.", "At nine sharp calls open."])
    answer = engine(store, threshold=0).answer(Question("When do calls open, nine sharp?", language="en"))
    assert answer.text == "Calls open at nine sharp. At nine sharp calls open."


def test_it_abstains_in_the_askers_language(store: Store) -> None:
    answer = engine(store).answer(Question("Wat kost een treinkaartje naar Parijs?"))
    assert (answer.status, answer.citations, answer.notice) == ("abstained", (), None)
    assert answer.text.startswith("De documenten")
    assert 0 <= answer.confidence < 0.3


def test_the_threshold_decides(store: Store) -> None:
    question = Question("How many weeks do agents train?")
    sure = engine(store, threshold=0).answer(question)
    assert sure.status == "answered"
    assert engine(store, threshold=sure.confidence - 0.001).answer(question).status == "answered"
    assert engine(store, threshold=sure.confidence + 0.001).answer(question).status == "abstained"


def test_an_index_without_documents_says_so(tmp_path: Path) -> None:
    answer = engine(new_store(tmp_path / "index"), threshold=0).answer(Question("Hello, who is there?"))
    assert (answer.status, answer.confidence) == ("abstained", 0)
    assert "document" in answer.text


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is empty"),
        (" \n\t", "is empty"),
        ("a" * 100_000, "has 100,000 characters"),
        ("ﷺ" * 3000, "has 3,000 characters"),
        ("🙂🙃 🎉", "no letters or digits"),
        ("\x00\x01\x02", "no letters or digits"),
        ("\ud800\udfff", "no letters or digits"),
        ("\u202e\u2066\u200b", "no letters or digits"),
    ],
)
def test_what_is_no_question_is_a_clear_error(store: Store, text: str, complaint: str) -> None:
    with pytest.raises(QuestionError, match=complaint):
        engine(store).answer(Question(text))


def test_an_unknown_language_code_is_named(store: Store) -> None:
    with pytest.raises(QuestionError, match="'klingon' is not a language code"):
        engine(store).answer(Question("weeks?", language="klingon"))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200))
def test_any_text_is_answered_or_refused_and_quotes_are_exact(store: Store, text: str) -> None:
    try:
        answer = engine(store, threshold=0).answer(Question(text))
    except QuestionError:
        return
    assert answer.question == checked_text(text)
    assert len(answer.question) <= QUESTION_LIMIT
    for citation in answer.citations:
        document = store.document(citation.document)
        assert document is not None
        assert document.text[citation.start : citation.end] == citation.quote
