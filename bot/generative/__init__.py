"""Answers in prose: a language model writes sentences over what was found, and each is checked before it is shown.

Nothing here is imported unless a model is configured.
"""

from __future__ import annotations

from bot.generative.model import ModelError, ModelSettings, open_model
from bot.generative.writer import ModelWriter

__all__ = ["ModelError", "ModelSettings", "ModelWriter", "open_model"]
