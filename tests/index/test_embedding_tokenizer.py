"""The tokenizer in plain Python against `tokenizers`, over the real vocabulary."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from index.embedding.bundled import bundled_folder
from index.embedding.embeddable import LONGEST_TEXT, embeddable
from index.embedding.text_to_ids import LONGEST, TextToIds
from index.embedding.unigram import UnigramTokenizer

SCRIPTS = [
    "What education do agents need?  Two spaces,\ttabs\nand lines.",
    "Quel niveau d'études faut-il ? Le guide : « bonjour ».En effet",
    "Nhân viên cần có bằng tốt nghiệp trung học phổ thông.Điều này",
    "ลูกค้าโทรมาทุกวันจันทร์ตอนเช้า",
    "客服人员需要高中毕业证书。コールセンターで働く人。고객 센터 직원",
    "يعمل الموظف من الثامنة صباحا \u202eמוקד השירות\u202c",
    "ﷺ ﬁne ①②③ Ａ１ ½ e\u0301 \u00ad \u200b \ufeff x\u0000y \x1c \u2581 \u3000 😀👩‍👩‍👧 𒀀𒀁𒀂",
    "</s> <mask> <unk> <s>",
    "",
]


@pytest.fixture(scope="module")
def folder() -> Path:
    built = bundled_folder()
    assert built is not None
    return built


@pytest.fixture(scope="module")
def ours(folder: Path) -> UnigramTokenizer:
    return UnigramTokenizer(folder / "unigram.npz")


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(LONGEST)
    return tokenizer


@pytest.mark.parametrize("text", SCRIPTS)
def test_same_ids_in_every_script(ours: UnigramTokenizer, theirs: Tokenizer, text: str) -> None:
    assert ours.encode("query: " + text, LONGEST) == theirs.encode("query: " + text).ids


def test_known_ids_of_xlm_r(ours: UnigramTokenizer) -> None:
    assert ours.encode("Hello world!", LONGEST) == [0, 35378, 8999, 38, 2]


def test_same_ids_for_every_tenth_code_point(ours: UnigramTokenizer, theirs: Tokenizer) -> None:
    """Among those that Unicode had when the older of both normalisers was made."""
    points = [point for point in range(0, 0x30000, 10) if not 0xD800 <= point < 0xE000]
    assigned = [chr(point) for point in points if unicodedata.ucd_3_2_0.category(chr(point)) != "Cn"]
    texts = [f"a{character}b {character}" for character in assigned]
    expected = [encoding.ids for encoding in theirs.encode_batch_fast(texts)]
    assert len(texts) > 9_000
    assert [ours.encode(text, LONGEST) for text in texts] == expected


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs", "Cn")), max_size=80))
def test_same_ids_for_any_text(ours: UnigramTokenizer, theirs: Tokenizer, text: str) -> None:
    if unicodedata.ucd_3_2_0.normalize("NFKC", text) == unicodedata.normalize("NFKC", text):
        assert ours.encode(text, LONGEST) == theirs.encode(text).ids


@pytest.mark.parametrize("text", ["ﷺ" * 3000, "x" * 100_000, "word " * 50_000, "字" * 9000])
def test_long_texts_are_cut_at_512_by_both(ours: UnigramTokenizer, theirs: Tokenizer, text: str) -> None:
    ids = ours.encode(embeddable(text), LONGEST)
    assert len(ids) == LONGEST
    assert ids == theirs.encode(embeddable(text)).ids


def test_what_is_embeddable() -> None:
    assert embeddable("a\ud800b") == "a?b"
    assert embeddable("\n" * 20_000 + "text") == "text"
    assert len(embeddable("x" * 100_000)) == LONGEST_TEXT
    assert embeddable("short  and\nkept") == "short  and\nkept"


def test_much_text_changes_the_tokenizer_and_not_the_ids(folder: Path) -> None:
    to_ids = TextToIds(folder)
    before = to_ids.encode(SCRIPTS)
    to_ids.encode(["x" * 100_001])
    assert to_ids.encode(SCRIPTS) == before
