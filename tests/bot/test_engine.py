from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.engine import AnswerEngine
from bot.messages import message
from bot.question import QUESTION_LIMIT, checked_text
from bot.types import Answer, Citation, Question, QuotedVersion
from index.errors import QuestionError
from index.retriever import Retriever
from index.store import Store
from index.types import Evidence, Role, Vectors
from tests.toy import WordEmbedder, align, new_store, put


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Three documents that are no versions of each other."""
    with new_store(tmp_path / "index") as store:
        put(store, "training", ["New agents train for six weeks at the office.", "A coach listens to every call."])
        put(
            store,
            "opleiding",
            ["Nieuwe medewerkers leren zes weken op kantoor.", "Een coach luistert naar elk gesprek."],
            language="nl",
        )
        put(store, "only-french", ["La cantine ouvre ses portes à midi pour tous.", "Le soir, rien."], language="fr")
        yield store


@pytest.fixture
def versions(tmp_path: Path) -> Iterator[Store]:
    """An article in English, French and Dutch, and one beside it in each language."""
    with new_store(tmp_path / "versions") as store:
        put(store, "canteen-en", ["Lunch is served from noon.", "Guests pay five euros.", "Dogs stay outside."])
        put(
            store,
            "canteen-fr",
            ["La cantine ouvre ses portes à midi.", "Les invités paient cinq euros.", "Pas de chiens."],
            language="fr",
        )
        put(
            store,
            "canteen-nl",
            ["Om twaalf uur begint de lunch.", "Dan is het druk.", "Gasten betalen vijf euro."],
            language="nl",
        )
        put(store, "training-en", ["New agents train for six weeks.", "A coach listens in."])
        put(store, "training-fr", ["Les nouveaux agents apprennent six semaines.", "Un coach écoute."], language="fr")
        put(store, "training-nl", ["Nieuwe medewerkers leren zes weken.", "Een coach luistert mee."], language="nl")
        align(
            store,
            {"canteen-en": [0], "canteen-fr": [0], "canteen-nl": [0, 1]},
            {"canteen-en": [1], "canteen-fr": [1], "canteen-nl": [2]},
            {"canteen-en": [2], "canteen-fr": [2]},
        )
        align(store, *({f"training-{language}": [n] for language in ("en", "fr", "nl")} for n in range(2)))
        yield store


def engine(
    store: Store, threshold: float = 0.15, *, most_quotes: int = 2, preferred: Sequence[str] = ()
) -> AnswerEngine:
    retriever = Retriever(store, WordEmbedder())
    return AnswerEngine(retriever, threshold=threshold, most_quotes=most_quotes, preferred=preferred)


def texts(store: Store, citation: Citation) -> Iterable[tuple[str, str]]:
    """What is quoted, and what stands in its place, of a citation and of all its versions."""
    quotes: tuple[Citation | QuotedVersion, ...] = (citation, *citation.versions)
    for quoted in quotes:
        document = store.document(quoted.document)
        assert document is not None
        assert document.language == quoted.language
        yield quoted.quote, document.text[quoted.start : quoted.end]


def assert_exact(store: Store, answer: Answer) -> None:
    for citation in (*answer.citations, *answer.related):
        for quote, there in texts(store, citation):
            assert quote == there != ""
        assert citation.quote in citation.passage
        assert citation.document not in {version.document for version in citation.versions}


# What is quoted


def test_the_quote_is_in_the_askers_language_and_exact(store: Store) -> None:
    answer = engine(store).answer(Question("Hoe veel weken leren nieuwe medewerkers op kantoor?"))
    assert (answer.status, answer.language, answer.notice) == ("answered", "nl", None)
    assert (answer.reason, answer.related, answer.follow_up_of) == (None, (), None)
    assert answer.text == "Nieuwe medewerkers leren zes weken op kantoor."
    (citation,) = answer.citations
    document = store.document(citation.document)
    assert document is not None
    assert document.text[citation.start : citation.end] == citation.quote == answer.text
    assert citation.passage == document.text
    assert (citation.marker, citation.language, citation.title) == (1, "nl", "Opleiding")
    assert citation.versions == ()


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


def test_what_is_found_in_french_is_quoted_in_the_dutch_that_stands_in_its_place(versions: Store) -> None:
    """No word of the question stands in the Dutch version."""
    question = Question("la cantine ouvre ses portes à midi", language="nl")
    answer = engine(versions, threshold=0).answer(question)
    assert (answer.status, answer.language, answer.notice) == ("answered", "nl", None)
    (citation,) = answer.citations
    assert (citation.document, citation.language) == ("canteen-nl", "nl")
    assert [(version.language, version.document, version.quote) for version in citation.versions] == [
        ("en", "canteen-en", "Lunch is served from noon."),
        ("fr", "canteen-fr", "La cantine ouvre ses portes à midi."),
    ]
    assert [version.start for version in citation.versions] == [0, 0]
    assert_exact(versions, answer)


def test_two_sentences_of_one_statement_are_quoted_as_one_stretch(versions: Store) -> None:
    answer = engine(versions, threshold=0).answer(Question("la cantine ouvre ses portes à midi", language="nl"))
    assert answer.text == "Om twaalf uur begint de lunch. Dan is het druk."
    (citation,) = answer.citations
    assert (citation.quote, citation.start, citation.end) == (answer.text, 0, 47)
    french = engine(versions, threshold=0).answer(Question("la cantine ouvre ses portes à midi", language="fr"))
    assert [v.quote for v in french.citations[0].versions if v.language == "nl"] == [answer.text]


def test_a_stretch_over_two_paragraphs_has_both_as_its_passage(tmp_path: Path) -> None:
    with new_store(tmp_path / "index") as store:
        put(store, "en", ["The canteen opens at noon, in the hall."], ["Nothing else."])
        put(store, "nl", ["De kantine opent om twaalf uur."], ["Dat is in de hal.", "En verder."], language="nl")
        align(store, {"en": [0], "nl": [0, 1]})
        answer = engine(store, threshold=0).answer(Question("the canteen opens at noon", language="nl"))
    (citation,) = answer.citations
    assert citation.quote == "De kantine opent om twaalf uur.\n\nDat is in de hal."
    assert citation.passage == "De kantine opent om twaalf uur.\n\nDat is in de hal. En verder."


def test_a_statement_that_the_askers_version_lacks_is_quoted_from_another_with_a_notice(versions: Store) -> None:
    answer = engine(versions, threshold=0).answer(Question("dogs stay outside, do they", language="nl"))
    assert (answer.text, answer.citations[0].language) == ("Dogs stay outside.", "en")
    assert answer.notice == message("other_language", "nl", language="Engels")
    assert [version.language for version in answer.citations[0].versions] == ["fr"]


def test_the_preferred_language_is_quoted_where_the_asker_has_no_version_else_the_nearest(versions: Store) -> None:
    question = Question("lunch is served from noon", language="vi")

    def quoted(*preferred: str) -> str:
        answer = engine(versions, threshold=0, preferred=preferred).answer(question)
        assert_exact(versions, answer)
        (citation,) = answer.citations
        assert {version.language for version in citation.versions} | {citation.language} == {"en", "fr", "nl"}
        assert answer.notice is not None
        return citation.language

    assert quoted() == "en"
    assert quoted("fr", "en") == "fr"
    assert quoted("de", "nl", "fr") == "nl"
    assert quoted("de", "pt-BR") == "en"
    assert quoted("FR") == "fr"


def test_the_preferred_language_does_not_come_before_the_askers(versions: Store) -> None:
    asked = engine(versions, threshold=0, preferred=("fr",)).answer(Question("lunch is served from noon"))
    assert (asked.language, asked.citations[0].language, asked.notice) == ("en", "en", None)


def test_the_notice_names_the_language_that_is_quoted(versions: Store) -> None:
    answer = engine(versions, threshold=0, preferred=("fr",)).answer(Question("lunch is from noon", language="vi"))
    assert answer.notice == message("other_language", "vi", language="Tiếng Pháp")


def test_a_preferred_language_that_is_none_is_named(store: Store) -> None:
    with pytest.raises(QuestionError, match="'klingon' is not a language code"):
        engine(store, preferred=("fr", "klingon"))


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
    one = engine(store, threshold=0, most_quotes=1)
    assert len(one.answer(Question("When do calls open, nine sharp?", language="en")).citations) == 1


def test_neighbours_are_joined_without_a_mark(store: Store) -> None:
    put(store, "twins", ["Calls open at nine sharp.", "At nine sharp calls open."])
    answer = engine(store, threshold=0).answer(Question("When do calls open, nine sharp?", language="en"))
    assert answer.text == "Calls open at nine sharp. At nine sharp calls open."


def test_nearly_equal_sentences_of_two_passages_are_not_both_quoted(store: Store) -> None:
    put(store, "twins", ["Calls open at nine sharp."], ["At nine sharp calls open."])
    answer = engine(store, threshold=0).answer(Question("When do calls open, nine sharp?", language="en"))
    assert [citation.quote for citation in answer.citations] == ["Calls open at nine sharp."]


def test_two_statements_that_are_nearly_equal_are_quoted_with_their_versions(store: Store) -> None:
    put(store, "twins", ["Calls open at nine sharp.", "At nine sharp calls open."])
    put(store, "tweeling", ["Het begint.", "Om negen uur."], language="nl")
    align(store, *({"twins": [n], "tweeling": [n]} for n in range(2)))
    put(store, "more", ["Het regent.", "Morgen is er een feest."], language="nl")
    answer = engine(store, threshold=0).answer(Question("When do calls open, nine sharp?", language="en"))
    first = answer.citations[0]
    assert first.quote in ("Calls open at nine sharp.", "At nine sharp calls open.")
    for citation in answer.citations:
        assert len(citation.versions) == 1
    assert_exact(store, answer)


def test_a_sentence_that_two_statements_share_is_quoted_once(tmp_path: Path) -> None:
    """What English says in two sentences, Dutch says in one."""
    with new_store(tmp_path / "index") as store:
        put(store, "en", ["Calls open at nine sharp.", "At nine sharp calls open.", "Nothing else."])
        put(store, "nl", ["Om negen uur begint het allemaal.", "Verder niets."], language="nl")
        align(store, {"en": [0], "nl": [0]}, {"en": [1], "nl": [0]})
        opened = engine(store, threshold=0)
        english = opened.answer(Question("When do calls open, nine sharp?", language="en"))
        dutch = opened.answer(Question("When do calls open, nine sharp?", language="nl"))
    assert len(english.citations) == 2
    assert [citation.quote for citation in dutch.citations] == ["Om negen uur begint het allemaal."]


# What is not answered


def test_it_abstains_in_the_askers_language(store: Store) -> None:
    answer = engine(store, threshold=0.999).answer(Question("Wat kost een treinkaartje naar Parijs?"))
    assert (answer.status, answer.citations, answer.notice) == ("abstained", (), None)
    assert answer.reason == "below_threshold"
    assert answer.text == message("abstained", "nl")
    assert 0 <= answer.confidence < 0.999


def test_the_threshold_decides(store: Store) -> None:
    question = Question("How many weeks do agents train?")
    sure = engine(store, threshold=0).answer(question)
    assert sure.status == "answered"
    assert engine(store, threshold=sure.confidence - 0.001).answer(question).status == "answered"
    shy = engine(store, threshold=sure.confidence + 0.001).answer(question)
    assert (shy.status, shy.confidence) == ("abstained", sure.confidence)


def test_what_comes_nearest_is_related_where_nothing_answers(versions: Store) -> None:
    put(versions, "more", ["Dogs stay at home."])
    put(versions, "last", ["Noon is noon."])
    question = Question("lunch is served from noon, for dogs", language="nl")
    answer = engine(versions, threshold=1).answer(question)
    assert (answer.status, answer.reason, answer.citations) == ("abstained", "below_threshold", ())
    assert [citation.marker for citation in answer.related] == [1, 2, 3]
    assert len({citation.document.partition("-")[0] for citation in answer.related}) == 3
    assert_exact(versions, answer)
    canteen = next(citation for citation in answer.related if citation.document.startswith("canteen"))
    assert (canteen.language, canteen.quote) == ("nl", "Om twaalf uur begint de lunch. Dan is het druk.")
    assert {version.language for version in canteen.versions} == {"en", "fr"}


def test_the_preferred_language_counts_for_what_is_related_too(versions: Store) -> None:
    question = Question("lunch is served from noon", language="vi")
    answer = engine(versions, threshold=1, preferred=("fr",)).answer(question)
    assert [citation.language for citation in answer.related] == ["fr", "fr"]
    assert_exact(versions, answer)


def test_an_index_without_documents_says_so(tmp_path: Path) -> None:
    with new_store(tmp_path / "index") as store:
        answer = engine(store, threshold=0).answer(Question("Hello, who is there?"))
    assert (answer.status, answer.reason, answer.confidence) == ("abstained", "no_documents", 0)
    assert answer.text == message("no_documents", "en")
    assert answer.related == ()


def test_an_index_of_headings_alone_has_no_evidence(tmp_path: Path) -> None:
    with new_store(tmp_path / "index") as store:
        put(store, "title", ["How long do agents train?"], role=Role.HEADING)
        answer = engine(store, threshold=0).answer(Question("How long do agents train?"))
    assert (answer.status, answer.reason, answer.confidence) == ("abstained", "no_evidence", 0)
    assert answer.text == message("abstained", "en")
    assert (answer.citations, answer.related) == ((), ())


def test_an_index_whose_documents_all_left_since_has_no_evidence(store: Store) -> None:
    opened = engine(store, threshold=0)
    with store.transaction():
        for document in list(store.documents()):
            store.remove_document(document.id)
    assert opened.answer(Question("How long do agents train?")).reason == "no_evidence"


# What is no question


@pytest.mark.parametrize("text", ["", " \n\t", "🙂🙃 🎉", "\x00\x01\x02", "\ud800\udfff", "\u202e\u2066\u200b", "?!"])
def test_an_empty_question_is_asked_for_in_the_askers_language(store: Store, text: str) -> None:
    answer = engine(store, threshold=0).answer(Question(text, language="pt-BR"))
    assert (answer.status, answer.reason, answer.language, answer.confidence) == (
        "abstained",
        "empty_question",
        "pt",
        0,
    )
    assert answer.text == message("empty_question", "pt")
    assert (answer.citations, answer.related, answer.notice, answer.follow_up_of) == ((), (), None, None)
    put(store, "more", ["Meer."], language="nl")
    assert engine(store).answer(Question(text)).text == message("empty_question", "nl")  # what most documents are in


def test_an_empty_question_to_an_empty_index(tmp_path: Path) -> None:
    with new_store(tmp_path / "index") as store:
        answer = engine(store).answer(Question(""))
    assert (answer.reason, answer.text) == ("empty_question", message("empty_question", "en"))


def test_an_empty_question_is_no_follow_up(store: Store) -> None:
    assert engine(store).answer(Question("", history=("How many weeks do agents train?",))).reason == "empty_question"


@pytest.mark.parametrize(
    ("text", "complaint"), [("a" * 100_000, "has 100,000 characters"), ("ﷺ" * 3000, "has 3,000 characters")]
)
def test_a_question_that_is_too_long_is_a_clear_error(store: Store, text: str, complaint: str) -> None:
    with pytest.raises(QuestionError, match=complaint):
        engine(store).answer(Question(text))


@pytest.mark.parametrize("text", ["weeks?", "", "\x00"])
def test_an_unknown_language_code_is_named(store: Store, text: str) -> None:
    with pytest.raises(QuestionError, match="'klingon' is not a language code"):
        engine(store).answer(Question(text, language="klingon"))


@pytest.fixture
def engines(versions: Store) -> list[AnswerEngine]:
    """One that answers everything, one that answers some, one that answers nothing."""
    return [engine(versions, threshold) for threshold in (0.0, 0.5, 1.0)]


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=200),
    st.sampled_from([None, "nl", "vi", "zh"]),
    st.lists(st.text(max_size=30), max_size=3),
    st.integers(0, 2),
)
def test_any_text_is_answered_or_refused_and_quotes_are_exact(
    versions: Store, engines: list[AnswerEngine], text: str, language: str | None, history: list[str], which: int
) -> None:
    try:
        answer = engines[which].answer(Question(text, language, tuple(history)))
    except QuestionError:
        return
    assert_exact(versions, answer)
    assert 0 <= answer.confidence <= 1
    if answer.reason == "empty_question":
        assert not any(character.isalnum() for character in text)
        return
    assert answer.question == checked_text(text)
    assert len(answer.question) <= QUESTION_LIMIT
    assert (answer.status == "answered") == bool(answer.citations) == (answer.reason is None)
    assert bool(answer.related) == (answer.reason == "below_threshold")
    assert answer.language == language or language is None


# Follow-ups


GYM = "Is there a gym upstairs that agents may use?"
DUTCH_GYM = "Mogen agents naar de gym upstairs om een uur lopen?"
AND_WHEN = "and when does it open?"


class Counting(Retriever):
    """Remembers what it was asked."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, WordEmbedder())
        self.asked: list[str] = []

    def search(
        self, question: str, query: Vectors, languages: Iterable[str], *, asker: str | None = None, limit: int = 10
    ) -> list[Evidence]:
        self.asked.append(question)
        return super().search(question, query, languages, asker=asker, limit=limit)


