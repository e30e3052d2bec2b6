from __future__ import annotations

from evaluation.versions.rows import Score


def test_a_score_says_what_share_was_right_of_what_was_found_and_of_what_was_wanted() -> None:
    score = Score(right=3, found=4, wanted=6)
    assert (score.precision, score.recall, score.f1) == (0.75, 0.5, 0.6)
    assert score + Score(1, 1, 2) == Score(4, 5, 8)
    assert Score(0, 2, 0).precision == 0
    assert [str(share) for share in (Score().precision, Score().recall, Score().f1)] == ["nan"] * 3
