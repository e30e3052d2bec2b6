"""What language a text is in; for a short question, with a prior over the languages that the corpus holds."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache

from index.language_model import language_model

__all__ = ["LANGUAGES", "canonical_language", "document_language", "preload", "question_language"]

LANGUAGES = (
    "nl", "fr", "en", "pt", "vi", "de", "es", "it", "pl", "cs", "ru", "uk", "tr", "ar",
    "hi", "th", "zh", "ja", "ko", "id", "sv", "da", "nb", "fi", "el", "ro", "he",
)  # fmt: skip
"""ISO 639-1 codes of the languages that a text is expected to be in."""

OTHER_NAMES = {"no": "nb", "iw": "he", "in": "id", "ji": "yi", "fil": "tl", "cmn": "zh", "yue": "zh", "wuu": "zh"}
"""Codes of a language that has another code here, or that is written alike."""

SCRIPTS = {
    "ARABIC": "ar fa ur",
    "ARMENIAN": "hy",
    "BENGALI": "bn",
    "CJK": "zh ja",
    "CYRILLIC": "ru uk be bg kk mk mn sr uz",
    "DEVANAGARI": "hi mr ne",
    "ETHIOPIC": "am",
    "GEORGIAN": "ka",
    "GREEK": "el",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "HANGUL": "ko",
    "HEBREW": "he",
    "HIRAGANA": "ja",
    "KANNADA": "kn",
    "KHMER": "km",
    "LAO": "lo",
    "LATIN": "nl fr en pt vi de es it pl cs tr id sv da nb fi ro "
    "af az bs ca cy et eu ga gl hr hu is lt lv ms sk sl sq sw tl",
    "MALAYALAM": "ml",
    "MYANMAR": "my",
    "TAMIL": "ta",
    "TELUGU": "te",
    "THAI": "th",
}
"""Script, as the first word of its letters' Unicode names (katakana counts as hiragana), to its languages."""

FURTHER = tuple(code for codes in SCRIPTS.values() for code in codes.split() if code not in LANGUAGES)
"""Also known to the model. A long text may be in one of these; a question, where the corpus holds it."""

UNDETERMINED = "und"

SAMPLE_LENGTH = 1_000
SAMPLES = 4
"""A long text is judged by this many stretches of it, evenly spread."""

LOG_PRIOR_FURTHER = -3.0
LOG_PRIOR_ABSENT = -1.0
SHARE_POWER = 0.25

LATIN_WORD = 0.7
LATIN_NAME = 0.2
UNBROKEN_LETTER = 0.5
"""What a Latin word, a Latin word with a capital or a digit in it, and a letter of a script without spaces weigh beside
a word of another script, when a question mixes them: product names are Latin everywhere."""

WITHOUT_SPACES = {"CJK", "HIRAGANA", "KHMER", "LAO", "MYANMAR", "THAI"}
KANA_IN_CHINESE = 0.1
"""Chinese brands like a kana for show; with more of them than this beside its Han letters, a text is Japanese."""

INHERITED = "inherited"


def canonical_language(code: str) -> str | None:
    """The language of a BCP 47 tag such as "pt-BR", "zh_Hant" or "NO", as it is coded here; None where it has none."""
    primary = re.split("[-_]", code.strip().lower(), maxsplit=1)[0]
    if not re.fullmatch("[a-z]{2,3}", primary) or primary in {"und", "mul", "mis", "zxx"}:
        return None
    return OTHER_NAMES.get(primary, primary)


def document_language(text: str) -> str:
    """The language that most of `text` is in; "und" where it has no letters. Long texts are sampled."""
    return _likeliest(text, dict.fromkeys(LANGUAGES, 0.0) | dict.fromkeys(FURTHER, LOG_PRIOR_FURTHER))


