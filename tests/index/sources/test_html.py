from __future__ import annotations

from pathlib import Path

from index.types import Role
from tests.index.sources.reading_one import blocks_of, read_one, reason_of

H, P, C = Role.HEADING, Role.PROSE, Role.CODE
CHROME_ABOVE = '<div class="cookie">We use cookies.</div><ul class="menu"><li><a href="/">Home</a></li></ul>'
CHROME_BELOW = '<div class="footer">© Example</div>'
CONTENT = """
<h1>How do I return a parcel?</h1>
<p>You can return a parcel within <b>thirty days</b>. First ask for a <a href="/l">label</a>; it comes by mail.</p>
<h2>Steps</h2>
<ol><li>Log in to your account and open the list of orders.</li>
<li><p>Choose the order.</p><p>Press return.</p></li></ol>
<table><tr><th>Country</th><th>Price</th></tr><tr><td><p>Belgium</p></td><td>4 euros</td></tr></table>
<dl><dt>Refund</dt><dd>The money is back within five working days after we have received it.</dd></dl>
<pre>label --print
  twice</pre>
<div>Loose text in a division,<br>on two lines.<br><br>And a third that stands apart.</div>
"""
BLOCKS = [
    (H, "How do I return a parcel?"),
    (P, "You can return a parcel within thirty days. First ask for a label; it comes by mail."),
    (H, "Steps"),
    (P, "Log in to your account and open the list of orders."),
    (P, "Choose the order."),
    (P, "Press return."),
    (H, "Country | Price"),
    (P, "Belgium | 4 euros"),
    (H, "Refund"),
    (P, "The money is back within five working days after we have received it."),
    (C, "label --print\n  twice"),
    (P, "Loose text in a division,\non two lines."),
    (P, "And a third that stands apart."),
]


def _page(body: str, head: str = "", lang: str = "en-GB") -> str:
    return f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8">{head}</head><body>{body}</body></html>'


def test_lists_tables_and_code_of_the_main_content_survive_and_chrome_around_it_goes(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.html", _page(CHROME_ABOVE + f"<div>{CONTENT}</div>" + CHROME_BELOW))
    assert blocks_of(document) == BLOCKS


def test_what_a_page_marks_as_main_is_kept_whole(tmp_path: Path) -> None:
    for tag, end in (("main", "main"), ("article", "article"), ('div role="main"', "div")):
        document = read_one(tmp_path, "a.html", _page(f"{CHROME_ABOVE}<{tag}>{CONTENT}</{end}>{CHROME_BELOW}"))
        assert blocks_of(document) == BLOCKS


def test_a_very_short_page_keeps_its_structure(tmp_path: Path) -> None:
    assert blocks_of(read_one(tmp_path, "a.htm", "<h1>Short</h1><p>Call us on Monday.")) == [
        (H, "Short"),
        (P, "Call us on Monday."),
    ]


def test_declarations(tmp_path: Path) -> None:
    head = "<title>Returns &amp; refunds\n | Help</title>"
    document = read_one(tmp_path, "a.html", _page(CONTENT, head, lang="pt-BR"))
    assert (document.title, document.language, document.article) == ("Returns & refunds | Help", "pt", None)


def test_the_heading_is_the_title_where_the_declared_one_only_adds_the_site(tmp_path: Path) -> None:
    page = _page("<h1>Returns</h1><p>Text.", "<title>Returns - Help centre</title>")
    assert read_one(tmp_path, "a.html", page).title == "Returns"


def test_pages_that_name_the_same_versions_share_an_article(tmp_path: Path) -> None:
    links = "".join(
        f'<link rel="alternate" hreflang="{code}" href="https://x.example/{code}/a">' for code in ("nl", "fr")
    )
    default = '<link rel="alternate" hreflang="x-default" href="https://x.example/">'
    articles = [
        read_one(tmp_path, name, _page("<p>Text.", head)).article
        for name, head in (
            ("nl.html", f'<link rel="canonical" href="https://x.example/nl/a">{links}'),
            ("fr.html", f'{default}{links}<link rel="canonical" href="https://x.example/fr/a">'),
            ("other.html", f'{links.replace("/a", "/b")}<link rel="canonical" href="https://x.example/fr/b">'),
            ("alone.html", f'{default}<link rel="canonical" href="https://x.example/fr/a">'),
        )
    ]
    assert articles[0] is not None
    assert articles[0] == articles[1]
    assert articles[2] not in {None, articles[0]}
    assert articles[3] is None


def test_the_encoding_in_the_markup_is_believed(tmp_path: Path) -> None:
    page = '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS"><p>窓口'.encode("shift_jis")
    assert read_one(tmp_path, "a.html", page).text == "窓口"
    utf8 = _page("<p>窓口は九時に開きます。").replace("utf-8", "shift_jis")
    assert read_one(tmp_path, "a.html", utf8).text == "窓口は九時に開きます。"


def test_a_table_for_layout_is_not_one_row(tmp_path: Path) -> None:
    page = "<table><tr><td><h1>Hours</h1><p>From eight.</p><p>Until six.</p></td></tr></table>"
    assert blocks_of(read_one(tmp_path, "a.html", page)) == [(H, "Hours"), (P, "From eight."), (P, "Until six.")]


def test_a_menu_that_is_never_closed_does_not_swallow_the_page(tmp_path: Path) -> None:
    assert (
        "until six" in read_one(tmp_path, "a.html", "<nav><a>Home</a><p>On a Monday, the desk is open until six.").text
    )


def test_scripts_styles_and_buttons_are_no_text(tmp_path: Path) -> None:
    page = "<style>p{}</style><script>var p='<p>no</p>'</script><p>Yes.<button>Press</button><svg><text>t</text></svg>"
    assert read_one(tmp_path, "a.html", page).text == "Yes."
    assert reason_of(tmp_path, "b.html", "<script>only()</script>") == "empty (it holds no text)"


def test_hostile_markup_takes_time_in_proportion_to_its_length(tmp_path: Path) -> None:
    for data in (b"<a " * 60_000, b"<!--" * 50_000, b"</" * 90_000, b'<a b="' * 40_000, b"<?" * 90_000):
        assert reason_of(tmp_path, "a.html", data) == "empty (it holds no text)"
    assert read_one(tmp_path, "a.html", b"<div>" * 50_000 + b"deep down").text == "deep down"
