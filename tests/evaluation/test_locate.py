from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.errors import DatasetError
from evaluation.locate import articles_of, holds, locate, relevant
from evaluation.types import Asked, Dataset, EvaluationQuestion, Gold, Place
from index.types import Document

FILES = "file:///srv/help"


def document(uri: str, text: str = "", language: str = "en", article: str | None = None) -> Document:
    return Document(uri, uri, "", language, text, article, "")


def dataset(*golds: Gold, identity: str = "q7", text: str = "How long?", language: str = "nl") -> Dataset:
    return Dataset("set", "", (EvaluationQuestion(identity, text, language, golds=golds),))


def found(documents: list[Document], *golds: Gold, language: str = "nl") -> Asked:
    (asked,) = locate(dataset(*golds, language=language), documents)
    return asked


def complaint(data: Dataset, *documents: Document) -> str:
    with pytest.raises(DatasetError) as caught:
        locate(data, documents)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


NL = document(f"{FILES}/training/nl.txt", "Na zes weken. Dan volgt een pauze van zes weken.", "nl")
EN = document(f"{FILES}/training/en.txt", "After six weeks. Then a break.", "en")
OTHER_NL = document(f"{FILES}/pretraining/nl.txt", "Na twee dagen.", "nl")
LIBRARY = [NL, EN, OTHER_NL]


# Where a gold stands


def test_a_gold_is_found_in_the_document_that_it_names() -> None:
    asked = found(LIBRARY, Gold("training/nl.txt", "Na zes weken"), Gold("en.txt", "six weeks", grade=2))
    assert asked.question.id == "q7"
    assert asked.places == (Place(NL.source_uri, "nl", (0, 12)), Place(EN.source_uri, "en", (6, 15), 2))


@pytest.mark.parametrize("name", ["training/nl.txt", "/training/nl.txt", "help/training/nl.txt", NL.source_uri])
def test_a_document_is_named_by_whole_parts_of_its_path(name: str) -> None:
    assert {place.uri for place in found(LIBRARY, Gold(name, "zes weken")).places} == {NL.source_uri}


def test_a_whole_address_wins_over_the_end_of_another() -> None:
    short, long = document("nl.txt", "zes"), document(f"{FILES}/nl.txt", "zes")
    assert [place.uri for place in found([long, short], Gold("nl.txt", "zes")).places] == ["nl.txt"]


@pytest.mark.parametrize("name", ["Ma été/guide à lire.md", "Ma%20%C3%A9t%C3%A9/guide%20%C3%A0%20lire.md"])
def test_a_file_may_be_named_as_a_person_writes_it_or_as_its_address_does(name: str) -> None:
    uri = f"{FILES}/Ma%20%C3%A9t%C3%A9/guide%20%C3%A0%20lire.md"
    assert [place.uri for place in found([document(uri, "six")], Gold(name, "six")).places] == [uri]


def test_an_ending_that_is_spelt_one_way_only_names_one_document() -> None:
    uri = f"{FILES}/to%20read/en.txt"
    assert len(found([document(uri, "six")], Gold("en.txt", "six")).places) == 1


def test_a_record_of_a_file_is_named_with_its_own_name() -> None:
    uris = [f"{FILES}/faq.jsonl#opening%20hours", f"{FILES}/faq.jsonl#closing%20hours"]
    asked = found([document(uri, "from nine") for uri in uris], Gold("faq.jsonl#opening hours", "nine"))
    assert [place.uri for place in asked.places] == uris[:1]


def test_text_that_stands_there_several_times_has_several_places() -> None:
    spans = [place.span for place in found(LIBRARY, Gold("training/nl.txt", "zes weken")).places]
    assert spans == [(3, 12), (38, 47)]
    assert [NL.text[start:end] for start, end in filter(None, spans)] == ["zes weken"] * 2


def test_a_start_chooses_among_several_places() -> None:
    assert [place.span for place in found(LIBRARY, Gold("training/nl.txt", "zes weken", 38)).places] == [(38, 47)]
    twice = document("twice.txt", "six six")
    assert [place.span for place in found([twice], Gold("twice.txt", "six", 0)).places] == [(0, 3)]


def test_a_start_within_an_earlier_occurrence_is_its_own_place() -> None:
    laugh = document("laugh.txt", "ha ha ha ha")
    assert [place.span for place in found([laugh], Gold("laugh.txt", "ha ha", 3)).places] == [(3, 8)]


