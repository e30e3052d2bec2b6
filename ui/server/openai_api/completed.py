"""What answers are turned into: a message with its annotations, whole or in chunks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import BaseModel

from bot.layout import pieces, source_link
from bot.types import Answer, Citation, Piece, Said
from ui.server.openai_api.asked import MODEL

__all__ = ["CHUNK", "Chunks", "Completion", "Content", "Model", "Models", "completion"]

CHUNK = {
    "type": "object",
    "properties": {"data": {"type": "string", "description": "A chat.completion.chunk as JSON; in the last, [DONE]"}},
    "required": ["data"],
}


class UrlCitation(BaseModel):
    """Where a quote stands. `content[start_index:end_index]` is its marker, counted in code points."""

    start_index: int
    end_index: int
    title: str
    url: str


class Annotation(BaseModel):
    """What a marker in the content leads to."""

    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class CompletedMessage(BaseModel):
    """The answer as a turn of the conversation."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: list[Annotation]


class Choice(BaseModel):
    """The one answer."""

    index: Literal[0] = 0
    message: CompletedMessage
    logprobs: None = None
    finish_reason: Literal["stop"] = "stop"


class Usage(BaseModel):
    """The tokens of the language model, all its calls together; none where none is configured."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Completion(BaseModel):
    """An answer; `dragoman` is all of it, in the shape of `POST /v1/ask`."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: Literal["dragoman"] = "dragoman"
    system_fingerprint: None = None
    choices: list[Choice]
    usage: Usage
    dragoman: Answer


class Model(BaseModel):
    """What answers. `created` is when the service began."""

    id: Literal["dragoman"] = "dragoman"
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["dragoman"] = "dragoman"


class Models(BaseModel):
    """All that answers."""

    object: Literal["list"] = "list"
    data: list[Model]


class Content:
    """What a message says, as far as it has grown, with a number after what is cited; and where the numbers lead."""

    def __init__(self, server: str) -> None:
        """`server` is the address that links begin with."""
        self.text = ""
        self.annotations: list[Annotation] = []
        self._server = server
        self._said: list[Piece] = []
        self._cited: dict[int, Citation] = {}

    def said(self, said: Said) -> list[str]:
        """What the sentence adds."""
        self._said.append(said.piece)
        self._cited |= {citation.marker: citation for citation in said.citations}
        return [self._add(said.piece.text, said.piece.markers)]

    def answered(self, answer: Answer) -> list[str]:
        """What is still to be added, in parts.

        An answer other than what was said cannot take that back: it is a paragraph of its own, whose numbers count on.
        """
        parts, before, count = pieces(answer), "", 0
        if list(parts[: len(self._said)]) == self._said:
            parts = parts[len(self._said) :]
        else:
            before, count = "\n\n", len(self._cited)
        self._cited |= {citation.marker + count: citation for citation in answer.citations}
        added = []
        for part in parts:
            added.append(self._add(before + part.text, [marker + count for marker in part.markers]))
            before = ""
        if answer.notice:
            added.append(self._add(f"\n\n{answer.notice}"))
        return added

    def _add(self, text: str, markers: Sequence[int] = ()) -> str:
        for marker in markers:
            start = len(self.text) + len(text) + 1
            text += f" [{marker}]"
            self.annotations.append(self._annotation(self._cited[marker], start, len(self.text) + len(text)))
        self.text += text
        return text

    def _annotation(self, citation: Citation, start: int, end: int) -> Annotation:
        url = self._server + source_link(citation.document, citation.start, citation.end)
        return Annotation(url_citation=UrlCitation(start_index=start, end_index=end, title=citation.title, url=url))


def completion(name: str, content: Content, answer: Answer) -> Completion:
    """The answer whole; `name` is its id."""
    use = answer.model_use
    read, written = (use.input_tokens, use.output_tokens) if use else (0, 0)
    return Completion(
        id=name,
        created=int(time.time()),
        choices=[Choice(message=CompletedMessage(content=content.text, annotations=content.annotations))],
        usage=Usage(prompt_tokens=read, completion_tokens=written, total_tokens=read + written),
        dragoman=answer,
    )


class Chunks:
    """The parts of one completion, as they go into a stream."""

    def __init__(self, name: str, *, with_usage: bool) -> None:
        """`name` is the completion's id."""
        self._with_usage = with_usage
        self._head: dict[str, Any] = {
            "id": name,
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": MODEL,
            "system_fingerprint": None,
        }
        if with_usage:
            self._head["usage"] = None

    def first(self) -> dict[str, Any]:
        """Says who speaks."""
        return self._chunk({"role": "assistant", "content": ""})

    def text(self, text: str) -> dict[str, Any]:
        return self._chunk({"content": text})

    def last(self, whole: Completion) -> Iterator[dict[str, Any]]:
        """All but the content."""
        told = whole.model_dump(mode="json")
        if annotations := told["choices"][0]["message"]["annotations"]:
            yield self._chunk({"annotations": annotations})
        yield self._chunk({}, "stop") | {"dragoman": told["dragoman"]}
        if self._with_usage:
            yield self._head | {"choices": [], "usage": told["usage"]}

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self._head | {"choices": [choice]}
