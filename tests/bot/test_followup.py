from __future__ import annotations

import tomllib
import unicodedata
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import messages
from bot.followup import earlier_question, may_follow_up

OPENED = {
    "ar": "وماذا يحدث إذا وصل الموظف متأخرا إلى المكتب صباحا",
    "de": "Und wenn der Kunde die Rechnung schon bezahlt hatte?",
    "en": "What about agents who work in the evening shift?",
    "es": "¿Y cuántos días de vacaciones tienen los agentes nuevos?",
    "fr": "Et combien de jours avant le premier appel client ?",
    "hi": "और अगर ग्राहक का पैसा बैंक में वापस आ चुका हो",
    "ja": "では、新しい社員は研修を何週間受ける必要がありますか。",
    "ko": "그럼 새로운 상담원은 교육을 몇 주 동안 받아야 합니까?",
    "nl": "En hoeveel dagen vakantie hebben nieuwe medewerkers in totaal?",
    "pl": "A co z pracownikami którzy zaczynają pracę wieczorem?",
    "pt": "E quantos dias de férias têm os novos agentes?",
    "ru": "А если клиент уже оплатил счёт банковской картой?",
    "th": "แล้วพนักงานใหม่ต้องฝึกอบรมกี่สัปดาห์ก่อนรับสายลูกค้า",
    "tr": "Peki yeni çalışanlar kaç hafta eğitim almak zorunda?",
    "vi": "Còn nhân viên làm ca tối thì được nghỉ mấy ngày?",
    "zh": "那么新员工需要接受多少周的培训才能接听客户电话？",
}
"""Each begins like a continuation, and is long enough to stand alone if it did not."""

POINTING = {
    "ar": "كم عدد الأيام التي يستغرقها هذا التدريب في المكتب",
    "de": "Wie viele Tage hat der Kunde danach noch Zeit?",
    "en": "How many days does a customer have before they must pay?",
    "es": "¿Cuántos días tarda el banco en devolver eso al cliente?",
    "fr": "Combien de jours faut-il pour que celui du client arrive ?",
    "hi": "ग्राहक को बैंक में पैसा आने के बाद इसका बिल कब मिलेगा",
    "ja": "新しい社員はそれを何週間受ける必要がありますか。",
    "ko": "새로운 상담원은 그것을 몇 주 동안 받아야 합니까?",
    "nl": "Hoeveel dagen heeft een klant daarvoor nog de tijd?",
    "pl": "Ile dni ma klient żeby zapłacić jego rachunek?",
    "pt": "Quantos dias o cliente ainda tem para pagar isso?",
    "ru": "Сколько дней у клиента есть чтобы оплатить его?",
    "th": "พนักงานใหม่ต้องทำสิ่งนี้กี่สัปดาห์ก่อนรับสายลูกค้า",
    "tr": "Yeni çalışanlar bunu kaç hafta boyunca yapmak zorunda?",
    "vi": "Nhân viên mới phải làm việc đó trong bao nhiêu tuần?",
    "zh": "新员工需要多少周才能完成上述培训并接听客户电话？",
}
"""Each points back to something said, somewhere in the middle."""

ALONE = {
    "ar": "كم أسبوعا يتدرب الموظفون الجدد قبل الرد على مكالمات العملاء؟",
    "de": "Wie viele Wochen lernen neue Mitarbeiter vor dem ersten Anruf?",
    "en": "How many weeks do new agents train before the first call?",
    "es": "¿Cuántas semanas se forman los agentes nuevos antes de la primera llamada?",
    "fr": "Combien de semaines dure la formation des nouveaux agents ?",
    "ja": "新しい社員は電話に出る前に何週間の研修を受けますか。",
    "ko": "새로운 상담원은 첫 전화를 받기 전에 교육을 몇 주 동안 받습니까?",
    "nl": "Hoeveel weken leren nieuwe medewerkers voor het eerste gesprek?",
    "pl": "Ile tygodni szkolą się nowi pracownicy przed pierwszą rozmową?",
    "pt": "Quantas semanas dura o treinamento dos novos agentes?",
    "ru": "Сколько недель учатся новые сотрудники перед первым звонком?",
    "th": "พนักงานใหม่ต้องฝึกอบรมกี่สัปดาห์ก่อนรับสายลูกค้า",
    "tr": "Yeni çalışanlar ilk aramadan önce kaç hafta eğitim alıyor?",
    "vi": "Nhân viên mới được đào tạo bao nhiêu tuần trước cuộc gọi đầu tiên?",
    "zh": "新员工需要接受多少周的培训才能接听客户电话？",
}


