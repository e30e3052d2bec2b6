"""The conversation as HTML: answers, and their quotes marked in their passages. Whatever comes in is shown as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bot.layout import around_quote, pieces, source_link, text_language
from bot.messages import language_name, message
from bot.types import Answer, Citation
from bot.visible import visible
from ui.chat_page.conversation import Turn
from ui.chat_page.words import Words
from ui.server.source_view import direction

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


def conversation_html(turns: Sequence[Turn], words: Words) -> str:
    """The whole conversation; before there is one, what might be asked."""
    return _TEMPLATES.get_template("conversation.html.j2").render(turns=turns, words=words, examples=EXAMPLES)


def heading_html(words: Words) -> str:
    """The top of the page."""
    return _TEMPLATES.get_template("heading.html.j2").render(words=words)


def problem_html(problem: str, words: Words) -> str:
    """What went wrong, or nothing: an element that is there before it is filled, or screen readers would not tell."""
    return _TEMPLATES.get_template("problem.html.j2").render(problem=problem, words=words)


def _sureness(answer: Answer) -> Sureness:
    if answer.confidence >= SURE:
        return "sure"
    return "likely" if answer.confidence >= LIKELY else "unsure"


def _with_passages(citations: Sequence[Citation]) -> Iterator[tuple[Citation, bool]]:
    """Each, and whether it is the first from its passage: its card shows that, and those after it only their quotes."""
    shown: set[tuple[str, int]] = set()
    for citation in citations:
        passage = citation.document, citation.passage_start
        yield citation, passage not in shown
        shown.add(passage)


def _copied(answer: Answer, words: Words) -> str:
    """What lands on the clipboard: the answer, prose with its numbers, and under it where each quote comes from."""
    text = answer.text
    if answer.composer == "generative":
        text = "".join(piece.text + "".join(f"[{number}]" for number in piece.markers) for piece in pieces(answer))
    places = [
        f"[{citation.marker}] {citation.title} ({language_name(citation.language, words.language)})"
        for citation in answer.citations
    ]
    return "\n".join([text, *([""] if places else []), *places])


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
    "language_of": text_language,
    "marked": around_quote,
    "message": message,
    "pieces": pieces,
    "source_link": source_link,
    "sureness": _sureness,
    "with_passages": _with_passages,
}
