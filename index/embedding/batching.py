"""Which texts go through the model together."""

from __future__ import annotations

from collections.abc import Sequence


def equal_length_batches(lengths: Sequence[int], tokens_a_batch: int) -> list[list[int]]:
    """Rows of equal length, in batches of at most `tokens_a_batch` tokens (or one row), the longest rows first.

    No padding, so no mask and no wasted work; and with the longest first, workers end at about the same time.
    """
    by_length: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        by_length.setdefault(length, []).append(row)
    batches: list[list[int]] = []
    for length in sorted(by_length, reverse=True):
        rows = by_length[length]
        size = max(1, tokens_a_batch // max(1, length))
        batches.extend(rows[start : start + size] for start in range(0, len(rows), size))
    return batches
