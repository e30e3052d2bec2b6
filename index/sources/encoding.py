"""Bytes to text, whatever encoding they are in; what is no text is refused."""

from __future__ import annotations

import codecs
import unicodedata

from index.errors import SourceError
from index.sources.latin import latin_encoding

_BOMS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_SUPERSETS = {  # what a page means by these labels: https://encoding.spec.whatwg.org/#names-and-labels
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "euc_kr": "cp949",
}
_MAGIC = {
    b"%PDF-": "a PDF",
    b"PK\x03\x04": "a ZIP archive or office document",
    b"\xd0\xcf\x11\xe0": "an old office document",
    b"\x89PNG": "an image",
    b"GIF8": "an image",
    b"\xff\xd8\xff": "an image",
    b"\x7fELF": "a program",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!\x1a": "a RAR archive",
    b"SQLite format 3\x00": "a database",
}
_CONTROLS = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 27}) + b"\x7f"
_JAPANESE_SHIFTS = (b"\x1b$B", b"\x1b$@")
_SAMPLE = 1 << 18


class BrokenUtf8(SourceError):
    """Most of it is UTF-8 and some of it is not."""


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of `data`; `declared` is the encoding that the file itself names, believed where it is not UTF-8.

    In this order: byte order mark, UTF-8, UTF-16 and UTF-32 without a mark, `declared`, detection. The mark is not
    part of the text. Raises SourceError for binary data and for text that is broken in every encoding.
    """
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            raise SourceError(f"binary file ({kind} by its first bytes)")
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _strictly(data, encoding)
    try:
        if any(shift in data for shift in _JAPANESE_SHIFTS):
            return data.decode("iso2022_jp_ext")
        text = data.decode("utf-8", "surrogatepass")  # some programs write them; clean() replaces them
    except UnicodeDecodeError as error:
        return _decode_other(data, declared, error)
    controls = len(data) - len(data.translate(None, _CONTROLS))
    if controls <= max(2, len(data) // 20):
        return text
    return _decode_wide(data)


def _decode_other(data: bytes, declared: str | None, error: UnicodeDecodeError) -> str:
    if b"\x00" in data:
        return _decode_wide(data)
    controls = len(data) - len(data.translate(None, _CONTROLS))
    if controls > max(1, len(data) // 100):
        return _decode_wide(data)
    if _mostly_utf8(data):
        raise BrokenUtf8(f"mis-encoded: UTF-8 but for the byte 0x{data[error.start]:02x} at {error.start}")
    for encoding in filter(None, (_python_name(declared), _detect(data))):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SourceError("mis-encoded: neither UTF-8 nor any other encoding known here; save it as UTF-8")


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        kind = BrokenUtf8 if encoding == "utf-8-sig" else SourceError
        raise kind(f"mis-encoded: marked as {encoding}, but broken at byte {error.start}") from error


def _decode_wide(data: bytes) -> str:
    """UTF-16 or UTF-32 without a byte order mark: full of NULs where it holds Latin letters, spaces or line ends."""
    for encoding in _WIDE:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _looks_written(text[:_SAMPLE]):
            return text
    raise SourceError("binary file (too many control characters for text)")


def _looks_written(text: str) -> bool:
    """Only assigned characters, and either the commonest signs of any script or letters from one corner of Unicode."""
    odd = sum(unicodedata.category(char) in {"Cc", "Cn", "Co", "Cs"} and char not in "\t\n\r\f" for char in text)
    one_corner = len({ord(char) >> 8 for char in text}) <= 2 and len(set(text)) >= 10
    common = sum(char in " \n\u3000。、,." for char in text)
    return bool(text) and odd <= len(text) // 50 and (common > 0 or one_corner)


def _mostly_utf8(data: bytes) -> bool:
    """Text in another encoding holds a valid multi-byte sequence by rare chance only, so most are broken."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\N{REPLACEMENT CHARACTER}")
    whole = len(text) - broken - len(data.translate(None, bytes(range(128, 256))))
    return whole > 4 * broken


def _python_name(declared: str | None) -> str | None:
    try:
        name = codecs.lookup((declared or "").strip()).name
    except (LookupError, ValueError):
        return None
    is_text = name.startswith(("iso", "cp", "koi8", "big5", "gb", "euc", "shift", "mac", "hz", "tis", "johab", "ascii"))
    return _SUPERSETS.get(name, name) if is_text else None


def _detect(data: bytes) -> str | None:
    """The likeliest encoding, from a sample that ends with a line where it can."""
    sample = data[:_SAMPLE]
    if len(data) > _SAMPLE:
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    latin = latin_encoding(sample)
    if latin.explained:
        return latin.name
    from charset_normalizer import from_bytes  # only files that are not UTF-8 need it

    best = from_bytes(sample).best()
    return latin.name if best is None or _in_latin_letters(str(best)) else best.encoding


def _in_latin_letters(text: str) -> bool:
    marked = [char for char in text if char > "\x7f" and char.isalpha()]
    return sum(unicodedata.name(char, "").startswith("LATIN") for char in marked) > len(marked) // 2