PLACES = {
    "canteen": ("Lunch and tea are free in June.", "In juni zijn lunch en thee gratis."),
    "gym": (
        "Agents may use the gym upstairs, which does open at seven.",
        "Agents mogen naar de gym upstairs, die om zeven uur opent.",
    ),
    "garage": ("Cars leave this garage before ten.", "Auto's zijn voor tien uur weg uit deze parking."),
    "library": ("Books come back to our library on Friday.", "Breng boeken elke vrijdag terug."),
}


@pytest.fixture
def buildings(tmp_path: Path) -> Iterator[Store]:
    """Of each place one statement, in English and in Dutch."""
    with new_store(tmp_path / "buildings") as store:
        for place, (english, dutch) in PLACES.items():
            put(store, f"{place}-en", [english])
            put(store, f"{place}-nl", [dutch], language="nl")
            align(store, {f"{place}-en": [0], f"{place}-nl": [0]})
        yield store


def test_a_follow_up_is_about_what_was_asked_before(buildings: Store) -> None:
    opened = engine(buildings, threshold=0)
    alone = opened.answer(Question(AND_WHEN, language="en"))
    assert alone.follow_up_of is None
    answer = opened.answer(Question(AND_WHEN, language="en", history=(GYM,)))
    assert answer.text == PLACES["gym"][0]
    assert answer.follow_up_of == GYM
    assert answer.question == AND_WHEN
    assert answer.notice == message("follow_up", "en", question=GYM)
    assert answer.confidence > alone.confidence
    assert_exact(buildings, answer)


