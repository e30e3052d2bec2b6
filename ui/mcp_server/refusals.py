"""What a model is told where a call has no result: one sentence, with what to do next."""

from __future__ import annotations

from pydantic import ValidationError

from index.errors import QuestionError, StoreError
from ui.server.admission import Late, Overloaded
from ui.server.problems import ProblemError

__all__ = ["Refused", "refusal"]


class Refused(Exception):
    """The arguments name something that is not there. The message is for the model."""


SAID: dict[type[Exception], str] = {
    Overloaded: "too many questions at once: wait a second and call again",
    Late: "it took too long, because the server is busy: call again later",
}


def refusal(error: Exception) -> str | None:
    """None for what should not happen, and so goes into the log."""
    match error:
        case Refused() | QuestionError():
            return str(error)
        case ProblemError():
            return error.detail
        case StoreError():
            return "the index of the documents cannot be read now: call again later"
        case ValidationError():
            return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
    return SAID.get(type(error))
