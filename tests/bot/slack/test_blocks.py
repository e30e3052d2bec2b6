"""Answers laid out for Slack, which refuses a message as a whole where one part of it is too long or empty."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import language_name, message
from bot.slack.blocks import (
    HELPFUL,
    NOT_HELPFUL,
    VERSION,
    Block,
    answer_blocks,
    answer_text,
    escaped,
    shortened,
    unfinished_blocks,
    unfinished_text,
    version_blocks,
)
from bot.slack.listeners import CHOICE
from bot.types import Answer, Citation, Piece, QuotedVersion, Timings
from bot.visible import visible

NAME = "0123456789abcdef0123456789abcdef"
SERVER = "https://help.example/dragoman/"
MARKUP = "<!channel> <@U123> *bold* _it_ `code` & :tada: <https://evil.example|here> > quote"
CONTROLS = "a\0b\x1b[31mc\u202ed\ud800e\rf\tg\nh"
LANGUAGES = ("ar", "cs", "da", "de", "el", "es", "fi", "fr", "he", "hi", "id", "it", "ja", "ko", "nb", "nl", "pl", "pt")
MOST_OF_A_MESSAGE = 12_000
"""Characters of text in all blocks of one message (github.com/slackapi/bolt-js/issues/2509: `msg_blocks_too_long`)."""


def version(language: str = "nl", quote: str = "Vijf jaar.", document: str = "d-nl") -> QuotedVersion:
    return QuotedVersion(language, quote, document, 11, 11 + len(quote))


def citation(quote: str = "Five years.", marker: int = 1, **parts: Any) -> Citation:
    start = 100 * marker
    given_ = Citation(
        marker=marker,
        quote=quote,
        document="d-en",
        source_uri="https://docs.example/pass",
        title="The pass",
        language="en",
        start=start,
        end=start + len(quote),
        passage=f"How long? {quote} Then renew.",
        passage_start=0,
        versions=(version(),),
    )
    given_ = replace(given_, **parts)
    return replace(given_, passage_start=given_.start - max(given_.passage.find(given_.quote), 0))


def answer(*citations: Citation, text: str | None = None, **parts: Any) -> Answer:
    """Of the quotes, or of this text with all numbers after it."""
    dots = [" … " if place else "" for place in range(len(citations))]
    pieces = [
        piece
        for dot, one in zip(dots, citations, strict=True)
        for piece in ([Piece(dot)] if dot else []) + [Piece(one.quote, (one.marker,))]
    ]
    if text is not None:
        pieces = [Piece(text, tuple(one.marker for one in citations))]
    return prose(*pieces, citations=citations, composer="extractive", **parts)


def prose(*pieces: Piece, **parts: Any) -> Answer:
    given_ = Answer(
        question="How long?",
        language="en",
        status="answered",
        text="".join(piece.text for piece in pieces),
        confidence=0.9,
        notice=None,
        citations=(),
        timings_ms=Timings(0, 0, 0, 0),
        pieces=pieces,
        composer="generative",
    )
    return replace(given_, **parts)


def abstention(*related: Citation, **parts: Any) -> Answer:
    text = message("abstained", "en")
    return answer(status="abstained", text=text, reason="below_threshold", related=related, **parts)


def objects(part: object) -> Iterator[Mapping[str, Any]]:
    """Each object in the JSON, and all in it."""
    if isinstance(part, Mapping):
        yield part
        part = list(part.values())
    if isinstance(part, Sequence) and not isinstance(part, str):
        for inner in part:
            yield from objects(inner)


def of_type(part: object, *types: str) -> list[Mapping[str, Any]]:
    return [one for one in objects(part) if one.get("type") in types]


def spoken(part: object) -> list[str]:
    """What stands in rich text, in order."""
    return [one["text"] for one in of_type(part, "text", "link")]


def bold(part: object) -> list[str]:
    return [one["text"] for one in of_type(part, "text") if one.get("style") == {"bold": True}]


def sources(blocks: Sequence[Block]) -> list[Block]:
    return [block for block in blocks if of_type(block, "rich_text_quote")]


def options(blocks: Sequence[Block]) -> list[Mapping[str, Any]]:
    return [option for menu in of_type(blocks, "static_select") for option in menu["options"]]


def check_block_kit(blocks: Sequence[Block]) -> None:
    """What Slack's reference of Block Kit asks for, of the kinds that the bot uses."""
    json.dumps(blocks, ensure_ascii=False).encode()
    assert 1 <= len(blocks) <= 50
    checks = {"rich_text": check_rich_text, "context": check_context, "actions": check_actions}
    for block in blocks:
        checks[block["type"]](block)
    assert of_type(blocks, "mrkdwn") == []
    assert all(set(block) == {"type", "elements"} for block in blocks)