def test_the_answer_is_in_the_language_of_the_follow_up(buildings: Store) -> None:
    """The question before was asked in English, or in Dutch; the one now is in the other."""
    opened = engine(buildings, threshold=0)
    dutch = opened.answer(Question("en om hoe laat?", language="nl", history=(GYM,)))
    assert (dutch.language, dutch.text) == ("nl", PLACES["gym"][1])
    assert dutch.notice == message("follow_up", "nl", question=GYM)
    english = opened.answer(Question(AND_WHEN, history=(DUTCH_GYM,)))
    assert (english.language, english.citations[0].document) == ("en", "gym-en")
    assert english.follow_up_of == DUTCH_GYM


def test_a_follow_up_may_have_both_notices(buildings: Store) -> None:
    opened = engine(buildings, threshold=0)
    answer = opened.answer(Question("how late?", language="vi", history=(GYM,)))
    assert answer.notice is not None
    assert answer.notice.splitlines() == [
        message("follow_up", "vi", question=GYM),
        message("other_language", "vi", language="Tiếng Anh"),
    ]


def test_a_question_that_stands_alone_is_not_dragged_to_what_was_asked_before(buildings: Store) -> None:
    question = "Do books come back to our library on Friday?"
    alone = engine(buildings).answer(Question(question))
    assert (alone.citations[0].document, alone.follow_up_of) == ("library-en", None)
    asked = Counting(buildings)
    answer = AnswerEngine(asked).answer(Question(question, history=(GYM, AND_WHEN)))
    assert answer == alone
    assert asked.asked == [question]


