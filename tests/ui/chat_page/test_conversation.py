from __future__ import annotations

from ui.chat_page.conversation import MOST_TURNS, Conversation, Turn
from ui.server.service import MOST_HISTORY


def test_the_history_is_the_last_questions_without_the_one_that_is_asked() -> None:
    had = Conversation([Turn(str(number), f"question {number}") for number in range(30)], asking=Turn("now", "now?"))
    assert had.history() == tuple(f"question {number}" for number in range(30 - MOST_HISTORY, 30))
    assert [turn.id for turn in had.shown()][-2:] == ["29", "now"]


def test_a_turn_takes_the_place_of_the_one_with_its_id() -> None:
    had = Conversation([Turn("a", "first"), Turn("b", "second")])
    had.put(Turn("a", "first", helpful=True))
    assert [(turn.id, turn.helpful) for turn in had.turns] == [("a", True), ("b", None)]
    assert had.answered("a") == Turn("a", "first", helpful=True)
    assert had.answered(["a"]) is None


def test_only_the_last_turns_are_kept() -> None:
    had = Conversation()
    for number in range(MOST_TURNS + 3):
        had.put(Turn(str(number), "?"))
    assert [turn.id for turn in had.turns] == [str(number) for number in range(3, MOST_TURNS + 3)]
