"""The scores are checked by hand here, and the samples and seeds are linked and aligned as well as is said of them."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluation import versions
from evaluation.errors import DatasetError
from evaluation.types import Dataset, EvaluationQuestion, Gold
from evaluation.versions import (
    AlignmentRow,
    Bench,
    Page,
    Part,
    Score,
    aligned_with_gold,
    answers_aligned,
    fastapi_links,
    libreoffice_links,
    links_row,
    main,
    markdown,
    pairs_of_groups,
    pairs_of_units,
    sampled,
    score_alignment,
    score_answers,
    score_pairs,
    some_of,
    unpacked,
    write_opaque,
)
from index.linking import link_new_documents
from index.sources import read_file
from index.store import Store
from index.types import Embedder, FoundBy, SourceDocument, Version
from tests.toy import WordEmbedder, new_store, put

SEEDS = Path(__file__).parents[3] / "shared" / "data" / "seed_articles"


@pytest.fixture
def toy(tmp_path: Path) -> Bench:
    return Bench(WordEmbedder(), tmp_path / "cache", tmp_path / "scratch")


# Scores


def test_a_score_says_what_share_was_right_of_what_was_found_and_of_what_was_wanted() -> None:
    score = Score(right=3, found=4, wanted=6)
    assert (score.precision, score.recall, score.f1) == (0.75, 0.5, 0.6)
    assert score + Score(1, 1, 2) == Score(4, 5, 8)
    assert Score(0, 2, 0).precision == 0
    assert [str(share) for share in (Score().precision, Score().recall, Score().f1)] == ["nan"] * 3


A1, A2, B1, B2, C1 = ("a", 0, 10), ("a", 11, 20), ("b", 0, 12), ("b", 13, 30), ("c", 0, 9)


def test_the_pairs_of_a_unit_are_those_across_its_versions() -> None:
    assert pairs_of_units([{"b": [B1], "a": [A1, A2]}]) == {(A1, B1), (A2, B1)}
    assert pairs_of_units([{"a": [A1], "b": [B1], "c": [C1]}, {"a": [A1], "b": [B1]}]) == {
        (A1, B1),
        (A1, C1),
        (B1, C1),
    }
    assert pairs_of_units([{"a": [A1, A2]}]) == set()


def test_a_pair_is_wrong_where_the_gold_has_only_one_of_its_sentences_and_left_out_where_it_has_none() -> None:
    chrome_a, chrome_b, elsewhere = ("a", 90, 99), ("b", 80, 88), ("z", 0, 5)
    gold = {(A1, B1), (A2, B2)}
    found = {(A1, B1), (A1, B2), (A2, chrome_b), (chrome_a, chrome_b), (A2, elsewhere), (elsewhere, ("y", 0, 5))}
    assert score_alignment(gold, {A1, A2, B1, B2}, found, {"a", "b"}) == (Score(right=1, found=4, wanted=2), 1)


def test_a_sentence_that_is_cut_otherwise_than_in_the_gold_is_not_left_out() -> None:
    merged, touching = ("a", 5, 18), ("a", 20, 30)
    found = {(merged, ("b", 40, 50)), (touching, ("b", 40, 50))}
    assert score_alignment({(A1, B1)}, {A1, A2, B1}, found, {"a", "b"}) == (Score(0, 1, 1), 1)


def test_answers_are_scored_from_each_language_to_each_other() -> None:
    answers = [{"en": 1, "nl": 11}, {"en": 2, "nl": 12, "th": 22}]
    language = {1: "en", 2: "en", 3: "en", 11: "nl", 12: "nl", 13: "nl", 22: "th"}
    aligned = {1: {11, 13}, 11: {1}, 2: {13}, 12: {3}, 22: {2}}
    scores = score_answers(answers, aligned, language)
    assert scores["en", "nl"] == Score(right=1, found=2, wanted=2)  # one of two aligned ones holds the first answer
    assert scores["nl", "en"] == Score(1, 2, 2)
    assert scores["th", "en"] == Score(1, 1, 1)
    assert scores["en", "th"] == scores["th", "nl"] == scores["nl", "th"] == Score(0, 0, 1)


def test_answers_are_found_in_the_sentence_that_holds_them(tmp_path: Path) -> None:
    with new_store(tmp_path / "index") as store:
        for language in ("en", "nl"):
            put(store, f"{language}/a", ["Red green blue one.", "Six seven eight weeks."], language=language)
            put(store, f"{language}/b", ["Dogs cats mice birds."], language=language)
        with store.transaction():
            link_new_documents(store.articles)
        golds = tuple(Gold(f"file:///{language}/a", "eight weeks", 30) for language in ("en", "nl"))
        odd = EvaluationQuestion("en/1", "How long?", "en", group="1", golds=golds, split="test")
        even = EvaluationQuestion("en/2", "Who?", "en", group="2", golds=golds[:1], split="tune")
        rows = answers_aligned(Dataset("set", "", (odd, even)), store)
    assert [row.score for row in rows] == [Score(2, 2, 2)] * 3


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


def test_a_part_is_a_markdown_table() -> None:
    lines = markdown(Part("Sentences", (AlignmentRow("seeds", Score(3, 4, 1_006), 7, 0),))).splitlines()
    assert lines[0] == "Sentences:"
    assert lines[2].startswith("| articles | pairs in the gold | found | precision |")
    assert lines[4] == "| seeds | 1,006 | 4 | .750 | .003 | 7 | 0 |"
    assert lines[2].count("|") == lines[3].count("|") == lines[4].count("|")


# Samples of pages


NAMES = [f"text/{number:04}" for number in range(400)]


def test_the_sample_is_always_the_same_and_holds_nothing_that_linking_was_tuned_on() -> None:
    chosen = sampled(NAMES, 100)
    assert sampled(reversed(NAMES), 100) == chosen
    assert sampled(NAMES, 20) == chosen[:20]
    assert len(set(chosen)) == 100 and set(chosen) < set(NAMES) and chosen != sorted(chosen)


@pytest.mark.parametrize("count", [0, 101])
def test_a_sample_of_more_than_there_is_says_how_many_there_are(count: int) -> None:
    with pytest.raises(DatasetError, match=f"--pages {count}: there are 100 pages"):
        sampled(NAMES, count)


def test_half_of_the_documents_are_kept_whatever_their_ids_are() -> None:
    keys = [(name, language) for name in NAMES for language in ("en", "fr")]
    forth = {f"id{number}": key for number, key in enumerate(keys)}
    back = {f"id{number}": key for number, key in enumerate(reversed(keys))}
    kept = some_of(forth)
    assert {forth[document] for document in kept} == {back[document] for document in some_of(back)}
    assert 350 < len(kept) < 450


def test_written_pages_tell_nothing_but_their_text(tmp_path: Path) -> None:
    pages = [Page(f"p{at}", language, f"Title {at}", ("One.", "Two.")) for at in range(30) for language in ("en", "fr")]
    named = write_opaque(pages, tmp_path / "pages.jsonl")
    read = [document for document in read_file(tmp_path / "pages.jsonl") if isinstance(document, SourceDocument)]
    assert [document.uri for document in read] == [f"page:{number}" for number in range(60)] == list(named)
    assert {document.article for document in read} == {None}
    assert [(document.title, document.language) for document in read] == [(p.title, p.language) for p in named.values()]
    assert set(named.values()) == set(pages) and list(named.values()) != pages
    rows = [json.loads(line) for line in (tmp_path / "pages.jsonl").read_text().splitlines()]
    assert {frozenset(row) for row in rows} == {frozenset({"url", "language", "title", "paragraphs"})}


SUBJECTS = ["red green blue yellow", "dogs cats mice birds", "bread milk eggs cheese", "rain snow wind frost"]


def help_pages(language: str, translated: float) -> Iterator[bytes]:
    for number, subject in enumerate(SUBJECTS):
        words = subject.split()
        paragraphs = [f"{' '.join(words[at:] + words[:at])} number {at}{number}." for at in range(4)]
        row = {"id": f"p{number}", "lang": language, "title": language, "paragraphs": paragraphs}
        yield json.dumps(row | {"body_translated": translated if number else 0.5}).encode() + b"\n"


def test_pages_of_the_help_are_linked_by_what_they_say_and_those_not_translated_are_no_versions(
    tmp_path: Path, toy: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "TUNED_ON", 0)
    for language, translated in (("en-US", 0.0), ("fr", 0.9), ("nl", 0.8)):
        (tmp_path / f"pages.{language}.jsonl.gz").write_bytes(gzip.compress(b"".join(help_pages(language, translated))))
    whole, half = libreoffice_links(tmp_path, toy, pages=4)
    assert (whole.documents, whole.score) == (7, Score(3, 3, 3))  # no Dutch page and one French one are left out
    assert set(whole.found_by) == {"alone", "content"}
    assert half.documents < 7 and half.score.wanted < 3
    assert whole.indexing is not None and half.indexing is None
    assert libreoffice_links(tmp_path, toy, pages=4)[0].indexing == whole.indexing  # embedded once


def test_a_folder_that_is_no_help_says_what_is_missing(tmp_path: Path, toy: Bench) -> None:
    with pytest.raises(DatasetError, match=r"has no pages\.en-US\.jsonl\.gz"):
        libreoffice_links(tmp_path, toy)


# The manual in an archive


def archive(path: Path, files: dict[str, str]) -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            packed.addfile(entry, io.BytesIO(text.encode()))
    return path


ENGLISH = "A request is answered by the function below its path, which is written in plain Python.\n"
FRENCH = "Une requête reçoit la réponse de la fonction placée sous son chemin, écrite en Python simple.\n"


def test_pages_of_the_manual_are_linked_by_their_place_and_without_it_by_content(tmp_path: Path, toy: Bench) -> None:
    files = {
        "LICENSE": "MIT",
        "docs/en/docs/tutorial/a.md": ENGLISH,
        "docs/fr/docs/tutorial/a.md": FRENCH,
        "docs/en/docs/b.md": ENGLISH.replace("request", "server"),
    }
    by_path, by_content = fastapi_links(archive(tmp_path / "manual.tar.gz", files), toy)
    assert (by_path.documents, by_path.score, by_path.found_by) == (3, Score(1, 1, 1), {"alone": 1, "path": 2})
    assert by_content.score == Score(0, 0, 1)  # the toy knows no translations
    assert by_content.found_by == {"alone": 3}
    assert list(toy.scratch.iterdir()) == []


@pytest.mark.parametrize("name", ["docs/../../outside.md", "/docs/outside.md", "docs/../../../outside.md"])
def test_an_archive_writes_nothing_outside_of_its_place(tmp_path: Path, name: str) -> None:
    hostile = archive(tmp_path / "manual.tar.gz", {"docs/en/docs/a.md": ENGLISH, name: "hostile"})
    try:
        with unpacked(hostile, tmp_path / "scratch") as folder:
            found = sorted(path.name for path in folder.parent.rglob("*.md"))
    except DatasetError as error:
        assert "cannot unpack" in str(error)
    else:
        assert found == ["a.md"]
    assert list(tmp_path.rglob("outside.md")) == []


def test_what_is_no_archive_of_the_manual_is_said(tmp_path: Path) -> None:
    (tmp_path / "plain.tar.gz").write_text("no archive")
    for path in (tmp_path / "plain.tar.gz", archive(tmp_path / "other.tar.gz", {"readme.md": "Hello."})):
        with pytest.raises(DatasetError, match=path.name), unpacked(path, tmp_path / "scratch"):
            pass


# All of it, on our own articles


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, bundled_embedder: Embedder) -> Bench:
    folder = tmp_path_factory.mktemp("versions")
    return Bench(bundled_embedder, folder / "cache", folder / "scratch")


def test_the_samples_are_aligned_as_by_hand(bench: Bench) -> None:
    *articles, whole = aligned_with_gold("samples", None, bench)
    assert len(articles) == 6
    assert whole.score == sum((row.score for row in articles), Score())
    assert whole.score.wanted == 1_321
    assert whole.score.precision >= 0.9
    assert whole.score.recall >= 0.97
    assert whole.cut_otherwise == 0


@pytest.mark.skipif(not SEEDS.is_dir(), reason=f"the seed articles are not part of the project, nor at {SEEDS}")
def test_the_seeds_are_one_article_and_aligned_as_by_hand(bench: Bench) -> None:
    (row,) = aligned_with_gold("seeds", SEEDS, bench)
    (folder,) = bench.cache.glob("seeds-*")
    with Store.open_to_read(folder) as store:
        found = list(store.articles.versions())
    assert len(found) == 5 and len({version.article for version in found}) == 1
    assert row.score.precision >= 0.97
    assert row.score.recall >= 0.90


def test_a_text_that_is_not_the_one_that_was_aligned_is_refused(tmp_path: Path, toy: Bench) -> None:
    for article in versions.read_gold("seeds"):
        for name in article.documents.values():
            (tmp_path / name).write_text(f"This is another text, called {name}.")
    with pytest.raises(DatasetError) as caught:
        aligned_with_gold("seeds", tmp_path, toy)
    assert "is not the text that the gold alignment of 'seed' was made for (SHA-256 " in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_the_command_asks_for_a_part_and_says_in_a_line_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, complaint in (
        ([], "name at least one of --samples, --seeds"),
        (["--xquad-r", str(tmp_path)], "is no folder of XQuAD-R"),
    ):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 2
        assert complaint in capsys.readouterr().err