def test_a_question_that_nothing_answers_is_not_answered_with_what_was_asked_before(buildings: Store) -> None:
    opened, before = engine(buildings, threshold=0.3), "Do books come back to our library on Friday?"
    assert opened.answer(Question(before)).status == "answered"
    question = "Is the paint on the table still wet?"
    assert opened.answer(Question(question)).status == "abstained"
    assert opened.answer(Question(question, history=(before,))).status == "abstained"


def test_a_short_question_that_finds_more_alone_is_no_follow_up(buildings: Store) -> None:
    question = "Books come back?"
    asked = Counting(buildings)
    answer = AnswerEngine(asked, threshold=0).answer(Question(question, history=(GYM,)))
    assert (answer.text, answer.follow_up_of, answer.notice) == (PLACES["library"][0], None, None)
    assert asked.asked == [question, f"{GYM} {question}"]


def test_a_chain_of_follow_ups_stands_on_the_last_question_that_stood_alone(buildings: Store) -> None:
    history = ("How do agents reach the garage by car?", GYM, AND_WHEN, "how late?")
    answer = engine(buildings, threshold=0).answer(Question("and when is it open?", language="en", history=history))
    assert answer.follow_up_of == GYM
    assert answer.citations[0].document == "gym-en"


@pytest.mark.parametrize("unusable", ["", " ", "x" * 5_000, "\x00\x1b\x07", "🙂", "\ud800", "?"])
def test_what_is_no_question_in_the_history_is_passed_over(buildings: Store, unusable: str) -> None:
    opened = engine(buildings, threshold=0)
    expected = opened.answer(Question(AND_WHEN, language="en", history=(GYM,)))
    for history in ((GYM, unusable), (unusable, GYM), (unusable, GYM, unusable)):
        assert opened.answer(Question(AND_WHEN, language="en", history=history)) == expected
    alone = opened.answer(Question(AND_WHEN, language="en"))
    assert opened.answer(Question(AND_WHEN, language="en", history=(unusable,))) == alone


