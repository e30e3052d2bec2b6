"""Slack as the tests play it: a Bolt app that knows nothing of it lives there as it would in Slack."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp
import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.middleware.assistant.async_assistant import AsyncAssistant
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from tests.bot.slack.workspace import (
    ANNA,
    GENERAL,
    RESPONSE_URL,
    Payload,
    Workspace,
    bolt_app,
    over_http,
    over_socket,
)
from tests.bot.slack.workspace.web_api import WebApi

pytestmark = pytest.mark.anyio

BUTTON = {"type": "button", "action_id": "more", "value": "7", "text": {"type": "plain_text", "text": "More"}}
MENU = {
    "type": "static_select",
    "action_id": "language",
    "options": [{"text": {"type": "plain_text", "text": name}, "value": name} for name in ("nl", "fr")],
}
FIELD = {"type": "plain_text_input", "action_id": "comment"}
MODAL = {
    "type": "modal",
    "callback_id": "feedback",
    "title": {"type": "plain_text", "text": "Feedback"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {"type": "input", "block_id": "b", "label": {"type": "plain_text", "text": "Comment"}, "element": FIELD}
    ],
}
Over = Callable[[Workspace, AsyncApp], AbstractAsyncContextManager[object]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=[over_http, over_socket])
def over(request: pytest.FixtureRequest) -> Over:
    joined: Over = request.param
    return joined


def echo(workspace: Workspace) -> tuple[AsyncApp, list[Payload]]:
    """An app that says again what it is told, opens a modal for who presses; and all bodies that reached it."""
    app, bodies = bolt_app(workspace), list[Payload]()

    @app.middleware
    async def keep(body: Payload, next: Any) -> None:
        bodies.append(body)
        await next()

    @app.event("app_mention")
    async def mentioned(event: Payload, say: Any) -> None:
        blocks = [{"type": "actions", "elements": [BUTTON, MENU]}]
        await say(text=event["text"], blocks=blocks, thread_ts=event.get("thread_ts") or event["ts"])

    @app.event("message")
    async def said() -> None: ...

    @app.command("/ask")
    async def asked(ack: Any, respond: Any, command: Payload) -> None:
        await ack(f"wait: {command['text']}")
        await respond(text="done", blocks=[{"type": "actions", "elements": [BUTTON]}])

    @app.action("more")
    async def pressed(ack: Any, client: AsyncWebClient, body: Payload) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.action("language")
    async def chosen(ack: Any, respond: Any, action: Payload) -> None:
        await ack()
        await respond(text=action["selected_option"]["value"], replace_original=True)

    @app.view("feedback")
    async def submitted(ack: Any) -> None:
        await ack(response_action="errors", errors={"b": "no"})

    return app, bodies


def client_of(workspace: Workspace) -> AsyncWebClient:
    return AsyncWebClient(workspace.bot_token, workspace.api_url, retry_handlers=[])


async def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as raised:
        await call
    return str(raised.value.response["error"])


async def test_a_mention_is_two_events_of_one_message_and_is_answered_in_its_thread(over: Over) -> None:
    async with Workspace() as workspace:
        app, bodies = echo(workspace)
        async with over(workspace, app):
            said = await workspace.mention(GENERAL, ANNA, "hello &lt;3")
            await workspace.until(lambda: workspace.replies(said))
            await workspace.settled()
        (reply,) = workspace.replies(said)
        assert (reply.text, reply.thread_ts) == (f"<@{workspace.bot_user}> hello &lt;3", said.ts)
        assert [one.ts for one in workspace.messages(GENERAL, said.ts)] == [said.ts, reply.ts]
        told = {body["event"]["type"]: body for body in bodies if body["event"]["ts"] == said.ts}
        assert set(told) == {"app_mention", "message"}
        assert told["app_mention"]["event_id"] != told["message"]["event_id"]
        assert told["message"]["event"]["channel_type"] == "channel"
        assert told["message"]["event"]["blocks"][0]["elements"][0]["elements"] == [
            {"type": "user", "user_id": workspace.bot_user},
            {"type": "text", "text": " hello <3"},
        ]
        assert workspace.sent[-1]["event"] | {"ts": reply.ts, "bot_id": workspace.bot_id} == workspace.sent[-1]["event"]
        assert all(delivery.arrived for delivery in workspace.deliveries)


async def test_presses_menus_and_modals(over: Over) -> None:
    async with Workspace() as workspace:
        app, bodies = echo(workspace)
        async with over(workspace, app):
            said = await workspace.mention(GENERAL, ANNA, "hello")
            await workspace.until(lambda: workspace.replies(said))
            (reply,) = workspace.replies(said)

            assert (await workspace.press(reply, "more", ANNA)).arrived
            await workspace.until(lambda: workspace.views)
            assert bodies[-1]["actions"][0]["value"] == "7"
            assert bodies[-1]["container"]["message_ts"] == bodies[-1]["message"]["ts"] == reply.ts
            sent = await workspace.submit(workspace.views[0], {"comment": "good"})
            assert sent.body == {"response_action": "errors", "errors": {"b": "no"}}
            values = bodies[-1]["view"]["state"]["values"]
            assert values == {"b": {"comment": {"type": "plain_text_input", "value": "good"}}}

            await workspace.press(reply, "language", ANNA, option="fr")
            await workspace.until(lambda: workspace.replies(said)[0].text == "fr")
            with pytest.raises(LookupError):
                await workspace.press(reply, "less", ANNA)


async def test_a_command_is_acknowledged_and_answered_where_only_the_asker_sees_it(over: Over) -> None:
    async with Workspace() as workspace:
        app, bodies = echo(workspace)
        async with over(workspace, app):
            await workspace.command("/ask", ANNA, GENERAL, "why?")
            await workspace.until(lambda: len(workspace.ephemerals) == 2)
            assert {one.text for one in workspace.ephemerals} == {"wait: why?", "done"}
            assert [response.body["text"] for response in workspace.responses] == ["done"]
            assert workspace.messages(GENERAL) == []
            (done,) = (one for one in workspace.ephemerals if one.text == "done")
            await workspace.press(done, "more", ANNA)
            assert bodies[-1]["container"]["is_ephemeral"]
            assert "message" not in bodies[-1]
            await workspace.until(lambda: workspace.views)


async def test_only_what_is_signed_as_slack_signs_arrives() -> None:
    async with Workspace() as workspace:
        app, bodies = echo(workspace)
        async with over_http(workspace, app):
            with workspace.holding() as made:
                await workspace.mention(GENERAL, ANNA, "hello")
                await workspace.command("/ask", ANNA, GENERAL, "why?")
            assert bodies == []
            assert len(made) == 3
            for payload in made:
                assert await workspace.deliver(payload, secret="guessed") == 401
                assert await workspace.deliver(payload, at=time.time() - 301) == 401
                assert await workspace.deliver(payload, body_tampered=True) == 401
                assert await workspace.deliver(payload) == 200
                assert await workspace.deliver(payload, retry=1) == 200
            await workspace.until(lambda: len(workspace.messages(GENERAL)) == 3)  # the echo knows of no repetition
            await workspace.until(lambda: len(workspace.responses) == 2)


async def test_what_did_not_arrive_comes_again(over: Over) -> None:
    async with Workspace(retries=(0, 0.01, 0.01), patience=0.5) as workspace:
        app = bolt_app(workspace)
        tries: list[str | None] = []

        @app.event("message")
        async def said() -> None: ...

        @app.middleware
        async def fail_twice(request: AsyncBoltRequest, next: Any) -> None:
            tries.append(request.headers.get("x-slack-retry-num", ["0"])[0])
            if len(tries) < 3:
                raise RuntimeError
            await next()

        await workspace.say(GENERAL, ANNA, "is anybody there?")
        assert [one.reason for one in workspace.deliveries] == ["no_connection"] * 4
        workspace.deliveries.clear()
        async with over(workspace, app):
            await workspace.say(GENERAL, ANNA, "hello")
        assert [(one.arrived, one.retry) for one in workspace.deliveries] == [(False, 0), (False, 1), (True, 2)]
        assert tries == ["0", "1", "2"]


async def test_sockets_are_replaced_and_break() -> None:
    async with Workspace(retries=(0.1, 0.1, 0.1)) as workspace:
        app, _ = echo(workspace)
        async with over_socket(workspace, app, ping_interval=0.5):
            await workspace.disconnect()
            first = await workspace.mention(GENERAL, ANNA, "hello")
            await workspace.until(lambda: workspace.replies(first))
            workspace.drop_connections()
            second = await workspace.mention(GENERAL, ANNA, "hello")
            await workspace.until(lambda: workspace.replies(second))
            opened = [call for call in workspace.calls if call.method == "apps.connections.open"]
            assert len(opened) >= 3


async def test_clients_take_turns() -> None:
    async with Workspace() as workspace:
        (one, one_had), (other, other_had) = echo(workspace), echo(workspace)
        async with over_socket(workspace, one), over_socket(workspace, other):
            for text in "abcd":
                await workspace.say(GENERAL, ANNA, text)
        assert [body["event"]["text"] for body in one_had] == ["a", "c"]
        assert [body["event"]["text"] for body in other_had] == ["b", "d"]


async def test_a_rate_limit_is_waited_for() -> None:
    async with Workspace() as workspace:
        client = client_of(workspace)
        client.retry_handlers = [AsyncRateLimitErrorRetryHandler(max_retry_count=1)]
        workspace.fail("chat.postMessage", status=429, headers={"Retry-After": "0"})
        await client.chat_postMessage(channel=GENERAL, text="hello")
        assert [call.error for call in workspace.calls] == ["ratelimited", ""]
        assert len(workspace.messages(GENERAL)) == 1


async def test_a_client_cut_off_does_not_know_of_its_message() -> None:
    async with Workspace() as workspace:
        client = client_of(workspace)
        workspace.fail("chat.postMessage", cut=True)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await client.chat_postMessage(channel=GENERAL, text="hello")
        workspace.fail("chat.postMessage", cut=True, done=False)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await client.chat_postMessage(channel=GENERAL, text="again")
        workspace.fail("chat.postMessage", delay=30)
        client.timeout = 1
        with pytest.raises(TimeoutError):
            await client.chat_postMessage(channel=GENERAL, text="late")
        workspace.fail("chat.postMessage", error="is_archived", times=2)
        for _ in range(2):
            assert await refused(client.chat_postMessage(channel=GENERAL, text="hello")) == "is_archived"
        assert [one.text for one in workspace.messages(GENERAL)] == ["hello", "late"]


async def test_an_assistant() -> None:
    async with Workspace(assistant=True) as workspace:
        app, assistant = bolt_app(workspace), AsyncAssistant()

        @assistant.thread_started
        async def started(say: Any, set_suggested_prompts: Any) -> None:
            await say("What do you want to know?")
            await set_suggested_prompts(prompts=["How?", "Why?"])

        @assistant.user_message
        async def asked(payload: Payload, say: Any, set_status: Any, set_title: Any) -> None:
            await set_title(payload["text"])
            await set_status("thinks")
            await say("Because.")

        app.assistant(assistant)
        async with over_http(workspace, app):
            thread = await workspace.open_assistant(ANNA)
            await workspace.until(lambda: workspace.prompts)
            await workspace.direct(ANNA, "Why?", thread.ts)
            await workspace.until(lambda: len(workspace.replies(thread)) == 2)
            await workspace.settled()
        assert [one.text for one in workspace.replies(thread)] == ["What do you want to know?", "Because."]
        assert [one["message"] for one in workspace.prompts[0].prompts] == ["How?", "Why?"]
        assert [(one.thread_ts, one.status) for one in workspace.statuses] == [(thread.ts, "thinks")]
        assert [one.title for one in workspace.titles] == ["Why?"]
        assert workspace.replies(thread)[0].metadata == {
            "event_type": "assistant_thread_context",
            "event_payload": {"channel_id": GENERAL, "team_id": "T0WORKSPACE", "enterprise_id": None},
        }


async def test_what_is_no_question_is_told_of_too() -> None:
    async with Workspace() as workspace:
        app, bodies = echo(workspace)
        outside = workspace.add_channel("outside", joined=False)
        async with over_http(workspace, app):
            said = await workspace.say(GENERAL, ANNA, "hello")
            await workspace.edit(said, "hello all")
            reply = await workspace.say(GENERAL, ANNA, "and welcome", said.ts)
            await workspace.delete(said)
            await workspace.delete(reply)
            joined = await workspace.join(GENERAL, workspace.add_person("Ben", "nl-NL"))
            await workspace.other_bot_says(GENERAL, "beep", mention=False, classic=True)
            await workspace.say(outside, ANNA, "unheard")
            assert await refused(client_of(workspace).chat_postMessage(channel=outside, text="hi")) == "not_in_channel"
            posting = client_of(workspace).chat_postMessage(channel=GENERAL, text="hi", thread_ts=joined.ts)
            assert await refused(posting) == "cannot_reply_to_message"
        events = [body["event"] for body in bodies]
        assert [event.get("subtype") for event in events] == [
            None,
            "message_changed",
            None,
            "message_changed",
            "message_deleted",
            "channel_join",
            "bot_message",
        ]
        assert events[1]["message"]["text"] == "hello all"
        assert events[1]["previous_message"]["text"] == "hello"
        assert events[2]["thread_ts"] == events[4]["previous_message"]["thread_ts"] == said.ts
        assert events[3]["message"]["subtype"] == "tombstone"
        assert "user" not in events[6]


async def test_threads_are_read_back() -> None:
    async with Workspace() as workspace:
        client = client_of(workspace)
        root = (await client.chat_postMessage(channel=GENERAL, text="0"))["ts"]
        metadata = {"event_type": "answer", "event_payload": {"id": "a"}}
        for number in "1234":
            await client.chat_postMessage(channel=GENERAL, text=number, thread_ts=root, metadata=metadata)
        page = await client.conversations_replies(channel=GENERAL, ts=root, limit=2, include_all_metadata=True)
        assert [one["text"] for one in page["messages"]] == ["0", "1"]
        assert (page["has_more"], page["messages"][0]["reply_count"]) == (True, 4)
        assert page["messages"][1]["metadata"] == metadata
        oldest = page["messages"][1]["ts"]
        rest = await client.conversations_replies(channel=GENERAL, ts=root, oldest=oldest)
        assert [one["text"] for one in rest["messages"]] == ["0", "2", "3", "4"]
        assert "metadata" not in rest["messages"][1]
        pages = [[one["text"] for one in part["messages"]] async for part in page]
        assert pages == [["0", "1"], ["2", "3"], ["4"]]
        assert await refused(client.conversations_replies(channel=GENERAL, ts="1.0")) == "thread_not_found"
        assert await refused(client.chat_postMessage(channel=GENERAL, text="5", thread_ts="1.0")) == "thread_not_found"


async def test_messages_are_changed_and_reacted_to() -> None:
    async with Workspace() as workspace:
        client = client_of(workspace)
        ts = (await client.chat_postMessage(channel=GENERAL, text="a", blocks=[{"type": "divider"}]))["ts"]
        await client.chat_update(channel=GENERAL, ts=ts, text="b")
        (message,) = workspace.messages(GENERAL)
        assert (message.text, message.blocks[0]["type"]) == ("b", "divider")
        assert await refused(client.chat_update(channel=GENERAL, ts=ts, text="é" * 2_001)) == "msg_too_long"
        for text, metadata in (
            ("c", {"event_type": "answer", "event_payload": {"done": False}}),
            ("d", None),
            ("e", {"event_type": "answer", "event_payload": {"done": True}}),
        ):
            kept = metadata or message.metadata
            await client.chat_update(channel=GENERAL, ts=ts, text=text, metadata=metadata)
            (message,) = workspace.messages(GENERAL)
            assert (message.text, message.metadata) == (text, kept)
        odd = client.chat_update(channel=GENERAL, ts=ts, text="f", metadata={"event_type": "answer"})
        assert await refused(odd) == "invalid_metadata_format"
        await client.chat_update(channel=GENERAL, ts=ts, text="g", blocks=[], metadata={})
        (message,) = workspace.messages(GENERAL)
        assert (message.text, message.blocks, message.metadata) == ("g", [], None)
        rich = [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [_text("h", "text")]}]}]
        await client.chat_update(channel=GENERAL, ts=ts, text="h", blocks=rich)
        for blocks in ([], [{"type": "divider"}]):
            plain = client.chat_update(channel=GENERAL, ts=ts, text="i", blocks=blocks)
            assert await refused(plain) == "block_mismatch"
        said = await workspace.say(GENERAL, ANNA, "hello")
        assert await refused(client.chat_update(channel=GENERAL, ts=said.ts, text="b")) == "cant_update_message"
        await workspace.delete(message)
        assert await refused(client.chat_update(channel=GENERAL, ts=ts, text="b")) == "message_not_found"
        await client.reactions_add(channel=GENERAL, timestamp=said.ts, name="eyes")
        assert workspace.reactions(GENERAL, said.ts) == ["eyes"]
        twice = client.reactions_add(channel=GENERAL, timestamp=said.ts, name="eyes")
        assert await refused(twice) == "already_reacted"
        await client.reactions_remove(channel=GENERAL, timestamp=said.ts, name="eyes")
        gone = client.reactions_remove(channel=GENERAL, timestamp=said.ts, name="eyes")
        assert await refused(gone) == "no_reaction"
        assert await refused(client.reactions_add(channel=GENERAL, timestamp=said.ts, name=":eyes:")) == "invalid_name"


def _text(text: str, kind: str = "mrkdwn") -> Payload:
    return {"type": kind, "text": text}


def _actions(*elements: Payload) -> list[Payload]:
    return [{"type": "actions", "elements": list(elements)}]


def _option(text: str, value: str) -> Payload:
    return {"text": _text(text, "plain_text"), "value": value}


def _rich(*elements: Payload) -> list[Payload]:
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}]


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ([{"type": "divider"}] * 50, [{"type": "divider"}] * 51),
        ([{"type": "section", "text": _text("a" * 3_000)}], [{"type": "section", "text": _text("a" * 3_001)}]),
        ([{"type": "section", "text": _text("a")}], [{"type": "section", "text": _text("")}]),
        ([{"type": "section", "fields": [_text("a")] * 10}], [{"type": "section", "fields": [_text("a")] * 11}]),
        (
            [{"type": "header", "text": _text("a" * 150, "plain_text")}],
            [{"type": "header", "text": _text("a" * 151, "plain_text")}],
        ),
        ([{"type": "header", "text": _text("a", "plain_text")}], [{"type": "header", "text": _text("a")}]),
        ([{"type": "context", "elements": [_text("a")] * 10}], [{"type": "context", "elements": [_text("a")] * 11}]),
        (_actions(BUTTON), _actions()),
        (_actions(*[BUTTON | {"action_id": str(n)} for n in range(25)]), _actions(*[{"type": "button"}] * 26)),
        (_actions(BUTTON, BUTTON | {"action_id": "other"}), _actions(BUTTON, BUTTON)),
        (
            _actions(BUTTON | {"text": _text("a" * 75, "plain_text")}),
            _actions(BUTTON | {"text": _text("a" * 76, "plain_text")}),
        ),
        (_actions(BUTTON | {"value": "a" * 2_000}), _actions(BUTTON | {"value": "a" * 2_001})),
        (
            _actions(MENU | {"options": [_option("a", str(n)) for n in range(100)]}),
            _actions(MENU | {"options": [_option("a", str(n)) for n in range(101)]}),
        ),
        (
            _actions(MENU | {"options": [_option("a" * 75, "b" * 150)]}),
            _actions(MENU | {"options": [_option("a" * 75, "b" * 151)]}),
        ),
        (_actions(MENU), _actions(MENU | {"options": [_option("a" * 76, "b")]})),
        (
            [{"type": "divider", "block_id": "1"}, {"type": "divider", "block_id": "2"}],
            [{"type": "divider", "block_id": "1"}, {"type": "divider", "block_id": "1"}],
        ),
        (_rich({"type": "text", "text": "a"}), [{"type": "rich_text", "elements": []}]),
        (_rich({"type": "link", "url": "https://a.example"}), _rich({"type": "link", "text": "a"})),
        (_rich({"type": "user", "user_id": ANNA}), _rich({"type": "text", "text": ""})),
        (_rich({"type": "emoji", "name": "eyes"}), _rich({"type": "carousel"})),
        ([{"type": "divider"}], [{"type": "carousel"}]),
        ([{"type": "divider"}], ["divider"]),
    ],
)
async def test_blocks_are_checked(good: list[Payload], bad: list[Payload]) -> None:
    async with Workspace() as workspace:
        client = client_of(workspace)
        await client.chat_postMessage(channel=GENERAL, text="a", blocks=good)
        assert await refused(client.chat_postMessage(channel=GENERAL, text="a", blocks=bad)) == "invalid_blocks"
        assert len(workspace.messages(GENERAL)) == 1


async def test_calls_are_refused_as_slack_refuses_them() -> None:
    async with Workspace() as workspace:
        client = client_of(workspace)
        long = [{"type": "section", "text": _text("a" * 3_000)}] * 5
        assert await refused(client.chat_postMessage(channel="C0NOWHERE", text="a")) == "channel_not_found"
        assert await refused(client.api_call("chat.postMessage", json={"channel": GENERAL})) == "no_text"
        assert await refused(client.chat_postMessage(channel=GENERAL, text="a" * 40_001)) == "msg_too_long"
        assert await refused(client.chat_postMessage(channel=GENERAL, text="a", blocks=long)) == "msg_blocks_too_long"
        assert await refused(client.chat_postEphemeral(channel=GENERAL, user="U0", text="a")) == "user_not_in_channel"
        assert await refused(client.api_call("chat.shout")) == "unknown_method"
        assert await refused(client.views_open(trigger_id="1", view=MODAL)) == "invalid_trigger_id"
        assert await refused(client.apps_connections_open(app_token=workspace.bot_token)) == "not_allowed_token_type"
        status = client.assistant_threads_setStatus(channel_id=GENERAL, thread_ts="1.0", status="thinks")
        assert await refused(status) == "missing_scope"
        assert await refused(AsyncWebClient("xoxb-", workspace.api_url).auth_test()) == "invalid_auth"
        assert await refused(AsyncWebClient(base_url=workspace.api_url).auth_test()) == "not_authed"
        form = {"channel": GENERAL, "text": "a", "blocks": '[{"type": "divider"}]'}
        await client.api_call("chat.postMessage", data=form)
        assert workspace.messages(GENERAL)[0].blocks[0]["type"] == "divider"
        assert (await client.users_info(user=ANNA, include_locale=True))["user"]["locale"] == "en-US"
        assert (await client.bots_info(bot=workspace.bot_id))["bot"]["user_id"] == workspace.bot_user


async def test_triggers_and_response_urls_wear_out() -> None:
    async with Workspace(trigger_seconds=0) as workspace:
        with workspace.holding() as made:
            await workspace.command("/ask", ANNA, GENERAL, "why?")
        client, (command,) = client_of(workspace), made
        late = client.views_open(trigger_id=command["trigger_id"], view=MODAL)
        assert await refused(late) == "expired_trigger_id"
        workspace.fail(RESPONSE_URL, status=500)
        async with aiohttp.ClientSession() as session:
            statuses = []
            for _ in range(7):
                async with session.post(command["response_url"], json={"text": "a"}) as response:
                    statuses.append(response.status)
        assert statuses == [500, 200, 200, 200, 200, 200, 404]
        assert len(workspace.responses) == 5


async def test_what_goes_wrong_in_the_workspace_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched, pytest.raises(ExceptionGroup, match="in the workspace"):
        patched.setattr(WebApi, "call", broken)
        async with Workspace() as workspace:
            with pytest.raises(SlackApiError):
                await client_of(workspace).auth_test()
    async with Workspace() as workspace:
        with pytest.raises(AssertionError, match="not so after"):
            await workspace.until(lambda: False, seconds=0.01)
        waiting = asyncio.create_task(workspace.until(lambda: workspace.calls))
        await client_of(workspace).auth_test()
        await waiting
