"""An answer that is shown while it is written: one message, which ends as the whole answer whatever happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from bot.messages import message
from bot.slack.answering import Busy
from bot.slack.blocks import HELPFUL
from bot.types import Answer, Piece, Question, Said
from index.errors import QuestionError
from tests.bot.slack.conftest import Desk
from tests.bot.slack.conftest import bot_in as real_bot_in
from tests.bot.slack.replica import END, Parrot, answer_of
from tests.bot.slack.workspace import ANNA, GENERAL, RESPONSE_URL, Call, Message, Workspace
from tests.bot.slack.workspace import Said as Question_

pytestmark = pytest.mark.anyio

PAUSE = 0.2
"""Seconds between two changes, so that a test need not wait long; the bot's own are tested where it says so."""

POST, UPDATE = "chat.postMessage", "chat.update"
TROUBLE = [
    {"status": 503},
    {"status": 500, "done": True},
    {"cut": True},
    {"cut": True, "done": False},
]
NAMES = ["503", "500 done", "cut", "cut before"]


class Writer:
    """Writes what a test tells it to, when it does."""

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.streamed: list[bool] = []
        self.stopped = 0
        self._told: asyncio.Queue[str | Answer | Exception | None] = asyncio.Queue()

    def say(self, *texts: str) -> None:
        for text in texts:
            self._told.put_nowait(text)

    def end(self, instead: Answer | Exception | None = None) -> None:
        """With what was said; or with something else."""
        self._told.put_nowait(instead)

    async def ask(self, question: Question, hear: Callable[[Said], None] | None = None) -> Answer:
        self.asked.append(question)
        self.streamed.append(hear is not None)
        pieces: list[Piece] = []
        try:
            while isinstance(told := await self._told.get(), str):
                pieces.append(Piece(f" {told}" if pieces else told, (len(pieces) + 1,)))
                if hear:
                    hear(Said(pieces[-1], ()))
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        if isinstance(told, Exception):
            raise told
        return told or answer_of(question, *pieces)

    def language(self, text: str) -> str:
        return "en"

    def suggestions(self, most: int) -> Sequence[str]:
        return ()


def is_whole(reply: Message) -> bool:
    """With the controls, and no longer said to be unfinished."""
    assert reply.metadata is not None
    payload = reply.metadata["event_payload"]
    return set(payload) == {"key"} and HELPFUL in str(reply.blocks) and "…" not in reply.text


def written(reply: Message) -> str:
    """What a message shows that is still being written."""
    assert reply.metadata is not None and reply.metadata["event_payload"]["unfinished"] is True
    (block,) = reply.blocks
    assert reply.text == block["text"]["text"]
    return reply.text


def calls(workspace: Workspace, *methods: str) -> list[Call]:
    return [call for call in workspace.calls if call.method in (methods or (POST, UPDATE))]


bot_in = partial(real_bot_in, pause=PAUSE)


async def first(workspace: Workspace, writer: Writer, text: str = "One.") -> tuple[Question_, Message]:
    """A question, and its message once the first sentence stands there."""
    said = await workspace.mention(GENERAL, ANNA, "Which?")
    writer.say(text)
    await workspace.until(lambda: workspace.replies(said))
    (reply,) = workspace.replies(said)
    assert written(reply) == f"{text} [1] …"
    return said, reply


async def whole(workspace: Workspace, said: Question_, text: str) -> Message:
    """The answer, once it is whole: the only one in its thread, also a little later."""
    await workspace.until(lambda: [is_whole(reply) for reply in workspace.replies(said)] == [True])
    await workspace.until(lambda: not workspace.reactions(GENERAL, said.ts))
    await workspace.settled()
    (reply,) = workspace.replies(said)
    assert reply.text == text and is_whole(reply)
    return reply