def check_rich_text(block: Block) -> None:
    assert block["elements"]
    for group in block["elements"]:
        assert group["type"] in ("rich_text_section", "rich_text_quote")
        assert group["elements"]
        for element in group["elements"]:
            assert element["type"] in ("text", "link")
            assert set(element) <= {"type", "text", "url", "style"}
            assert 1 <= len(element["text"]) <= 3_000
            assert ("url" in element) == (element["type"] == "link")
            assert len(element.get("url", "")) <= 3_000


def check_context(block: Block) -> None:
    assert 1 <= len(block["elements"]) <= 10
    for element in block["elements"]:
        check_plain(element, 3_000)


def check_actions(block: Block) -> None:
    assert 1 <= len(block["elements"]) <= 25
    names = [element["action_id"] for element in block["elements"]]
    assert len(set(names)) == len(names)
    for element in block["elements"]:
        if element["type"] == "button":
            assert 1 <= len(element["text"]["text"]) <= 75
            assert 1 <= len(element["value"]) <= 2_000
        else:
            assert element["type"] == "static_select"
            check_plain(element["placeholder"], 150)
            assert 1 <= len(element["options"]) <= 100
            values = [option["value"] for option in element["options"]]
            assert len(set(values)) == len(values)
            for option in element["options"]:
                check_plain(option["text"], 75)
                assert 1 <= len(option["value"]) <= 150


def check_plain(text: Mapping[str, Any], most: int) -> None:
    assert text["type"] == "plain_text"
    assert text["emoji"] is False
    assert 1 <= len(text["text"]) <= most


def check_fallback(text: str) -> None:
    text.encode()
    assert 1 <= len(text) <= 40_000
    assert "<" not in text
    assert ">" not in text
    assert text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").count("&") == 0


def many(number: int, quote: str, versions: int = 0) -> list[Citation]:
    return [
        citation(f"{quote}{marker}.", marker, versions=tuple(version(LANGUAGES[n % 18]) for n in range(versions)))
        for marker in range(1, number + 1)
    ]


LONG = "word " * 2_000
HOSTILE = {
    "plain": answer(citation()),
    "two": answer(citation(), citation("Ten years.", 2)),
    "long quote": answer(citation(LONG)),
    "long title": answer(citation(title=LONG)),
    "long passage": answer(citation(passage=f"{LONG}Five years.{LONG}")),
    "long version": answer(citation(versions=(version(quote=LONG),))),
    "long address": answer(citation(title="", source_uri=f"https://docs.example/{'x' * 9_000}")),
    "long notice": answer(citation(), notice=LONG, follow_up_of=LONG),
    "long text": answer(citation(), text=LONG),
    "40 citations with 30 versions": answer(*many(40, "Quote ", 30)),
    "10 citations with 10 versions": answer(*many(10, "Quote ", 10)),
    "40 long citations": answer(*many(40, LONG, 30)),
    "10 long passages": answer(*[replace(one, passage=f"{LONG}{one.quote}{LONG}") for one in many(10, "Quote ")]),
    "40 related": abstention(*many(40, LONG, 30)),
    "empty title": answer(citation(title="")),
    "empty passage": answer(citation(passage="")),
    "quote not in its passage": answer(citation(passage="Something else.")),
    "passage that is the quote": answer(citation(passage="Five years.")),
    "empty notice": answer(citation(), notice=""),
    "no versions": answer(citation(versions=())),
    "unknown languages": answer(citation(language=LONG, versions=(version(LONG), version("qqq"))), language="tlh"),
    "control characters": answer(citation(CONTROLS, title=CONTROLS, passage=CONTROLS, source_uri=CONTROLS)),
    "control characters alone": answer(citation("\0\0", title="\0", passage="\0\0\0")),
    "markup": answer(citation(MARKUP, title=MARKUP, passage=MARKUP * 3, source_uri=MARKUP), notice=MARKUP),
    "ampersands": answer(citation("&" * 9_000, title="&" * 9_000), notice="&" * 9_000),
    "abstention": abstention(),
    "related": abstention(citation()),
}


