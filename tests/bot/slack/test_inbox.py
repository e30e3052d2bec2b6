"""Questions are taken in order, by one worker at a time, and none is lost, whatever order they come in."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.slack.asked import Asked
from bot.slack.inbox import Answered, Inbox, Work
from index.errors import DragomanError

LEASE = 30.0
HOUR = 3_600.0
START = 1_700_000_000.0
ANSWER = {"text": "Five years.", "citations": [{"quote": "پنج سال", "start": 3}]}


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> float:
        return self.time

    def forward(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def inbox(tmp_path: Path, clock: Clock) -> Iterator[Inbox]:
    with closing(Inbox(tmp_path / "inbox.sqlite", now=clock)) as opened:
        yield opened


def said(number: int, thread: int | None = None, *, channel: str = "C1", **parts: Any) -> Asked:
    """What was written in a channel at this time, in the thread under that other message."""
    ts, root = _ts(number), _ts(number if thread is None else thread)
    one = Asked(f"{channel}:{ts}", channel, ts, root, f"{channel}:{root}", "U1ANA", f"text {number}", ours=False)
    return replace(one, **parts)


def mention(number: int, thread: int | None = None, **parts: Any) -> Asked:
    return said(number, thread, ours=True, **parts)


def direct(number: int, thread: int | None = None, channel: str = "D1") -> Asked:
    one = said(number, thread, channel=channel, ours=True)
    return one if thread is not None else replace(one, conversation=channel)


def command(trigger: str) -> Asked:
    key = f"command:{trigger}"
    return Asked(key, "C1", "", "", key, "U1ANA", trigger, ours=True, response_url=f"https://hooks.example/{trigger}")


def _ts(number: int) -> str:
    return f"{START + number:.6f}"


def texts(inbox: Inbox, owner: str = "worker") -> list[str]:
    """What can be taken now, without finishing anything."""
    taken = []
    while (work := inbox.take(owner, LEASE)) is not None:
        taken.append(work.asked.text)
    return taken


def finished(inbox: Inbox, owner: str = "worker") -> list[str]:
    """What can be done one after another."""
    done = []
    while (work := inbox.take(owner, LEASE)) is not None:
        done.append(work.asked.text)
        inbox.done(work.asked.key, owner)
    return done


def taken(inbox: Inbox, owner: str = "worker") -> Work:
    work = inbox.take(owner, LEASE)
    assert work is not None
    return work


def test_a_question_comes_out_as_it_went_in(inbox: Inbox) -> None:
    questions = [
        mention(1, text="ทำไม 'x'; -- \0 \n 🪪"),
        direct(2),
        command("a"),
        mention(4, 3, channel="G9", user="W2"),
    ]
    assert [inbox.put(one) for one in questions] == [True] * 4
    assert inbox.unfinished() == 4
    works = [taken(inbox) for _ in questions]
    assert sorted(works, key=lambda work: [one.key for one in questions].index(work.asked.key)) == [
        Work(one, uncertain=False, tries=1) for one in questions
    ]
    assert inbox.take("other", LEASE) is None


def test_nothing_is_taken_out_of_nothing(inbox: Inbox) -> None:
    assert inbox.take("worker", LEASE) is None
    assert inbox.unfinished() == 0


def test_what_comes_again_is_ignored(inbox: Inbox) -> None:
    """Whether it waits, is worked on or is done."""
    one = mention(1)
    assert [inbox.put(one), inbox.put(one), inbox.put(replace(one, text="other"))] == [True, False, False]
    assert taken(inbox).asked == one
    assert not inbox.put(one)
    assert inbox.take("other", LEASE) is None
    inbox.done(one.key, "worker")
    assert not inbox.put(one)
    assert inbox.take("other", LEASE) is None
    assert inbox.unfinished() == 0


@pytest.mark.parametrize("first_as_mention", [True, False])
def test_a_mention_and_its_twin_are_one_question(inbox: Inbox, first_as_mention: bool) -> None:
    """Though the twin does not say that it is for the bot."""
    twins = [mention(2, 1), said(2, 1)]
    assert sum(inbox.put(one) for one in (twins if first_as_mention else reversed(twins))) == 1
    assert inbox.unfinished() == 1
    assert texts(inbox) == ["text 2"]
    # From then on the thread is the bot's.
    inbox.put(said(3, 1))
    assert inbox.unfinished() == 2


def test_a_message_that_is_for_nobody_is_no_work(inbox: Inbox) -> None:
    assert inbox.put(said(1))
    assert inbox.put(said(2, 1))
    assert inbox.unfinished() == 0
    assert inbox.take("worker", LEASE) is None


def test_of_a_conversation_one_is_worked_on_at_a_time(inbox: Inbox, clock: Clock) -> None:
    for one in (mention(1), mention(2, 1), said(3, 1), mention(4), mention(5, 1, channel="C2")):
        inbox.put(one)
        clock.forward(1)
    assert texts(inbox) == ["text 1", "text 4", "text 5"]
    inbox.done(mention(1).key, "worker")
    assert texts(inbox) == ["text 2"]
    inbox.later(mention(2, 1).key, "worker", 10)
    assert texts(inbox) == []  # 3 waits for 2, which waits
    clock.forward(10)
    assert texts(inbox) == ["text 2"]
    inbox.done(mention(2, 1).key, "worker")
    assert texts(inbox) == ["text 3"]


def test_an_earlier_question_that_comes_late_goes_first(inbox: Inbox, clock: Clock) -> None:
    """But not before one that is worked on already."""
    for number in (3, 1):
        inbox.put(direct(number))
        clock.forward(1)
    assert taken(inbox).asked == direct(1)
    inbox.done(direct(1).key, "worker")
    assert taken(inbox).asked == direct(3)
    inbox.put(direct(2))
    assert inbox.take("other", LEASE) is None
    inbox.done(direct(3).key, "worker")
    assert finished(inbox) == ["text 2"]


def test_an_earlier_question_that_comes_late_does_not_stop_what_a_dead_worker_left(inbox: Inbox, clock: Clock) -> None:
    """Else each would wait for the other."""
    inbox.put(direct(2))
    taken(inbox, "died")
    inbox.put(direct(1))
    inbox.put(direct(3))
    assert inbox.take("other", LEASE) is None
    clock.forward(LEASE + 1)
    assert sorted(finished(inbox, "other")) == ["text 1", "text 2", "text 3"]
    assert inbox.unfinished() == 0


def test_conversations_take_turns_by_when_they_came(inbox: Inbox, clock: Clock) -> None:
    for number in (5, 4, 6):
        inbox.put(mention(number))
        clock.forward(1)
    assert texts(inbox) == ["text 5", "text 4", "text 6"]


def test_commands_are_conversations_of_their_own(inbox: Inbox) -> None:
    for trigger in ("a", "b"):
        inbox.put(command(trigger))
    assert sorted(texts(inbox)) == ["a", "b"]
    assert inbox.history(command("b"), 10) == ()


def test_a_follow_up_that_comes_before_its_mention_is_work_once_that_comes(inbox: Inbox) -> None:
    """What people said to each other before is not, nor is another thread."""
    for one in (said(1), said(2, 1), said(4, 1), said(5, 1), said(6), said(5, 1, channel="C2")):
        inbox.put(one)
    assert inbox.unfinished() == 0
    inbox.put(mention(3, 1))
    assert finished(inbox) == ["text 3", "text 4", "text 5"]
    inbox.put(said(7, 1))
    inbox.put(said(8))
    assert finished(inbox) == ["text 7"]


def test_what_precedes_the_mention_and_comes_after_it_is_not_work(inbox: Inbox) -> None:
    inbox.put(mention(3, 1))
    inbox.put(said(2, 1))
    assert finished(inbox) == ["text 3"]


def test_follow_ups_do_not_make_earlier_messages_work(inbox: Inbox) -> None:
    """A thread is the bot's from the mention on, though what was asked there is older than what comes last."""
    inbox.put(mention(3, 1))
    inbox.put(said(5, 1))
    inbox.put(said(4, 1))
    inbox.put(said(2, 1))
    assert finished(inbox) == ["text 3", "text 4", "text 5"]


