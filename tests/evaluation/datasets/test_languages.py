from __future__ import annotations

import pytest

from evaluation.datasets.languages import language_in, language_of_questions, named_languages
from evaluation.errors import DatasetError


@pytest.mark.parametrize(
    ("name", "documents", "questions"),
    [
        ("test-context-ar-question-en", "ar", "en"),
        ("dev_context_de_question_de", "de", "de"),
        ("xquad.en", "en", "en"),
        ("fquad-FR-valid", "fr", "fr"),
        ("nb", "nb", "nb"),
        ("train-context-sw-question-no", "sw", "nb"),
        ("nl-nl", "nl", "nl"),
        ("train-v2.0", None, None),
        ("squad_dev_new.min", None, None),  # Newari, Minangkabau
        ("answers_to_how-to_questions", None, None),  # Tongan
        ("in-domain-no-answer", None, None),  # Indonesian and Norwegian, by other codes of theirs
        ("faq_pt-BR", "pt", "pt"),  # not Breton
        ("faq-pt-es", None, None),
        ("context-question", None, None),
        ("context-xx-question-yy", None, None),
        ("english", None, None),
        ("", None, None),
    ],
)
def test_languages_that_a_name_says(name: str, documents: str | None, questions: str | None) -> None:
    named = named_languages(name, None, "set")
    assert (named.documents, named.questions) == (documents, questions)
    assert bool(named.note) == (documents is not None)


def test_the_operator_wins_over_the_name_and_the_note_says_what_the_name_said() -> None:
    named = named_languages("test-context-ar-question-en", "pt-BR", "set")
    assert (named.documents, named.questions, named.note) == ("pt", "pt", "")
    assert named_languages("it-support", None, "set").note == (
        "by its name, it-support has documents in it and questions in it"
    )


def test_a_code_that_is_no_language_is_named() -> None:
    assert language_in(None, "set") is None
    with pytest.raises(DatasetError, match=r"^set: 'xx' is not a language code"):
        named_languages("en", "xx", "set")


def test_questions_are_judged_together() -> None:
    asked = ["Taxi?", "Hoe lang duurt de opleiding voor nieuwe medewerkers?", "Wie beslist over een terugbetaling?"]
    assert language_of_questions(asked, "set") == "nl"
    with pytest.raises(DatasetError, match=r"^set: the questions are in no language known here: name it"):
        language_of_questions(["1 + 1?", "2 + 2?"], "set")