@pytest.mark.parametrize("server", [None, SERVER], ids=["without server", "with server"])
@pytest.mark.parametrize("given_", HOSTILE.values(), ids=HOSTILE)
def test_slack_takes_it(given_: Answer, server: str | None) -> None:
    check_block_kit(answer_blocks(given_, NAME, server))
    check_fallback(answer_text(given_))
    for one in given_.citations:
        for other in one.versions[:3]:
            check_block_kit(version_blocks(other, given_.language, server))


@pytest.mark.parametrize("given_", HOSTILE.values(), ids=HOSTILE)
def test_slack_takes_all_of_it_together(given_: Answer) -> None:
    """A message whose blocks are too long together is refused, and then nobody is answered."""
    blocks = answer_blocks(given_, NAME, SERVER)
    assert sum(len(one["text"]) for one in objects(blocks) if isinstance(one.get("text"), str)) <= MOST_OF_A_MESSAGE


HOSTILE_TEXT = st.text(
    st.sampled_from("ab .,\n\t\0\r\x1b\u202e\u2066\ud800\U0001f4a5<>&*_~`:@!#|[]…ß漢"), min_size=1, max_size=12
)
TEXTS = st.builds(lambda text, times: text * times, HOSTILE_TEXT, st.sampled_from([1, 20, 3_001]))
CODES = st.sampled_from([*LANGUAGES, "qqq", "zh-Hant"])
VERSIONS = st.builds(QuotedVersion, CODES, TEXTS, st.just("d"), st.integers(0, 9**9), st.integers(0, 9**9))


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    quotes = draw(st.lists(TEXTS, max_size=14))
    citations = [
        citation(
            quote,
            marker,
            title=draw(st.just("") | TEXTS),
            passage=draw(st.sampled_from([quote, f"{quote}{quote}", ""])) + draw(st.just("") | TEXTS),
            language=draw(CODES),
            versions=tuple(draw(st.lists(VERSIONS, max_size=3))) * draw(st.sampled_from([1, 12])),
        )
        for marker, quote in enumerate(quotes, start=1)
    ]
    notice, language = draw(st.none() | TEXTS), draw(CODES)
    if draw(st.booleans()):
        text = draw(st.none() | TEXTS) or " ".join(quotes) or "?"
        return answer(*citations, text=text, notice=notice, language=language)
    return abstention(*citations, notice=notice, language=language)


@given(answers(), st.sampled_from([None, SERVER]))
@settings(deadline=None, max_examples=80, derandomize=True)
def test_slack_takes_any(given_: Answer, server: str | None) -> None:
    check_block_kit(answer_blocks(given_, NAME, server))
    check_fallback(answer_text(given_))


@pytest.mark.parametrize("text", [MARKUP, CONTROLS], ids=["markup", "control characters"])
@pytest.mark.parametrize("server", [None, SERVER], ids=["without server", "with server"])
def test_what_documents_say_is_shown_as_it_is(text: str, server: str | None) -> None:
    """In rich text, whose elements Slack does not read as markup, and nowhere else."""
    one = citation(f"Q {text}", title=f"T {text}", passage=f"B {text}Q {text}A {text}", versions=(version(quote=text),))
    blocks = answer_blocks(answer(one), NAME, server)
    shown = visible(text)
    assert spoken(blocks) == [
        f"Q {shown} [1]",
        "[1] ",
        f"T {shown}",
        " · English",
        f"B {shown}",
        f"Q {shown}",
        f"A {shown}",
    ]
    rest = [block for block in blocks if block["type"] != "rich_text"]
    assert shown not in [part for one in objects(rest) for part in one.values()]
    assert "U123" not in json.dumps(rest)
    assert spoken(version_blocks(version(quote=text), "en", server)) == ["Dutch", shown]
    assert spoken(answer_blocks(abstention(one), NAME, server))[2:] == spoken(blocks)[2:]