async def test_sentences_are_shown_as_they_are_written(desk: Desk) -> None:
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        asked = time.monotonic()
        said, begun = await first(workspace, writer)
        assert time.monotonic() - asked < 3
        assert begun.thread_ts == said.ts and workspace.reactions(GENERAL, said.ts) == ["eyes"]
        writer.say("Two.")
        await workspace.until(lambda: written(workspace.replies(said)[0]) == "One. [1] Two. [2] …")
        writer.end()
        reply = await whole(workspace, said, "One. [1] Two. [2]")
        assert reply.ts == begun.ts
        assert [call.method for call in calls(workspace)] == [POST, UPDATE, UPDATE]
        await workspace.press(reply, HELPFUL, ANNA)
        await workspace.until(lambda: list(desk.feedback.all()))
        assert all(delivery.arrived for delivery in workspace.deliveries)


async def test_slack_is_not_told_more_than_once_a_second(desk: Desk) -> None:
    writer = Writer()
    async with Workspace() as workspace, real_bot_in(workspace, writer, desk):
        said, _ = await first(workspace, writer)
        for number in range(24):
            writer.say(f"{number}.")
            await asyncio.sleep(0.1)
        ended = time.monotonic()
        writer.end()
        await whole(
            workspace, said, " ".join(f"{t} [{n}]" for n, t in enumerate(["One.", *(f"{n}." for n in range(24))], 1))
        )
        *shown, last = calls(workspace)
        assert 3 <= len(shown) < 8
        assert all(later.at - earlier.at >= 1 for earlier, later in pairwise(shown))
        assert last.at - ended < 1 or last.at - shown[-1].at < 1  # the whole answer does not wait its turn


async def test_answers_that_are_written_at_once_share_what_slack_takes(desk: Desk) -> None:
    """Their first sentences come at once, and their ends too."""
    async with Workspace() as workspace, bot_in(workspace, Parrot(2.0, prose=True), desk, at_once=6, pause=0.3):
        roots = [await workspace.mention(GENERAL, ANNA, str(number)) for number in range(6)]
        await workspace.until(lambda: all(workspace.replies(root) for root in roots))
        assert not any(END in workspace.replies(root)[0].text for root in roots)
        await workspace.until(lambda: all("unfinished" not in str(workspace.replies(root)) for root in roots))
        assert [workspace.replies(root)[0].text for root in roots] == [f"{number} &lt; {END}" for number in range(6)]
        changes = [call for call in calls(workspace, UPDATE) if "unfinished" in str(call.arguments["metadata"])]
        assert 2 <= len(changes) <= 8
        assert all(later.at - earlier.at > 0.25 for earlier, later in pairwise(changes))


async def test_when_slack_puts_off_one_change_it_hears_of_no_other(desk: Desk) -> None:
    one, other = Writer(), Writer()
    writers = {"Which?": one, "Where?": other}

    class Both(Writer):
        async def ask(self, question: Question, hear: Callable[[Said], None] | None = None) -> Answer:
            return await writers[question.text].ask(question, hear)

    async with Workspace() as workspace, bot_in(workspace, Both(), desk):
        said, _ = await first(workspace, one)
        elsewhere = await workspace.mention(GENERAL, ANNA, "Where?")
        other.say("Here.")
        await workspace.until(lambda: workspace.replies(elsewhere))
        workspace.fail(UPDATE, status=429, headers={"Retry-After": "2"})
        one.say("Two.")
        await workspace.until(lambda: calls(workspace, UPDATE))
        await asyncio.sleep(0.3)  # until the bot knows
        other.say("Or there.")
        other.end()
        one.end()
        await whole(workspace, said, "One. [1] Two. [2]")
        await whole(workspace, elsewhere, "Here. [1] Or there. [2]")
        put_off, *later = calls(workspace, UPDATE)
        assert len(later) == 2 and all(call.at - put_off.at >= 2 for call in later)


@pytest.mark.parametrize("texts", [("One.",), ("One.", "Two.")])
async def test_what_comes_at_once_is_posted_once(texts: Sequence[str], desk: Desk) -> None:
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        said = await workspace.mention(GENERAL, ANNA, "Which?")
        writer.say(*texts)
        writer.end()
        await whole(workspace, said, " ".join(f"{text} [{number}]" for number, text in enumerate(texts, 1)))
        assert [call.method for call in calls(workspace)] == [POST]


