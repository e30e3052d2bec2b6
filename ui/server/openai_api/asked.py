"""What clients send, of which much is not for Dragoman."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from bot.types import Question
from ui.server.service import MOST_HISTORY

__all__ = ["MODEL", "MOST_MESSAGES", "ChatRequest"]

MODEL = "dragoman"
MOST_MESSAGES = 500
MOST_PARTS = 100


class _Sent(BaseModel):
    """Fields that are not named are passed over."""

    model_config = ConfigDict(extra="ignore", strict=True)


class Part(_Sent):
    """A part of a message. There are no others than text."""

    type: Literal["text"]
    text: str


def _as_parts(content: object) -> object:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


Parts = Annotated[list[Part], Field(max_length=MOST_PARTS)]
Content = Annotated[Parts, BeforeValidator(_as_parts, json_schema_input_type=str | Parts)]


class Message(_Sent):
    """A turn of a conversation. Of the user's the last is the question, and those before tell what it follows up on."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Content | None = None

    @property
    def text(self) -> str:
        """What was said, "" where nothing was."""
        return "\n".join(part.text for part in self.content or ())


class StreamOptions(_Sent):
    """What a stream has besides."""

    include_usage: bool | None = None


class ResponseFormat(_Sent):
    """Answers are text: JSON cannot be asked for."""

    type: Literal["text"]


class ChatRequest(_Sent):
    """What to complete. Temperatures, limits, tools and the like are accepted, and change nothing."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"model": MODEL, "messages": [{"role": "user", "content": "How long does training take?"}]}]
        }
    )

    model: Annotated[str, Field(json_schema_extra={"const": MODEL})]
    messages: Annotated[list[Message], Field(min_length=1, max_length=MOST_MESSAGES)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=1)] | None = None
    response_format: ResponseFormat | None = None

    @property
    def with_usage(self) -> bool:
        """Whether a stream ends with the tokens that were used."""
        return self.stream_options is not None and self.stream_options.include_usage is True

    @field_validator("messages")
    @classmethod
    def _something_is_asked(cls, messages: list[Message]) -> list[Message]:
        if not any(message.role == "user" for message in messages):
            raise PydanticCustomError("nothing_asked", "One must be the user's: it is the question")
        return messages

    def question(self) -> Question:
        """What the user said last, upon what they said before."""
        *history, text = [message.text for message in self.messages if message.role == "user"]
        return Question(text, history=tuple(history[-MOST_HISTORY:]))