@pytest.mark.parametrize("text", [MARKUP, CONTROLS], ids=["markup", "control characters"])
def test_a_notice_is_plain(text: str) -> None:
    """It may hold what the asker wrote before."""
    (context,) = of_type(answer_blocks(answer(citation(), notice=text), NAME, None), "context")
    assert context["elements"] == [{"type": "plain_text", "text": visible(text), "emoji": False}]


def test_without_a_notice_there_is_no_context() -> None:
    assert of_type(answer_blocks(answer(citation()), NAME, None), "context") == []


def test_the_fallback_is_the_answer_escaped() -> None:
    given_ = answer(citation(MARKUP), citation("Ten & more <years>.", 2))
    assert unescape(answer_text(given_)) == f"{MARKUP} [1] … Ten & more <years>. [2]"
    assert answer_text(answer(citation("1 < 2 && 3 > 2"))) == "1 &lt; 2 &amp;&amp; 3 &gt; 2 [1]"
    assert escaped(CONTROLS) == visible(CONTROLS)
    assert escaped("&lt;") == "&amp;lt;"


def test_a_long_fallback_is_cut_between_characters() -> None:
    cut = escaped("&<>" * 2_000)
    check_fallback(cut)
    assert unescape(cut) == ("&<>" * 1_000)[:-1] + "…"
    assert escaped("x" * 3_000) == "x" * 3_000


def test_numbers_stand_after_their_quotes() -> None:
    said, *_ = answer_blocks(answer(citation(), citation("Ten years.", 2)), NAME, None)
    assert "".join(spoken(said)) == "Five years. [1] … Ten years. [2]"


def test_prose_bears_all_numbers_that_a_sentence_stands_on() -> None:
    sentences = (Piece("It lasts five years.", (1, 2)), Piece(" Then it is renewed.", (2, 3)), Piece(" That is all."))
    given_ = prose(*sentences, citations=tuple(many(3, "Quote ")))
    said, *_ = answer_blocks(given_, NAME, None)
    expected = "It lasts five years. [1] [2] Then it is renewed. [2] [3] That is all."
    assert "".join(spoken(said)) == answer_text(given_) == expected


def test_every_number_leads_to_a_source() -> None:
    """What the first five say is shown; of more, where to read it."""
    sentences = (Piece("It lasts five years.", tuple(range(1, 7))), Piece(" Or six.", tuple(range(7, 13))))
    given_ = prose(*sentences, citations=tuple(many(12, "Quote ")))
    said, *blocks = [spoken(block) for block in answer_blocks(given_, NAME, SERVER) if block["type"] == "rich_text"]
    assert "".join(said) == "It lasts five years. [1] [2] [3] [4] [5] [6] Or six. [7] [8] [9] [10] [11] [12]"
    assert [block[0] for block in blocks] == [f"[{number}] " for number in range(1, 13)]
    assert [f"Quote {number}." in block for number, block in enumerate(blocks, start=1)] == [True] * 5 + [False] * 7
    assert all(block[1:3] == ["The pass", " · English"] for block in blocks)


def test_what_is_being_written_is_shown_as_it_is_and_looks_unfinished() -> None:
    """Plain text, of which Slack makes nothing but letters."""
    said = [Piece(MARKUP, (1,)), Piece(f" {CONTROLS}", (1, 2))]
    shown = f"{MARKUP} [1] {visible(CONTROLS)} [1] [2] …"
    (block,) = unfinished_blocks(said)
    assert block == {"type": "section", "text": {"type": "plain_text", "text": shown, "emoji": False}}
    assert unescape(unfinished_text(said)) == shown
    check_fallback(unfinished_text(said))


