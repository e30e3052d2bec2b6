"""What prose may stand on: the sentences around what was found, each in the version that would be quoted."""

from __future__ import annotations

from dataclasses import dataclass

from bot.extractive import citation
from bot.types import Citation
from index.types import Document, Evidence, Statement, Unit

__all__ = ["Exhibit"]


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A statement of an article, as the version `document` has it: mostly one sentence, at times two."""

    evidence: Evidence
    statement: Statement
    document: str

    @property
    def source(self) -> Document:
        return self.evidence.documents[self.document]

    @property
    def units(self) -> tuple[Unit, ...]:
        return tuple(sentence.unit for sentence in self.statement.versions[self.document])

    @property
    def text(self) -> str:
        """Word for word."""
        return self.source.text[self.units[0].start : self.units[-1].end]

    def citation(self, marker: int) -> Citation:
        """That of the whole statement."""
        return citation(self.evidence, self.statement, self.document, marker)
