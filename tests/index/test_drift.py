"""Small articles whose statements are put by hand, so that a difference is the only thing that is tested."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from index.drift import Drift, DriftKind, drift, side_by_side
from index.linking import link_new_documents
from index.store import Store
from index.types import FoundBy
from tests.toy import new_store, put

Statement = Sequence[str | None]
"""What each version says for it, None where it says nothing."""

SAID = (
    "Agents answer the telephone and write down what the caller wants.",
    "A coach listens to some of the calls and talks about them later.",
    "Whoever is ill telephones the office before the shift begins.",
    "Old appliances are collected when the new one is delivered at home.",
    "The roster is made by the planner and hangs beside the kitchen door.",
    "Letters are opened in the morning and handed out before the noon.",
    "Guests are met at the entrance and are given a badge with a name.",
    "Windows stay closed in winter because the heating runs all the night.",
)
"""Sentences that share hardly a word."""

LONG = f"{SAID[1][:-1]}, which is why nobody needs to be nervous about it."


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with new_store(tmp_path / "index") as opened:
        yield opened


def article(store: Store, languages: str, *paragraphs: Sequence[Statement], score: float = 0.9) -> str:
    """Puts an article into the store; each statement of it, one or more to a paragraph, is in the languages' order."""
    names = languages.split()
    for at, language in enumerate(names):
        said = [[text for statement in paragraph if (text := statement[at])] for paragraph in paragraphs]
        put(store, language, *filter(None, said), language=language)
    with store.transaction():
        sentences = {}
        for language in names:
            store.articles.put_alone(language)
            store.articles.join(language, names[0], FoundBy.PATH, None)
            sentences[language] = iter(store.articles.sentences(language).ids.tolist())
        statements = [
            {next(sentences[language]): score for language, text in zip(names, statement, strict=True) if text}
            for paragraph in paragraphs
            for statement in paragraph
        ]
        store.articles.put_statements(names[0], [statement for statement in statements if len(statement) > 1])
    return names[0]


def alike(*languages: str) -> list[list[Statement]]:
    """Paragraphs of one statement that all of so many versions have."""
    return [[[sentence] * len(languages)] for sentence in SAID]


