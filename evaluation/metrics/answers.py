"""The text of an answer against gold texts: exact match, token F1, containment.

Texts are compared as tokens, normalised by language as MLQA does (Lewis et al. 2020, arXiv:1910.07475).
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

__all__ = ["ARTICLES", "contains", "exact_match", "token_f1", "tokens"]

ARTICLES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "de": frozenset(["ein", "eine", "einen", "einem", "eines", "einer", "der", "die", "das", "den", "dem", "des"]),
        "en": frozenset(["a", "an", "the"]),
        "es": frozenset(["un", "una", "unos", "unas", "el", "la", "los", "las"]),
        "fr": frozenset(["un", "une", "des", "le", "la", "les"]),
        "it": frozenset(["un", "uno", "una", "il", "lo", "la", "i", "gli", "le"]),
        "nl": frozenset(["de", "het", "een"]),
        "pt": frozenset(["um", "uma", "uns", "umas", "o", "a", "os", "as"]),
        "vi": frozenset(["của", "là", "cái", "chiếc", "những"]),
    }
)
"""By language (ISO 639-1); de, en, es and vi are MLQA's, and Hindi and Chinese have none there either.

A preposition grown together with an article (fr "du", es "al", pt "da", it "nella") stays, as MLQA leaves "del" alone.
"""

ARABIC_ARTICLE = "ال"

ELIDING = frozenset({"fr", "it"})
_ELIDED_ARTICLE = re.compile(r"(?<!\w)l['’](?=\S)")
_ELISION = re.compile(r"(?<=\w)['’](?=\S)")

_WITHOUT_SPACES = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Myanmar
    "\u1780-\u17ff"  # Khmer
    "\u3040-\u30ff\u31f0-\u31ff"  # kana
    "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
)
_TOKEN = re.compile(rf"[{_WITHOUT_SPACES}]|[^\s{_WITHOUT_SPACES}]+")


def tokens(text: str, language: str) -> list[str]:
    """The tokens that texts are compared by: case folded, without punctuation and the articles of `language`.

    Punctuation is deleted as in MLQA, so "2.50", "2,50" and "250" are one token, and "re-open" is "reopen". Scripts
    written without spaces give a token a character, all else a word (MLQA's mixed segmentation, for Chinese there; here
    also for Japanese, Thai, Lao, Khmer and Burmese, and by script, whatever the language). In French and Italian an
    apostrophe ends a word, as deleting it would glue "l'eau" into a word that "eau" does not match: "l'" goes as an
    article, while "d'" is the preposition "de" and stays as the word "d". Arabic words lose the prefix "ال".

    NFKC beforehand is ours: full-width digits, ligatures and no-break spaces match their plain forms.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    if language in ELIDING:
        folded = _ELISION.sub(" ", _ELIDED_ARTICLE.sub(" ", folded))
    found = _TOKEN.findall("".join(character for character in folded if not _is_deleted(character)))
    if language == "ar":
        return [bare for token in found if (bare := token.removeprefix(ARABIC_ARTICLE))]
    articles = ARTICLES.get(language, frozenset())
    return [token for token in found if token not in articles]


def _is_deleted(character: str) -> bool:
    """Punctuation as MLQA counts it (Unicode's, and ASCII's symbols such as $ and +), and what is invisible.

    Format characters (soft hyphens, joiners, zero-width spaces) are ours: texts that look alike should be alike.
    """
    category = unicodedata.category(character)
    return category[0] == "P" or category == "Cf" or character in string.punctuation


def exact_match(prediction: str, golds: Sequence[str], language: str) -> float:
    """1.0 where the prediction's tokens are those of some gold, else 0.0 (SQuAD; Rajpurkar et al. 2016).

    Raises ValueError where there is no gold.
    """
    return _best(lambda predicted, gold: float(predicted == gold), prediction, golds, language)


def token_f1(prediction: str, golds: Sequence[str], language: str) -> float:
    """F1 of the prediction's tokens and a gold's as bags, 2 * shared / (both lengths); the best gold counts.

    SQuAD (Rajpurkar et al. 2016). Two texts without tokens match (1.0), as in SQuAD 2.0; one without scores 0.0. Raises
    ValueError where there is no gold.
    """
    return _best(_f1, prediction, golds, language)


def contains(prediction: str, golds: Sequence[str], language: str) -> float:
    """1.0 where the tokens of some gold stand in a row among the prediction's, else 0.0.

    A gold without tokens is never contained. Raises ValueError where there is no gold.
    """
    return _best(_holds, prediction, golds, language)


def _best(
    score: Callable[[list[str], list[str]], float], prediction: str, golds: Sequence[str], language: str
) -> float:
    if not golds:
        raise ValueError("no gold texts to compare the prediction with")
    predicted = tokens(prediction, language)
    return max(score(predicted, tokens(gold, language)) for gold in golds)


def _f1(predicted: list[str], gold: list[str]) -> float:
    if not predicted and not gold:
        return 1.0
    shared = (Counter(predicted) & Counter(gold)).total()
    return 2 * shared / (len(predicted) + len(gold))


def _holds(predicted: list[str], gold: list[str]) -> float:
    starts = range(len(predicted) - len(gold) + 1)
    return float(bool(gold) and any(predicted[start : start + len(gold)] == gold for start in starts))
