"""The conversation as HTML: answers, and their quotes marked in their passages. Whatever comes in is shown as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bot.messages import language_name, message
from bot.types import Answer, Citation
from bot.visible import visible
from ui.chat_page.conversation import Turn
from ui.chat_page.words import Words
from ui.server.source_view import direction, source_link

__all__ = ["EXAMPLES", "conversation_html", "heading_html", "problem_html"]

EXAMPLES = (
    ("nl", "Hoe lang duurt de opleiding voor nieuwe medewerkers?"),
    ("fr", "Combien de temps dure la formation des nouveaux agents ?"),
    ("en", "How long is the training for new agents?"),
    ("pt", "Quanto tempo dura o treinamento dos novos atendentes?"),
    ("vi", "Nhân viên mới được đào tạo trong bao lâu?"),
)
"""Those of `make run`, each with its language."""

SURE, LIKELY = 0.8, 0.5
"""The confidence, a probability, from which on it is called so."""

Sureness: TypeAlias = Literal["sure", "likely", "unsure"]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of an answer, and the numbers of the citations that it stands on."""

    text: str
    markers: tuple[int, ...]


def conversation_html(turns: Sequence[Turn], words: Words) -> str:
    """The whole conversation; before there is one, what might be asked."""
    return _TEMPLATES.get_template("conversation.html.j2").render(turns=turns, words=words, examples=EXAMPLES)


def heading_html(words: Words) -> str:
    """The top of the page."""
    return _TEMPLATES.get_template("heading.html.j2").render(words=words)


def problem_html(problem: str, words: Words) -> str:
    """What went wrong, or nothing: an element that is there before it is filled, or screen readers would not tell."""
    return _TEMPLATES.get_template("problem.html.j2").render(problem=problem, words=words)


def _marked(citation: Citation) -> tuple[str, str, str]:
    """The passage as what stands before the quote, the quote, and what stands after it."""
    before, found, after = citation.passage.partition(citation.quote)
    return (before, found, after) if found else ("", citation.quote, "")


def _pieces(answer: Answer) -> list[_Piece]:
    """The text of an answer, each citation's number after its quote; where that is not word for word, at the end."""
    pieces, at, unplaced = [], 0, []
    for citation in answer.citations:
        start = answer.text.find(citation.quote, at)
        if start < 0:
            unplaced.append(citation.marker)
            continue
        end = start + len(citation.quote)
        pieces.append(_Piece(answer.text[at:end], (citation.marker,)))
        at = end
    if unplaced or at < len(answer.text):
        pieces.append(_Piece(answer.text[at:], tuple(unplaced)))
    return pieces


def _language_of(answer: Answer) -> str:
    """That of the answer's text, which quotes, and so may be another than the asker's."""
    return answer.citations[0].language if answer.citations else answer.language


def _sureness(answer: Answer) -> Sureness:
    if answer.confidence >= SURE:
        return "sure"
    return "likely" if answer.confidence >= LIKELY else "unsure"


def _copied(answer: Answer, words: Words) -> str:
    """What lands on the clipboard: the answer, and under it where each quote comes from."""
    places = [
        f"[{citation.marker}] {citation.title} ({language_name(citation.language, words.language)})"
        for citation in answer.citations
    ]
    return "\n".join([answer.text, *([""] if places else []), *places])


def _shown(value: object) -> object:
    """Made fit to be shown; Jinja then escapes it. What a macro made is HTML already."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


_TEMPLATES = Environment(
    loader=PackageLoader("ui.chat_page"),
    autoescape=True,
    finalize=_shown,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals |= {
    "copied": _copied,
    "direction": direction,
    "language_name": language_name,
    "language_of": _language_of,
    "marked": _marked,
    "message": message,
    "pieces": _pieces,
    "source_link": source_link,
    "sureness": _sureness,
}