def two(store: Store, left: tuple[str, str], right: tuple[str, str]) -> list[Drift]:
    """What is found in two versions of one sentence, between others that they have in common."""
    (one, text), (other, translated) = left, right
    names = f"{one} {other}"
    return drift(store, article(store, names, [[SAID[0]] * 2], [[text, translated]], [[SAID[1]] * 2]))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (("en", "It costs 1,234.50 euros."), ("de", "Es kostet 1.234,50 Euro.")),
        (("en", "It costs 12,345 euros."), ("fr", "Cela coûte 12\u202f345 euros.")),
        (("en", "It costs 1,000 euros."), ("pt", "Custa 1.000 euros.")),
        (("en", "It costs 1000 francs."), ("de", "Es kostet 1’000 Franken.")),
        (("en", "It took 150,000 people."), ("hi", "१,५०,००० लोग लगे।")),
        (("en", "A share of 0.125 is kept."), ("nl", "Een deel van 0,125 blijft.")),
        (("en", "They sold 1.5 million of them."), ("de", "Sie verkauften 1,5 Millionen davon.")),
        (("en", "They sold 15 million of them."), ("zh", "他们卖了1500万个。")),
        (("en", "Page 1234 has it."), ("ar", "الصفحة ١٢٣٤ فيها ذلك.")),
        (("en", "Page 1234 has it."), ("th", "หน้า ๑๒๓๔ มีอยู่")),
        (("en", "It takes 6 weeks and 12 days."), ("nl", "Het duurt zes weken en 12 dagen.")),
        (("en", "It takes 6 weeks and 3 days."), ("nl", "Het duurt zes weken en drie dagen.")),
        (("en", "After a hundred calls you rest."), ("fr", "Après 100 appels, vous vous reposez.")),
        (("en", "The 3rd of 25 floors."), ("fr", "Le troisième de 25 étages.")),
        (("en", "See psalm 119 for that."), ("fr", "Voir le psaume CXIX pour cela.")),
        (("en", "It opened in the 1970s."), ("de", "Es öffnete in den 70er Jahren.")),
        (("en", "In the years 1914–18 it was closed."), ("nl", "In de jaren 1914–1918 was het dicht.")),
        (("en", "Open until 4 pm."), ("de", "Offen bis 16 Uhr.")),
        (("en", "Open until 10 at night."), ("fr", "Ouvert jusqu'à 22 h 00.")),
        (("en", "From 6:45 to 15:00."), ("nl", "Van 6.45 tot 15.00 uur.")),
        (("en", "From 6:45 am on."), ("pt", "A partir das 6h45.")),
        (("en", "A fee of 15 % is kept."), ("nl", "Er blijft 15 procent achter.")),
        (("en", "It began on 12 March 2024."), ("nl", "Het begon op 12 maart 2024.")),
        (("en", "It began on March 12th, 2024."), ("fr", "Cela a commencé le 12/03/2024.")),
        (("en", "It began on 2024-03-12."), ("ja", "2024年3月12日に始まった。")),
        (("en", "It began on 12 March 2024."), ("ru", "Началось 12 марта 2024 г.")),
        (("en", "It began on 12 March 2024."), ("th", "เริ่มวันที่ 12 มีนาคม 2567")),
        (("en", "Closed on 1 January."), ("pt", "Fechado em 1º de janeiro.")),
        (("en", "Closed on 25 December 2023."), ("vi", "Đóng cửa ngày 25 tháng 12 năm 2023.")),
        (("en", "It began in March 2024, you may see."), ("de", "Es begann im März 2024, wie man sieht.")),
        (("en", "Write to help@tarrow.example."), ("nl", "Schrijf naar Help@Tarrow.example!")),
        (("en", "See https://www.tarrow.example/en/start/."), ("nl", "Zie tarrow.example/nl/start")),
        (("en", "See www.tarrow.example for all."), ("nl", "Zie tarrow.example voor alles.")),
        (("en", "Call +31 20 123 45 67."), ("nl", "Bel 020-1234567.")),
        (("en", "On A4 paper in 3D."), ("nl", "Op papier, driedimensionaal.")),
        (("en", "2 lines for each of 14 agents."), ("nl", "Voor elk van 14 medewerkers een lijn of twee.")),
        (("en", "Windows stay closed, see 7."), ("nl", "Ramen blijven dicht.")),
    ],
)
def test_one_fact_in_two_ways_of_writing_is_no_drift(
    store: Store, left: tuple[str, str], right: tuple[str, str]
) -> None:
    assert two(store, left, right) == []


@pytest.mark.parametrize(
    ("left", "right", "kind", "detail"),
    [
        (("en", "Up to 40 euros."), ("nl", "Tot 45 euro."), "numbers", "40 there, 45 here"),
        (("en", "It is valid for 12 months."), ("nl", "Het geldt 24 maanden."), "numbers", "12 there, 24 here"),
        (("en", "It costs 1.5 euros."), ("de", "Es kostet 15 Euro."), "numbers", "1.5 there, 15 here"),
        (("en", "5 million calls."), ("nl", "5 miljard gesprekken."), "numbers", "5 million there, 5 miljard here"),
        (("en", "3 percent after the third year."), ("pt", "6 por cento depois do terceiro ano."), "numbers",
         "3 there, 6 here"),
        (("en", "Transfer them to line 6200."), ("nl", "Verbind hen door."), "numbers", "6200 there, not here"),
        (("en", "Open until 16:45."), ("nl", "Open tot 17.45 uur."), "numbers", "16:45 there, 17.45 here"),
        (("en", "It began on 12 March 2024."), ("nl", "Het begon op 12 april 2024."), "dates",
         "12 March 2024 there, 12 april 2024 here"),
        (("en", "It began on 2024-03-12."), ("fr", "Cela a commencé le 13/03/2024."), "dates",
         "2024-03-12 there, 13/03/2024 here"),
        (("en", "Write to help@tarrow.example."), ("nl", "Schrijf naar info@tarrow.example."), "e-mail",
         "help@tarrow.example there, info@tarrow.example here"),
        (("en", "Write to help@tarrow.example."), ("nl", "Schrijf ons."), "e-mail",
         "help@tarrow.example there, not here"),
        (("en", "See https://tarrow.example/en/a."), ("nl", "Zie https://tarrow.example/nl/b."), "URL",
         "https://tarrow.example/en/a there, https://tarrow.example/nl/b here"),
    ],
)  # fmt: skip
def test_another_fact_in_another_version_is_drift(
    store: Store, left: tuple[str, str], right: tuple[str, str], kind: str, detail: str
) -> None:
    (found,) = two(store, left, right)
    assert (found.kind, found.detail, found.language) == (kind, detail, right[0])
    assert found.quote is not None
    assert (found.quote.text, found.other.text) == (right[1], left[1])


