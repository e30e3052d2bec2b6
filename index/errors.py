"""Errors that a user can meet; the message is written for them, and `dragoman` shows it alone and exits with 2.

DragomanError
├── SourceError           a file or record that cannot be read
├── EmbedderError         a model that cannot be found, built or run
├── QuestionError         a question that cannot be searched for
│   └── EmptyQuestion     nothing was asked
└── StoreError
    ├── IndexMissing      no index in that folder
    ├── IndexDamaged      the folder's contents are not an index, or are half an index
    ├── IndexMismatch     made by another format version, or with another embedder
    ├── IndexBusy         another run is writing to it
    └── IndexNotWritable  read-only folder, full disk
"""

from __future__ import annotations


class DragomanError(Exception):
    """The root. `str(error)` says what was wrong, with what value, and what to do next, on one line."""


class SourceError(DragomanError):
    """A file or record that cannot be read."""


class EmbedderError(DragomanError):
    """A model that cannot be found, built or run."""


class QuestionError(DragomanError):
    """A question that cannot be searched for."""


class EmptyQuestion(QuestionError):
    """A question without a letter or a digit."""


class StoreError(DragomanError):
    """Something is wrong with an index folder."""


class IndexMissing(StoreError):
    """No index in that folder."""


class IndexDamaged(StoreError):
    """The folder's contents are not an index, or are half an index."""


class IndexMismatch(StoreError):
    """Made by another format version, or with another embedder."""


class IndexBusy(StoreError):
    """Another run is writing to the index."""


class IndexNotWritable(StoreError):
    """The index folder is read-only, or its disk is full."""