@pytest.mark.parametrize("language", sorted(OPENED))
def test_a_question_that_begins_like_a_continuation_may_be_one(language: str) -> None:
    assert may_follow_up(OPENED[language], language)


@pytest.mark.parametrize("language", sorted(POINTING))
def test_a_question_that_points_back_may_be_one(language: str) -> None:
    assert may_follow_up(POINTING[language], language)


@pytest.mark.parametrize("language", sorted(ALONE))
def test_a_question_that_says_what_it_is_about_stands_alone(language: str) -> None:
    assert not may_follow_up(ALONE[language], language)


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("how much?", "en"),
        ("how many euros exactly?", "en"),
        ("hoeveel dan?", "nl"),
        ("combien d'euros ?", "fr"),
        ("何週間？", "ja"),
        ("多少天？", "zh"),
        ("กี่วัน", "th"),
        ("كم يوما؟", "ar"),
        ("сколько недель?", "ru"),
        ("bao nhiêu tiền?", "vi"),
        ("quot dies?", "la"),
        ("", "en"),
        ("?!", "en"),
    ],
)
def test_a_question_of_few_words_may_be_one_in_any_language(question: str, language: str) -> None:
    assert may_follow_up(question, language)


def test_five_words_are_enough_to_stand_alone() -> None:
    assert may_follow_up("where do agents train", "en")
    assert not may_follow_up("where do agents train today", "en")


@pytest.mark.parametrize(
    ("few", "enough", "language"),
    [
        ("研修は何週間ですか", "新人の研修は何週間ですか", "ja"),
        ("客户需要多少天付款", "新员工的培训需要多少周", "zh"),
        ("ลูกค้าต้องจ่ายกี่บาท", "พนักงานใหม่ต้องฝึกอบรมกี่สัปดาห์", "th"),
    ],
)
def test_where_no_spaces_part_the_words_seven_are_enough(few: str, enough: str, language: str) -> None:
    """Of the first there are five or six, of the second seven or eight."""
    assert may_follow_up(few, language)
    assert not may_follow_up(enough, language)


def test_of_a_language_without_cues_only_the_length_counts() -> None:
    assert not may_follow_up("et quot dies discipuli novi laborant", "la")
    assert may_follow_up("et quot dies discipuli novi laborant", "fr")


@pytest.mark.parametrize(
    ("question", "language"),
    [
        (unicodedata.normalize("NFD", "¿Qué tal si los agentes nuevos trabajan de noche?"), "es"),
        (unicodedata.normalize("NFD", OPENED["vi"]), "vi"),
        (unicodedata.normalize("NFD", POINTING["vi"]), "vi"),
        (unicodedata.normalize("NFD", POINTING["ko"]), "ko"),
        (unicodedata.normalize("NFD", OPENED["ko"]), "ko"),
        (unicodedata.normalize("NFD", "Är det så att agenterna också får göra båda sakerna samtidigt?"), "sv"),
        (OPENED["en"].upper(), "en"),
        (OPENED["ru"].upper(), "ru"),
        (POINTING["pl"].upper(), "pl"),
        ("ΚΑΙ ΠΟΣΕΣ ΗΜΕΡΕΣ ΑΔΕΙΑΣ ΕΧΟΥΝ ΟΙ ΥΠΑΛΛΗΛΟΙ;", "el"),
        ("Πόσες ημέρες άδειας έχει ο υπάλληλος αυτός κάθε χρόνο;", "el"),
        ("Ausserdem: wie viele Tage hat ein Kunde Zeit?", "de"),
        ("Außerdem: wie viele Tage hat ein Kunde Zeit?", "de"),
        ("¿¿Y cuántos días de vacaciones tienen los agentes?", "es"),
        ("¿Qué pasa con los agentes que trabajan de noche?", "es"),
        ("… and how many days does a customer have?", "en"),
        ("“And how many days does a customer have?”", "en"),
        ("  \n\tAnd\u00a0how many days does a customer have?", "en"),
        ("Qu'en est-il des agents qui travaillent le soir ?", "fr"),
        ("Qu’en est-il des agents qui travaillent le soir ?", "fr"),
        ("What, if agents work in the evening on Sunday?", "en"),
        ("「では、新しい社員は研修を何週間受けますか」", "ja"),
    ],
)
def test_spelling_and_signs_before_the_first_word_are_all_one(question: str, language: str) -> None:
    assert may_follow_up(question, language)


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Android phones of agents lock after how many minutes?", "en"),
        ("Orders of customers arrive within how many working days?", "en"),
        ("Which items do agents send with itineraries on Monday?", "en"),
        ("Enkele medewerkers werken hoeveel dagen per week thuis?", "nl"),
        ("Ettore Rossi dirige combien de personnes au bureau ?", "fr"),
        ("Undine Meier leitet wie viele Mitarbeiter im Büro?", "de"),
    ],
)
def test_a_cue_is_a_whole_word(question: str, language: str) -> None:
    assert not may_follow_up(question, language)


