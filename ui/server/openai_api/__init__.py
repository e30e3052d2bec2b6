"""A door for chat front ends: OpenAI's chat completions over the service, as far as answers can be completions."""

from __future__ import annotations

from ui.server.openai_api.routes import openai_api

__all__ = ["openai_api"]
