from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.metrics.answers import ARTICLES, contains, exact_match, token_f1, tokens

LANGUAGES = st.sampled_from([*ARTICLES, "ar", "hi", "zh", "ja", "th", "sv"])
PHRASES = st.lists(st.sampled_from(["red", "car", "carpet", "the", "2"]), max_size=6).map(" ".join)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("The Agents; an hour, A day!", "en", ["agents", "hour", "day"]),
        ("Theatre and another", "en", ["theatre", "and", "another"]),
        ("Het team, de klant en een gids", "nl", ["team", "klant", "en", "gids"]),
        ("Die Straße, STRASSE", "de", ["strasse", "strasse"]),
        ("¿Unos días? ¡Los del equipo!", "es", ["días", "del", "equipo"]),
        ("Os clientes e a equipe do centro", "pt", ["clientes", "e", "equipe", "do", "centro"]),
        ("Những chiếc xe của tôi là mới", "vi", ["xe", "tôi", "mới"]),
        ("यह एक घर है।", "hi", ["यह", "एक", "घर", "है"]),
        ("En bil, the bil", "sv", ["en", "bil", "the", "bil"]),
        ("", "en", []),
        ("… the (a)", "en", []),
    ],
)
def test_case_punctuation_and_the_languages_articles_go(text: str, language: str, expected: list[str]) -> None:
    assert tokens(text, language) == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("L'eau de l’école, jusqu’à 5 l", "fr", ["eau", "de", "école", "jusqu", "à", "5", "l"]),
        ("d'eau", "fr", ["d", "eau"]),
        ("L’«État»", "fr", ["état"]),
        ("'leur'", "fr", ["leur"]),
        ("Un'ora dell'acqua, l'80 %", "it", ["ora", "dell", "acqua", "80"]),
        ("agent's", "en", ["agents"]),
    ],
)
def test_an_apostrophe_ends_a_word_where_words_elide(text: str, language: str, expected: list[str]) -> None:
    assert tokens(text, language) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("الكتاب الجديد", ["كتاب", "جديد"]),
        ("مال، المال", ["مال", "مال"]),  # only where it is a prefix
        ("والكتاب", ["والكتاب"]),
        ("ال", []),
    ],
)
def test_the_arabic_article_is_a_prefix(text: str, expected: list[str]) -> None:
    assert tokens(text, "ar") == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("退款需要3个工作日。", "zh", ["退", "款", "需", "要", "3", "个", "工", "作", "日"]),
        ("東京タワー Tower1 です", "ja", ["東", "京", "タ", "ワ", "ー", "tower1", "で", "す"]),
        ("𠮷野", "ja", ["𠮷", "野"]),
        ("ฝึก 6 สัปดาห์", "th", ["ฝ", "ึ", "ก", "6", "ส", "ั", "ป", "ด", "า", "ห", "์"]),
        ("ລາວ", "lo", ["ລ", "າ", "ວ"]),
        ("ខ្មែរ", "km", ["ខ", "្", "ម", "ែ", "រ"]),
        ("မြန်မာ", "my", ["မ", "ြ", "န", "်", "မ", "ာ"]),
        ("환불은 3일", "ko", ["환불은", "3일"]),
        ("see 東京", "en", ["see", "東", "京"]),
    ],
)
def test_scripts_without_spaces_give_a_token_a_character(text: str, language: str, expected: list[str]) -> None:
    assert tokens(text, language) == expected


def test_punctuation_is_deleted_and_not_made_a_space() -> None:
    """As in MLQA, ASCII's symbols among it and other symbols not."""
    assert tokens("2.50 2,50 250 re-open $5 €5 a+b", "nl") == ["250", "250", "250", "reopen", "5", "€5", "ab"]


def test_texts_that_look_alike_have_the_same_tokens() -> None:
    assert tokens("１２０\u00a0€\u202fﬁn", "en") == ["120", "€", "fin"]
    assert tokens("e\u0301te\u0301 so\u00adft zero\u200bwidth", "en") == ["été", "soft", "zerowidth"]


