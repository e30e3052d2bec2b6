from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import language_model
from index.language import LANGUAGES, canonical_language, document_language, question_language

# ruff: noqa: E501 - one line of questions a language reads best
QUESTIONS = {
    "nl": "Wachtwoord vergeten? | Waar vind ik mijn factuur? | Hoe zeg ik op? | Openingstijden | Kan ik mijn bestelling nog wijzigen? | Wat kost verzenden? | Hoe lang duurt de levering? | Mijn scherm blijft zwart | Rekening verwijderen | Werkt het ook op iPhone?",
    "fr": "Mot de passe oublié | Où est ma facture ? | Comment résilier ? | Horaires d'ouverture | Puis-je encore modifier ma commande ? | Frais de port | Combien de temps prend la livraison ? | Mon écran reste noir | Supprimer mon compte | Ça marche sur iPhone ?",
    "en": "Forgot password | Where is my invoice? | How do I cancel? | Opening hours | Can I still change my order? | Shipping costs | How long does delivery take? | My screen stays black | Delete account | Does it work on iPhone?",
    "pt": "Esqueci a senha | Onde está a minha fatura? | Como cancelo? | Horário de funcionamento | Ainda posso alterar meu pedido? | Quanto custa o frete? | Quanto tempo demora a entrega? | A tela fica preta | Excluir conta | Funciona no iPhone?",
    "vi": "Quên mật khẩu | Hóa đơn của tôi ở đâu? | Hủy thế nào? | Giờ mở cửa | Tôi có thể đổi đơn hàng không? | Phí vận chuyển | Giao hàng mất bao lâu? | Màn hình bị đen | Xóa tài khoản | Có dùng được trên iPhone không?",
    "de": "Passwort vergessen | Wo ist meine Rechnung? | Wie kündige ich? | Öffnungszeiten | Kann ich meine Bestellung noch ändern? | Versandkosten | Wie lange dauert die Lieferung? | Mein Bildschirm bleibt schwarz | Konto löschen | Geht das auch auf dem iPhone?",
    "es": "Olvidé mi contraseña | ¿Dónde está mi factura? | ¿Cómo cancelo? | Horario de apertura | ¿Todavía puedo cambiar mi pedido? | Gastos de envío | ¿Cuánto tarda la entrega? | La pantalla se queda en negro | Eliminar cuenta | ¿Funciona en iPhone?",
    "it": "Password dimenticata | Dov'è la mia fattura? | Come disdico? | Orari di apertura | Posso ancora modificare il mio ordine? | Spese di spedizione | Quanto tempo richiede la consegna? | Lo schermo rimane nero | Eliminare account | Funziona su iPhone?",
    "pl": "Zapomniałem hasła | Gdzie jest moja faktura? | Jak zrezygnować? | Godziny otwarcia | Czy mogę jeszcze zmienić zamówienie? | Koszty wysyłki | Jak długo trwa dostawa? | Ekran jest czarny | Usuń konto | Czy to działa na iPhonie?",
    "cs": "Zapomenuté heslo | Kde najdu svou fakturu? | Jak to zruším? | Otevírací doba | Mohu ještě změnit objednávku? | Cena dopravy | Jak dlouho trvá doručení? | Obrazovka zůstává černá | Smazat účet | Funguje to na iPhonu?",
    "ru": "Забыл пароль | Где мой счёт? | Как отменить? | Часы работы | Можно ли ещё изменить заказ? | Стоимость доставки | Сколько длится доставка? | Экран остаётся чёрным | Удалить аккаунт | Работает ли это на iPhone?",
    "uk": "Забув пароль | Де мій рахунок? | Як скасувати? | Години роботи | Чи можу я ще змінити замовлення? | Вартість доставки | Скільки триває доставка? | Екран залишається чорним | Видалити обліковий запис | Чи працює це на iPhone?",
    "tr": "Şifremi unuttum | Faturam nerede? | Nasıl iptal ederim? | Çalışma saatleri | Siparişimi hâlâ değiştirebilir miyim? | Kargo ücreti | Teslimat ne kadar sürer? | Ekranım siyah kalıyor | Hesabı sil | iPhone'da çalışıyor mu?",
    "ar": "نسيت كلمة المرور | أين فاتورتي؟ | كيف ألغي الاشتراك؟ | ساعات العمل | هل يمكنني تعديل طلبي؟ | تكلفة الشحن | كم يستغرق التوصيل؟ | الشاشة سوداء | حذف الحساب | هل يعمل على iPhone؟",
    "hi": "पासवर्ड भूल गया | मेरा बिल कहाँ है? | रद्द कैसे करें? | खुलने का समय | क्या मैं अपना ऑर्डर बदल सकता हूँ? | शिपिंग शुल्क | डिलीवरी में कितना समय लगता है? | स्क्रीन काली रहती है | खाता हटाएँ | क्या यह iPhone पर चलता है?",
    "th": "ลืมรหัสผ่าน | ใบแจ้งหนี้อยู่ที่ไหน | ยกเลิกอย่างไร | เวลาทำการ | ฉันเปลี่ยนคำสั่งซื้อได้ไหม | ค่าจัดส่ง | จัดส่งใช้เวลานานเท่าไร | หน้าจอดำ | ลบบัญชี | ใช้กับ iPhone ได้ไหม",
    "zh": "忘记密码 | 我的发票在哪里？ | 如何取消？ | 营业时间 | 我还能修改订单吗？ | 運費多少 | 送货需要多长时间？ | 屏幕一直是黑的 | 删除账户 | 可以在 iPhone 上使用吗？",
    "ja": "パスワードを忘れた | 請求書はどこですか？ | 解約方法は？ | 営業時間は何時から？ | 注文を変更できますか？ | 送料はいくら？ | 配達にどのくらいかかりますか？ | 画面が黒いままです | アカウント削除 | iPhoneで使えますか？",
    "ko": "비밀번호를 잊었어요 | 청구서는 어디에 있나요? | 해지 방법 | 영업 시간 | 주문을 변경할 수 있나요? | 배송비 | 배송은 얼마나 걸리나요? | 화면이 검은색이에요 | 계정 삭제 | iPhone에서 되나요?",
    "id": "Lupa kata sandi | Di mana faktur saya? | Bagaimana cara membatalkan? | Jam buka | Apakah saya masih bisa mengubah pesanan? | Biaya pengiriman | Berapa lama pengirimannya? | Layar saya tetap hitam | Hapus akun | Apakah bisa dipakai di iPhone?",
    "sv": "Glömt lösenordet | Var hittar jag min faktura? | Hur säger jag upp? | Öppettider | Kan jag fortfarande ändra min beställning? | Fraktkostnad | Hur lång tid tar leveransen? | Skärmen förblir svart | Ta bort kontot | Fungerar det på iPhone?",
    "da": "Glemt adgangskode | Hvor finder jeg min faktura? | Hvordan opsiger jeg? | Åbningstider | Kan jeg stadig ændre min bestilling? | Hvad koster fragten? | Hvor lang tid tager leveringen? | Min skærm forbliver sort | Slet kontoen | Virker det også på iPhone?",
    "nb": "Glemt passordet | Hvor finner jeg fakturaen min? | Hvordan sier jeg opp? | Åpningstider | Kan jeg fortsatt endre bestillingen min? | Hva koster frakten? | Hvor lang tid tar leveringen? | Skjermen min forblir svart | Slette kontoen | Fungerer det på iPhone?",
    "fi": "Unohdin salasanan | Mistä löydän laskuni? | Miten peruutan? | Aukioloajat | Voinko vielä muuttaa tilaustani? | Toimituskulut | Kuinka kauan toimitus kestää? | Näyttöni pysyy mustana | Poista tili | Toimiiko se iPhonessa?",
    "el": "Ξέχασα τον κωδικό | Πού είναι το τιμολόγιό μου; | Πώς ακυρώνω; | Ώρες λειτουργίας | Μπορώ ακόμα να αλλάξω την παραγγελία; | Μεταφορικά | Πόσο διαρκεί η παράδοση; | Η οθόνη μένει μαύρη | Διαγραφή λογαριασμού | Λειτουργεί σε iPhone;",
    "ro": "Am uitat parola | Unde este factura mea? | Cum anulez? | Program de lucru | Mai pot modifica comanda? | Costuri de livrare | Cât durează livrarea? | Ecranul rămâne negru | Ștergere cont | Funcționează pe iPhone?",
    "he": "שכחתי סיסמה | איפה החשבונית שלי? | איך מבטלים? | שעות פתיחה | האם אפשר עדיין לשנות את ההזמנה? | דמי משלוח | כמה זמן לוקח המשלוח? | המסך נשאר שחור | מחיקת חשבון | האם זה עובד ב-iPhone?",
}
"""Ten questions to a help centre in each language, parted by " | "."""

