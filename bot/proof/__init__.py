"""Whether a sentence that a language model wrote says what it cites, and nothing else; told without another model.

What a sentence and its sources have in common is compared: numbers, dates and addresses; the words that claim
something; the words that limit it; the order of both; and the vectors of the whole. Nothing here understands a
sentence, so the doubt is always against the model: a right sentence that says it in other words is rejected too.
"""

from __future__ import annotations

from bot.proof.prover import CHECKS, Check, Objection, Prover, Source

__all__ = ["CHECKS", "Check", "Objection", "Prover", "Source"]