async def test_what_is_not_written_sentence_by_sentence_is_posted_once(desk: Desk) -> None:
    async with Workspace() as workspace, bot_in(workspace, Parrot(0.5), desk):
        await whole(workspace, await workspace.mention(GENERAL, ANNA, "hello"), "hello")
        assert [call.method for call in calls(workspace)] == [POST]


async def test_a_command_is_answered_once_and_at_once(desk: Desk) -> None:
    """What only the asker sees cannot be changed later."""
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        await workspace.command("/ask", ANNA, GENERAL, "Which?")
        writer.say("One.", "Two.")
        await asyncio.sleep(0.3)
        assert workspace.ephemerals == [] and writer.streamed == [False]
        writer.end()
        await workspace.until(lambda: workspace.ephemerals)
        assert [call.method for call in calls(workspace, POST, UPDATE, RESPONSE_URL)] == [RESPONSE_URL]


async def test_the_panel_says_that_it_searches_and_then_shows_the_answer_grow(desk: Desk) -> None:
    writer = Writer()
    async with Workspace(assistant=True) as workspace, bot_in(workspace, writer, desk):
        root = await workspace.open_assistant(ANNA)
        said = await workspace.direct(ANNA, "Which?", root.ts)
        await workspace.until(lambda: workspace.statuses)
        assert workspace.statuses[0].status == message("searching", "en")
        writer.say("One.")
        await workspace.until(lambda: workspace.replies(said))
        writer.end()
        await workspace.until(lambda: is_whole(workspace.replies(said)[0]))
        assert len(workspace.statuses) == 1 and len(workspace.replies(said)) == 1


async def test_what_the_model_said_before_it_failed_is_taken_back(desk: Desk) -> None:
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        said, _ = await first(workspace, writer, "A half truth")
        writer.end(answer_of(Question("Which?"), Piece("The quote.", (1,))))
        await whole(workspace, said, "The quote. [1]")


@pytest.mark.parametrize(
    ("error", "told"), [(RuntimeError("broken"), "failed"), (QuestionError("too long"), "question_too_long")]
)
async def test_what_was_said_is_taken_back_where_there_is_no_answer(error: Exception, told: Any, desk: Desk) -> None:
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        said, _ = await first(workspace, writer)
        writer.end(error)
        await workspace.until(lambda: workspace.replies(said)[0].text == message(told, "en"))
        (reply,) = workspace.replies(said)
        assert reply.blocks == [] and reply.metadata is not None and "unfinished" not in str(reply.metadata)


async def test_a_service_that_is_busy_after_all_goes_on_with_the_same_message(desk: Desk) -> None:
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        said, _ = await first(workspace, writer)
        writer.end(Busy())
        await workspace.until(lambda: len(writer.asked) == 2)
        writer.end(answer_of(Question("Which?"), Piece("Again.")))
        await whole(workspace, said, "Again.")


async def test_what_follows_in_the_thread_waits_until_the_answer_is_whole(desk: Desk) -> None:
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        said, _ = await first(workspace, writer)
        await workspace.say(GENERAL, ANNA, "And then?", said.ts)
        await asyncio.sleep(1.2)
        assert len(writer.asked) == 1 and len(workspace.replies(said)) == 1
        writer.end()
        writer.say("Then two.")
        writer.end()
        await workspace.until(lambda: [is_whole(reply) for reply in workspace.replies(said)] == [True, True])
        assert [reply.text for reply in workspace.replies(said)] == ["One. [1]", "Then two. [1]"]
        assert writer.asked[1].history == ("Which?",)


async def test_a_slow_model_keeps_its_question(desk: Desk) -> None:
    """Though another process would take it up as soon as the lease ran out."""
    writer, other = Writer(), Parrot()
    async with (
        Workspace() as workspace,
        bot_in(workspace, other, desk, lease=0.5),
        bot_in(workspace, writer, desk, lease=0.5, at_once=1),
    ):
        said = None
        while not writer.asked:  # whichever process takes it
            said = await workspace.mention(GENERAL, ANNA, "Which?")
            await workspace.until(lambda: other.asked or writer.asked)
            await asyncio.sleep(0.05)
        assert said is not None
        taken = len(other.asked)
        writer.say("One.")
        await asyncio.sleep(2)
        writer.say("Two.")
        await asyncio.sleep(0.2)
        writer.end()
        await whole(workspace, said, "One. [1] Two. [2]")
        assert len(writer.asked) == 1 and len(other.asked) == taken