ASKED = [(language, question) for language, line in QUESTIONS.items() for question in line.split(" | ")]
FIVE = {"nl": 6, "fr": 6, "en": 6, "pt": 6, "vi": 5}


def accuracy(corpus: Mapping[str, int], askers: set[str]) -> float:
    asked = [(language, question) for language, question in ASKED if language in askers]
    return sum(question_language(question, corpus) == language for language, question in asked) / len(asked)


def test_the_questions_are_short_and_in_every_language() -> None:
    assert set(QUESTIONS) == set(LANGUAGES)
    assert len(ASKED) == 10 * len(LANGUAGES)
    assert all(2 <= len(question) <= 60 for _, question in ASKED)


def test_short_questions_over_every_language() -> None:
    assert accuracy(dict.fromkeys(LANGUAGES, 1), set(LANGUAGES)) >= 0.95


def test_short_questions_in_the_corpus_languages() -> None:
    assert accuracy(FIVE, set(FIVE)) >= 0.99


def test_short_questions_in_languages_without_documents() -> None:
    assert accuracy(FIVE, set(LANGUAGES) - set(FIVE)) >= 0.94


def test_a_lopsided_corpus_does_not_swallow_its_small_languages() -> None:
    assert accuracy({"en": 3000, "fr": 300, "nl": 300, "pt": 100, "vi": 50}, set(FIVE)) >= 0.98


