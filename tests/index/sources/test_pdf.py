from __future__ import annotations

import io
from pathlib import Path

import pypdf
import pytest

from index.sources import pdf
from index.types import Role
from tests.index.sources.pdf_maker import PlacedLine, make_pdf
from tests.index.sources.reading_one import blocks_of, read_one, reason_of

H, P = Role.HEADING, Role.PROSE


def _lines(top: float, *texts: str, size: float = 11) -> list[PlacedLine]:
    return [(72, top - 14 * number, size, text) for number, text in enumerate(texts)]


FIRST_PAGE = [
    *_lines(760, "Front desk manual", size=18),
    *_lines(
        720,
        "The front desk opens at eight in the morning, except on days when the admin-",
        "istration has announced something else. A well-known example is the day of the",
        "fair, when it opens at nine.",
    ),
    *_lines(
        650,
        "Parcels that nobody collects are kept for fourteen days and are then sent back well-",
        "known senders included.",
    ),
    *_lines(600, "• a badge with a photograph", "• the list of telephone numbers"),
]


def test_hard_line_ends_become_paragraphs_and_large_type_a_heading(tmp_path: Path) -> None:
    assert blocks_of(read_one(tmp_path, "a.pdf", make_pdf([FIRST_PAGE]))) == [
        (H, "Front desk manual"),
        (
            P,
            "The front desk opens at eight in the morning, except on days when the administration has announced "
            "something else. A well-known example is the day of the fair, when it opens at nine.",
        ),
        (
            P,
            "Parcels that nobody collects are kept for fourteen days and are then sent back well-known "
            "senders included.",
        ),
        (P, "a badge with a photograph"),
        (P, "the list of telephone numbers"),
    ]


def test_a_paragraph_runs_on_past_footer_and_header(tmp_path: Path) -> None:
    months = ["January", "February", "March", "April"]
    pages = [
        [
            (72.0, 800.0, 8.0, "Manual"),
            *_lines(760, f"goes on after {month} at the top of the page, and ends on the same line as it began."),
            *_lines(700, f"A long sentence about {month} that does not end before the page does, but which"),
            (280.0, 40.0, 8.0, f"Page {number} of 4"),
        ]
        for number, month in enumerate(months, 1)
    ]
    texts = [text for _, text in blocks_of(read_one(tmp_path, "a.pdf", make_pdf(pages)))]
    assert (
        "A long sentence about January that does not end before the page does, but which goes on after February at "
        "the top of the page, and ends on the same line as it began."
    ) in texts
    assert [text for text in texts if text.startswith("Page")] == [f"Page {number} of 4" for number in range(1, 5)]
    assert len(texts) == 4 * 2 + 4 + 1


def test_declarations_and_titles_that_programs_make_up(tmp_path: Path) -> None:
    data = make_pdf([FIRST_PAGE], info="/Title (Desk handbook)", catalog="/Lang (nl-BE)")
    document = read_one(tmp_path, "a.pdf", data)
    assert (document.title, document.language) == ("Desk handbook", "nl")
    for title in ("untitled", "Microsoft Word - x", "report.docx"):
        assert read_one(tmp_path, "a.pdf", make_pdf([FIRST_PAGE], f"/Title ({title})")).title == "Front desk manual"


def test_damaged_scanned_and_encrypted_files_say_so(tmp_path: Path) -> None:
    whole = make_pdf([FIRST_PAGE])
    assert reason_of(tmp_path, "a.pdf", b"%PDF-1.4\ngarbage").startswith("damaged PDF")
    assert reason_of(tmp_path, "a.pdf", b"no PDF at all").startswith("damaged PDF")
    assert reason_of(tmp_path, "a.pdf", make_pdf([[]])).startswith("no text in this PDF")
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(whole))
    writer.encrypt("secret", algorithm="RC4-128")
    stream = io.BytesIO()
    writer.write(stream)
    assert reason_of(tmp_path, "a.pdf", stream.getvalue()).startswith("encrypted PDF")


def test_pages_that_contain_themselves_end(tmp_path: Path) -> None:
    looping = make_pdf([FIRST_PAGE]).replace(b"/Kids [5 0 R]", b"/Kids [2 0 R]")
    assert reason_of(tmp_path, "a.pdf", looping)


def test_too_many_pages_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "PAGE_LIMIT", 2)
    assert reason_of(tmp_path, "a.pdf", make_pdf([FIRST_PAGE] * 3)).startswith("over the page limit (3 pages")