def test_of_two_versions_the_one_that_lacks_a_number_drifts(store: Store) -> None:
    (found,) = two(store, ("en", "Transfer them."), ("nl", "Verbind hen door met lijn 6200."))
    assert (found.language, found.detail) == ("en", "6200 there, not here")


def test_the_minority_drifts_and_both_quotes_have_their_exact_places(store: Store) -> None:
    chosen = article(
        store,
        "de en fr nl",
        [[SAID[0]] * 4],
        [["Bis 45 Euro pro Fall.", "Up to 40 euros a case.", "Jusqu'à 40 euros.", "Tot 40 euro per dossier."]],
    )
    (found,) = drift(store, chosen)
    assert (found.kind, found.document, found.language, found.source_uri, found.detail) == (
        DriftKind.NUMBERS, "de", "de", "file:///de", "40 there, 45 here",
    )  # fmt: skip
    assert found.other.language == "en"
    for quote in (found.quote, found.other):
        assert quote is not None
        document = store.document(quote.document)
        assert document is not None
        assert document.text[quote.start : quote.end] == quote.text


def test_a_number_that_one_of_many_has_alone_is_its_drift(store: Store) -> None:
    chosen = article(store, "en fr nl", [["Ask us.", "Demandez-nous sur la ligne 6200.", "Vraag het ons."]])
    (found,) = drift(store, chosen)
    assert (found.language, found.detail) == ("fr", "6200 here, not there")


def test_a_number_in_the_sentence_before_is_no_drift_where_sentences_end_elsewhere(store: Store) -> None:
    chosen = article(
        store,
        "en nl",
        [[SAID[0]] * 2],
        [["You wait for a while.", "Je wacht even op lijn 6200."], ["Then press line 6200 and speak.", "Spreek dan."]],
    )
    assert drift(store, chosen) == []


def test_a_number_in_a_sentence_beside_that_has_no_counterpart_is_no_drift(store: Store) -> None:
    chosen = article(
        store,
        "en nl",
        [["Press line 6200 and wait.", "Wacht even."], [None, "Dat is lijn 6200."]],
        [[SAID[0]] * 2],
    )
    assert drift(store, chosen) == []


def test_of_four_versions_two_against_two_the_first_is_taken_for_right(store: Store) -> None:
    chosen = article(store, "de en fr nl", [["Linie 6200.", "Line 6300.", "La ligne 6300.", "Lijn 6200."]])
    found = drift(store, chosen)
    assert [(one.language, one.other.language, one.detail) for one in found] == [
        ("de", "en", "6300 there, 6200 here"),
        ("nl", "en", "6300 there, 6200 here"),
    ]


def test_a_number_that_drifted_is_found_though_the_next_sentence_has_it_too(store: Store) -> None:
    chosen = article(
        store,
        "en nl",
        [
            ["An agent may grant 40 euros.", "Een medewerker mag 45 euro toekennen."],
            ["Between 40 and 150 euros, ask.", "Vraag het tussen 40 en 150 euro."],
        ],
    )
    assert [found.detail for found in drift(store, chosen)] == ["40 there, 45 here"]


def test_what_is_aligned_badly_is_not_compared_for_small_numbers(store: Store) -> None:
    statement = [["Windows have 2 panes.", "Ramen: 3 stuks."]]
    assert drift(store, article(store, "en nl", statement, score=0.25)) == []
    assert len(drift(store, article(store, "de fr", statement, score=0.35))) == 1


def test_lists_in_another_order_are_not_compared(store: Store) -> None:
    first, second = "Dial 1234 for the office.", "Dial 5678 for the garage."
    chosen = article(store, "en nl", [[SAID[0]] * 2], [[first, second]], [[SAID[1]] * 2], [[second, first]])
    assert drift(store, chosen) == []


def test_what_is_aligned_by_chance_among_passages_in_another_order_is_not_compared(store: Store) -> None:
    lost: list[Sequence[Statement]] = [*([[text, None]] for text in SAID[2:5]), *([[None, text]] for text in SAID[5:])]
    chosen = article(store, "en nl", [[SAID[0]] * 2], *lost, [["Room 12 is free.", "Kamer 34 is vrij."]])
    assert [found.detail for found in drift(store, chosen) if found.kind == DriftKind.NUMBERS] == []


