"""Takes the JavaScript out of MDX: imports, exports and component tags go, titles and text stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from components.knowledge.blocks import heading_of
from components.knowledge.parsing.markup import stretches, without_enclosed

_MODULE_LINES = re.compile(
    r"^(?:import\s[^\n]*['\"][^\n'\"]*['\"];?|export\s+(?:const|let|var|default|function|async|class)\b[^\n]*(?:\n[^\n]+)*)$",
    re.MULTILINE,
)
_TAG_OR_CODE = re.compile(
    r"`[^`\n]+`"
    r"|<(?P<closing>/?)(?P<name>[A-Z][A-Za-z0-9.]*)(?P<attributes>(?:\"[^\"]{0,2000}\"|'[^']{0,2000}'|\{[^{}]{0,2000}\}"
    r"|[^<>{}\"']){0,2000})>"
    r"|<>|</>"
)
_TITLE = re.compile(r"""\b(?:title|header|label|question)=\{?(?:"([^"]*)"|'([^']*)'|`([^`]*)`)""")
_AS_HEADING = frozenset(
    {"Accordion", "Tab", "Step", "Expandable", "Collapsible", "Details", "Panel", "TabItem", "Update"}
)


@dataclass(frozen=True)
class _Event:
    """A stretch of text or code, or a component's beginning or end."""

    kind: Literal["text", "code", "open", "close"]
    text: str = ""
    name: str = ""
    as_heading: bool = False


def without_components(markdown: str) -> str:
    """MDX as Markdown. An accordion's, tab's or step's title becomes a heading below the current one, where
    no text of the outer section follows it (that would seem to belong to it); else, and for other
    components, the title becomes a line in bold."""
    events = _with_headings(list(_events(markdown)))
    return "".join(_written(events))


def _events(markdown: str) -> Iterator[_Event]:
    parts = [
        (is_code, text if is_code else _MODULE_LINES.sub("", without_enclosed(text, "{/*", "*/}")))
        for is_code, text in stretches(markdown)
    ]
    closed = {
        match["name"]
        for is_code, text in parts
        if not is_code
        for match in _TAG_OR_CODE.finditer(text)
        if match["closing"]
    }
    for is_code, text in parts:
        if is_code:
            yield _Event("code", text)
            continue
        done = 0
        for match in _TAG_OR_CODE.finditer(text):
            name, alone = match["name"], (match["attributes"] or "").rstrip().endswith("/")
            if match[0].startswith("`") or (name and not alone and name not in closed):
                continue  # code, or a placeholder such as <Your-Domain>
            yield _Event("text", text[done : match.start()])
            done = match.end()
            if name:
                yield from _tag_events(match, alone)
        yield _Event("text", text[done:])


def _tag_events(match: re.Match[str], alone: bool) -> Iterator[_Event]:
    if match["closing"]:
        yield _Event("close", name=match["name"])
        return
    title = _TITLE.search(match["attributes"])
    words = " ".join(next((group for group in title.groups() if group), "").split()) if title else ""
    yield _Event("open", words, match["name"])
    if alone:
        yield _Event("close", name=match["name"])


def _with_headings(events: list[_Event]) -> list[_Event]:
    """Decides from the end backwards which titles can be headings: those after whose component comes a
    heading or the end."""
    decided = []
    before_heading = True
    at_close: list[bool] = []
    for event in reversed(events):
        if event.kind == "close":
            at_close.append(before_heading)
        elif event.kind == "open":
            free = at_close.pop() if at_close else False
            as_heading = free and bool(event.text) and event.name in _AS_HEADING
            if event.text:
                before_heading = as_heading
            event = replace(event, as_heading=as_heading)
        elif event.text.strip():
            before_heading = event.kind == "text" and heading_of(event.text.lstrip().split("\n", 1)[0]) is not None
        decided.append(event)
    decided.reverse()
    return decided


def _written(events: list[_Event]) -> Iterator[str]:
    level = 1
    headings_open: list[bool] = []
    for event in events:
        if event.kind == "open":
            if event.as_heading:
                below = min(6, level + 1 + sum(headings_open))
                yield f"\n\n{'#' * below} {event.text}\n\n"
            elif event.text:
                yield f"\n\n**{event.text}**\n\n"
            headings_open.append(event.as_heading)
        elif event.kind == "close":
            if headings_open:
                headings_open.pop()
            yield "\n"
        else:
            indent = 2 * len(headings_open)
            lines = event.text.split("\n")
            yield "\n".join(line[min(indent, len(line) - len(line.lstrip(" "))) :] for line in lines)
            if event.kind == "text":
                found = [heading[0] for line in lines if (heading := heading_of(line.strip()))]
                level = found[-1] if found else level