@pytest.mark.parametrize(
    ("question", "corpus", "language"),
    [
        ("Excluir conta", {"pt": 5, "en": 5}, "pt"),
        ("Excluir conta", {"es": 5, "en": 5}, "es"),
        ("Hoe kan ik my wagwoord verander?", {"af": 5, "nl": 5}, "af"),
        ("Com puc canviar la meva contrasenya?", {"ca": 2, "es": 9}, "ca"),
        ("پسورڈ کیسے تبدیل کریں؟", {"ur": 2, "en": 9}, "ur"),
        ("Wie ändere ich mein Passwort?", FIVE, "de"),
        ("হিসাব মুছব কীভাবে?", FIVE, "bn"),
    ],
)
def test_the_corpus_makes_its_languages_likelier(question: str, corpus: dict[str, int], language: str) -> None:
    assert question_language(question, corpus) == language


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Microsoft Office 365をインストールする方法", "ja"),
        ("iPhoneの設定", "ja"),
        ("如何在 MacBook Pro 上安装 LibreOffice Writer？", "zh"),
        ("Как установить Docker Compose на Ubuntu Server?", "ru"),
        ("ติดตั้ง LibreOffice Writer", "th"),
        ("Outlook Exchange 설정", "ko"),
        ("Google Chrome Enterprise היכן", "he"),
        ("What does the Greek word λόγος mean?", "en"),
        ("Que signifie le mot Привет dans ce message ?", "fr"),
    ],
)
def test_names_in_another_script_do_not_decide(question: str, language: str) -> None:
    assert question_language(question, FIVE) == language


@pytest.mark.parametrize("text", ["", " ", "😀🎉", "123 456", "\x00\x07", "\ud800", "\u202e\u202c", "?!", "\u0301"])
def test_without_letters(text: str) -> None:
    assert document_language(text) == "und"
    assert question_language(text, {}) == "und"
    assert question_language(text, {"nl": 3, "fr": 4, "en": 0}) == "fr"
    assert question_language(text, {"nl": 3, "fr": 3}) == "fr"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("ﷺ" * 3000, "ar"),
        ("Hoe kan ik mijn wachtwoord \x00 veranderen? \ud800\udfff \u202eabc\u202c", "nl"),
        ("Je wachtwoord verander je in het menu. " * 3_000, "nl"),
        ("ＨＯＷ ＤＯ Ｉ ＣＨＡＮＧＥ ＭＹ ＰＡＳＳＷＯＲＤ", "en"),
    ],
)
def test_hostile_text(text: str, language: str) -> None:
    assert document_language(text) == language
    assert question_language(text, FIVE) == language


def test_a_long_document_is_judged_by_more_than_its_beginning() -> None:
    menu = "Home Products Support Contact Log in " * 20
    body = "Das Kennwort lässt sich in den Einstellungen ändern, sobald Sie angemeldet sind. " * 400
    assert document_language(menu + body) == "de"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (
            "Podeu canviar la contrasenya al menú de configuració, un cop hàgiu iniciat la sessió al vostre compte.",
            "ca",
        ),
        ("A jelszavát a beállítások menüben módosíthatja, miután bejelentkezett a fiókjába.", "hu"),
        ("گذرواژه خود را می‌توانید پس از ورود به حساب در تنظیمات تغییر دهید.", "fa"),
        ("Je kunt je wachtwoord wijzigen.", "nl"),
    ],
)
def test_documents_in_further_languages(text: str, language: str) -> None:
    assert document_language(text) == language


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("pt-BR", "pt"), ("pt_BR", "pt"), ("zh-Hant", "zh"), ("NO", "nb"), ("nb-NO", "nb"), ("nn", "nn"), ("iw", "he"),
        (" en ", "en"), ("yue-HK", "zh"), ("sr-Latn-RS", "sr"), ("", None), ("und", None), ("x-klingon", None),
        ("english", None), ("\x00", None), ("\ud800", None), ("ＥＮ", None), ("e1", None),
    ],
)  # fmt: skip
def test_canonical_language(code: str, language: str | None) -> None:
    assert canonical_language(code) == language


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(codec=None), max_size=80))
def test_any_text_has_an_answer(text: str) -> None:
    for found in (document_language(text), question_language(text, FIVE)):
        assert found == "und" or canonical_language(found) == found


def test_the_model_is_loaded_once_by_many_threads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DRAGOMAN_CACHE", str(tmp_path))
    language_model._load.cache_clear()
    models: list[object] = []
    threads = [threading.Thread(target=lambda: models.append(language_model.language_model())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(models) == 8
    assert len({id(model) for model in models}) == 1
    assert any(tmp_path.rglob("moves.npy"))


def test_without_a_cache_folder_it_is_unpacked_in_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DRAGOMAN_CACHE", str(tmp_path / "file" / "cache"))
    language_model._load.cache_clear()
    assert question_language("Hoe verander ik mijn wachtwoord?", FIVE) == "nl"
    language_model._load.cache_clear()