def test_exact_match_takes_any_gold() -> None:
    assert exact_match("The six weeks.", ["one year", "Six weeks"], "en") == 1.0
    assert exact_match("six weeks long", ["one year", "six weeks"], "en") == 0.0
    assert exact_match("weeks six", ["six weeks"], "en") == 0.0
    assert exact_match("der sechs Wochen", ["sechs Wochen"], "en") == 0.0  # not an English article


def test_f1_is_worked_out_by_hand() -> None:
    """Of 5 and 4 tokens, 3 are shared: one "six" of the two. The other gold shares one."""
    assert token_f1("The six, six long weeks here", ["six new weeks here"], "en") == pytest.approx(6 / 9)
    assert token_f1("six six long weeks here", ["weeks", "six new weeks here"], "en") == pytest.approx(6 / 9)
    assert token_f1("weeks here", ["weeks", "six new weeks here"], "en") == pytest.approx(2 / 3)
    assert token_f1("东京塔", ["东京"], "zh") == pytest.approx(4 / 5)


def test_f1_without_tokens() -> None:
    assert token_f1("the", ["…"], "en") == 1.0
    assert token_f1("the", ["six"], "en") == 0.0
    assert token_f1("six", ["the"], "en") == 0.0
    assert token_f1("six", ["seven"], "en") == 0.0


def test_containment_wants_the_golds_tokens_in_a_row() -> None:
    answer = "New agents train for six whole weeks, then they take calls."
    assert contains(answer, ["nothing", "Six whole weeks"], "en") == 1.0
    assert contains(answer, ["the new agents"], "en") == 1.0
    assert contains(answer, ["take the calls"], "en") == 1.0
    assert contains(answer, ["six weeks"], "en") == 0.0
    assert contains(answer, ["gents train"], "en") == 0.0  # whole tokens, not letters
    assert contains(answer, ["take calls now"], "en") == 0.0
    assert contains("培训为期六周。", ["六周"], "zh") == 1.0


def test_a_gold_without_tokens_is_never_contained() -> None:
    assert contains("anything", ["", "the!"], "en") == 0.0
    assert contains("", [""], "en") == 0.0


@pytest.mark.parametrize("metric", [exact_match, token_f1, contains])
def test_a_comparison_with_nothing_is_refused(metric: object) -> None:
    with pytest.raises(ValueError, match="no gold texts"):
        metric("answer", [], "en")  # type: ignore[operator]


@given(text=st.text(), language=LANGUAGES)
@settings(deadline=None, max_examples=300)
def test_tokens_hold_nothing_that_was_to_go(text: str, language: str) -> None:
    found = tokens(text, language)
    assert not set(found) & ARTICLES.get(language, frozenset())
    assert all(token and token.split() == [token] for token in found)
    assert found == tokens(f" {text} \u200b.", language)


@given(text=st.text(), language=LANGUAGES)
@settings(deadline=None, max_examples=200)
def test_a_text_matches_itself(text: str, language: str) -> None:
    assert exact_match(text, [text], language) == 1.0
    assert token_f1(text, [text], language) == 1.0
    assert contains(text, [text], language) == float(bool(tokens(text, language)))


@given(prediction=PHRASES, gold=PHRASES)
@settings(deadline=None)
def test_scores_against_string_search_and_removal(prediction: str, gold: str) -> None:
    """Oracles of another kind: a padded substring, and tokens taken out of a list one by one."""
    predicted, wanted = (" ".join(text.replace("the", "").split()) for text in (prediction, gold))
    assert contains(prediction, [gold], "en") == float(bool(wanted) and f" {wanted} " in f" {predicted} ")
    left, shared = predicted.split(), 0
    for word in wanted.split():
        if word in left:
            left.remove(word)
            shared += 1
    precision, recall = shared / max(1, len(predicted.split())), shared / max(1, len(wanted.split()))
    harmonic = 2 * precision * recall / (precision + recall) if shared else float(predicted == wanted == "")
    assert token_f1(prediction, [gold], "en") == pytest.approx(harmonic)
