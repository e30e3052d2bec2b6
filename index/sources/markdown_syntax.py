"""The Markdown dialect: CommonMark, tables, footnotes, definition lists, and the markers of documentation sites."""

from __future__ import annotations

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

_FENCED = re.compile(r"(?:/{3,}|:{3,})(?!\S*//)[ \t]*(?P<kind>[^\s|\[{/:]\S*)?(?P<rest>.*)$")
_INDENTED = re.compile(
    r"""(?:!!!|\?\?\?\+?|===[!+]?)[ \t]+(?P<kind>[\w-]+(?:[ \t]+[\w-]+)*)?[ \t]*(?P<rest>".*")?[ \t]*$"""
)
_DIRECTIVE = re.compile(
    r"(?:\{%.*%\}|\{\*.*\*\}|\{!.*!\}|\{\{.*\}\}|\{:.*\}|\[\[?_?TOC_?\]?\]|--8<--.*)[ \t]*$", re.IGNORECASE
)
_INLINE_LIMIT = 10_000
_LABEL_LENGTH = 24
"""A marker's own title up to this long is a label ("Good to know", "Hinweis"); a longer one says something."""


def parse(source: str) -> list[Token]:
    """The block tokens of `source`, inline tokens as their children. Raises RecursionError on hostile nesting."""
    return _parser().parse(source)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": 60}).enable(["table", "strikethrough"])
    parser.use(front_matter_plugin).use(footnote_plugin).use(deflist_plugin)
    interrupted = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.before("table", "marker", _marker, {"alt": interrupted})
    parser.core.ruler.at("inline", _parse_inline)
    return parser


def _parse_inline(state: StateCore) -> None:
    """As markdown-it's own rule, but for paragraphs so long that its quadratic cases would take minutes."""
    for token in state.tokens:
        if token.type != "inline":
            continue
        token.children = []
        if len(token.content) <= _INLINE_LIMIT:
            state.md.inline.parse(token.content, state.md, state.env, token.children)
        else:
            token.children.append(Token("text", "", 0, content=token.content))


def _marker(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Consume one line that is a marker: `/// note`, `::: tip`, `!!! note`, `{% include %}`, `[TOC]`.

    What stands inside is read as if the marker were not there; after `!!!`, `???` and `===` it is indented.
    """
    if state.is_code_block(start_line):
        return False
    line = state.src[state.bMarks[start_line] + state.tShift[start_line] : state.eMarks[start_line]]
    indented = _INDENTED.match(line)
    fenced = None if indented else _FENCED.match(line)
    if not (indented or fenced or _DIRECTIVE.match(line)):
        return False
    if silent:
        return True
    found = indented or fenced
    if found is not None:
        _push_title(state, start_line, found["rest"] or "")
    state.line = start_line + 1
    if indented:
        _read_indented(state, start_line, end_line)
    return True


def _push_title(state: StateBlock, line: int, rest: str) -> None:
    title = rest.strip(" \t|\"'[]")
    if len(title) <= _LABEL_LENGTH:
        return
    state.push("marker_title_open", "p", 1)
    token = state.push("inline", "", 0)
    token.content, token.map, token.children = title, [line, line + 1], []
    state.push("marker_title_close", "p", -1)


def _read_indented(state: StateBlock, start_line: int, end_line: int) -> None:
    indent = state.sCount[start_line] + 4
    last = start_line + 1
    for line in range(start_line + 1, end_line):
        if state.isEmpty(line):
            continue
        if state.sCount[line] < indent:
            break
        last = line + 1
    old_indent, old_max = state.blkIndent, state.lineMax
    state.blkIndent, state.lineMax = indent, last
    state.md.block.tokenize(state, start_line + 1, last)
    state.blkIndent, state.lineMax = old_indent, old_max
    state.line = last
