"""What an asker should know besides the answer: how the question was understood, and from which language it comes."""

from __future__ import annotations

from collections.abc import Sequence

from bot.messages import MessageKey, language_name, message
from bot.types import Answer

__all__ = ["notice"]


def notice(answer: Answer, cited: Sequence[str], *, prose: bool) -> str | None:
    """In the asker's language; `cited` are the languages of the citations. None where there is nothing to say."""
    notices = []
    if answer.follow_up_of and answer.understood_as:
        notices.append(message("understood_as", answer.language, question=answer.understood_as))
    elif answer.follow_up_of:
        notices.append(message("follow_up", answer.language, question=answer.follow_up_of))
    others = dict.fromkeys(language for language in cited if language != answer.language)
    if others:
        names = ", ".join(language_name(language, answer.language) for language in others)
        key: MessageKey = "written_from" if prose else "other_language"
        notices.append(message(key, answer.language, language=names))
    return "\n".join(notices) or None