async def test_a_first_sentence_that_slack_puts_off_waits_as_long_as_it_says(desk: Desk) -> None:
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        workspace.fail(POST, status=429, headers={"Retry-After": "2"})
        said = await workspace.mention(GENERAL, ANNA, "Which?")
        writer.say("One.")
        await workspace.until(lambda: calls(workspace))
        writer.say("Two.")
        await workspace.until(lambda: workspace.replies(said))
        assert written(workspace.replies(said)[0]) == "One. [1] Two. [2] …"
        writer.end()
        await whole(workspace, said, "One. [1] Two. [2]")
        put_off, posted, _ = calls(workspace)
        assert posted.at - put_off.at >= 2 and len(writer.asked) == 1


async def test_an_answer_that_is_whole_before_slack_wants_its_beginning_is_posted_once(desk: Desk) -> None:
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        workspace.fail(POST, status=429, headers={"Retry-After": "2"})
        said = await workspace.mention(GENERAL, ANNA, "Which?")
        writer.say("One.")
        await workspace.until(lambda: calls(workspace))
        writer.end()
        await whole(workspace, said, "One. [1]")
        put_off, posted = calls(workspace)
        assert posted.at - put_off.at >= 2 and posted.method == POST


async def test_a_change_that_slack_puts_off_waits_as_long_as_it_says(desk: Desk) -> None:
    """And so does the last."""
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        said, _ = await first(workspace, writer)
        workspace.fail(UPDATE, status=429, headers={"Retry-After": "3"})
        writer.say("Two.")
        await workspace.until(lambda: calls(workspace, UPDATE))
        writer.say("Three.")
        writer.end()
        await whole(workspace, said, "One. [1] Two. [2] Three. [3]")
        put_off, last = calls(workspace, UPDATE)
        assert last.at - put_off.at >= 3 and len(writer.asked) == 1


async def test_a_last_change_that_slack_puts_off_comes_later(desk: Desk) -> None:
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        said, _ = await first(workspace, writer)
        workspace.fail(UPDATE, status=429, headers={"Retry-After": "1"}, times=2)
        writer.end()
        await whole(workspace, said, "One. [1]")
        assert len(writer.asked) == 1


@pytest.mark.parametrize("trouble", [*TROUBLE, {"error": "invalid_blocks"}, {"error": "edit_window_closed"}], ids=str)
async def test_a_change_that_fails_does_not_cost_the_answer(trouble: dict[str, Any], desk: Desk) -> None:
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        said, begun = await first(workspace, writer)
        workspace.fail(UPDATE, **trouble)
        writer.say("Two.")
        await workspace.until(lambda: calls(workspace, UPDATE))
        writer.say("Three.")
        writer.end()
        reply = await whole(workspace, said, "One. [1] Two. [2] Three. [3]")
        assert reply.ts == begun.ts and len(writer.asked) == 1


async def test_a_change_that_fails_is_made_a_second_later(desk: Desk) -> None:
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        said, _ = await first(workspace, writer)
        workspace.fail(UPDATE, status=503)
        writer.say("Two.")
        await workspace.until(lambda: written(workspace.replies(said)[0]) == "One. [1] Two. [2] …")
        writer.end()
        await whole(workspace, said, "One. [1] Two. [2]")


async def test_a_slow_change_is_not_overtaken_by_the_last(desk: Desk) -> None:
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        said, _ = await first(workspace, writer)
        workspace.fail(UPDATE, delay=1.0)
        writer.say("Two.")
        await workspace.until(lambda: calls(workspace, UPDATE))
        writer.end()
        await whole(workspace, said, "One. [1] Two. [2]")
        slow, last = calls(workspace, UPDATE)
        assert last.at - slow.at >= 1


