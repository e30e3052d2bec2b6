"""Errors of an evaluation; like all of Dragoman's, the message is one line for the person who meets it (exit status 2).

DragomanError
└── EvaluationError
    ├── DatasetError   a dataset that cannot be read, or that does not fit the documents
    ├── MetricError    a metric that does not exist, or a demand on one that cannot be understood
    └── ResultsError   a file of results that cannot be read or compared
"""

from __future__ import annotations

from index.errors import DragomanError

__all__ = ["DatasetError", "EvaluationError", "MetricError", "ResultsError"]


class EvaluationError(DragomanError):
    """The root of this package's errors."""


class DatasetError(EvaluationError):
    """A dataset that cannot be read, or that does not fit the documents."""


class MetricError(EvaluationError):
    """A metric that does not exist, or a demand on one that cannot be understood."""


class ResultsError(EvaluationError):
    """A file of results that cannot be read or compared."""