def question_language(text: str, corpus: Mapping[str, int]) -> str:
    """The language of a question asked of a corpus of so many documents per language.

    The corpus's languages are likelier, by a prior that counts most in a short text and that a clear question
    overrules. Without letters it is the corpus's largest language, or "und" where the corpus is empty.
    """
    held = {language: count for language, count in corpus.items() if count > 0}
    found = _likeliest(text, _question_prior(held))
    if found == UNDETERMINED and held:
        return max(sorted(held), key=lambda language: held[language])
    return found


def preload() -> None:
    """Loads the model, once; for a thread that does it while other things start."""
    language_model()


def _question_prior(held: Mapping[str, int]) -> dict[str, float]:
    total = sum(held.values())
    present = {language: SHARE_POWER * math.log(count / total) for language, count in held.items()}
    return dict.fromkeys(LANGUAGES, LOG_PRIOR_ABSENT if held else 0.0) | present


def _likeliest(text: str, prior: Mapping[str, float]) -> str:
    sample = _sample(text)
    script, letters = _dominant_script(sample)
    if script is None:
        return UNDETERMINED
    candidates = [language for language in _languages_of(script) if language in prior]
    if len(candidates) < 2:
        return (candidates or _languages_of(script) or [UNDETERMINED])[0]
    evidence = _log_likelihoods(letters)
    return max(candidates, key=lambda language: evidence.get(language, -math.inf) + prior[language])


def _sample(text: str) -> str:
    if len(text) > SAMPLE_LENGTH * SAMPLES:
        step = (len(text) - SAMPLE_LENGTH) // (SAMPLES - 1)
        text = " ".join(text[start : start + SAMPLE_LENGTH] for start in range(0, step * SAMPLES, step))
    return unicodedata.normalize("NFKC", text)[: 2 * SAMPLES * SAMPLE_LENGTH]  # one character can become eighteen


def _dominant_script(text: str) -> tuple[str | None, str]:
    """The script that weighs most, and the text's words in it; (None, "") where there are no letters."""
    weights: dict[str, float] = defaultdict(float)
    words: dict[str, list[str]] = defaultdict(list)
    for script, word in _words(text):
        weights[script] += _weight(script, word)
        words[script].append(word)
    if not weights:
        return None, ""
    if weights.get("HIRAGANA", 0.0) > KANA_IN_CHINESE * weights.get("CJK", 0.0):
        weights["HIRAGANA"] += weights.pop("CJK", 0.0)
    script = max(weights, key=lambda name: weights[name])
    return script, " ".join(words[script])


def _words(text: str) -> Iterator[tuple[str, str]]:
    """`(script, word)` for each run of letters of one script, with the digits and marks that follow a letter."""
    for chunk in text.split():
        script = ""
        letters: list[str] = []
        for character in chunk:
            found = _script(character)
            if found not in (INHERITED, script):
                if script and letters:
                    yield script, "".join(letters)
                script, letters = found, []
            if script:
                letters.append(character)
        if script:
            yield script, "".join(letters)


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    """Of a letter, its script's name; of a mark or digit, INHERITED; of all else, ""."""
    category = unicodedata.category(character)
    if category[0] in "MN" or category == "Lm":
        return INHERITED
    if category[0] != "L":
        return ""
    name = unicodedata.name(character, "").split(" ")[0]
    return "HIRAGANA" if name == "KATAKANA" else name


def _weight(script: str, word: str) -> float:
    if script == "LATIN":
        return LATIN_WORD if word.islower() and word.isalpha() else LATIN_NAME
    return UNBROKEN_LETTER * len(word) if script in WITHOUT_SPACES else 1.0


def _languages_of(script: str) -> list[str]:
    return SCRIPTS[script].split() if script in SCRIPTS else []


def _log_likelihoods(text: str) -> dict[str, float]:
    """Of each language, up to a constant. Tempered by the root of the length, as the model's own probabilities are."""
    scores = language_model().rank(text)
    temperature = math.sqrt(len(text.encode()) or 1)
    found: dict[str, float] = {}
    for label, score in scores:
        language = canonical_language(label)
        if language is not None:
            found.setdefault(language, score / temperature)
    return found