def test_a_reply_under_a_direct_message_is_work(inbox: Inbox) -> None:
    inbox.put(direct(1))
    assert inbox.put(said(2, 1, channel="D1"))
    assert inbox.unfinished() == 2


def test_a_lease_that_runs_out_is_taken_up(inbox: Inbox, clock: Clock) -> None:
    inbox.put(mention(1))
    assert taken(inbox, "first").tries == 1
    clock.forward(LEASE - 1)
    assert inbox.take("second", LEASE) is None
    clock.forward(2)
    assert inbox.take("second", LEASE) == Work(mention(1), uncertain=False, tries=2)
    assert inbox.take("third", LEASE) is None


def test_who_was_late_can_neither_post_nor_finish(inbox: Inbox, clock: Clock) -> None:
    one = mention(1)
    inbox.put(one)
    taken(inbox, "first")
    clock.forward(LEASE + 1)
    taken(inbox, "second")
    assert not inbox.about_to_post(one.key, "first", {"text": "late"})
    inbox.done(one.key, "first")
    inbox.later(one.key, "first", 0)
    inbox.renew("first", 10 * LEASE)
    assert inbox.unfinished() == 1
    assert inbox.take("third", LEASE) is None  # it was not let go of
    assert inbox.answered(one.id) is None
    assert inbox.about_to_post(one.key, "second", ANSWER)
    assert inbox.answered(one.id) == Answered(one.id, "U1ANA", ANSWER)
    clock.forward(LEASE + 1)
    assert taken(inbox, "third").uncertain  # and was held no longer than the second held it
    inbox.done(one.key, "second")
    assert inbox.unfinished() == 1
    inbox.done(one.key, "third")
    assert inbox.unfinished() == 0
    assert not inbox.about_to_post(one.key, "third", ANSWER)