def test_a_passage_that_the_others_have_is_missed_once_with_its_place(store: Store) -> None:
    paragraphs: list[list[Statement]] = alike("en", "fr", "nl")
    paragraphs[3:5] = [[[*statement[:2], None] for statement in paragraph] for paragraph in paragraphs[3:5]]
    (found,) = drift(store, article(store, "en fr nl", *paragraphs))
    assert (found.kind, found.language, found.quote) == (DriftKind.MISSING, "nl", None)
    assert found.after is not None
    assert (found.after.document, found.after.text) == ("nl", SAID[2])
    assert (found.other.language, found.other.text) == ("en", f"{SAID[3]}\n\n{SAID[4]}")
    assert found.detail == "2 statements, 137 characters, in en, fr"


def test_a_passage_missed_at_the_beginning_stands_after_nothing(store: Store) -> None:
    paragraphs: list[list[Statement]] = alike("en", "fr", "nl")
    paragraphs[:2] = [[[None, *statement[1:]] for statement in paragraph] for paragraph in paragraphs[:2]]
    (found,) = drift(store, article(store, "en fr nl", *paragraphs))
    assert (found.kind, found.language, found.after, found.other.start) == (DriftKind.MISSING, "en", None, 0)


def test_of_two_versions_the_other_one_is_enough(store: Store) -> None:
    paragraphs: list[list[Statement]] = alike("en", "nl")
    paragraphs[3:5] = [[[statement[0], None] for statement in paragraph] for paragraph in paragraphs[3:5]]
    (found,) = drift(store, article(store, "en nl", *paragraphs))
    assert (found.kind, found.language, found.other.text) == (
        DriftKind.MISSING, "nl", f"{SAID[3]}\n\n{SAID[4]}",
    )  # fmt: skip


def test_what_one_of_three_versions_says_alone_is_not_missed(store: Store) -> None:
    paragraphs: list[list[Statement]] = alike("en", "fr", "nl")
    paragraphs[3:5] = [[[statement[0], None, None] for statement in paragraph] for paragraph in paragraphs[3:5]]
    assert drift(store, article(store, "en fr nl", *paragraphs)) == []


def test_a_sentence_within_a_paragraph_and_short_labels_are_not_missed(store: Store) -> None:
    within: list[Sequence[Statement]] = [
        [[SAID[0]] * 3, [LONG, LONG, None], [SAID[2]] * 3],
        [["Chart data", "Données", None]],
        [["Grids", "Grilles", None]],
        [[SAID[3]] * 3],
    ]
    assert drift(store, article(store, "en fr nl", *within)) == []


def test_a_whole_paragraph_of_one_sentence_is_missed(store: Store) -> None:
    paragraphs: list[list[Statement]] = [[[SAID[0]] * 3], [[LONG, LONG, None]], *alike("en", "fr", "nl")[2:]]
    (found,) = drift(store, article(store, "en fr nl", *paragraphs))
    assert (found.kind, found.other.text) == (DriftKind.MISSING, LONG)


def test_a_passage_said_otherwise_in_its_place_is_not_missed(store: Store) -> None:
    paragraphs: list[list[Statement]] = alike("en", "fr", "nl")
    paragraphs[3:5] = [[[*statement[:2], None] for statement in paragraph] for paragraph in paragraphs[3:5]]
    paragraphs.insert(3, [[None, None, "Wat wij van u meenemen, dat vertelt de chauffeur zelf; en wie wanneer werkt?"]])
    assert drift(store, article(store, "en fr nl", *paragraphs)) == []


def test_a_passage_in_a_language_without_full_stops_may_stand_two_sentences_on(store: Store) -> None:
    three = "กขค " * 42
    paragraphs: list[list[Statement]] = alike("en", "fr", "th")
    paragraphs[3:7] = [
        [[SAID[3], SAID[3], None]],
        [[SAID[4], SAID[4], None]],
        [[SAID[5], SAID[5], "ก" * len(SAID[5])]],
        [[SAID[6], SAID[6], three]],
    ]
    assert drift(store, article(store, "en fr th", *paragraphs)) == []


