"""The arrows after a node: `intent: faq → handle_faq`, `default → handover`, and the same without an arrow sign."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from components.dialogue.flow import Arrow

_SIGN = re.compile(r"\s*(?:→|->|=>)\s*")
_TARGET = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
_DEFAULT = "default"
FORMS = {
    "nlu": "intent: refund → target, or default → target",
    "condition": "if: amount > 100 → target, or default → target",
}
MOST_ARROWS = 100

Refuse = Callable[[int, str], None]


def read_next(value: Any, node_type: str, line_of: Callable[[int | None], int], refuse: Refuse) -> tuple[Arrow, ...]:
    """The arrows of a node's `next`, which stands there and is not null. line_of: the line of an entry of the list, or
    of `next` itself. refuse: is told line and message of each that is not allowed; the others are returned."""
    branching = node_type in FORMS
    if isinstance(value, list):
        if not value:
            refuse(line_of(None), "next is empty: at least one arrow is needed")
        if len(value) > MOST_ARROWS:
            refuse(line_of(None), f"next has {len(value)} arrows: at most {MOST_ARROWS} are allowed")
        if not branching and len(value) > 1:
            refuse(line_of(None), f"next has {len(value)} arrows: after a {node_type} node one target is allowed")
        entries = [(line_of(index), entry) for index, entry in enumerate(value[:MOST_ARROWS])]
    else:
        entries = [(line_of(None), value)]
    found = [_arrow(entry, line, node_type, refuse) for line, entry in entries]
    return tuple(arrow for arrow in found if arrow is not None)


def _arrow(entry: Any, line: int, node_type: str, refuse: Refuse) -> Arrow | None:
    arrow = _read(entry, line, node_type)
    if isinstance(arrow, str):
        refuse(line, arrow)
        return None
    if not _TARGET.fullmatch(arrow.target):
        refuse(line, f"the target {arrow.target!r}: the name of a node or a flow, handover or end is allowed")
        return None
    return arrow


def _read(entry: Any, line: int, node_type: str) -> Arrow | str:
    """The arrow, or why there is none."""
    wanted = FORMS.get(node_type, "a target")
    if isinstance(entry, str):
        left, target = _split(entry)
        if target is None:
            return Arrow(entry.strip(), line)
        if left != _DEFAULT:
            return f"{entry!r} is no arrow here: allowed is {wanted}"
        return Arrow(target, line)
    if isinstance(entry, Mapping):
        return _of_mapping(entry, line, node_type)
    return f"{entry!r} is no arrow: allowed is {wanted}"


def _of_mapping(entry: Mapping[str, Any], line: int, node_type: str) -> Arrow | str:
    wanted = FORMS.get(node_type, "a target, or default: target")
    keys = set(entry)
    if keys == {_DEFAULT} and isinstance(entry[_DEFAULT], str):
        return Arrow(entry[_DEFAULT], line)
    key = {"nlu": "intent", "condition": "if"}.get(node_type)
    if key is None or key not in keys or keys - {key, "to"}:
        return f"{', '.join(sorted(keys)) or 'nothing'} in an arrow: allowed is {wanted}"
    written = _text(entry[key])
    if written is None:
        return f"{key} is {entry[key]!r}: a text is needed"
    left, target = (written.strip(), entry["to"]) if "to" in keys else _split(written)
    if not isinstance(target, str):
        return f"{key}: {written!r} leads nowhere: allowed is {wanted}"
    if not left:
        return f"{key} is empty: allowed is {wanted}"
    return Arrow(target, line, intent=left) if key == "intent" else Arrow(target, line, condition=left)


def _split(written: str) -> tuple[str, str | None]:
    """What stands before the last arrow and what after it; None where there is none."""
    signs = list(_SIGN.finditer(written))
    if not signs:
        return written.strip(), None
    return written[: signs[-1].start()].strip(), written[signs[-1].end() :].strip()


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int) else None