@pytest.mark.parametrize(
    "question", ["Agents and coaches meet on which day of the week?", "Agents eat or drink where on weekdays?"]
)
def test_an_opener_opens(question: str) -> None:
    assert not may_follow_up(question, "en")


@pytest.mark.parametrize(
    "question",
    [
        "परीक्षा में कितने प्रश्नों के सही उत्तर देने होते हैं?",
        "तीन महीने बाद नए कर्मचारी कितने दिन की छुट्टी लेते हैं?",
        "नए कर्मचारियों को हर महीने कितना वेतन मिलता है?",
        "नए कर्मचारियों की योजना में कितने दिन की छुट्टी होती है?",
    ],
)
def test_a_hindi_question_that_says_what_it_is_about_stands_alone(question: str) -> None:
    assert not may_follow_up(question, "hi")


@given(st.text(max_size=200), st.sampled_from([*sorted(messages.languages()), "la", "und"]))
def test_any_text_in_any_language_is_judged(question: str, language: str) -> None:
    assert may_follow_up(question, language) in (True, False)
    for form in ("NFC", "NFD"):
        same = unicodedata.normalize(form, question)
        assert may_follow_up(same, language) == may_follow_up(unicodedata.normalize("NFC", question), language)


# What a follow-up stands on


FIRST = "How many weeks do new agents train in Antwerp?"
SECOND = "Which day of the month are the agents paid?"


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ((), None),
        ((FIRST,), FIRST),
        ((FIRST, SECOND), SECOND),
        ((FIRST, "and in the evening?"), FIRST),
        ((FIRST, "and in the evening?", "how much?", "why?"), FIRST),
        ((FIRST, "and then?", SECOND, "how much?"), SECOND),
        (("how much?",), "how much?"),
        (("training?", "how much?", "and in the evening?"), "training?"),
    ],
)
def test_a_chain_of_follow_ups_stands_on_the_last_question_that_stands_alone_else_on_the_first(
    history: tuple[str, ...], expected: str | None
) -> None:
    assert earlier_question(history, lambda _: "en") == expected


def test_the_history_may_be_in_another_language() -> None:
    """Each question is judged by the cues of its own language; a short one is short in any."""
    languages = {ALONE["zh"]: "zh", "多少天？": "zh", ALONE["nl"]: "nl", ALONE["fr"]: "fr", "combien ?": "fr"}
    assert earlier_question([ALONE["zh"], "多少天？"], languages.__getitem__) == ALONE["zh"]
    assert earlier_question([ALONE["nl"], ALONE["fr"], "combien ?"], languages.__getitem__) == ALONE["fr"]
    continued = "En wat moet ik dan meenemen naar het kantoor?"
    assert earlier_question([FIRST, continued], {FIRST: "en", continued: "nl"}.__getitem__) == FIRST


# The list of cues


def listed() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(resources.files("bot").joinpath("cues.toml").read_text("utf-8"))


def test_every_language_that_the_bot_speaks_has_cues() -> None:
    assert set(listed()) == messages.languages()
    assert len(listed()) == 27


@pytest.mark.parametrize("language", sorted(messages.languages()))
def test_cues_are_listed_once_and_as_questions_are_read(language: str) -> None:
    found = listed()[language]
    assert set(found) == {"openers", "pointers"}
    for kind, cues in found.items():
        assert len(cues) >= 15
        assert len(set(cues)) == len(cues), kind
        for cue in cues:
            assert cue == unicodedata.normalize("NFC", cue).casefold() == " ".join(cue.split())
            assert any(character.isalnum() for character in cue)


@pytest.mark.parametrize("language", sorted(messages.languages()))
def test_every_cue_is_found_where_it_belongs(language: str) -> None:
    """Beside words that are no cue, and too many to be a short question."""
    rest = {
        "ja": "新社員研修週間電話顧客会社休暇給料",
        "zh": "新员工需要接受多少周培训",
        "th": "พนักงานฝึกอบรมสัปดาห์สายลูกค้าเดือน",
    }.get(language, "xqa xqb xqc xqd xqe")
    gap = "" if language in ("ja", "zh", "th") else " "
    assert not may_follow_up(rest, language)
    assert all(may_follow_up(f"{cue}{gap}{rest}", language) for cue in listed()[language]["openers"])
    assert all(may_follow_up(f"{rest}{gap}{cue}", language) for cue in listed()[language]["pointers"])