@pytest.mark.parametrize("posting", [True, False])
def test_only_what_was_about_to_be_posted_is_uncertain(inbox: Inbox, clock: Clock, posting: bool) -> None:
    one = mention(1)
    inbox.put(one)
    assert not taken(inbox, "first").uncertain
    if posting:
        assert inbox.about_to_post(one.key, "first", ANSWER)
    clock.forward(LEASE + 1)
    assert taken(inbox, "second").uncertain is posting
    inbox.later(one.key, "second", 0)
    assert inbox.take("third", LEASE) == Work(one, uncertain=posting, tries=3)


def test_who_holds_may_go_on_holding(inbox: Inbox, clock: Clock) -> None:
    for number in (1, 2):
        inbox.put(mention(number))
    assert [taken(inbox, owner).asked.text for owner in ("first", "second")] == ["text 1", "text 2"]
    for _ in range(3):
        clock.forward(LEASE - 1)
        inbox.renew("first", LEASE)
    assert texts(inbox, "third") == ["text 2"]
    assert inbox.about_to_post(mention(1).key, "first", ANSWER)


def test_what_is_let_go_of_waits_its_time(inbox: Inbox, clock: Clock) -> None:
    for one in (direct(1), direct(2), mention(3)):
        inbox.put(one)
    assert taken(inbox).asked == direct(1)
    inbox.later(direct(1).key, "worker", 10)
    assert inbox.unfinished() == 3
    assert finished(inbox) == ["text 3"]
    clock.forward(9)
    assert finished(inbox) == []
    clock.forward(1)
    assert finished(inbox) == ["text 1", "text 2"]


def test_what_is_let_go_of_is_nobodys(inbox: Inbox) -> None:
    inbox.put(mention(1))
    taken(inbox, "first")
    inbox.later(mention(1).key, "first", 0)
    assert not inbox.about_to_post(mention(1).key, "first", ANSWER)
    inbox.done(mention(1).key, "first")
    assert taken(inbox, "second").tries == 2