def test_what_was_asked_before_is_cleaned_as_a_question_is(buildings: Store) -> None:
    opened = engine(buildings, threshold=0)
    answer = opened.answer(Question(AND_WHEN, language="en", history=(f"  {GYM}\n",)))
    assert answer.follow_up_of == GYM
    odd = opened.answer(Question(AND_WHEN, language="en", history=(f"{GYM} \ud800\x00",)))
    assert odd.follow_up_of == f"{GYM} \ufffd\ufffd"


@pytest.mark.parametrize("question", [AND_WHEN, "how late?", "Which painter has made the picture on the wall?"])
def test_a_long_history_costs_two_searches_at_most(buildings: Store, question: str) -> None:
    history = tuple(f"Where do I find room {n} of the library?" for n in range(500)) + (AND_WHEN,) * 500
    asked = Counting(buildings)
    AnswerEngine(asked, threshold=1).answer(Question(question, language="en", history=history))
    assert asked.asked[0] == question
    assert asked.asked[1:] in ([], [f"{history[499]} {question}"])


def test_the_first_question_of_a_conversation_is_searched_once(buildings: Store) -> None:
    asked = Counting(buildings)
    AnswerEngine(asked).answer(Question(AND_WHEN, language="en"))
    assert asked.asked == [AND_WHEN]


def test_an_earlier_and_a_later_question_of_full_length_are_searched_together(buildings: Store) -> None:
    long = "and when does the gym open? " * 80
    text = long[:QUESTION_LIMIT]
    answer = engine(buildings, threshold=0).answer(Question(text, language="en", history=(text,)))
    assert answer.status == "answered"