def test_what_is_being_written_fits_a_message_whatever_it_is() -> None:
    for said in ([Piece(LONG, (1,))], [Piece(" Yes.", tuple(range(1, 40)))] * 70):
        (block,) = unfinished_blocks(said)
        check_plain(block["text"], 3_000)
        assert block["text"]["text"].endswith("…")
        check_fallback(unfinished_text(said))


@pytest.mark.parametrize("text", ["पाँच साल ", "&<>", "🪪"])
def test_a_text_that_a_message_is_changed_to_is_cut_between_characters(text: str) -> None:
    cut = shortened(escaped(text * 3_000))
    check_fallback(cut)
    assert cut.endswith("…")
    assert (text * 3_000).startswith(unescape(cut)[:-1])
    assert 2_900 < len(cut.encode()) <= 4_000
    short = escaped("&" * 800)
    assert shortened(short) == short


def test_numbers_stand_after_long_quotes_too() -> None:
    said, *_ = answer_blocks(answer(citation(LONG), citation("Ten years.", 2)), NAME, None)
    text = "".join(spoken(said))
    assert "[1]" in text
    assert text.index("word") < text.index("[1]") < text.index("Ten years.") < text.index("[2]")


def test_sources_bear_number_title_and_language() -> None:
    blocks = sources(answer_blocks(answer(citation(), citation("Tien.", 2, language="nl"), language="fr"), NAME, None))
    assert [spoken(block)[:3] for block in blocks] == [
        ["[1] ", "The pass", " · anglais"],
        ["[2] ", "The pass", " · néerlandais"],
    ]


def test_a_source_without_title_is_called_by_its_address() -> None:
    (source,) = sources(answer_blocks(answer(citation(title="")), NAME, SERVER))
    assert spoken(source)[1] == "https://docs.example/pass"


def test_a_quote_is_bold_in_its_passage() -> None:
    (source,) = sources(answer_blocks(answer(citation()), NAME, SERVER))
    (quote,) = of_type(source, "rich_text_quote")
    assert spoken(quote) == ["How long? ", "Five years.", " Then renew."]
    assert bold(quote) == ["Five years."]


@pytest.mark.parametrize(
    ("passage", "expected"),
    [
        ("Five years.", ["Five years."]),
        ("Five years. Yes.", ["Five years.", " Yes."]),
        ("Yes. Five years.", ["Yes. ", "Five years."]),
        ("Something else.", ["Five years."]),
        (f"{'b' * 200}Five years.{'a' * 200}", ["b" * 200, "Five years.", "a" * 200]),
        (f"X{'b' * 200}Five years.{'a' * 200}X", ["…" + "b" * 200, "Five years.", "a" * 200 + "…"]),
    ],
)
def test_what_stands_around_a_quote_is_cut(passage: str, expected: list[str]) -> None:
    (source,) = sources(answer_blocks(answer(citation(passage=passage)), NAME, None))
    (quote,) = of_type(source, "rich_text_quote")
    assert spoken(quote) == expected
    assert bold(quote) == ["Five years."]


@pytest.mark.parametrize("server", [None, ""])
def test_without_a_server_nothing_is_linked(server: str | None) -> None:
    given_ = answer(citation(), citation("Ten years.", 2))
    everything = [
        *answer_blocks(given_, NAME, server),
        *answer_blocks(abstention(citation()), NAME, server),
        *version_blocks(version(), "en", server),
    ]
    assert of_type(everything, "link") == []
    assert "url" not in json.dumps(everything)
    assert "The pass" in bold(everything)


@pytest.mark.parametrize("server", ["https://help.example/dragoman/", "https://help.example/dragoman"])
def test_links_lead_to_the_exact_span(server: str) -> None:
    one, two = citation(), citation("Ten years.", 2, document="d-2", title="Other")
    links = of_type(answer_blocks(answer(one, two), NAME, server), "link")
    links += of_type(answer_blocks(abstention(two), NAME, server), "link")
    links += of_type(version_blocks(one.versions[0], "en", server), "link")
    assert [link["text"] for link in links] == ["The pass", "Other", "Other", "Dutch"]
    spans: list[Citation | QuotedVersion] = [one, two, two, one.versions[0]]
    for link, span in zip(links, spans, strict=True):
        url = urlsplit(link["url"])
        assert (url.scheme, url.netloc, url.path) == ("https", "help.example", f"/dragoman/documents/{span.document}")
        assert parse_qs(url.query) == {"start": [str(span.start)], "end": [str(span.end)]}
        assert url.fragment == "cited"