def test_history_of_a_thread(inbox: Inbox, clock: Clock) -> None:
    """In order of when it was said, from the mention on, though long ago, of this thread alone."""
    for one in (said(1), mention(2, 1), said(4, 1), said(3, 1), mention(7), said(3, 1, channel="C2")):
        inbox.put(one)
    clock.forward(100 * HOUR)
    last = said(5, 1)
    inbox.put(last)
    inbox.put(said(6, 1))
    assert inbox.history(last, 10) == ("text 2", "text 3", "text 4")
    assert inbox.history(last, 2) == ("text 3", "text 4")
    assert inbox.history(mention(2, 1), 10) == ()
    assert finished(inbox)[:4] == ["text 2", "text 3", "text 4", "text 7"]
    assert inbox.history(last, 10) == ("text 2", "text 3", "text 4")


def test_history_of_direct_messages_is_what_was_asked_within_the_hour(inbox: Inbox, clock: Clock) -> None:
    inbox.put(direct(1))
    clock.forward(HOUR - 10)
    inbox.put(direct(2))
    inbox.put(direct(2, channel="D2"))
    inbox.put(direct(3, 2))
    last = direct(4)
    inbox.put(last)
    assert inbox.history(last, 10) == ("text 1", "text 2")
    clock.forward(11)
    assert inbox.history(last, 10) == ("text 2",)
    clock.forward(HOUR)
    assert inbox.history(last, 10) == ()


def test_history_of_a_reply_to_a_direct_message_is_its_thread(inbox: Inbox, clock: Clock) -> None:
    inbox.put(direct(1))
    inbox.put(direct(2))
    clock.forward(2 * HOUR)
    inbox.put(direct(3, 2))
    last = direct(4, 2)
    inbox.put(last)
    assert inbox.history(last, 10) == ("text 2", "text 3")
    assert inbox.history(direct(3, 2), 10) == ("text 2",)


def test_an_answer_can_be_looked_up_once_it_is_about_to_be_posted(inbox: Inbox) -> None:
    one = mention(1, user="U2BRAM")
    inbox.put(one)
    taken(inbox)
    assert inbox.answered(one.id) is None
    assert inbox.about_to_post(one.key, "worker", ANSWER)
    inbox.done(one.key, "worker")
    assert inbox.answered(one.id) == Answered(one.id, "U2BRAM", ANSWER)
    assert inbox.answered(one.key) is None
    assert inbox.answered("") is None


def test_the_beginning_of_an_answer_is_no_answer_yet(inbox: Inbox, clock: Clock) -> None:
    """But it may stand there, and once that is known, where."""
    one = mention(1)
    inbox.put(one)
    taken(inbox, "died")
    assert inbox.about_to_post(one.key, "died")
    assert inbox.answered(one.id) is None
    clock.forward(LEASE + 1)
    assert taken(inbox, "second") == Work(one, uncertain=True, tries=2)
    assert not inbox.about_to_post(one.key, "died")
    inbox.posted(one.key, "died", "1.000001")
    inbox.posted(one.key, "second", "2.000002")
    assert inbox.about_to_post(one.key, "second", ANSWER)
    assert inbox.about_to_post(one.key, "second")
    answered = inbox.answered(one.id)
    assert answered is not None and answered.answer == ANSWER
    inbox.later(one.key, "second", 0.0)
    assert taken(inbox, "third") == Work(one, uncertain=True, tries=3, posted="2.000002")


def test_a_file_of_the_first_version_goes_on(tmp_path: Path, clock: Clock) -> None:
    """With what is in it."""
    path, one = tmp_path / "inbox.sqlite", mention(1)
    with closing(Inbox(path, now=clock)) as inbox:
        inbox.put(one)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("ALTER TABLE asked DROP COLUMN posted; PRAGMA user_version = 1;")
    for _ in range(2):
        with closing(Inbox(path, now=clock)) as inbox:
            assert inbox.unfinished() == 1
    with closing(Inbox(path, now=clock)) as inbox:
        assert taken(inbox).asked == one
        inbox.posted(one.key, "worker", "1.000001")
        inbox.later(one.key, "worker", 0.0)
        assert taken(inbox).posted == "1.000001"


