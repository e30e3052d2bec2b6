"""How fast text is segmented: `segment` against plain sentencex on the same text, as a ratio of the same run.

Run from the project's root: `python -m benchmarks.segmentation`. The text is generated here. Thai has no plain
sentencex to compare with (it does not split Thai), so its ratio says what the word breaker costs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from sentencex import get_sentence_boundaries

from index.boilerplate import mark_boilerplate
from index.segmentation import segment

SENTENCES = {
    "en": "The shop on the corner sells fresh bread and opens at half past seven every day.",
    "fr": "La boutique du coin vend du pain frais et ouvre tous les jours à sept heures et demie.",
    "vi": "Cửa hàng ở góc phố bán bánh mì tươi và mở cửa lúc bảy giờ rưỡi mỗi ngày.",
    "ru": "Магазин на углу продаёт свежий хлеб и открывается каждый день в половине восьмого.",
    "ar": "يبيع المتجر الموجود في الزاوية خبزاً طازجاً ويفتح أبوابه كل يوم في السابعة والنصف.",
    "hi": "कोने की दुकान ताज़ी रोटी बेचती है और हर दिन साढ़े सात बजे खुलती है।",
    "zh": "街角的商店出售新鲜面包，每天早上七点半开门。",
    "th": "ร้านตรงหัวมุมขายขนมปังสดใหม่และเปิดทุกวันเวลาเจ็ดโมงครึ่ง",
}
LENGTH = {"th": 20_000}
"""Code points of text per language, where not a million."""

ROUNDS = 3


def text_of(language: str) -> str:
    """Paragraphs of five sentences each."""
    separator = "" if language == "zh" else " "
    paragraph = separator.join([SENTENCES[language]] * 5) + "\n\n"
    return paragraph * (LENGTH.get(language, 1_000_000) // len(paragraph))


def seconds(work: Callable[[], object]) -> float:
    """Best of a few rounds, after one to warm up."""
    work()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print characters per second and the ratio for each language."""
    print(f"{'':4}{'characters/s':>14}{'sentencex':>14}{'ratio':>8}{'boilerplate':>14}")
    for language in SENTENCES:
        text = text_of(language)
        passages = segment(text, language)
        ours = len(text) / seconds(partial(segment, text, language))
        plain = len(text) / seconds(partial(get_sentence_boundaries, language, text))
        chrome = len(text) / seconds(partial(mark_boilerplate, text, passages))
        print(f"{language:4}{ours:14,.0f}{plain:14,.0f}{ours / plain:8.3f}{chrome:14,.0f}")


if __name__ == "__main__":
    main()
