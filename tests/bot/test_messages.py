from __future__ import annotations

import string
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import messages
from bot.messages import KEYS, MessageKey, language_name, languages, message

LANGUAGES = sorted(languages())


def sentence(key: MessageKey, language: str) -> str:
    """As it stands in its file, placeholders and all."""
    return message(key, language, language="{language}", question="{question}")


def placeholders(text: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]


def test_the_bot_speaks_these_languages() -> None:
    assert " ".join(LANGUAGES) == "ar cs da de el en es fi fr he hi id it ja ko nb nl pl pt ro ru sv th tr uk vi zh"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_sentence_and_no_other(language: str) -> None:
    assert set(messages._sentences(language)) == set(KEYS) == set(get_args(MessageKey))
    assert all(text == text.strip() and text for text in messages._sentences(language).values())


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_has_the_placeholders_of_the_english_one(language: str, key: MessageKey) -> None:
    assert placeholders(sentence(key, language)) == placeholders(sentence(key, "en"))


@pytest.mark.parametrize("key", KEYS)
def test_no_two_languages_share_a_sentence(key: MessageKey) -> None:
    assert len({sentence(key, language) for language in LANGUAGES}) == len(LANGUAGES)


def test_a_known_sentence() -> None:
    assert message("abstained", "nl") == "De documenten geven geen antwoord op deze vraag."


@pytest.mark.parametrize("unknown", ["sw", "", "../en", "en/../nl", "x" * 5000, "\x00", "\ud800"])
def test_an_unknown_language_falls_back_to_english(unknown: str) -> None:
    assert message("abstained", unknown) == "The documents do not answer this question."


@pytest.mark.parametrize(("variant", "language"), [("pt-BR", "pt"), ("zh_Hant", "zh"), ("NO", "nb"), ("iw", "he")])
def test_a_variant_speaks_its_language(variant: str, language: str) -> None:
    assert message("empty_question", variant) == message("empty_question", language)


def test_an_unknown_key_and_a_missing_value_are_mistakes_of_the_programmer() -> None:
    with pytest.raises(KeyError, match="greeting"):
        message("greeting", "en")  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(KeyError, match="language"):
        message("other_language", "en")


@settings(deadline=None, max_examples=50)
@given(st.text())
def test_a_value_is_inserted_as_it_is(value: str) -> None:
    assert message("other_language", "en", language=value).endswith(f"passage is in {value}.")


@pytest.mark.parametrize(
    ("asker", "expected"),
    [
        ("en", "There is no version in English; the quoted passage is in Dutch."),
        ("fr", "Il n'existe pas de version en français ; le passage cité est en néerlandais."),
        ("pt", "Não há versão em português; o trecho citado está em holandês."),
        ("de", "Es gibt keine deutsche Fassung; die zitierte Stelle ist auf Niederländisch."),
        ("pl", "Nie ma wersji polskiej. Język cytowanego fragmentu: niderlandzki."),
        ("ja", "日本語版はありません。引用箇所の言語：オランダ語。"),
    ],
)
def test_the_notice_reads_well_with_the_name_of_the_language(asker: str, expected: str) -> None:
    assert message("other_language", asker, language=language_name("nl", asker)) == expected


@pytest.mark.parametrize("in_language", LANGUAGES)
def test_every_language_has_a_name_in_every_language(in_language: str) -> None:
    names = [language_name(code, in_language) for code in LANGUAGES]
    assert len(set(names)) == len(LANGUAGES)
    assert set(names).isdisjoint(LANGUAGES)


@pytest.mark.parametrize(
    ("code", "in_language", "expected"),
    [
        ("nl", "fr", "néerlandais"),
        ("no", "en", "Norwegian Bokmål"),
        ("pt-BR", "nl", "Portugees"),
        ("nl", "qq", "Dutch"),
        ("qq", "nl", "qq"),
        ("../x", "nl", "../x"),
        ("nl", "", "Dutch"),
        ("\ud800", "\x00", "\ud800"),
    ],
)
def test_the_name_of_a_language(code: str, in_language: str, expected: str) -> None:
    assert language_name(code, in_language) == expected