def test_what_was_done_is_forgotten_after_a_while(inbox: Inbox, clock: Clock) -> None:
    for number in (1, 2, 3):
        inbox.put(mention(number))
    for one in (mention(1), mention(2)):
        taken(inbox)
        inbox.about_to_post(one.key, "worker", ANSWER)
    inbox.done(mention(1).key, "worker")
    clock.forward(50)
    inbox.forget(100)
    assert inbox.answered(mention(1).id) is not None
    clock.forward(51)
    inbox.forget(100)
    assert inbox.answered(mention(1).id) is None
    assert inbox.answered(mention(2).id) is not None  # is not done
    assert inbox.unfinished() == 2
    assert finished(inbox) == ["text 2", "text 3"]


def test_what_was_overheard_is_forgotten_soon(inbox: Inbox, clock: Clock) -> None:
    """So that a mention an hour later does not answer what people said to each other."""
    inbox.put(said(3, 1))
    clock.forward(590)
    inbox.put(said(4, 1))
    inbox.forget(100 * HOUR)
    assert not inbox.put(said(3, 1))
    clock.forward(20)
    inbox.forget(100 * HOUR)
    inbox.put(mention(2, 1))
    assert finished(inbox) == ["text 2", "text 4"]


def test_what_is_done_does_not_keep_where_it_was_answered(inbox: Inbox, tmp_path: Path) -> None:
    """A response_url lets whoever has it write in the channel."""
    inbox.put(command("secret"))
    inbox.done(taken(inbox).asked.key, "worker")
    with closing(sqlite3.connect(tmp_path / "inbox.sqlite")) as connection:
        assert connection.execute("SELECT response_url FROM asked").fetchall() == [("",)]