@pytest.mark.parametrize("start", [-9, 4, 10_000])
def test_a_start_where_it_does_not_stand_is_passed_over(start: int) -> None:
    spans = [place.span for place in found(LIBRARY, Gold("training/nl.txt", "zes weken", start)).places]
    assert spans == [(3, 12), (38, 47)]


def test_without_a_text_the_whole_document_answers() -> None:
    assert found(LIBRARY, Gold("en.txt", None, grade=3)).places == (Place(EN.source_uri, "en", None, 3),)
    assert found(LIBRARY, Gold("en.txt", None)).answers == ()


def test_without_a_document_the_text_answers_wherever_it_stands() -> None:
    asked = found(LIBRARY, Gold(None, "weken"), Gold(None, "weeks", grade=2))
    assert asked.places == (
        Place(NL.source_uri, "nl", (7, 12)),
        Place(NL.source_uri, "nl", (42, 47)),
        Place(EN.source_uri, "en", (10, 15), 2),
    )


def test_an_answer_in_ones_own_words_has_no_place_and_is_kept() -> None:
    asked = found(LIBRARY, Gold(None, "a month and a half"))
    assert asked.places == ()
    assert asked.answers == ("a month and a half",)


def test_places_named_twice_are_there_once() -> None:
    asked = found(LIBRARY, Gold("en.txt", "six weeks"), Gold(None, "six weeks"), Gold(EN.source_uri, "six weeks"))
    assert asked.places == (Place(EN.source_uri, "en", (6, 15)),)
    assert asked.answers == ("six weeks",)


def test_offsets_count_code_points_and_nothing_in_a_text_is_a_pattern() -> None:
    strange = document("strange.txt", "😀 สวัสดี (a.c)* abc é")
    assert [place.span for place in found([strange], Gold("strange.txt", "(a.c)*")).places] == [(9, 15)]
    assert [place.span for place in found([strange], Gold("strange.txt", "é")).places] == [(20, 21)]


@given(st.text("ab ", max_size=12), st.text("ab", min_size=1, max_size=3))
def test_every_occurrence_is_found(text: str, wanted: str) -> None:
    expected = [(at, at + len(wanted)) for at in range(len(text)) if text[at : at + len(wanted)] == wanted]
    asked = found([document("one.txt", text)], Gold(None, wanted))
    assert [place.span for place in asked.places] == expected


def test_questions_come_in_their_order_with_the_documents_of_each() -> None:
    questions = [
        EvaluationQuestion("b", "When?", "nl", golds=(Gold("en.txt", "break"),)),
        EvaluationQuestion("a", "Who?", "en", kind="off-topic"),
    ]
    first, second = locate(Dataset("set", "", tuple(questions)), iter(LIBRARY))
    assert [first.question.id, second.question.id] == ["b", "a"]
    assert (first.places, second.places) == ((Place(EN.source_uri, "en", (24, 29)),), ())


# Gold texts


def test_the_gold_texts_are_those_in_the_askers_language() -> None:
    golds = Gold("training/nl.txt", "Na zes weken"), Gold("en.txt", "After six weeks"), Gold(None, "six weeks")
    assert found(LIBRARY, *golds, language="nl").answers == ("Na zes weken",)
    assert found(LIBRARY, *golds, language="en").answers == ("After six weeks", "six weeks")


def test_without_a_version_in_the_askers_language_all_are_gold_texts() -> None:
    golds = Gold("training/nl.txt", "zes weken"), Gold("en.txt", "six weeks"), Gold(None, "zes weken")
    assert found(LIBRARY, *golds, language="vi").answers == ("zes weken", "six weeks")


# What is wrong with a dataset


def test_a_document_that_is_not_there() -> None:
    said = complaint(dataset(Gold("raining/nl.txt", "zes")), *LIBRARY)
    assert said == "question q7: no document of the index is called raining/nl.txt: is it the right index?"


def test_a_name_that_fits_several_documents() -> None:
    said = complaint(dataset(Gold("nl.txt", "zes")), *LIBRARY)
    assert said == (
        f"question q7: 2 documents are called nl.txt ({FILES}/training/nl.txt, {FILES}/pretraining/nl.txt): "
        "name more of the path"
    )


def test_of_many_documents_that_fit_three_are_listed() -> None:
    crowd = [document(f"{FILES}/{number}/nl.txt", "zes") for number in range(50)]
    said = complaint(dataset(Gold("nl.txt", "zes")), *crowd)
    assert "50 documents are called nl.txt" in said
    assert said.count("file:") == 3