def test_a_passage_that_stands_elsewhere_is_not_missed(store: Store) -> None:
    paragraphs: list[list[Statement]] = alike("en", "fr", "nl")
    paragraphs[3:5] = [[[*statement[:2], None] for statement in paragraph] for paragraph in paragraphs[3:5]]
    moved: list[list[Statement]] = [[[None, None, SAID[3]]], [[None, None, SAID[4]]]]
    assert drift(store, article(store, "en fr nl", *paragraphs, *moved)) == []


def test_a_version_without_the_last_statements_is_cut_short(store: Store) -> None:
    paragraphs: list[list[Statement]] = alike("en", "fr", "nl")
    paragraphs[5:] = [[[*statement[:2], None] for statement in paragraph] for paragraph in paragraphs[5:]]
    (found,) = drift(store, article(store, "en fr nl", *paragraphs))
    assert (found.kind, found.language, found.quote) == (DriftKind.CUT_SHORT, "nl", None)
    assert found.after is not None
    assert found.after.text == SAID[4]
    assert found.other.text == "\n\n".join(SAID[5:])


def test_a_version_that_says_much_less_in_every_statement_is_cut_short(store: Store) -> None:
    paragraphs = [[[sentence, sentence, sentence[:15]]] for sentence in SAID]
    (found,) = drift(store, article(store, "en fr nl", *paragraphs))
    assert (found.kind, found.language) == (DriftKind.CUT_SHORT, "nl")
    assert found.detail == "23 % of the others' length in what it says"


def test_ideographs_are_not_taken_for_a_short_text(store: Store) -> None:
    paragraphs = [[[sentence, sentence, "电话接听员记下来电者的要求并转告给主管人员"]] for sentence in SAID]
    assert drift(store, article(store, "en fr zh", *paragraphs)) == []


def test_a_document_alone_has_nothing_to_disagree_with(store: Store) -> None:
    assert drift(store, article(store, "en", [["Up to 40 euros."]])) == []
    assert drift(store, "no such article") == []


def test_versions_in_a_language_that_nobody_knows_are_compared(store: Store) -> None:
    (found,) = two(store, ("und", "40 = 40"), ("qaa", "45 = 45"))
    assert found.detail == "45 there, 40 here"


@pytest.mark.parametrize(
    "text", ["9" * 10_000, "1." * 5_000, "0" + " 1" * 5_000, "a@" * 5_000, "1,234" * 2_000, "http://" * 999]
)
def test_odd_figures_take_neither_long_nor_fail(store: Store, text: str) -> None:
    assert len(two(store, ("en", text), ("nl", "Niets."))) <= 3


def test_statements_that_share_a_sentence_are_one_row_and_what_is_alone_follows(store: Store) -> None:
    put(store, "en", ["One.", "Two.", "Three."], language="en")
    put(store, "nl", ["Een twee.", "Alleen.", "Drie."], language="nl")
    with store.transaction():
        for document in ("en", "nl"):
            store.articles.put_alone(document)
            store.articles.join(document, "en", FoundBy.PATH, None)
        one, both, three = store.articles.sentences("en").ids.tolist()
        een, _, drie = store.articles.sentences("nl").ids.tolist()
        store.articles.put_statements("en", [{one: 0.8, een: 0.5}, {both: 0.6, een: 0.7}, {three: 0.9, drie: 0.9}])
    texts = store.document_texts(["en", "nl"])
    rows = side_by_side(store, "en")
    assert [
        {
            document: [texts[document][unit.start : unit.end] for unit in units]
            for document, units in row.sentences.items()
        }
        for row in rows
    ] == [{"en": ["One.", "Two."], "nl": ["Een twee."]}, {"nl": ["Alleen."]}, {"en": ["Three."], "nl": ["Drie."]}]
    assert [row.scores for row in rows] == [{"en": 0.6, "nl": 0.5}, {}, {"en": 0.9, "nl": 0.9}]


def test_what_linking_found_is_compared(store: Store) -> None:
    for language, euros in (("en", 40), ("nl", 45)):
        sentences = [*SAID[:4], f"Each caller gets {euros} euros back for the trouble."]
        put(store, f"help.{language}.txt", *[[sentence] for sentence in sentences], language=language)
    with store.transaction():
        (linked,) = link_new_documents(store.articles)
    assert [found.detail for found in drift(store, linked)] == ["40 there, 45 here"]
