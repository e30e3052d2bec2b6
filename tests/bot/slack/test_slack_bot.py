"""The bot as people in a workspace meet it, over HTTP and over Socket Mode."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import pytest

from bot.messages import message
from bot.slack.answering import Busy
from bot.slack.blocks import HELPFUL, NOT_HELPFUL, VERSION
from bot.slack.inbox import Inbox
from bot.slack.running import Secrets, SlackBot, SlackError
from bot.types import Answer, Question, Said
from tests.bot.slack.conftest import Desk, Documents, Transport, bot_in
from tests.bot.slack.replica import Parrot
from tests.bot.slack.workspace import ANNA, GENERAL, RESPONSE_URL, Ephemeral, Message, Workspace

pytestmark = pytest.mark.anyio

TRAINING = {
    "nl": ("Hoe lang duurt de opleiding voor nieuwe medewerkers?", "zes weken"),
    "fr": ("Combien de temps dure la formation des nouveaux agents ?", "six semaines"),
    "en": ("How long is the training for new agents?", "six weeks"),
    "pt": ("Quanto tempo dura o treinamento dos novos atendentes?", "seis semanas"),
    "vi": ("Nhân viên mới được đào tạo trong bao lâu?", "sáu tuần"),
}
QUESTION, WEEKS = TRAINING["en"]
BOTH = pytest.mark.parametrize("transport", ["http", "socket"])


def words(shown: Message | Ephemeral) -> str:
    """All that its blocks say."""

    def texts(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [part["text"]] if isinstance(part.get("text"), str) else []
            return own + [text for inner in part.values() for text in texts(inner)]
        return [text for inner in part for text in texts(inner)] if isinstance(part, list) else []

    return "\n".join(texts(shown.blocks))


async def answer(workspace: Workspace, said: Any, at_least: int = 1) -> Message:
    """The last of so many in the thread."""
    await workspace.until(lambda: len(workspace.replies(said)) >= at_least)
    await workspace.settled()
    assert len(workspace.replies(said)) == at_least
    return workspace.replies(said)[-1]


@BOTH
async def test_a_mention_is_answered_in_its_thread_in_each_language(
    transport: Transport, documents: Documents, desk: Desk
) -> None:
    async with Workspace() as workspace, bot_in(workspace, documents, desk, transport, server="https://help.test/"):
        for language, (question, fact) in TRAINING.items():
            said = await workspace.mention(GENERAL, ANNA, question)
            reply = await answer(workspace, said)
            assert fact in reply.text and "[1]" in reply.text
            assert reply.thread_ts == said.ts
            assert "https://help.test/documents/" in str(reply.blocks)
            assert message("other_languages", language) in words(reply)
        assert all(delivery.arrived for delivery in workspace.deliveries)


@BOTH
async def test_what_follows_in_the_thread_needs_no_mention(
    transport: Transport, documents: Documents, desk: Desk
) -> None:
    async with Workspace() as workspace, bot_in(workspace, documents, desk, transport):
        said = await workspace.mention(GENERAL, ANNA, "How many days a week may I work from home?")
        await answer(workspace, said)
        await workspace.say(GENERAL, ANNA, "And what do I need there?", said.ts)
        reply = await answer(workspace, said, 2)
        assert message("follow_up", "en", question="How many days a week may I work from home?") in words(reply)
        other = await workspace.say(GENERAL, ANNA, "A thread among people")
        await workspace.say(GENERAL, ANNA, QUESTION, other.ts)
        await workspace.say(GENERAL, ANNA, f"<@{workspace.add_person('Bram')}> do you know?", said.ts)
        await workspace.mention(GENERAL, ANNA, QUESTION, other.ts)
        await answer(workspace, other)
        assert len(workspace.replies(said)) == 2


@BOTH
async def test_direct_messages_are_one_conversation(transport: Transport, documents: Documents, desk: Desk) -> None:
    async with Workspace() as workspace, bot_in(workspace, documents, desk, transport):
        said = await workspace.direct(ANNA, "How many days a week may I work from home?")
        await answer(workspace, said)
        for after in (
            await workspace.direct(ANNA, "And what do I need there?"),
            await workspace.direct(ANNA, "And what do I need there?", said.ts),
        ):
            reply = await answer(workspace, after, 2 if after.thread_ts else 1)
            assert message("follow_up", "en", question="How many days a week may I work from home?") in words(reply)


@BOTH
async def test_a_command_is_answered_to_the_asker_alone(transport: Transport, documents: Documents, desk: Desk) -> None:
    async with Workspace() as workspace, bot_in(workspace, documents, desk, transport):
        delivery = await workspace.command("/ask", ANNA, GENERAL, TRAINING["fr"][0])
        assert delivery.arrived
        await workspace.until(lambda: workspace.ephemerals)
        (shown,) = workspace.ephemerals
        assert shown.user == ANNA and TRAINING["fr"][1] in words(shown)
        assert workspace.messages(GENERAL) == []
        await workspace.press(shown, HELPFUL, ANNA)
        await workspace.until(lambda: list(desk.feedback.all()))


@BOTH
async def test_a_thumb_is_kept_as_the_page_keeps_it(transport: Transport, documents: Documents, desk: Desk) -> None:
    rated: list[bool] = []
    async with Workspace() as workspace, bot_in(workspace, documents, desk, transport, rated=rated.append):
        reply = await answer(workspace, await workspace.mention(GENERAL, ANNA, QUESTION))
        for action in (HELPFUL, NOT_HELPFUL):
            assert (await workspace.press(reply, action, ANNA)).arrived
        await workspace.until(lambda: len(workspace.ephemerals) == 2)
        assert {shown.text for shown in workspace.ephemerals} == {message("thanks", "en")}
        (kept,) = desk.feedback.all()
        assert (kept.helpful, kept.question, kept.language) == (False, QUESTION, "en")
        assert len(kept.documents) == 1 and rated == [True, False]


@BOTH
async def test_another_version_is_shown_to_whoever_chose_it(
    transport: Transport, documents: Documents, desk: Desk
) -> None:
    async with Workspace() as workspace, bot_in(workspace, documents, desk, transport):
        reply = await answer(workspace, await workspace.mention(GENERAL, ANNA, QUESTION))
        menu = next(part for block in reply.blocks for part in block["elements"] if part.get("action_id") == VERSION)
        names = [option["text"]["text"] for option in menu["options"]]
        assert names == ["French", "Dutch", "Portuguese", "Vietnamese"]
        assert (await workspace.press(reply, VERSION, ANNA, option=menu["options"][1]["value"])).arrived
        await workspace.until(lambda: workspace.ephemerals)
        (shown,) = workspace.ephemerals
        assert TRAINING["nl"][1] in words(shown) and (shown.user, shown.thread_ts) == (ANNA, reply.thread_ts)


async def test_what_is_no_question_to_it_is_left_alone(desk: Desk) -> None:
    parrot = Parrot()
    async with Workspace() as workspace, bot_in(workspace, parrot, desk):
        said = await workspace.mention(GENERAL, ANNA, "one")
        reply = await answer(workspace, said)
        await workspace.edit(said, "changed")
        await workspace.edit(reply, "changed by somebody")
        await workspace.delete(await workspace.say(GENERAL, ANNA, "never mind", said.ts))
        await workspace.join(GENERAL, ANNA)
        for classic in (False, True):
            await workspace.other_bot_says(GENERAL, "beep", classic=classic)
        await workspace.say(GENERAL, ANNA, "just talking")
        await answer(workspace, await workspace.mention(GENERAL, ANNA, "two"))
        assert {question.text for question in parrot.asked} == {"one", "never mind", "two"}
        assert all(delivery.arrived for delivery in workspace.deliveries)


async def test_what_the_documents_do_not_say_is_said(documents: Documents, desk: Desk) -> None:
    async with Workspace() as workspace, bot_in(workspace, documents, desk):
        said = await workspace.mention(GENERAL, ANNA, "Wie won het WK voetbal in 1998?")
        reply = await answer(workspace, said)
        assert reply.text == message("abstained", "nl")
        assert message("maybe_related", "nl") in words(reply)
        empty = await answer(workspace, await workspace.mention(GENERAL, ANNA, ""))
        assert empty.text == message("empty_question", "en")
        long = await answer(workspace, await workspace.mention(GENERAL, ANNA, "how long? " * 300))
        assert long.text == message("question_too_long", "en")


async def test_a_sign_is_shown_while_it_works(documents: Documents, desk: Desk) -> None:
    async with Workspace() as workspace, bot_in(workspace, documents, desk):
        documents.gate.clear()
        said = await workspace.mention(GENERAL, ANNA, QUESTION)
        await workspace.until(lambda: workspace.reactions(GENERAL, said.ts) == ["eyes"])
        documents.gate.set()
        await answer(workspace, said)
        await workspace.until(lambda: not workspace.reactions(GENERAL, said.ts))


async def test_the_panel_suggests_and_shows_a_status(documents: Documents, desk: Desk) -> None:
    async with Workspace(assistant=True) as workspace, bot_in(workspace, documents, desk):
        root = await workspace.open_assistant(ANNA)
        await workspace.until(lambda: workspace.prompts)
        assert [prompt["message"] for prompt in workspace.prompts[0].prompts] == [
            "How are new agents trained?",
            "Shifts & breaks",
        ]
        said = await workspace.direct(ANNA, TRAINING["pt"][0], root.ts)
        reply = await answer(workspace, said)
        assert TRAINING["pt"][1] in reply.text
        await workspace.until(lambda: workspace.statuses)
        assert workspace.statuses[0].status == message("searching", "pt")
        assert not any(call.method == "reactions.add" for call in workspace.calls)


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 429, "headers": {"Retry-After": "1"}},
        {"status": 503},
        {"status": 500, "done": True},
        {"cut": True},
        {"cut": True, "done": False},
        {"error": "internal_error", "done": True},
    ],
)
async def test_whatever_slack_does_one_answer_is_posted(trouble: dict[str, Any], desk: Desk) -> None:
    async with Workspace() as workspace, bot_in(workspace, Parrot(), desk):
        workspace.fail("chat.postMessage", **trouble)
        started = time.monotonic()
        said = await workspace.mention(GENERAL, ANNA, "once")
        await answer(workspace, said)
        after = await answer(workspace, await workspace.say(GENERAL, ANNA, "twice", said.ts), 2)
        assert [reply.text for reply in workspace.replies(said)] == ["once", "twice &lt; once"]
        assert time.monotonic() - started > 1 and after.thread_ts == said.ts


async def test_what_slack_will_never_take_is_given_up(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    async with Workspace() as workspace, bot_in(workspace, Parrot(), desk):
        workspace.fail("chat.postMessage", error="is_archived")
        said = await workspace.mention(GENERAL, ANNA, "secret question")
        await workspace.until(lambda: "could not be posted" in caplog.text)
        await answer(workspace, await workspace.mention(GENERAL, ANNA, "and on"))
        assert workspace.replies(said) == [] and "secret question" not in caplog.text


async def test_a_bot_that_is_busy_or_broken_says_so_once(desk: Desk) -> None:
    class Troubled(Parrot):
        async def ask(self, question: Question, hear: Callable[[Said], None] | None = None) -> Answer:
            self.asked.append(question)
            if len(self.asked) == 1:
                raise Busy
            raise RuntimeError("the disk is gone")

    async with Workspace() as workspace, bot_in(workspace, Troubled(), desk):
        reply = await answer(workspace, await workspace.mention(GENERAL, ANNA, "hello"))
        assert reply.text == message("failed", "en")


async def test_a_command_is_answered_after_trouble_too(desk: Desk) -> None:
    async with Workspace() as workspace, bot_in(workspace, Parrot(), desk):
        workspace.fail(RESPONSE_URL, status=503)
        await workspace.command("/ask", ANNA, GENERAL, "hello")
        await workspace.until(lambda: workspace.ephemerals)
        assert [shown.text for shown in workspace.ephemerals] == ["hello"]


async def test_what_is_forged_stale_or_changed_is_refused_and_does_nothing(desk: Desk) -> None:
    parrot = Parrot()
    async with Workspace() as workspace, bot_in(workspace, parrot, desk):
        with workspace.holding() as payloads:
            await workspace.mention(GENERAL, ANNA, "let me in")
            await workspace.command("/ask", ANNA, GENERAL, "let me in")
        for payload in payloads:
            for forged in (
                {"secret": "another secret"},
                {"at": time.time() - 310},
                {"at": time.time() + 310},
                {"body_tampered": True},
            ):
                assert await workspace.deliver(payload, **forged) == 401
        inbox = Inbox(desk.inbox)
        assert inbox.unfinished() == 0 and parrot.asked == [] and workspace.calls == []
        inbox.close()
        assert [await workspace.deliver(payload) for payload in payloads] == [200] * 3


async def test_new_and_lost_sockets_lose_nothing(desk: Desk) -> None:
    async with (
        Workspace(retries=(0.1, 0.5, 1.0)) as workspace,
        bot_in(workspace, Parrot(), desk, "socket"),
    ):
        await answer(workspace, await workspace.mention(GENERAL, ANNA, "one"))
        await workspace.disconnect()
        await answer(workspace, await workspace.mention(GENERAL, ANNA, "two"))


@pytest.mark.parametrize("error", ["invalid_auth", "account_inactive", "token_revoked"])
async def test_a_token_that_slack_does_not_take_is_named(
    error: str, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with Workspace() as workspace:
        workspace.fail("auth.test", error=error)
        bot = SlackBot(
            Secrets("xoxb-very-secret", "xapp-very-secret"),
            Parrot(),
            desk.feedback,
            desk.inbox,
            base_url=workspace.api_url,
        )
        with pytest.raises(SlackError, match=f"SLACK_BOT_TOKEN: {error}"):
            await bot.check()
        workspace.fail("auth.test", delay=0.01)
        workspace.fail("apps.connections.open", error=error)
        bot_token = SlackBot(
            Secrets(workspace.bot_token, "xapp-very-secret"),
            Parrot(),
            desk.feedback,
            desk.inbox,
            base_url=workspace.api_url,
        )
        with pytest.raises(SlackError, match=f"SLACK_APP_TOKEN: {error}"):
            await bot_token.check()
        for made in (bot, bot_token):
            made.close()
        assert "very-secret" not in caplog.text and "very-secret" not in repr(Secrets("very-secret"))