def test_a_gold_that_does_not_stand_in_its_document() -> None:
    said = complaint(dataset(Gold("en.txt", "six  weeks")), *LIBRARY)
    assert said == (
        f"question q7: the gold 'six  weeks' does not stand in {EN.source_uri}: copy it from the document word for word"
    )


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_gold_of_nothing_stands_nowhere(text: str) -> None:
    assert f"the gold {text!r} does not stand in" in complaint(dataset(Gold("en.txt", text)), *LIBRARY)


def test_a_long_gold_is_shown_by_its_beginning() -> None:
    said = complaint(dataset(Gold("en.txt", "x" * 61)), *LIBRARY)
    assert f"the gold '{'x' * 60}…' does not" in said
    assert f"the gold '{'x' * 60}' does not" in complaint(dataset(Gold("en.txt", "x" * 60)), *LIBRARY)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "question q7: the question is empty"),
        ("?!", "question q7: the question has no letters or digits"),
        ("a" * 2001, "question q7: the question has 2,001 characters; at most 2,000 are read: shorten it"),
    ],
    ids=["empty", "no letters", "too long"],
)
def test_a_question_that_cannot_be_asked(text: str, said: str) -> None:
    assert complaint(dataset(text=text)) == said


def test_names_with_line_breaks_are_complained_of_on_one_line() -> None:
    assert "question a b: no document of the index is called c d:" in complaint(
        dataset(Gold("c\nd", "x"), identity="a\nb"), *LIBRARY
    )
    assert "the gold 'x\\ny'" in complaint(dataset(Gold("en.txt", "x\ny")), *LIBRARY)


# Whether a stretch holds a gold


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (10, 20, True),  # the gold itself
        (0, 100, True),  # a passage around it
        (0, 15, True),  # 5 of the gold's 10
        (0, 14, False),  # 4 of the gold's 10
        (18, 22, True),  # 2 of the stretch's own 4
        (18, 23, False),  # 2 of the stretch's own 5
        (12, 13, True),  # within the gold
        (20, 30, False),  # right behind it
        (0, 10, False),  # right before it
        (15, 15, False),  # nothing at all
    ],
)
def test_a_stretch_holds_a_gold_by_half_of_the_shorter(start: int, end: int, expected: bool) -> None:
    assert holds(Place("a", "nl", (10, 20)), start, end) is expected
    assert holds(Place("a", "nl", (start, end)), 10, 20) is expected


@given(*[st.integers(0, 12)] * 4)
@settings(max_examples=300)
def test_half_of_the_shorter_counted_one_by_one(start: int, length: int, gold_start: int, gold_length: int) -> None:
    stretch, gold = range(start, start + length), range(gold_start, gold_start + gold_length)
    shared = set(stretch) & set(gold)
    expected = bool(shared) and len(shared) >= min(length, gold_length) / 2
    assert holds(Place("a", "nl", (gold.start, gold.stop)), stretch.start, stretch.stop) is expected


def test_any_stretch_holds_a_whole_document() -> None:
    assert holds(Place("a", "nl", None), 500, 501)


# Relevance and articles


def test_a_documents_relevance_is_its_best_grade_in_the_languages_searched() -> None:
    places = (
        Place("a.nl", "nl", (0, 5), 1),
        Place("a.nl", "nl", (7, 9), 3),
        Place("a.nl", "nl", (10, 12), 2),
        Place("a.vi", "vi", None, 2),
        Place("a.fr", "fr", None),
    )
    assert relevant(places, ["nl", "vi"]) == {"a.nl": 3, "a.vi": 2}
    assert relevant(places, iter(["fr", "en"])) == {"a.fr": 1}
    assert relevant(places, ["en"]) == {}


def test_articles_are_the_datasets_else_the_documents_own_else_each_its_own() -> None:
    documents = [
        document(f"{FILES}/pay/nl.txt", article="declared"),
        document(f"{FILES}/pay/en.txt"),
        document(f"{FILES}/leave/nl.txt", article="declared"),
        document(f"{FILES}/leave/en.txt"),
        document(f"{FILES}/caf%C3%A9.txt"),
    ]
    named = {"pay/nl.txt": "pay", "pay/en.txt": "pay", "café.txt": "bar", "not/there.txt": "gone"}
    assert articles_of(Dataset("set", "", (), articles=named), iter(documents)) == {
        f"{FILES}/pay/nl.txt": "pay",
        f"{FILES}/pay/en.txt": "pay",
        f"{FILES}/leave/nl.txt": "declared",
        f"{FILES}/leave/en.txt": f"{FILES}/leave/en.txt",
        f"{FILES}/caf%C3%A9.txt": "bar",
    }