def test_an_abstention_shows_what_comes_near() -> None:
    blocks = answer_blocks(abstention(*many(5, "Quote ", 2)), NAME, SERVER)
    said = [spoken(block) for block in blocks if block["type"] == "rich_text"]
    assert said[0] == [message("abstained", "en")]
    assert said[1] == bold(blocks[1]) == [message("maybe_related", "en")]
    assert [bold(of_type(block, "rich_text_quote")) for block in sources(blocks)] == [
        ["Quote 1."],
        ["Quote 2."],
        ["Quote 3."],
    ]
    assert "[" not in "".join(text for texts in said for text in texts)
    assert of_type(blocks, "static_select") == []
    assert len(of_type(blocks, "button")) == 2
    assert answer_text(abstention(citation())) == message("abstained", "en")


def test_an_abstention_without_related_has_no_heading() -> None:
    blocks = answer_blocks(abstention(), NAME, SERVER)
    assert [block["type"] for block in blocks] == ["rich_text", "actions"]


def test_the_menu_leads_to_each_version() -> None:
    citations = [
        citation("One.", 1, versions=(version("nl"), version("fr"))),
        citation("Two.", 2, versions=()),
        citation("Three.", 7, versions=(version("de"),)),
    ]
    given_ = answer(*citations, language="nl")
    chosen = options(answer_blocks(given_, NAME, None))
    assert [option["text"]["text"] for option in chosen] == ["[1] Nederlands", "[1] Frans", "[7] Duits"]
    by_marker = {one.marker: one for one in citations}
    led = []
    for option in chosen:
        found = CHOICE.fullmatch(option["value"])
        assert found is not None
        assert found[1] == NAME
        other = by_marker[int(found[2])].versions[int(found[3])]
        assert option["text"]["text"].endswith(language_name(other.language, "nl"))
        led.append((int(found[2]), int(found[3])))
    assert led == [(1, 0), (1, 1), (7, 0)]
    (menu,) = of_type(answer_blocks(given_, NAME, None), "static_select")
    assert (menu["action_id"], menu["placeholder"]["text"]) == (VERSION, message("other_languages", "nl"))


def test_the_menu_of_one_quote_needs_no_numbers() -> None:
    chosen = options(answer_blocks(answer(citation(versions=(version("nl"), version("fr")))), NAME, None))
    assert [option["text"]["text"] for option in chosen] == ["Dutch", "French"]


def test_of_too_many_versions_the_first_hundred_are_in_the_menu() -> None:
    chosen = options(answer_blocks(HOSTILE["40 citations with 30 versions"], NAME, None))
    led = [CHOICE.fullmatch(option["value"]) for option in chosen]
    assert [(int(found[2]), int(found[3])) for found in led if found] == [(1 + n // 30, n % 30) for n in range(100)]


def test_without_versions_there_is_no_menu() -> None:
    assert of_type(answer_blocks(answer(citation(versions=())), NAME, None), "static_select") == []


def test_thumbs_bear_the_name_of_the_answer() -> None:
    *_, last = answer_blocks(answer(citation()), NAME, None)
    pressed = [(button["action_id"], button["value"]) for button in of_type(last, "button")]
    assert pressed == [(HELPFUL, NAME), (NOT_HELPFUL, NAME)]


def test_a_version_is_called_by_its_language_in_the_askers() -> None:
    (block,) = version_blocks(version("nl", "Vijf jaar."), "fr", None)
    assert spoken(block) == ["néerlandais", "Vijf jaar."]
    assert spoken(of_type(block, "rich_text_quote")) == ["Vijf jaar."]
