from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import pytest

from index.linking import STRONG, WEAK, link_new_documents
from index.store import IndexedPassage, Store
from index.types import Document, FoundBy, Passage, Role, Sentence, Version
from tests.toy import WordEmbedder, new_store, put

LENGTH = 8


def said(subject: str, language: str, places: Sequence[int] = range(LENGTH)) -> list[str]:
    """A text of which each sentence has four words that all languages share, and two of its language's own."""
    return [f"{subject}{k}a {subject}{k}b {subject}{k}c {subject}{k}d {language}{k} {language}." for k in places]


def put_declared(
    store: Store, name: str, sentences: Sequence[str], language: str, article: str | None = None, uri: str = ""
) -> None:
    """Puts a document that may declare its article, or lie in a place that says so."""
    text, spans = "", []
    for sentence in sentences:
        spans.append(Sentence(len(text), len(text) + len(sentence), Role.PROSE))
        text += f"{sentence} "
    vectors = tuple(WordEmbedder.vector(sentence) for sentence in sentences)
    passage = Passage(0, len(text), Role.PROSE, tuple(spans))
    document = Document(name, uri or f"file:///{name}", name.title(), language, text, article, f"hash of {text}")
    with store.transaction():
        store.put_file(document.source_uri, "digest")
        store.put_document(
            document.source_uri, document, [IndexedPassage(passage, None, WordEmbedder.vector(text), vectors)]
        )


def put_named(store: Store, *names: str) -> None:
    """Puts documents by their language and their subject, such as `en-ship`."""
    for name in names:
        language, subject = name.split("-")
        put(store, name, said(subject, language), language=language)


def link(store: Store) -> set[str]:
    with store.transaction():
        return link_new_documents(store.articles)


def remove(store: Store, document: str) -> None:
    with store.transaction():
        store.remove_document(document)


def versions(store: Store) -> dict[str, Version]:
    return {version.document: version for version in store.articles.versions()}


def partition(store: Store) -> set[frozenset[str]]:
    """The documents of each article."""
    groups: dict[str, set[str]] = defaultdict(set)
    for version in store.articles.versions():
        groups[version.article].add(version.document)
    return {frozenset(group) for group in groups.values()}


def groups(*names: str) -> set[frozenset[str]]:
    return {frozenset(group.split()) for group in names}


def statements(store: Store, document: str) -> list[dict[str, str]]:
    """Those of the document's article, each with the sentence of every document."""
    texts = {sentence: (name, text) for sentence, name, _, text in store.texts("sentence")}
    article = store.articles.of_documents([document])[document]
    return [
        dict(texts[sentence] for sentence in statement) for statement in store.articles.statements_of(article).values()
    ]


# By what the sentences say.


