from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from index.sources import jsonlines
from index.types import Role, Skipped, SourceDocument
from tests.index.sources.reading_one import blocks_of, read_all, read_one, reason_of


def _lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def test_a_full_record(tmp_path: Path) -> None:
    record = {
        "title": "Colis\n",
        "paragraphs": ["Le premier. ", "", "Le deuxième.\r\nSuite."],
        "language": "fr-BE",
        "url": "https://help.example/fr/colis?a=1#x",
        "article": 12,
        "id": "colis",
        "something": {"else": True},
    }
    document = read_one(tmp_path, "a.jsonl", _lines(record))
    assert document.uri == "https://help.example/fr/colis?a=1#x"
    assert (document.title, document.language, document.article) == ("Colis", "fr", "12")
    assert blocks_of(document) == [(Role.PROSE, "Le premier."), (Role.PROSE, "Le deuxième.\nSuite.")]


def test_text_stays_as_it_is_and_lang_is_language(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.jsonl", _lines({"text": "  One.\n\nTwo. \x00", "lang": "no"}))
    assert (document.text, document.blocks, document.language) == ("  One.\n\nTwo. \ufffd", (), "nb")


def test_addresses_are_the_url_the_id_or_the_line(tmp_path: Path) -> None:
    records = [
        {"text": "a", "id": "b c/d"},
        {"text": "b"},
        {"text": "c", "url": "javascript:alert(1)", "id": 7},
        {"text": "d", "url": "file:///elsewhere.md"},
        {"text": "e", "url": "two words"},
    ]
    base = (tmp_path / "a.jsonl").as_uri()
    found = [document.uri for document in read_all(tmp_path, "a.jsonl", _lines(*records))]
    assert found == [f"{base}#b%20c/d", f"{base}#2", f"{base}#7", f"{base}#4", f"{base}#5"]


def test_a_malformed_record_is_named_by_its_line_and_the_others_are_read(tmp_path: Path) -> None:
    data = b"\n".join(
        [
            b'\xef\xbb\xbf{"text": "first"}',
            b"",
            b'{"text": "cut',
            b'{"paragraphs": "not a list"}',
            b'["no object"]',
            b'{"title": "nothing else"}',
            b'{"text": " "}',
            b"[" * 100_000,
            b'{"text": "a", "n": ' + b"9" * 5000 + b"}",
            b'{"text": "caf\xe9 ' + "é è ê à ç".encode() * 9 + b'"}',
            b'{"text": "again", "id": "2"}\r',
            b'{"text": "same", "id": "2"}',
            b'{"text": "last"}',
        ]
    )
    found = read_all(tmp_path, "a.jsonl", data)
    assert [document.text for document in found if isinstance(document, SourceDocument)] == ["first", "again", "last"]
    reasons = [skipped.reason for skipped in found if isinstance(skipped, Skipped)]
    assert [reason.split(":")[0] for reason in reasons] == [f"line {n}" for n in (3, 4, 5, 6, 7, 8, 9, 10, 12)]
    for reason, words in zip(
        reasons,
        (
            "not JSON",
            "'paragraphs' is not a list",
            "not a JSON object",
            "neither",
            "empty",
            "too deep",
            "digits",
            "mis-encoded",
            "same address as line 11",
        ),
        strict=True,
    ):
        assert words in reason


def test_gzip(tmp_path: Path) -> None:
    packed = gzip.compress(_lines({"text": "Giờ mở cửa"}).encode() * 1 + b'{"text": "two"}')
    assert [
        document.text for document in read_all(tmp_path, "a.jsonl.gz", packed) if isinstance(document, SourceDocument)
    ] == [
        "Giờ mở cửa",
        "two",
    ]
    cut = read_all(tmp_path, "a.jsonl.gz", packed[:-12])[-1]
    assert isinstance(cut, Skipped)
    assert cut.reason.startswith("damaged gzip")
    assert "damaged gzip" in reason_of(tmp_path, "a.jsonl.gz", b"hello")
    assert "unknown type" in reason_of(tmp_path, "a.txt.gz", packed)


def test_a_gzip_bomb_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonlines, "EXPANDED_LIMIT", 300_000)
    monkeypatch.setattr(jsonlines, "RECORD_LIMIT", 100_000)
    found = read_all(tmp_path, "a.jsonl.gz", gzip.compress(b"a" * 1_000_000))
    assert [skipped.reason[:31] for skipped in found if isinstance(skipped, Skipped)] == [
        "line 1: malformed record (over ",
        "over the size limit (0 MB once ",
    ]


def test_a_json_list(tmp_path: Path) -> None:
    found = read_all(tmp_path, "a.json", ' [ {"text": "one"} , {"text": 2}, {"text": "three"}] ')
    base = (tmp_path / "a.json").as_uri()
    assert [read.uri for read in found] == [f"{base}#1", f"{base}#2", f"{base}#3"]
    assert isinstance(found[1], Skipped)
    assert found[1].reason.startswith("record 2: malformed record (neither")


def test_a_json_list_is_read_up_to_the_fault(tmp_path: Path) -> None:
    for rest in (', {"text": tw', "", ' "x"'):
        found = read_all(tmp_path, "a.json", '[{"text": "one"}' + rest)
        assert isinstance(found[0], SourceDocument)
        assert isinstance(found[1], Skipped)
        assert found[1].reason.startswith("record 2: malformed record")


def test_other_json_files_say_what_they_lack(tmp_path: Path) -> None:
    assert "neither 'paragraphs'" in reason_of(tmp_path, "package.json", '{"name": "x", "version": "1"}')
    assert "too deep" in reason_of(tmp_path, "a.json", "[" * 100_000)
    assert "not JSON" in reason_of(tmp_path, "a.json", "{'text': 1}")
    assert "too many" in reason_of(tmp_path, "a.json", "[" + "[]," * 2_100_000 + "[]]")
    assert read_all(tmp_path, "a.json", "[]") == []
