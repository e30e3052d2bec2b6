from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from index.errors import SourceError
from index.sources.encoding import BrokenUtf8, decode
from tests.index.sources.reading_one import read_one, reason_of

FRENCH = "Les horaires ont changé : on ouvre désormais à huit heures. Où êtes-vous né ? Ça dépend du cœur, dit l'élève."
POLISH = "Wczoraj rozmawialiśmy o książce, którą przyniosła żona sąsiada. Łódź płynęła powoli, gęsi źle się czuły."
TURKISH = (
    "Dün akşam kitapçıya gittik ve uzun süre konuştuk. Öğrenciler sınavdan önce çok çalışıyor, hava bugün yağışlı."
)
RUSSIAN = (
    "Вчера вечером мы долго гуляли по набережной. Завтра магазин откроется в девять часов утра, приходите пораньше."
)
JAPANESE = "新しい図書館は日曜日に開館し、多くの学生が訪れました。本は三冊まで二週間借りることができます。"
ENCODED = [
    (FRENCH, "cp1252"),
    (FRENCH, "iso8859-15"),
    (FRENCH, "mac_roman"),
    ("Die Straße ist gesperrt. Fußgänger dürfen über die schöne Brücke gehen, müssen aber früh ankommen.", "cp1252"),
    ("A reunião começa às nove horas e não há lugar. Você já pôde ver a exposição? O avião só chega amanhã.", "cp1252"),
    ("Öppettiderna ändrades i våras: på söndagen får man låna tre böcker och lämna tillbaka dem på måndag.", "cp1252"),
    (POLISH, "cp1250"),
    (POLISH, "iso8859-2"),
    (
        "Příliš dlouhá řeka teče kolem našeho města. Žáci se učí číst a psát už v první třídě, většinou s radostí.",
        "cp1250",
    ),
    (TURKISH, "cp1254"),
    ("Jaunā bibliotēka tika atvērta svētdien. Jūs varat aizņemties trīs grāmatas, jo ceļš ir slidens.", "cp1257"),
    (RUSSIAN, "cp1251"),
    (RUSSIAN, "koi8-r"),
    (RUSSIAN, "iso8859-5"),
    ("Η νέα βιβλιοθήκη άνοιξε την Κυριακή και ήρθαν πολλοί φοιτητές. Οι ώρες άλλαξαν από το καλοκαίρι.", "cp1253"),
    ("הספרייה החדשה נפתחה ביום ראשון והגיעו אליה סטודנטים רבים. אפשר לשאול שלושה ספרים לשבועיים.", "cp1255"),
    ("افتتحت المكتبة الجديدة أبوابها يوم الأحد، وحضر عدد كبير من الطلاب. يمكن للزوار استعارة ثلاثة كتب.", "cp1256"),
    ("ห้องสมุดแห่งใหม่เปิดเมื่อวันอาทิตย์และมีนักศึกษามากมาย คุณสามารถยืมหนังสือได้สามเล่มเป็นเวลาสองสัปดาห์", "cp874"),
    (JAPANESE, "shift_jis"),
    (JAPANESE, "euc_jp"),
    (JAPANESE, "iso2022_jp"),
    ("新图书馆于星期天开放，许多学生前来参观。您可以借三本书，期限为两周，然后归还到同一个柜台。", "gb18030"),
    ("新圖書館於星期天開放，許多學生前來參觀。您可以借三本書，期限為兩週，然後歸還到同一個櫃檯。", "big5"),
    ("새 도서관은 일요일에 문을 열었고 많은 학생들이 찾아왔습니다. 책은 두 주 동안 빌릴 수 있습니다.", "euc_kr"),
    *((text, wide) for text in (FRENCH, RUSSIAN, JAPANESE) for wide in ("utf-16", "utf-16-le", "utf-16-be", "utf-32")),
    (FRENCH, "utf-8-sig"),
]


@pytest.mark.parametrize(("text", "encoding"), ENCODED)
def test_text_comes_out_unmangled_whatever_its_encoding(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_vietnamese_in_its_old_encoding() -> None:
    text = "Thư viện mới mở cửa vào chủ nhật. Bạn có thể mượn ba cuốn sách trong hai tuần rồi trả lại ở cùng một quầy."
    parts = [unicodedata.normalize("NFD", char) for char in text]
    tones = "\u0300\u0301\u0303\u0309\u0323"  # the encoding has letters with hats and horns, and tones on their own
    old = "".join(
        unicodedata.normalize("NFC", "".join(mark for mark in part if mark not in tones))
        + "".join(mark for mark in part if mark in tones)
        for part in parts
    )
    assert unicodedata.normalize("NFC", decode(old.encode("cp1258"))) == text


def test_what_a_page_declares_is_believed_and_utf8_comes_first() -> None:
    short = "Où ?".encode("cp1252")
    assert decode(short, "iso-8859-1") == "Où ?"
    assert decode("Où ?".encode(), "iso-8859-1") == "Où ?"
    assert decode(b"\x93ja\x94", "latin1") == "“ja”"
    assert decode("窓口".encode("shift_jis"), "Shift_JIS") == "窓口"


def test_an_encoding_that_is_none_is_not_believed() -> None:
    assert decode(FRENCH.encode("cp1252"), "zlib") == FRENCH
    assert decode(FRENCH.encode("cp1252"), "no\0such") == FRENCH


def test_utf8_with_one_broken_byte_is_refused_and_the_place_named() -> None:
    broken = RUSSIAN[:20].encode() + b"\xff" + RUSSIAN[20:].encode()
    with pytest.raises(BrokenUtf8, match="0xff at 37"):
        decode(broken)


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"\xff\xd8\xff\xe0JFIF",
        b"%PDF-1.7 text",
        b"\x7fELF\x02\x01\x01" + bytes(90),
        bytes(range(256)) * 8,
        b"\x01\x02\x03\x04" * 50,
        bytes(2000),
    ],
)
def test_binary_data_is_refused(data: bytes) -> None:
    with pytest.raises(SourceError, match="binary file"):
        decode(data)


def test_a_stray_nul_does_not_make_a_text_binary(tmp_path: Path) -> None:
    assert read_one(tmp_path, "a.txt", b"first\0second\r\nthird").text == "first\ufffdsecond\nthird"


def test_an_encoded_surrogate_becomes_the_replacement_character(tmp_path: Path) -> None:
    assert "\ufffd" in read_one(tmp_path, "a.txt", b"before \xed\xa0\x80 after").text


def test_a_file_of_the_wrong_type_says_what_it_is(tmp_path: Path) -> None:
    assert (
        reason_of(tmp_path, "a.txt", b"PK\x03\x04rest")
        == "binary file (a ZIP archive or office document by its first bytes)"
    )
