"""What put the answers together, in lines of text: the same in the terminal, in Markdown and on the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evaluation.metrics.prose import Composed
from evaluation.results import Results, SystemResults

__all__ = ["composers"]


def composers(results: Results) -> list[str]:
    """One line where everything was quoted; else two for each system that had a language model."""
    with_model = [system for system in results.systems if system.composed.model]
    if not with_model:
        return ["composer: extractive"]
    return [line for system in with_model for line in _lines(system)]


def _lines(system: SystemResults) -> Iterator[str]:
    composed = system.composed
    why = f" ({_counts(composed.fallbacks)})" if composed.fallbacks else ""
    yield f"{system.name}, composer: {_counts(composed.composers) or 'none'}{why}"
    yield f"{system.name}, sentences of {composed.model}: {_sentences(composed)}; {_spent(composed)}"


def _sentences(composed: Composed) -> str:
    checks = f" ({_counts(composed.rejected)})" if composed.rejected else ""
    return (
        f"{composed.written:,} written, with repairs {composed.tried:,} tried, "
        f"{sum(composed.rejected.values()):,} of them rejected{checks}, {composed.shown:,} shown"
    )


def _spent(composed: Composed) -> str:
    cost = "" if composed.cost is None else f", cost {composed.cost:,.4f}"
    return f"{composed.input_tokens:,}+{composed.output_tokens:,} tokens in {composed.calls:,} calls{cost}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in counts.items())
