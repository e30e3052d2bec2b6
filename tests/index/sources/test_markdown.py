from __future__ import annotations

from pathlib import Path

import pytest

from index.types import Role
from tests.index.sources.reading_one import blocks_of, read_one, reason_of

H, P, C = Role.HEADING, Role.PROSE, Role.CODE


def _blocks(folder: Path, source: str) -> list[tuple[Role, str]]:
    return blocks_of(read_one(folder, "page.md", source))


def test_inline_markup_is_gone_and_links_are_their_text(tmp_path: Path) -> None:
    source = (
        "Bring *your* **badge**, see [the ~~old~~ list](list.md){ .external } ![a map](map.png) or `desk --open`."
        "<br>Mind the <abbr title='x'>step</abbr>."
    )
    assert _blocks(tmp_path, source) == [(P, "Bring your badge, see the old list or desk --open.\nMind the step.")]


def test_roles_of_headings_lists_quotes_tables_and_code(tmp_path: Path) -> None:
    source = (
        "Desk\n====\n\n## Hours { #hours .wide }\n\n- Monday\n  to Friday\n- Saturday\n\n> Ring twice.\n\n"
        "| Day | Opens |\n|-----|-------|\n| Monday | `08:00` |\n\n"
        "```sh\n$ ring # twice\n\n$ wait\n```\n\n    indented()\n"
    )
    assert _blocks(tmp_path, source) == [
        (H, "Desk"),
        (H, "Hours"),
        (P, "Monday to Friday"),
        (P, "Saturday"),
        (P, "Ring twice."),
        (H, "Day | Opens"),
        (P, "Monday | 08:00"),
        (C, "$ ring # twice\n\n$ wait"),
        (C, "indented()"),
    ]


@pytest.mark.parametrize(
    "source",
    [
        "Before.\n\n/// note | Hinweis\n\nInside.\n\n///\n\nAfter.",
        "Before.\n/// note\nInside.\n///\nAfter.",
        "Before.\n\n::: tip Good to know\nInside.\n:::\n\nAfter.",
        "Before.\n\n:::warning[Mind]\nInside.\n:::\n\nAfter.",
        'Before.\n\n!!! note "Merk op"\n    Inside.\n\nAfter.',
        "Before.\n\n??? tip\n\n    Inside.\n\nAfter.",
        '=== "First tab"\n\n    Before.\n\n=== "Second tab"\n\n    Inside.\n\nAfter.',
        "Before.\n\n> [!WARNING]\n> Inside.\n\nAfter.",
        "{% raw %}\nBefore.\n\nInside.\n{% endraw %}\n\n{* ../code.py hl[2] *}\n\n[TOC]\n\nAfter.\n{: .small }",
        "Before.[^1]\n\nInside.\n\n[^1]: After.",
    ],
)
def test_markers_of_documentation_sites_do_not_leak_into_prose(tmp_path: Path, source: str) -> None:
    assert _blocks(tmp_path, source) == [(P, "Before."), (P, "Inside."), (P, "After.")]


def test_a_title_that_says_something_stays_as_a_heading(tmp_path: Path) -> None:
    assert _blocks(tmp_path, '!!! note "Parcels are kept for fourteen days"\n    Then they go back.') == [
        (H, "Parcels are kept for fourteen days"),
        (P, "Then they go back."),
    ]


def test_markers_in_code_are_code(tmp_path: Path) -> None:
    assert _blocks(tmp_path, "```\n/// note\n{% raw %}\n```") == [(C, "/// note\n{% raw %}")]


def test_raw_html_is_its_text(tmp_path: Path) -> None:
    source = "<div class='x'>\n<p>One &amp; two.</p><script>no()</script>\n</div>\n\n<!-- not this -->\n\nThree."
    assert _blocks(tmp_path, source) == [(P, "One & two."), (P, "Three.")]


def test_front_matter_declares_and_is_no_text(tmp_path: Path) -> None:
    source = (
        "---\ntitle: 'Open: when?'\nlang: no\ntranslationKey: opening\ntags: [a, b]\n---\n# Åpent\n\nKlokken åtte.\n"
    )
    document = read_one(tmp_path, "page.md", source)
    assert (document.title, document.language, document.article) == ("Open: when?", "nb", "opening")
    assert blocks_of(document) == [(H, "Åpent"), (P, "Klokken åtte.")]


def test_the_title_is_the_first_h1_where_nothing_is_declared(tmp_path: Path) -> None:
    document = read_one(tmp_path, "page.md", "## Small\n\n# The *big* one { #big }\n\nText.")
    assert (document.title, document.language, document.article) == ("The big one", None, None)


@pytest.mark.parametrize(
    "front",
    [
        "title: [unclosed",
        "- a\n- list",
        "title: {a: 1}",
        "title: ~",
        "x: " + "[" * 5000,
        "\n".join(
            ["a: &a [1, 1]"]
            + [f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}]" for a, b in zip("abcdefghij", "bcdefghijk", strict=True)]
        ),
    ],
)
def test_broken_or_hostile_front_matter_declares_nothing_and_loses_nothing(tmp_path: Path, front: str) -> None:
    document = read_one(tmp_path, "page.md", f"---\n{front}\n---\n\nThe text.\n")
    assert (document.title, document.text) == (None, "The text.")


def test_soft_line_ends_are_spaces_only_where_the_script_has_spaces(tmp_path: Path) -> None:
    assert _blocks(tmp_path, "one\ntwo\n\n窓口は九時に\n開きます。") == [(P, "one two"), (P, "窓口は九時に開きます。")]


def test_nesting_without_end_and_front_matter_alone_are_refused_or_read_but_never_crash(tmp_path: Path) -> None:
    assert reason_of(tmp_path, "page.md", "---\ntitle: x\n---\n") == "empty (it holds no text)"
    assert reason_of(tmp_path, "page.md", ">" * 50_000 + " x") == "empty (it holds no text)"
    assert read_one(tmp_path, "page.md", "[" * 50_000).text == "[" * 50_000
