from __future__ import annotations

from dataclasses import replace

from bot.messages import language_name, message
from bot.types import Piece, Said
from tests.ui.chat_page.test_cards import CITATION, PAID
from ui.chat_page.drafts import draft

FIRST = Said(Piece("Zes weken.", (1,)), (CITATION,))
SECOND = Said(Piece(" Alles wordt betaald.", (1, 2)), (PAID,))


def test_a_draft_is_all_that_has_been_said_with_its_sources() -> None:
    written = draft("Hoe lang?", "en", [FIRST, SECOND])
    assert (written.question, written.language) == ("Hoe lang?", "en")
    assert written.text == "Zes weken. Alles wordt betaald."
    assert written.pieces == (FIRST.piece, SECOND.piece)
    assert written.citations == (CITATION, PAID)
    assert (written.status, written.composer, written.notice) == ("answered", "generative", None)


def test_a_draft_says_from_which_languages_it_is_written() -> None:
    french = replace(SECOND, citations=(replace(PAID, language="fr"),))
    names = f"{language_name('en', 'nl')}, {language_name('fr', 'nl')}"
    assert draft("Hoe lang?", "nl", [FIRST, french]).notice == message("written_from", "nl", language=names)
