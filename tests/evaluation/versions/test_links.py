from __future__ import annotations

from evaluation.versions.links import links_row, pairs_of_groups, score_pairs
from evaluation.versions.rows import Score
from index.types import FoundBy, Version


def test_pairs_of_documents_are_scored_and_mixed_articles_counted() -> None:
    truth = {"a-en": "a", "a-fr": "a", "a-nl": "a", "b-en": "b", "b-fr": "b", "not indexed": "a"}
    found = {"a-en": "1", "a-fr": "1", "b-fr": "2", "a-nl": "2", "b-en": "3"}
    assert pairs_of_groups(found) == {("a-en", "a-fr"), ("a-nl", "b-fr")}
    assert score_pairs(found, truth) == (Score(right=1, found=2, wanted=4), 1)


def test_a_row_of_links_names_what_is_wrong_and_how_it_was_found() -> None:
    found = [
        Version("1", "d1", "u", "t", "en", 3, FoundBy.CONTENT, 0.2),
        Version("1", "d2", "u", "t", "nl", 3, FoundBy.CONTENT, 0.2),
        Version("3", "d3", "u", "t", "nl", 3, FoundBy.ALONE, None),
    ]
    row = links_row("these", found, {"d1": "a", "d2": "b", "d3": "a"}, linking=0.6, indexing=3.0)
    assert (row.documents, row.score, row.mixed) == (3, Score(0, 1, 1), 1)
    assert (row.found_by, row.wrong) == ({"alone": 1, "content": 2}, (("en/a", "nl/b"),))
    assert row.cells()[-2:] == ("200.0", "1000.0")
