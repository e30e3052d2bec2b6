"""Block Kit's rules, as far as a bot that answers questions can break them; and the controls that blocks hold."""

from __future__ import annotations

import copy
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

from tests.bot.slack.workspace.records import Payload

__all__ = ["control", "problems", "rich_text", "size", "with_ids"]

CONTROL = re.compile(r"<([^<>]*)>")
BLOCK_OVERHEAD = 100

INLINE = {
    "text": "text",
    "link": "url",
    "user": "user_id",
    "usergroup": "usergroup_id",
    "channel": "channel_id",
    "emoji": "name",
    "broadcast": "range",
}
"""The elements of rich text, and what each cannot be without."""


def problems(blocks: Any, most: int) -> Iterator[str]:
    """What is wrong with the blocks of a message (`most` 50) or a view (100), and where, in Slack's words."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        yield "must be an array of objects [json-pointer:/blocks]"
        return
    if len(blocks) > most:
        yield f"no more than {most} items allowed [json-pointer:/blocks]"
    yield from _repeated("block_id", blocks, "/blocks")
    for number, block in enumerate(blocks):
        check = BLOCKS.get(block.get("type", ""))
        if check is None:
            yield f"unsupported type: {block.get('type')} [json-pointer:/blocks/{number}/type]"
        else:
            yield from _length(block, "block_id", 255, f"/blocks/{number}", needed=False)
            yield from check(block, f"/blocks/{number}")


def size(blocks: list[Payload]) -> int:
    """What `msg_blocks_too_long` goes by: nowhere documented, measured by others (slackapi/bolt-js issue 2867)."""
    return sum(_texts(block) + BLOCK_OVERHEAD for block in blocks)


def with_ids(blocks: list[Payload]) -> list[Payload]:
    """As Slack keeps them: with a `block_id` and `action_id` where the app gave none."""
    kept = copy.deepcopy(blocks)
    for block in kept:
        block.setdefault("block_id", secrets.token_urlsafe(4))
        for element in _controls(block):
            element.setdefault("action_id", secrets.token_urlsafe(4))
    return kept


def control(blocks: list[Payload], action_id: str) -> tuple[Payload, Payload]:
    """The block and the element in it. Raises LookupError where there is none, as nobody could use it either."""
    found = [(block, one) for block in blocks for one in _controls(block) if one.get("action_id") == action_id]
    if not found:
        there = sorted(one.get("action_id", "") for block in blocks for one in _controls(block))
        raise LookupError(f"there is no {action_id!r} to press or fill in, only {there}")
    return found[0]


def rich_text(text: str) -> list[Payload]:
    """The blocks that Slack makes of what people type; `text` is markup as in an event."""
    elements: list[Payload] = []
    for number, part in enumerate(CONTROL.split(text)):
        target, _, label = part.partition("|")
        if number % 2 == 0:
            elements += [{"type": "text", "text": unescape(part)}] if part else []
        elif part.startswith("@"):
            elements.append({"type": "user", "user_id": target[1:]})
        elif part.startswith("#"):
            elements.append({"type": "channel", "channel_id": target[1:]})
        elif part.startswith("!"):
            elements.append({"type": "broadcast", "range": target[1:]})
        else:
            elements.append({"type": "link", "url": target} | ({"text": label} if label else {}))
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": secrets.token_urlsafe(4), "elements": [section]}]


def _controls(block: Payload) -> list[Payload]:
    found = [*block.get("elements", ())] if block["type"] == "actions" else []
    return found + [block[name] for name in ("accessory", "element") if name in block]


def _texts(value: Any) -> int:
    if isinstance(value, list):
        return sum(_texts(one) for one in value)
    if isinstance(value, dict):
        return sum(len(one) if name == "text" and isinstance(one, str) else _texts(one) for name, one in value.items())
    return 0


def _repeated(name: str, among: list[Payload], where: str) -> Iterator[str]:
    counted = Counter(one[name] for one in among if name in one)
    for repeated in (one for one, times in counted.items() if times > 1):
        yield f"`{name}` {repeated} already exists [json-pointer:{where}]"


def _length(holder: Payload, name: str, most: int, where: str, *, needed: bool = True) -> Iterator[str]:
    value = holder.get(name)
    if value is None and not needed:
        return
    if not isinstance(value, str):
        yield f"missing required field: {name} [json-pointer:{where}]"
    elif not value:
        yield f"must be more than 0 characters [json-pointer:{where}/{name}]"
    elif len(value) > most:
        yield f"must be less than {most + 1} characters [json-pointer:{where}/{name}]"


def _text(
    holder: Payload, name: str, most: int, where: str, *, needed: bool = True, plain: bool = True
) -> Iterator[str]:
    text = holder.get(name)
    if text is None and not needed:
        return
    if isinstance(text, dict):
        yield from _text_object(text, most, f"{where}/{name}", plain=plain)
    else:
        yield f"missing required field: {name} [json-pointer:{where}]"


def _text_object(text: Payload, most: int, where: str, *, plain: bool) -> Iterator[str]:
    if text.get("type") not in ({"plain_text"} if plain else {"plain_text", "mrkdwn"}):
        yield f"unsupported type: {text.get('type')} [json-pointer:{where}/type]"
    yield from _length(text, "text", most, where)


def _items(holder: Payload, name: str, most: int, where: str) -> Iterator[str]:
    items = holder.get(name)
    if not isinstance(items, list) or not items or len(_dicts(holder, name)) < len(items):
        yield f"missing required field: {name} [json-pointer:{where}]"
    elif len(items) > most:
        yield f"no more than {most} items allowed [json-pointer:{where}/{name}]"


def _dicts(holder: Payload, name: str) -> list[Payload]:
    """The items that can be looked into; that others are wrong, `_items` says."""
    items = holder.get(name)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _section(block: Payload, where: str) -> Iterator[str]:
    if "fields" in block:
        yield from _items(block, "fields", 10, where)
        for number, field in enumerate(_dicts(block, "fields")):
            yield from _length(field, "text", 2_000, f"{where}/fields/{number}")
    yield from _text(block, "text", 3_000, where, needed="fields" not in block, plain=False)
    if "accessory" in block:
        yield from _element(block["accessory"], f"{where}/accessory")


def _header(block: Payload, where: str) -> Iterator[str]:
    yield from _text(block, "text", 150, where)


def _markdown(block: Payload, where: str) -> Iterator[str]:
    yield from _length(block, "text", 12_000, where)


def _divider(_block: Payload, _where: str) -> Iterator[str]:
    yield from ()


def _image(block: Payload, where: str) -> Iterator[str]:
    yield from _length(block, "image_url", 3_000, where)
    yield from _length(block, "alt_text", 2_000, where)


def _context(block: Payload, where: str) -> Iterator[str]:
    yield from _items(block, "elements", 10, where)
    for number, element in enumerate(_dicts(block, "elements")):
        if element.get("type") == "image":
            yield from _image(element, f"{where}/elements/{number}")
        else:
            yield from _text_object(element, 3_000, f"{where}/elements/{number}", plain=False)


def _actions(block: Payload, where: str) -> Iterator[str]:
    yield from _items(block, "elements", 25, where)
    yield from _repeated("action_id", _dicts(block, "elements"), f"{where}/elements")
    for number, element in enumerate(_dicts(block, "elements")):
        yield from _element(element, f"{where}/elements/{number}")


def _input(block: Payload, where: str) -> Iterator[str]:
    yield from _text(block, "label", 2_000, where)
    yield from _text(block, "hint", 2_000, where, needed=False)
    element = block.get("element", {})
    if element.get("type") == "plain_text_input":
        yield from _length(element, "action_id", 255, f"{where}/element", needed=False)
        yield from _text(element, "placeholder", 150, f"{where}/element", needed=False)
    else:
        yield from _element(element, f"{where}/element")


def _rich_text(block: Payload, where: str) -> Iterator[str]:
    yield from _items(block, "elements", 1_000, where)
    for number, element in enumerate(_dicts(block, "elements")):
        yield from _rich(element, f"{where}/elements/{number}")


def _rich(element: Payload, where: str) -> Iterator[str]:
    kind = element.get("type", "")
    if kind in INLINE:
        yield from _length(element, INLINE[kind], 3_000 if kind == "link" else 1_000_000, where)
        yield from _length(element, "text", 1_000_000, where, needed=kind == "text")
    elif kind in {"rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"}:
        if kind == "rich_text_list" and element.get("style") not in {"bullet", "ordered"}:
            yield f"missing required field: style [json-pointer:{where}]"
        for number, inner in enumerate(_dicts(element, "elements")):
            yield from _rich(inner, f"{where}/elements/{number}")
    else:
        yield f"unsupported type: {kind} [json-pointer:{where}/type]"


def _element(element: Payload, where: str) -> Iterator[str]:
    kind = element.get("type")
    if kind == "button":
        yield from _text(element, "text", 75, where)
        yield from _length(element, "value", 2_000, where, needed=False)
        yield from _length(element, "url", 3_000, where, needed=False)
        yield from _length(element, "accessibility_label", 75, where, needed=False)
        if element.get("style", "primary") not in {"primary", "danger"}:
            yield f"unsupported style: {element['style']} [json-pointer:{where}/style]"
    elif kind in MOST_OPTIONS:
        yield from _items(element, "options", MOST_OPTIONS[kind], where)
        yield from _text(element, "placeholder", 150, where, needed=False)
        for number, option in enumerate(_dicts(element, "options")):
            yield from _text(option, "text", 75, f"{where}/options/{number}", plain=False)
            yield from _length(option, "value", 150, f"{where}/options/{number}")
    elif kind != "image":
        yield f"unsupported type: {kind} [json-pointer:{where}/type]"
    yield from _length(element, "action_id", 255, where, needed=False)


MOST_OPTIONS = {"static_select": 100, "overflow": 5, "radio_buttons": 10, "checkboxes": 10}

BLOCKS: dict[str, Callable[[Payload, str], Iterator[str]]] = {
    "section": _section,
    "header": _header,
    "markdown": _markdown,
    "divider": _divider,
    "image": _image,
    "context": _context,
    "actions": _actions,
    "input": _input,
    "rich_text": _rich_text,
}