@pytest.mark.parametrize("trouble", TROUBLE, ids=NAMES)
async def test_whatever_becomes_of_the_first_sentence_there_is_one_message(trouble: dict[str, Any], desk: Desk) -> None:
    """Whether it stands there is not known; the next try looks."""
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        workspace.fail(POST, **trouble)
        said = await workspace.mention(GENERAL, ANNA, "Which?")
        writer.say("One.")
        await workspace.until(lambda: len(writer.asked) == 2)
        assert writer.stopped == 1
        writer.say("Another.")
        await workspace.until(lambda: workspace.replies(said) and "Another" in workspace.replies(said)[0].text)
        writer.end()
        await whole(workspace, said, "Another. [1]")
        stood = trouble.get("done", trouble.get("cut"))
        assert len([call for call in calls(workspace, POST) if not call.error]) <= (1 if stood else 2)


async def test_a_first_sentence_that_slack_refuses_is_left_to_the_whole_answer(desk: Desk) -> None:
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        workspace.fail(POST, error="invalid_blocks", delay=0.3)
        said = await workspace.mention(GENERAL, ANNA, "Which?")
        writer.say("One.")
        await workspace.until(lambda: calls(workspace))
        writer.say("Two.")
        await asyncio.sleep(0.8)
        writer.end()
        await whole(workspace, said, "One. [1] Two. [2]")
        assert [call.method for call in calls(workspace)] == [POST, POST] and len(writer.asked) == 1


@pytest.mark.parametrize("trouble", TROUBLE, ids=NAMES)
async def test_whatever_becomes_of_the_last_change_the_message_ends_whole(trouble: dict[str, Any], desk: Desk) -> None:
    """It is looked at before it is written anew."""
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        said, begun = await first(workspace, writer)
        workspace.fail(UPDATE, **trouble)
        writer.end()
        writer.end(answer_of(Question("Which?"), Piece("Again.")))
        done = trouble.get("done", trouble.get("cut", False))
        reply = await whole(workspace, said, "One. [1]" if done else "Again.")
        await workspace.until(lambda: len(calls(workspace, "conversations.replies")) == 1)
        assert reply.ts == begun.ts and len(writer.asked) == (1 if done else 2)


@pytest.mark.parametrize("text", ["Two.", "पाँच साल " * 300])
async def test_blocks_that_slack_refuses_leave_the_text(text: str, desk: Desk) -> None:
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        said, begun = await first(workspace, writer)
        workspace.fail(UPDATE, error="invalid_blocks")
        writer.end(answer_of(Question("Which?"), Piece(text)))
        await workspace.until(lambda: not workspace.replies(said)[0].blocks)
        await workspace.settled()
        (reply,) = workspace.replies(said)
        assert reply.ts == begun.ts and reply.metadata is not None and "unfinished" not in str(reply.metadata)
        assert text.startswith(reply.text.rstrip("…")) and len(reply.text) > min(len(text), 1_000) - 1


async def test_an_answer_longer_than_a_changed_text_may_be_is_shown_whole_in_its_blocks(desk: Desk) -> None:
    writer, text = Writer(), "पाँच साल " * 300
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        said, _ = await first(workspace, writer)
        writer.end(answer_of(Question("Which?"), Piece(text)))
        await workspace.until(lambda: "unfinished" not in str(workspace.replies(said)[0].metadata))
        (reply,) = workspace.replies(said)
        assert text in str(reply.blocks) and len(calls(workspace)) == 2


async def test_a_message_that_was_deleted_is_not_written_again(desk: Desk) -> None:
    """And its answer no longer worked on."""
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        said, begun = await first(workspace, writer)
        await workspace.delete(begun)
        writer.say("Two.")
        await workspace.until(lambda: writer.stopped == 1)
        await workspace.until(lambda: not workspace.reactions(GENERAL, said.ts))
        await workspace.say(GENERAL, ANNA, "And then?", said.ts)
        writer.say("Then two.")
        writer.end()
        await workspace.until(lambda: workspace.replies(said))
        await workspace.settled()
        assert [reply.text for reply in workspace.replies(said)] == ["Then two. [1]"]
        assert [question.text for question in writer.asked] == ["Which?", "And then?"]


