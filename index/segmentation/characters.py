"""What single characters mean to segmentation. Every replacement here keeps the length, so offsets stay valid."""

from __future__ import annotations

import re

TERMINALS = ".!?…。！？؟।॥։።፧။៕‼⁇⁈⁉︒﹒﹖﹗．｡۔"
"""What ends a sentence, over the scripts. The Greek question mark is not here: it is a semicolon elsewhere."""

QUESTION_MARKS = "?？؟⁇⁈⁉﹖፧՞⸮\u037e"
LEAD_IN_MARKS = ":：,，、،;；؛"
"""What ends a line that has more to say below, such as "You need:"."""

_MOST_TRAILING = 20
CLOSERS = "\"'”’»›)]}）］】》〉」』〕*_`\u200e\u200f"
"""What may stand between the mark that ends a sentence and the sentence's real end."""

_CONTROL = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
_INVISIBLE = "\ufeff\u200b\u2060\u00ad"
_SURROGATES = "\ud800-\udfff"
_BLANK = re.compile(rf"[\s{_CONTROL}{_INVISIBLE}]")
_LEADING = re.compile(rf"[\s{_CONTROL}{_INVISIBLE}]*")
_SPACE_LIKE = re.compile(rf"[^\S ]|[{_CONTROL}]")
_LONE_SURROGATE = re.compile(f"[{_SURROGATES}]")
_DENSE = re.compile(r"[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")

Span = tuple[int, int]
"""`[start, end)`, in code points."""


def is_blank(character: str) -> bool:
    """Whether a reader sees nothing: white space, a control character, a byte order mark, a zero-width space."""
    return _BLANK.match(character) is not None


def trim(text: str, start: int, end: int) -> Span:
    """`[start, end)` without blank characters at its edges; empty (`start == end`) where nothing else is there."""
    leading = _LEADING.match(text, start, end)
    start = leading.end() if leading else start
    while end > start and is_blank(text[end - 1]):
        end -= 1
    return start, end


def sanitise(text: str) -> str:
    """The text as the native libraries can bear it, of the same length: plain spaces, no controls, valid UTF-8."""
    return _LONE_SURROGATE.sub("\ufffd", _SPACE_LIKE.sub(" ", text))


def weight(text: str) -> int:
    """Length in code points, ideographs and kana counted twice: they hold about twice as much."""
    return len(text) + len(_DENSE.findall(text))


def ends_sentence(text: str) -> bool:
    """Whether the text ends like a sentence; quotes, brackets and an emoji after the mark are let pass."""
    for character in reversed(text[-_MOST_TRAILING:]):
        if character in TERMINALS:
            return True
        if character in LEAD_IN_MARKS or character.isalnum():
            return False
    return False


def is_question(text: str, language: str = "") -> bool:
    """Whether the text ends with a question mark of any script, closing quotes and other marks (`?!`) aside."""
    bare = text.rstrip(CLOSERS + " !！.…")
    if bare.endswith(tuple(QUESTION_MARKS)):
        return True
    # Armenian sets its mark within the last word; Greek writes a semicolon.
    return "՞" in bare.rsplit(" ", 1)[-1] or (language == "el" and bare.endswith(";"))