def test_a_process_that_died_leaves_what_it_had(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "new" / "folder" / "inbox.sqlite"
    with closing(Inbox(path, now=clock)) as inbox:
        for one in (mention(1), mention(2), said(5, 4)):
            inbox.put(one)
        taken(inbox, "died")
    with closing(Inbox(path, now=clock)) as inbox:
        assert finished(inbox) == ["text 2"]
        clock.forward(LEASE + 1)
        inbox.put(mention(4))
        assert finished(inbox) == ["text 1", "text 4", "text 5"]


def test_what_fails_half_way_is_undone(inbox: Inbox) -> None:
    with pytest.raises(sqlite3.Error):
        inbox.put(mention(1, text=object()))
    assert inbox.put(mention(1))
    assert texts(inbox) == ["text 1"]


def test_two_inboxes_on_one_file_take_each_question_once(tmp_path: Path, clock: Clock) -> None:
    """Though both are told of everything, in another order, while both take."""
    questions = [mention(place, place % 25) for place in range(25, 225)]
    path, together, guard = tmp_path / "inbox.sqlite", threading.Barrier(2), threading.Lock()
    order: list[Asked] = []
    new: list[bool] = []
    failed: list[BaseException] = []

    def work(inbox: Inbox, owner: str, mine: list[Asked]) -> None:
        try:
            together.wait(10)
            for place, one in enumerate(mine):
                new.append(inbox.put(one))
                if place % 2:
                    do_next(inbox, owner)
            together.wait(10)
            while inbox.unfinished():
                do_next(inbox, owner)
        except BaseException as error:  # noqa: BLE001  # raised in the test's own thread
            failed.append(error)
            together.abort()

    def do_next(inbox: Inbox, owner: str) -> None:
        found = inbox.take(owner, LEASE)
        if found is not None:
            with guard:
                order.append(found.asked)
            assert inbox.about_to_post(found.asked.key, owner, ANSWER)
            inbox.done(found.asked.key, owner)

    with closing(Inbox(path, now=clock)) as one, closing(Inbox(path, now=clock)) as other:
        threads = [
            threading.Thread(target=work, args=(one, "one", questions)),
            threading.Thread(target=work, args=(other, "other", questions[100:] + questions[:100])),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert failed == []
    assert Counter(new) == {True: 200, False: 200}
    assert Counter(asked.key for asked in order) == Counter(asked.key for asked in questions)


def test_two_threads_may_share_an_inbox(inbox: Inbox) -> None:
    """Of each conversation in order, since all is there from the start."""
    questions = [mention(place, place % 10) for place in range(10, 70)]
    for asked in questions:
        inbox.put(asked)
    order: list[Asked] = []

    def work(owner: str) -> None:
        while inbox.unfinished():
            found = inbox.take(owner, LEASE)
            if found is not None:
                order.append(found.asked)
                inbox.history(found.asked, 10)
                inbox.done(found.asked.key, owner)

    threads = [threading.Thread(target=work, args=(owner,)) for owner in ("one", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Counter(asked.key for asked in order) == Counter(asked.key for asked in questions)
    for conversation in {asked.conversation for asked in questions}:
        times = [asked.ts for asked in order if asked.conversation == conversation]
        assert times == sorted(times)


@pytest.mark.parametrize("where", ["a folder", "under a file", "no database", "read-only"])
def test_a_file_that_cannot_be_written_is_told_of(where: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = _unwritable(Path(name), where)
        with _as_nobody(), pytest.raises(DragomanError, match=r"slack\.inbox") as raised, closing(Inbox(path)):
            pass
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def _unwritable(folder: Path, where: str) -> Path:
    path = folder / "inbox.sqlite"
    folder.chmod(0o755)
    if where == "a folder":
        path.mkdir()
    elif where == "under a file":
        path.write_text("a file")
        path /= "inbox.sqlite"
    elif where == "no database":
        path.write_text("no database " * 100)
        path.chmod(0o666)
    else:
        with closing(Inbox(path)):
            pass
        path.chmod(0o444)
        folder.chmod(0o777)
    return path


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Root may write what is read-only."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_processes_that_start_together_wait_for_each_other(tmp_path: Path) -> None:
    """A new file is locked for a moment while another process lays it out."""
    path = tmp_path / "inbox.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        soon = threading.Timer(0.1, lambda: other.execute("COMMIT"))
        soon.start()
        try:
            with closing(Inbox(path)) as inbox:
                assert inbox.put(mention(1))
        finally:
            soon.join()


MESSAGES = [
    Asked(f"C{thread}:{ts}", f"C{thread}", ts, "1.0", f"C{thread}:1.0", "U1ANA", "text", ours=ours)
    for thread, kinds in enumerate([(True, False, False), (False, True, False, False), (True, True, True, True)])
    for ts, ours in zip(("1.0", "2.0", "3.0", "4.0"), kinds, strict=False)
]
OWNERS = ("one", "other", "third")


class Interleaved(RuleBasedStateMachine):
    """Messages come in any order and repeatedly, while workers take, post, let go, finish, and die.

    What is work does not depend on the order: what is for the bot, and what follows that in its thread.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "inbox.sqlite"
        self.inboxes = [Inbox(path, now=self.clock) for _ in range(2)]
        self.came: dict[str, Asked] = {}
        """By key, `ours` as far as was told."""
        self.holds: dict[str, tuple[str, float]] = {}
        """Who holds a key, and until when."""
        self.not_before: dict[str, float] = {}
        self.tries: Counter[str] = Counter()
        self.posted: Counter[str] = Counter()
        self.done: Counter[str] = Counter()

    @initialize(few=st.lists(st.sampled_from(MESSAGES), max_size=3))
    def begin(self, few: list[Asked]) -> None:
        """So that there is something to take from the start."""
        for one in few:
            self.put(one, told=True, which=0)

    def work(self) -> set[str]:
        """What is to be done some time, or was."""
        asked = [one for one in self.came.values() if one.ours]
        return {
            one.key
            for one in self.came.values()
            if one.ours or any(one.conversation == other.conversation and other.ts < one.ts for other in asked)
        }

    def unfinished(self) -> dict[str, list[str]]:
        """The work of each conversation that nobody works on, in order."""
        now, found = self.clock(), dict[str, list[str]]()
        for key in sorted(self.work() - set(self.done)):
            found.setdefault(self.came[key].conversation, []).append(key)
        busy = {self.came[key].conversation for key, (_, until) in self.holds.items() if until >= now}
        return {conversation: keys for conversation, keys in found.items() if conversation not in busy}

    def is_ready(self, key: str) -> bool:
        """Held, it is what somebody left who died."""
        return key in self.holds or self.not_before.get(key, 0) <= self.clock()

    @rule(one=st.sampled_from(MESSAGES), told=st.booleans(), which=st.integers(0, 1))
    def put(self, one: Asked, told: bool, which: int) -> None:
        """`told`: this event says that it is for the bot, if it is."""
        event = replace(one, ours=one.ours and told)
        known = self.came.get(one.key)
        assert self.inboxes[which].put(event) is (known is None)
        self.came[one.key] = replace(event, ours=event.ours or (known is not None and known.ours))

    @rule(owner=st.sampled_from(OWNERS), which=st.integers(0, 1))
    def take(self, owner: str, which: int) -> None:
        """The first of a conversation, or what was begun before the first came."""
        free, work = self.unfinished(), self.inboxes[which].take(owner, LEASE)
        if work is None:
            assert [keys for keys in free.values() if all(map(self.is_ready, keys))] == []
            return
        key = work.asked.key
        assert work.asked.conversation in free
        assert key in self.holds or key == free[work.asked.conversation][0]
        assert self.is_ready(key)
        self.tries[key] += 1
        assert (work.tries, work.uncertain) == (self.tries[key], self.posted[key] > 0)
        self.holds[key] = (owner, self.clock() + LEASE)

    @precondition(lambda self: self.tries)
    @rule(data=st.data(), owner=st.sampled_from(OWNERS), how=st.sampled_from(["begin", "post", "done", "later"]))
    def act(self, data: st.DataObject, owner: str, how: str) -> None:
        """As the one who holds it, or once held it, or never did."""
        key = data.draw(st.sampled_from(sorted(self.tries)))
        holds = key in self.holds and self.holds[key][0] == owner
        if how in ("begin", "post"):
            answer = ANSWER if how == "post" else None
            assert self.inboxes[0].about_to_post(key, owner, answer) is holds
            self.posted[key] += holds
        elif how == "done":
            self.inboxes[0].done(key, owner)
            self.done.update([key] if holds else [])
        else:
            self.inboxes[0].later(key, owner, 15)
            self.not_before |= {key: self.clock() + 15} if holds else {}
        if holds and how in ("done", "later"):
            del self.holds[key]

    @rule(owner=st.sampled_from(OWNERS))
    def renew(self, owner: str) -> None:
        self.inboxes[1].renew(owner, LEASE)
        held = [key for key, (holder, _) in self.holds.items() if holder == owner]
        self.holds |= dict.fromkeys(held, (owner, self.clock() + LEASE))

    @rule(seconds=st.sampled_from([1.0, 15.0, LEASE + 1]))
    def wait(self, seconds: float) -> None:
        """The longest is a crash of all who hold something."""
        self.clock.forward(seconds)

    @invariant()
    def counted(self) -> None:
        assert self.inboxes[1].unfinished() == len(self.work() - set(self.done))
        assert all(times == 1 for times in self.done.values())

    def teardown(self) -> None:
        """In the end all that is work is done, each once, and nothing else."""
        try:
            self.clock.forward(2 * LEASE)
            for _ in MESSAGES:
                self.take("last", 0)
                mine = [key for key, (holder, _) in self.holds.items() if holder == "last"]
                for key in mine:
                    assert self.inboxes[0].about_to_post(key, "last", ANSWER)
                    self.inboxes[0].done(key, "last")
                    self.done[key] += 1
                    del self.holds[key]
            assert self.done == Counter(self.work())
            assert self.inboxes[1].unfinished() == 0
        finally:
            for inbox in self.inboxes:
                inbox.close()
            self.folder.cleanup()


Interleaved.TestCase.settings = settings(
    deadline=None, max_examples=50, stateful_step_count=40, derandomize=True, report_multiple_bugs=False
)
TestInterleaved = Interleaved.TestCase