def test_two_documents_that_say_the_same_are_versions_of_one_article(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        english, dutch = said("ship", "en"), said("ship", "nl")
        put(store, "en-ship", english)
        put(store, "nl-ship", dutch, language="nl")
        changed = link(store)
        found = versions(store)
        assert changed == {found["en-ship"].article} == {found["nl-ship"].article}
        for version in found.values():
            assert version.found_by is FoundBy.CONTENT
            assert version.score is not None
            assert STRONG < version.score <= 1.0
        assert statements(store, "en-ship") == [
            {"en-ship": left, "nl-ship": right} for left, right in zip(english, dutch, strict=True)
        ]


def test_every_language_has_its_version_and_an_unrelated_document_stays_alone(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        for language in ("en", "nl", "fr"):
            put_named(store, f"{language}-ship", f"{language}-cook")
        put(store, "moon", said("moon", "fr"), language="fr")
        assert len(link(store)) == 2
        assert partition(store) == groups("en-ship nl-ship fr-ship", "en-cook nl-cook fr-cook", "moon")
        assert versions(store)["moon"].found_by is FoundBy.ALONE
        assert versions(store)["moon"].score is None
        assert [set(statement) for statement in statements(store, "nl-cook")] == [
            {"en-cook", "nl-cook", "fr-cook"}
        ] * LENGTH
        assert statements(store, "moon") == []


def test_the_same_sentences_in_another_order_are_no_version(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put(store, "en", said("ship", "en", range(16)))
        put(store, "nl", said("ship", "nl", [*range(15, -1, -1)]), language="nl")
        assert link(store) == set()
        assert partition(store) == groups("en", "nl")


def test_of_two_documents_in_one_language_the_better_match_is_the_version(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put(store, "half", said("ship", "en", range(4)) + said("cook", "en", range(4)))
        put(store, "whole", said("ship", "en"))
        put(store, "nl", said("ship", "nl"), language="nl")
        put(store, "fr", said("ship", "fr"), language="fr")
        link(store)
        assert partition(store) == groups("whole nl fr", "half")


@pytest.mark.parametrize(("of_whole", "of_part", "expected"), [(5, 3, "part mixed"), (9, 2, "part|mixed")])
def test_documents_are_linked_only_where_each_is_the_best_match_of_the_other(
    tmp_path: Path, of_whole: int, of_part: int, expected: str
) -> None:
    with new_store(tmp_path) as store:
        put(store, "whole", said("ship", "en", range(10)))
        put(store, "part", said("ship", "en", range(4)) + said("moon", "en", range(6)))
        put(store, "nl", said("ship", "nl", range(10)), language="nl")
        put(store, "mixed", said("ship", "nl", range(of_whole)) + said("moon", "nl", range(of_part)), language="nl")
        link(store)
        assert partition(store) == groups("whole nl", *expected.split("|"))


def test_no_article_has_two_documents_of_one_language(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        for language in ("en", "nl"):
            for copy in ("a", "b"):
                put(store, f"{language}-{copy}", said("ship", language), language=language)
        link(store)
        assert all(len(article) == len({name[:2] for name in article}) for article in partition(store))
        assert max(len(article) for article in partition(store)) == 2


def test_a_weak_match_links_only_where_another_version_says_so_too(tmp_path: Path) -> None:
    some = said("ship", "fr", [0]) + said("moon", "fr", range(1, LENGTH))
    with new_store(tmp_path / "two") as store:
        put(store, "en", said("ship", "en"))
        put(store, "fr", some, language="fr")
        link(store)
        assert partition(store) == groups("en", "fr")
    with new_store(tmp_path / "three") as store:
        put(store, "en", said("ship", "en"))
        put(store, "nl", said("ship", "nl"), language="nl")
        put(store, "fr", some, language="fr")
        link(store)
        assert partition(store) == groups("en nl fr")
        score = versions(store)["fr"].score
        assert score is not None
        assert WEAK <= score < STRONG


def test_a_document_without_sentences_stays_alone(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put(store, "title", ["ship0a ship0b"], role=Role.HEADING)
        put(store, "nothing", language="nl")
        put(store, "en", said("ship", "en"))
        put(store, "nl", said("ship", "nl"), language="nl")
        link(store)
        assert partition(store) == groups("title", "nothing", "en nl")
        assert {name: version.sentences for name, version in versions(store).items()} == {
            "title": 0,
            "nothing": 0,
            "en": LENGTH,
            "nl": LENGTH,
        }


def test_an_index_of_documents_without_sentences_has_no_versions(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put(store, "en", ["A title"], role=Role.HEADING)
        put(store, "nl", ["Een titel"], role=Role.HEADING, language="nl")
        assert link(store) == set()
        assert partition(store) == groups("en", "nl")


# By what they say themselves.


def test_a_declared_article_counts_more_than_the_content(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put_declared(store, "en", said("ship", "en"), "en", "start")
        put_declared(store, "declared", said("ship", "nl", range(4)) + said("cook", "nl", range(4)), "nl", "start")
        put_declared(store, "alike", said("ship", "nl"), "nl")
        link(store)
        assert partition(store) == groups("en declared", "alike")
        assert len(statements(store, "en")) == 4


def test_documents_that_declare_different_articles_are_not_linked_by_their_content(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put_declared(store, "en", said("ship", "en"), "en", "one")
        put_declared(store, "nl", said("ship", "nl"), "nl", "other")
        assert link(store) == set()
        assert partition(store) == groups("en", "nl")


def test_versions_that_declare_it_need_no_words_in_common(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put_declared(store, "en", said("ship", "en"), "en", "start")
        put_declared(store, "nl", said("cook", "nl"), "nl", "start")
        put_declared(store, "fr", said("moon", "fr"), "fr", "start")
        link(store)
        assert partition(store) == groups("en nl fr")
        assert {(version.found_by, version.score) for version in versions(store).values()} == {(FoundBy.DECLARED, None)}


def test_of_documents_that_declare_one_article_in_one_language_only_one_is_its_version(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        for name, language in (("a", "en"), ("b", "en"), ("c", "nl")):
            put_declared(store, name, said("ship", language), language, "start")
        link(store)
        assert partition(store) == groups("a c", "b")


def test_an_original_is_linked_with_the_translations_that_name_it(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put_declared(store, "en", said("ship", "en"), "en", uri="file:///guide/start.md")
        put_declared(store, "nl", said("cook", "nl"), "nl", "guide/start.md", uri="file:///vertaald/begin.md")
        put_declared(store, "fr", said("moon", "fr"), "fr", "guide/start.md", uri="file:///traduit/debut.md")
        link(store)
        assert partition(store) == groups("en nl fr")


def test_a_declared_article_counts_more_than_the_place(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put_declared(store, "en", said("ship", "en"), "en", "start", uri="file:///en/x.md")
        put_declared(store, "declared", said("ship", "nl"), "nl", "start", uri="file:///elsewhere.md")
        put_declared(store, "beside", said("ship", "nl"), "nl", uri="file:///nl/x.md")
        link(store)
        assert partition(store) == groups("en declared", "beside")


def test_documents_beside_each_other_are_versions_and_their_content_may_add_others(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put_declared(store, "en", said("ship", "en"), "en", uri="file:///en/x.md")
        put_declared(store, "nl", said("cook", "nl"), "nl", uri="file:///nl/x.md")
        put_declared(store, "fr", said("ship", "fr"), "fr", uri="file:///elsewhere.md")
        link(store)
        assert partition(store) == groups("en nl fr")
        assert {name: version.found_by for name, version in versions(store).items()} == {
            "en": FoundBy.PATH,
            "nl": FoundBy.PATH,
            "fr": FoundBy.CONTENT,
        }


def test_a_version_without_sentences_may_be_declared(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put_declared(store, "en", said("ship", "en"), "en", "start")
        put_declared(store, "nl", [], "nl", "start")
        put_declared(store, "fr", said("ship", "fr"), "fr", "start")
        put_declared(store, "moon", said("moon", "nl"), "nl")
        link(store)
        assert partition(store) == groups("en nl fr", "moon")
        assert [set(statement) for statement in statements(store, "nl")] == [{"en", "fr"}] * LENGTH


def test_a_version_without_sentences_may_be_the_only_document_of_its_language(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put_declared(store, "en", said("ship", "en"), "en", "start")
        put_declared(store, "nl", [], "nl", "start")
        link(store)
        assert partition(store) == groups("en nl")


def test_a_document_that_declares_nothing_does_not_join_what_is_declared_different(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put_declared(store, "en", said("ship", "en"), "en", "one")
        put_declared(store, "nl", said("ship", "nl"), "nl", "other")
        put_declared(store, "fr", said("ship", "fr"), "fr")
        link(store)
        assert {"en", "nl"} not in [article & {"en", "nl"} for article in partition(store)]


def test_documents_beside_each_other_that_declare_different_articles_are_not_linked(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put_declared(store, "en", said("ship", "en"), "en", "one", uri="file:///en/x.md")
        put_declared(store, "nl", said("ship", "nl"), "nl", "other", uri="file:///nl/x.md")
        link(store)
        assert partition(store) == groups("en", "nl")


# What comes, changes and goes later.


def three_articles(store: Store) -> None:
    for subject in ("ship", "cook", "moon"):
        put_named(store, f"en-{subject}", f"nl-{subject}")
    link(store)


def rows(store: Store, *subjects: str) -> list[tuple[Version, dict[int, dict[int, float]]]]:
    """All that is known of these articles."""
    return [
        (version, store.articles.statements_of(version.article))
        for name, version in versions(store).items()
        if name[3:] in subjects
    ]


def test_a_later_version_joins_its_article_and_no_other_article_changes(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        three_articles(store)
        article, others = versions(store)["en-ship"].article, rows(store, "cook", "moon")
        assert all(len(known) == LENGTH for _, known in others)
        put_named(store, "fr-ship")
        assert link(store) == {article}
        assert partition(store) == groups("en-ship nl-ship fr-ship", "en-cook nl-cook", "en-moon nl-moon")
        assert versions(store)["fr-ship"].article == article
        assert rows(store, "cook", "moon") == others
        assert [len(statement) for statement in statements(store, "fr-ship")] == [3] * LENGTH


def test_a_later_document_joins_the_article_that_it_declares_whatever_its_id(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put_declared(store, "m", said("ship", "en"), "en", "start")
        put_declared(store, "n", said("cook", "nl"), "nl", "start")
        link(store)
        for name, language in (("a", "fr"), ("z", "de")):
            put_declared(store, name, said("moon", language), language, "start")
        assert link(store) == {"m"}
        assert partition(store) == groups("a m n z")


def test_a_later_document_that_is_like_none_changes_nothing_else(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        three_articles(store)
        before = rows(store, "ship", "cook", "moon")
        put_named(store, "fr-tree")
        assert link(store) == set()
        assert rows(store, "ship", "cook", "moon") == before
        assert versions(store)["fr-tree"].found_by is FoundBy.ALONE


def test_a_later_document_does_not_part_versions_that_it_would_match_better(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put(store, "en", said("ship", "en"))
        put(store, "half", said("ship", "nl", range(4)) + said("cook", "nl", range(4)), language="nl")
        link(store)
        assert partition(store) == groups("en half")
        put(store, "whole", said("ship", "nl"), language="nl")
        assert link(store) == set()
        assert partition(store) == groups("en half", "whole")


def test_a_changed_document_is_linked_anew(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        three_articles(store)
        remove(store, "nl-cook")
        moon = rows(store, "moon")
        put(store, "nl-ship", said("cook", "nl"), language="nl")
        assert link(store) == {versions(store)["en-cook"].article}
        assert partition(store) == groups("en-ship", "en-cook nl-ship", "en-moon nl-moon")
        assert rows(store, "moon") == moon
        assert statements(store, "en-ship") == []
        assert len(statements(store, "en-cook")) == LENGTH


def test_a_version_that_was_edited_is_aligned_again(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        three_articles(store)
        article = versions(store)["nl-ship"].article
        edited = "nl-ship" if article == "en-ship" else "en-ship"
        language = edited[:2]
        put(store, edited, said("ship", language, range(6)), language=language)
        assert link(store) == {article}
        assert [len(statement) for statement in statements(store, edited)] == [2] * 6


def test_the_version_that_gave_the_article_its_id_is_aligned_again_too(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        three_articles(store)
        edited = versions(store)["nl-ship"].article
        language = edited[:2]
        put(store, edited, said("ship", language, range(6)), language=language)
        assert len(link(store)) == 1
        assert [len(statement) for statement in statements(store, edited)] == [2] * 6


def test_the_version_that_gave_the_article_its_id_leaves_it_with_another_text(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        three_articles(store)
        edited = versions(store)["nl-ship"].article
        put(store, edited, said("tree", edited[:2]), language=edited[:2])
        link(store)
        assert partition(store) == groups("en-ship", "nl-ship", "en-cook nl-cook", "en-moon nl-moon")


def test_a_removed_version_leaves_and_so_does_what_only_one_other_said(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        put(store, "en", said("ship", "en", range(5)))
        put(store, "nl", said("ship", "nl"), language="nl")
        put(store, "fr", said("ship", "fr"), language="fr")
        link(store)
        article = versions(store)["nl"].article
        before = store.articles.statements_of(article)
        assert [len(statement) for statement in before.values()] == [3] * 5 + [2] * 3
        remove(store, "fr")
        assert link(store) == set()
        assert partition(store) == groups("en nl")
        after = store.articles.statements_of(article)
        assert list(after) == list(before)[:5]
        assert all(after[statement].items() < before[statement].items() for statement in after)
        remove(store, "en")
        link(store)
        assert store.articles.statements_of(article) == {}


def test_a_version_that_comes_back_is_linked_again(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        three_articles(store)
        gone = next(name for name in ("en-ship", "nl-ship") if versions(store)[name].article != name)
        remove(store, gone)
        link(store)
        assert len(partition(store)) == 3
        assert statements(store, "en-ship") == statements(store, "nl-ship") == []
        put_named(store, gone)
        link(store)
        assert partition(store) == groups("en-ship nl-ship", "en-cook nl-cook", "en-moon nl-moon")


def test_linking_again_does_nothing(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        three_articles(store)
        generation, before = store.generation, rows(store, "ship", "cook", "moon")
        assert link(store) == set()
        assert store.generation == generation
        assert rows(store, "ship", "cook", "moon") == before


def test_linking_an_empty_index_does_nothing(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        assert link(store) == set()
        assert store.generation == 0


def test_a_document_that_is_like_two_articles_makes_one_of_them(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        bridge(store)
        assert partition(store) == groups("en-ship nl-ship fr-cook de-cook both")
        said_together = {frozenset(statement) for statement in statements(store, "both")}
        assert said_together >= groups("en-ship nl-ship both", "fr-cook de-cook both")


def test_where_two_articles_become_one_no_statement_of_the_other_is_left(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        bridge(store)
        sentences = [sentence for sentence, *_ in store.texts("sentence")]
        (article,) = {version.article for version in store.articles.versions()}
        assert store.articles.statements_with(sentences).keys() == store.articles.statements_of(article).keys()


def bridge(store: Store) -> None:
    put_named(store, "en-ship", "nl-ship", "fr-cook", "de-cook")
    link(store)
    assert partition(store) == groups("en-ship nl-ship", "fr-cook de-cook")
    put(store, "both", said("ship", "pt") + said("cook", "pt"), language="pt")
    link(store)


def test_the_order_of_arrival_does_not_matter_where_it_is_clear() -> None:
    names = [f"{language}-{subject}" for subject in ("ship", "cook") for language in ("en", "nl", "fr")]
    expected = groups(" ".join(names[:3]), " ".join(names[3:]))
    orders = list(permutations(names))[::360]
    for batch in (1, 2, 6):
        for order in orders:
            with tempfile.TemporaryDirectory() as folder, new_store(Path(folder)) as store:
                for number, name in enumerate(order, start=1):
                    put_named(store, name)
                    if number % batch == 0:
                        link(store)
                assert partition(store) == expected
                assert [len(statement) for statement in statements(store, "nl-cook")] == [3] * LENGTH


# What it tells.


def test_it_tells_how_many_articles_are_aligned_and_each_that_is(tmp_path: Path) -> None:
    told: list[str] = []
    with new_store(tmp_path) as store:
        put_named(store, "en-ship", "nl-ship", "en-cook", "nl-cook", "en-moon")
        with store.transaction():
            link_new_documents(
                store.articles,
                announce=lambda articles: told.append(f"{articles} articles"),
                advance=lambda: told.append("one"),
            )
    assert told == ["2 articles", "one", "one"]


def test_the_scores_of_statements_are_numbers(tmp_path: Path) -> None:
    with new_store(tmp_path) as store:
        three_articles(store)
        for known in store.articles.statements_of(versions(store)["en-ship"].article).values():
            assert all(isinstance(score, float) and 0.2 <= score <= 1.5 for score in known.values())
