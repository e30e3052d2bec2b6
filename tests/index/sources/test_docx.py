from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from docx import Document
from docx.oxml import parse_xml

from index.sources import docx as docx_source
from index.types import Role
from tests.index.sources.reading_one import blocks_of, read_one, reason_of

H, P = Role.HEADING, Role.PROSE
NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def _bytes(build: object) -> bytes:
    stream = io.BytesIO()
    build.save(stream)  # type: ignore[attr-defined]  # python-docx has no types
    return stream.getvalue()


def test_headings_lists_and_tables_in_their_order(tmp_path: Path) -> None:
    word = Document()
    word.core_properties.language = "fr-FR"
    word.add_heading("Guide du comptoir", 0)
    word.add_paragraph("Le comptoir ouvre à huit heures.\nIl ferme à six heures.")
    word.add_heading("Colis", 2)
    word.add_paragraph("gardés quatorze jours", style="List Bullet")
    table = word.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ["Pays", "Prix", "Belgique", "4 €"], strict=True):
        cell.text = text
    word.add_paragraph("Après le tableau.")
    document = read_one(tmp_path, "a.docx", _bytes(word))
    assert (document.title, document.language) == ("Guide du comptoir", "fr")
    assert blocks_of(document) == [
        (H, "Guide du comptoir"),
        (P, "Le comptoir ouvre à huit heures.\nIl ferme à six heures."),
        (H, "Colis"),
        (P, "gardés quatorze jours"),
        (P, "Pays | Prix"),
        (P, "Belgique | 4 €"),
        (P, "Après le tableau."),
    ]


def test_links_and_insertions_are_read_and_deletions_are_not(tmp_path: Path) -> None:
    word = Document()
    word.element.body.insert(
        0,
        parse_xml(
            f"<w:p {NAMESPACE}><w:r><w:t xml:space='preserve'>The desk opens </w:t></w:r>"
            "<w:del><w:r><w:delText>never</w:delText></w:r></w:del><w:ins><w:r><w:t>at nine</w:t></w:r></w:ins>"
            "<w:hyperlink><w:r><w:t>, they say</w:t></w:r></w:hyperlink></w:p>"
        ),
    )
    word.element.body.insert(
        1,
        parse_xml(
            f"<w:sdt {NAMESPACE}><w:sdtContent><w:p><w:r><w:t>In a form.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        ),
    )
    assert blocks_of(read_one(tmp_path, "a.docx", _bytes(word))) == [
        (P, "The desk opens at nine, they say"),
        (P, "In a form."),
    ]


def test_damaged_protected_and_empty_files_say_so(tmp_path: Path) -> None:
    assert reason_of(tmp_path, "a.docx", b"PK\x03\x04garbage") == "damaged DOCX (BadZipFile)"
    assert "password-protected" in reason_of(tmp_path, "a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    assert reason_of(tmp_path, "a.docx", _bytes(Document())) == "empty (it holds no text)"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "no document")
    assert reason_of(tmp_path, "a.docx", stream.getvalue()).startswith("damaged DOCX")


def test_a_zip_bomb_is_refused_before_it_expands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docx_source, "EXPANDED_LIMIT", 1_000_000)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(2_000_000))
    assert reason_of(tmp_path, "a.docx", stream.getvalue()) == "over the size limit (1 MB once expanded)"