@pytest.mark.parametrize("trouble", [None, {"status": 503}, {"cut": True, "done": False}], ids=["", "503", "cut"])
async def test_what_is_deleted_before_it_was_whole_stays_deleted(trouble: dict[str, Any] | None, desk: Desk) -> None:
    """Though the next try finds nothing in the thread."""
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        said, begun = await first(workspace, writer)
        await workspace.delete(begun)
        if trouble:
            workspace.fail(UPDATE, **trouble)
        writer.end()
        tries = 2 if trouble else 1
        await workspace.until(lambda: len(calls(workspace, UPDATE)) == 1)
        await workspace.until(lambda: len(writer.asked) == tries)
        writer.say("Again.")
        writer.end()
        await workspace.until(lambda: calls(workspace, UPDATE)[-1].error == "message_not_found")
        await workspace.until(lambda: not workspace.reactions(GENERAL, said.ts))
        await workspace.settled()
        assert workspace.replies(said) == [] and len(calls(workspace, POST)) == 1


async def test_where_messages_cannot_be_changed_the_whole_answer_is_a_message_of_its_own(desk: Desk) -> None:
    """And no further answer is begun before it is whole."""
    writer = Writer()
    async with Workspace() as workspace, bot_in(workspace, writer, desk):
        said, begun = await first(workspace, writer)
        workspace.fail(UPDATE, error="edit_window_closed", times=2)
        writer.say("Two.")
        await workspace.until(lambda: calls(workspace, UPDATE))
        writer.end()
        await workspace.until(lambda: len(workspace.replies(said)) == 2)
        old, new = workspace.replies(said)
        assert old.ts == begun.ts and new.text == "One. [1] Two. [2]" and is_whole(new)
        other = await workspace.mention(GENERAL, ANNA, "And which?")
        await workspace.until(lambda: len(writer.asked) == 2)
        writer.say("One.")
        writer.end()
        await whole(workspace, other, "One. [1]")
        assert writer.streamed == [True, False] and len(calls(workspace, UPDATE)) == 2


async def test_whoever_ends_in_the_middle_leaves_it_to_another_who_finishes_that_message(desk: Desk) -> None:
    writer, other = Writer(), Writer()
    async with Workspace() as workspace:
        async with bot_in(workspace, writer, desk, lease=0.2):
            said, begun = await first(workspace, writer)
        assert writer.stopped == 1  # asking was cancelled
        assert written(workspace.replies(said)[0]) == "One. [1] …"
        async with bot_in(workspace, other, desk):
            await workspace.until(lambda: other.asked)
            other.say("First.")
            await workspace.until(lambda: written(workspace.replies(said)[0]) == "First. [1] …")
            other.end()
            reply = await whole(workspace, said, "First. [1]")
            assert reply.ts == begun.ts and len(calls(workspace, POST)) == 1


async def test_what_is_under_way_when_the_process_ends_is_waited_for(desk: Desk) -> None:
    """Or the next could not tell a message that was deleted from one that never came."""
    writer, other = Writer(), Writer()
    async with Workspace() as workspace:
        async with bot_in(workspace, writer, desk, lease=0.2):
            workspace.fail(POST, delay=1.0)
            said = await workspace.mention(GENERAL, ANNA, "Which?")
            writer.say("One.")
            await workspace.until(lambda: calls(workspace))
        await workspace.delete(workspace.replies(said)[0])
        async with bot_in(workspace, other, desk):
            other.end(answer_of(Question("Which?"), Piece("Another.")))
            await workspace.until(lambda: calls(workspace, UPDATE))
            await workspace.until(lambda: not workspace.reactions(GENERAL, said.ts))
            assert calls(workspace, UPDATE)[-1].error == "message_not_found"
            assert workspace.replies(said) == [] and len(calls(workspace, POST)) == 1
