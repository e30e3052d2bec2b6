"""Payloads as Slack sends them, and as nobody should."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.question import QUESTION_LIMIT
from bot.slack.asked import Asked, asked_by_command, asked_by_event

BOT = "U0DRAGOMAN"
TS = "1700000000.000100"
ROOT = "1699999999.000001"

MESSAGE = {
    "type": "message",
    "channel": "C1",
    "channel_type": "channel",
    "user": "U1ANA",
    "ts": TS,
    "event_ts": TS,
    "text": "Wie lange?",
    "client_msg_id": "0d0b5a5e",
    "team": "T1",
}
MENTION = MESSAGE | {"text": f"<@{BOT}> Wie lange?"}
APP_MENTION = {key: MENTION[key] for key in ("channel", "user", "ts", "event_ts", "text")} | {"type": "app_mention"}
DIRECT = MESSAGE | {"channel": "D1", "channel_type": "im"}
COMMAND = {
    "command": "/ask",
    "text": "Wie lange?",
    "channel_id": "C1",
    "channel_name": "help",
    "user_id": "U1ANA",
    "trigger_id": "13345224609.738474920.8088930838d88f008e0",
    "response_url": "https://hooks.slack.example/commands/1/2",
}


def asked(event: dict[str, Any]) -> Asked:
    """The question that an event certainly is."""
    found = asked_by_event(event, BOT)
    assert found is not None
    return found


IN_CHANNEL = Asked(
    key=f"C1:{TS}",
    channel="C1",
    ts=TS,
    thread=TS,
    conversation=f"C1:{TS}",
    user="U1ANA",
    text="Wie lange?",
    ours=True,
)


def changed(**parts: Any) -> Asked:
    return Asked(**{name: parts.get(name, getattr(IN_CHANNEL, name)) for name in IN_CHANNEL.__slots__})


THREADED = {"thread": ROOT, "conversation": f"C1:{ROOT}"}
ALONE = {"key": f"D1:{TS}", "channel": "D1", "conversation": "D1"}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(APP_MENTION, IN_CHANNEL, id="mention"),
        pytest.param(MENTION, IN_CHANNEL, id="message that mentions"),
        pytest.param(APP_MENTION | {"thread_ts": ROOT}, changed(**THREADED), id="mention in a thread"),
        pytest.param(MESSAGE | {"thread_ts": ROOT}, changed(**THREADED, ours=False), id="message in a thread"),
        pytest.param(MESSAGE, changed(ours=False), id="message in a channel"),
        pytest.param(DIRECT, changed(**ALONE), id="direct message"),
        pytest.param(
            DIRECT | {"thread_ts": ROOT},
            changed(**ALONE | {"thread": ROOT, "conversation": f"D1:{ROOT}"}),
            id="direct message in a thread",
        ),
        pytest.param(DIRECT | {"text": "<@U9EVA> Wie lange?"}, changed(**ALONE), id="direct message about somebody"),
        pytest.param(MESSAGE | {"channel_type": "mpim"}, changed(ours=False), id="message to several"),
        pytest.param(MENTION | {"subtype": "file_share", "files": [{"id": "F1"}]}, IN_CHANNEL, id="file_share"),
        pytest.param(
            MENTION | {"subtype": "thread_broadcast", "thread_ts": ROOT, "root": {"text": "x"}},
            changed(**THREADED),
            id="thread_broadcast",
        ),
        pytest.param(MENTION | {"text": f"<@U9EVA> <@{BOT}> Wie lange?"}, IN_CHANNEL, id="somebody else and the bot"),
        pytest.param(MENTION | {"text": f"<@{BOT}|dragoman> Wie lange?"}, IN_CHANNEL, id="mention with a name"),
        pytest.param(MESSAGE | {"text": f"&lt;@{BOT}&gt;"}, changed(ours=False, text=f"<@{BOT}>"), id="typed mention"),
        pytest.param(APP_MENTION | {"text": f"<@{BOT}>"}, changed(text=""), id="nothing but a mention"),
        pytest.param(APP_MENTION | {"text": None}, changed(text=""), id="without text"),
        pytest.param(MENTION | {"hidden": False, "bot_id": None}, IN_CHANNEL, id="false and null are nothing"),
        pytest.param(MENTION | {"thread_ts": ["x"]}, IN_CHANNEL, id="odd thread"),
    ],
)
def test_what_people_write_is_a_question(event: dict[str, Any], expected: Asked) -> None:
    assert asked(event) == expected


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param({"subtype": "message_changed", "message": MENTION, "previous_message": MENTION}, id="edited"),
        pytest.param({"subtype": "message_deleted", "deleted_ts": TS, "previous_message": MENTION}, id="deleted"),
        pytest.param({"subtype": "channel_join"}, id="joined"),
        pytest.param({"subtype": "bot_message"}, id="bot_message"),
        pytest.param({"subtype": "me_message"}, id="me_message"),
        pytest.param({"subtype": ""}, id="empty subtype"),
        pytest.param({"subtype": ["file_share"]}, id="list for a subtype"),
        pytest.param({"subtype": {"file_share": None}}, id="object for a subtype"),
        pytest.param({"bot_id": "B1"}, id="bot"),
        pytest.param({"hidden": True}, id="hidden"),
        pytest.param({"user": BOT}, id="its own"),
        pytest.param({"user": "USLACKBOT"}, id="slackbot"),
        pytest.param({"user": None}, id="nobody"),
        pytest.param({"user": "U1 ANA"}, id="odd user"),
        pytest.param({"user": "U1ANA\n"}, id="user and a line end"),
        pytest.param({"channel": ""}, id="no channel"),
        pytest.param({"channel": {"id": "C1"}}, id="object for a channel"),
        pytest.param({"channel": "C1:2"}, id="channel that looks like a key"),
        pytest.param({"ts": 1700000000.0001}, id="number for a ts"),
        pytest.param({"ts": "yesterday"}, id="odd ts"),
        pytest.param({"ts": TS + "\n"}, id="ts and a line end"),
        pytest.param({"ts": "١٧٠٠٠٠٠٠٠٠.٠٠٠١٠٠"}, id="ts in other digits"),
    ],
)
@pytest.mark.parametrize("event", [APP_MENTION, MENTION, DIRECT], ids=["mention", "message", "direct"])
def test_the_rest_is_left_alone(event: dict[str, Any], parts: dict[str, Any]) -> None:
    assert asked_by_event(event, BOT) is not None
    assert asked_by_event(event | parts, BOT) is None


@pytest.mark.parametrize("part", ["channel", "ts", "user"])
def test_an_event_without_a_part_is_left_alone(part: str) -> None:
    assert asked_by_event({key: value for key, value in MENTION.items() if key != part}, BOT) is None


@pytest.mark.parametrize("text", ["<@U9EVA> when?", "when, <@U9EVA|eva>?", "<@U9EVA> <@U8JAN> <!here>"])
def test_what_names_only_somebody_else_is_left_alone(text: str) -> None:
    assert asked_by_event(MESSAGE | {"text": text, "thread_ts": ROOT}, BOT) is None
    assert asked_by_event(DIRECT | {"text": text}, BOT) is not None


def test_both_events_of_a_mention_have_the_same_key() -> None:
    """`app_mention` and `message` differ in what else they hold, and come in any order."""
    for thread in ({}, {"thread_ts": ROOT}):
        one, other = asked(APP_MENTION | thread), asked(MENTION | thread)
        assert (one.key, one.id) == (other.key, other.id)
        assert one == other


def test_ids_are_names_of_keys() -> None:
    one, later, elsewhere = (
        asked(MENTION),
        asked(MENTION | {"ts": "1700000000.000101"}),
        asked(MENTION | {"channel": "C2"}),
    )
    assert len({one.id, later.id, elsewhere.id}) == 3
    assert re.fullmatch(r"[0-9a-f]{32}", one.id)
    assert asked(MENTION | {"text": f"<@{BOT}> other"}).id == one.id


TEXTS = [
    pytest.param("&lt;b&gt; &amp; c", "<b> & c", id="entities"),
    pytest.param("&amp;lt;b&amp;gt;", "&lt;b&gt;", id="entities are read once"),
    pytest.param("&lt;https://a.example|x&gt;", "<https://a.example|x>", id="what was typed is no link"),
    pytest.param("see <https://a.example/b?c=1&amp;d=2>", "see https://a.example/b?c=1&d=2", id="link"),
    pytest.param("see <https://a.example/b|the site>", "see the site", id="link with a label"),
    pytest.param("<mailto:a@b.example|a@b.example>?", "a@b.example?", id="address"),
    pytest.param("in <#C2|general>?", "in #general?", id="channel"),
    pytest.param("in <#C2>?", "in ?", id="channel without a name"),
    pytest.param("<!here> when?", "when?", id="here"),
    pytest.param("<!channel|@channel> when?", "when?", id="channel with a label"),
    pytest.param("<!subteam^S1|@helpers> when?", "when?", id="group"),
    pytest.param("by <!date^1392734382^{date}|18 Feb>?", "by 18 Feb?", id="date"),
    pytest.param("  when? \n", "when?", id="outer white space"),
    pytest.param("1 < 2 > 0", "1  2  0", id="what Slack never sends"),
    pytest.param("when?\nwhere?", "when?\nwhere?", id="lines"),
    pytest.param("ทำไม 🪪 لماذا", "ทำไม 🪪 لماذا", id="scripts"),
    pytest.param("<<<>>>", "<<>>", id="empty control"),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_a_text_is_what_the_asker_sees(text: str, expected: str) -> None:
    assert asked(DIRECT | {"text": text}).text == expected
    command = asked_by_command(COMMAND | {"text": text})
    assert command is not None
    assert command.text == expected


def test_mentions_are_no_part_of_a_text() -> None:
    assert asked(MENTION | {"text": f"<@U9EVA|eva> <@{BOT}>\u00a0Wie lange?"}).text == "Wie lange?"


@pytest.mark.parametrize("text", ["x" * 100_000, "&amp;" * 20_000, "<" * 100_000, f"{'<!here>' * 5_000}{'x' * 5_000}"])
def test_of_a_long_text_enough_is_kept_to_be_too_long(text: str) -> None:
    assert len(asked(DIRECT | {"text": text}).text) == 2 * QUESTION_LIMIT
    command = asked_by_command(COMMAND | {"text": text})
    assert command is not None
    assert len(command.text) == 2 * QUESTION_LIMIT


def test_a_text_of_the_limit_is_whole() -> None:
    text = "".join(chr(0x4E00 + place) for place in range(QUESTION_LIMIT))
    assert asked(DIRECT | {"text": text}).text == text


def test_a_command_is_a_question() -> None:
    key = f"command:{COMMAND['trigger_id']}"
    expected = Asked(
        key=key,
        channel="C1",
        ts="",
        thread="",
        conversation=key,
        user="U1ANA",
        text="Wie lange?",
        ours=True,
        response_url="https://hooks.slack.example/commands/1/2",
    )
    assert asked_by_command(COMMAND) == expected


@pytest.mark.parametrize("command", [COMMAND | {"text": ""}, {k: v for k, v in COMMAND.items() if k != "text"}])
def test_a_command_without_text_is_an_empty_question(command: dict[str, Any]) -> None:
    found = asked_by_command(command)
    assert found is not None
    assert (found.text, found.ours) == ("", True)


def test_each_command_is_a_conversation_of_its_own() -> None:
    first, second = asked_by_command(COMMAND), asked_by_command(COMMAND | {"trigger_id": "2.2.2"})
    assert first is not None
    assert second is not None
    assert first.conversation != second.conversation
    assert first.id != second.id
    assert first.conversation != first.channel


@pytest.mark.parametrize("part", ["channel_id", "user_id", "trigger_id", "response_url"])
@pytest.mark.parametrize("odd", ["missing", None, 7, "", ["x"], {"id": "C1"}], ids=repr)
def test_a_command_without_a_part_is_none(part: str, odd: object) -> None:
    """Without `response_url` it would be answered for all the channel to see; without `trigger_id`, only once."""
    rest: dict[str, Any] = {key: value for key, value in COMMAND.items() if key != part}
    assert asked_by_command(rest if odd == "missing" else rest | {part: odd}) is None


KEYS = (
    *("type", "subtype", "channel", "channel_type", "user", "ts", "thread_ts", "text", "bot_id", "hidden"),
    *("channel_id", "user_id", "trigger_id", "response_url", "message", "edited", "files"),
)
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(["message", "app_mention"]),
    "subtype": st.sampled_from([None, "file_share", "message_changed"]),
    "channel_type": st.sampled_from(["im", "channel", "mpim"]),
    "bot_id": st.none(),
    "hidden": st.just(False),
    **dict.fromkeys(("channel", "channel_id"), st.sampled_from(["C1", "D1"])),
    **dict.fromkeys(("user", "user_id"), st.sampled_from(["U1ANA", BOT])),
    **dict.fromkeys(("ts", "thread_ts"), st.sampled_from([TS, ROOT])),
}
ANY_TEXT = st.one_of(
    st.text(st.characters(), max_size=30),
    st.text(st.sampled_from("<>@#!|&;^:/ \0\ud800\udc00\u0663ax1." + BOT), max_size=40),
    st.builds(
        lambda part, times: part * times, st.sampled_from(["<@", f"<@{BOT}>", "&#xD800;", "\ud800"]), st.just(9_999)
    ),
)
ODD: tuple[Any, ...] = ("", "\ud800", "\0", " ", "x" * 9_999, [], {}, [[]], 0, -1.5, True, None)
ANYTHING = st.sampled_from(ODD) | st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), ANY_TEXT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PAYLOADS = st.fixed_dictionaries(
    {}, optional={key: st.one_of(LIKELY.get(key, ANY_TEXT), LIKELY.get(key, ANY_TEXT), ANYTHING) for key in KEYS}
)
LIKELY_EVENTS = st.builds(
    lambda event, part, odd: event | {part: odd}, st.just(MENTION), st.sampled_from(KEYS), ANYTHING
)
LIKELY_COMMANDS = st.builds(
    lambda event, part, odd: event | {part: odd}, st.just(COMMAND), st.sampled_from(KEYS), ANYTHING
)


def check_usable(found: Asked) -> None:
    """As a row of a database, and as what Slack is to be sent."""
    for part in (found.key, found.text, found.conversation, found.response_url):
        part.encode()
    assert re.fullmatch(r"[0-9a-f]{32}", found.id)
    assert re.fullmatch(r"[A-Z0-9]{2,}", found.channel)
    assert re.fullmatch(r"[A-Z0-9]{2,}", found.user)
    assert len(found.key) < 300
    assert len(found.text) <= 2 * QUESTION_LIMIT


def check_event(event: dict[str, Any]) -> None:
    found = asked_by_event(event, BOT)
    if found is not None:
        check_usable(found)
        for ts in (found.ts, found.thread):
            assert re.fullmatch(r"[0-9]+\.[0-9]+", ts)
        assert found.key == f"{found.channel}:{found.ts}"
        assert found.conversation in (found.channel, f"{found.channel}:{found.thread}")
        assert found.response_url == ""
        assert found.user not in (BOT, "USLACKBOT")


def check_command(command: dict[str, Any]) -> None:
    found = asked_by_command(command)
    if found is not None:
        check_usable(found)
        assert found.key.startswith("command:")
        assert found.key != "command:"
        assert found.response_url
        assert found.ours


@pytest.mark.parametrize("part", KEYS)
def test_any_part_may_be_odd(part: str) -> None:
    for odd in ODD:
        check_event(MENTION | {part: odd})
        check_event(DIRECT | {part: odd})
        check_command(COMMAND | {part: odd})


@given(PAYLOADS | LIKELY_EVENTS)
@settings(deadline=None, max_examples=200, derandomize=True)
def test_any_event_is_a_usable_question_or_none(event: dict[str, Any]) -> None:
    check_event(event)


@given(PAYLOADS | LIKELY_COMMANDS)
@settings(deadline=None, max_examples=200, derandomize=True)
def test_any_command_is_a_usable_question_or_none(command: dict[str, Any]) -> None:
    check_command(command)
