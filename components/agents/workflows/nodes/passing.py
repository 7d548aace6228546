"""Nodes that hand on what they are given: triggers, No Operation, and what answers a webhook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from components.agents.workflows.item import Outputs, passed_on
from components.agents.workflows.node_kind import NodeKind
from components.agents.workflows.parameters import as_json, as_text, dig, not_one_of, options_of, unsupported
from components.agents.workflows.visit import Visit
from components.agents.workflows.workflow import Node

METHODS = ("GET", "POST")
WEBHOOK_PATH = re.compile(r"[A-Za-z0-9_-]{1,100}(/[A-Za-z0-9_-]{1,100}){0,5}")
_ANSWERS = ("firstIncomingItem", "allIncomingItems", "json", "text", "noData")
WEBHOOK_ACCESS = ("none", "headerAuth", "basicAuth")


def _check_nothing(node: Node) -> Iterator[str]:
    yield from unsupported(node.parameters, ())


def _check_webhook(node: Node) -> Iterator[str]:
    given = node.parameters
    yield from unsupported(
        given, ("httpMethod", "path", "responseMode", "responseData", "authentication", "options", "multipleMethods")
    )
    yield from not_one_of(given, "httpMethod", "GET", METHODS)
    yield from not_one_of(given, "responseMode", "onReceived", ("onReceived", "lastNode", "responseNode"))
    yield from not_one_of(given, "responseData", "firstEntryJson", ("firstEntryJson", "allEntries", "noData"))
    yield from not_one_of(given, "authentication", "none", WEBHOOK_ACCESS)
    yield from not_one_of(given, "multipleMethods", False, (False,))
    yield from options_of(given, "responseCode")
    path = given.get("path")
    if not isinstance(path, str) or not WEBHOOK_PATH.fullmatch(path.strip("/")):
        yield "the parameter 'path' is to be letters, digits, - and _, with / between"


def _check_answer(node: Node) -> Iterator[str]:
    yield from unsupported(node.parameters, ("respondWith", "responseBody", "options", "enableStreaming"))
    yield from not_one_of(node.parameters, "respondWith", "firstIncomingItem", _ANSWERS)
    yield from options_of(node.parameters, "responseCode")


def _pass(visit: Visit) -> Outputs:
    return (passed_on(visit.items),)


def _answer(visit: Visit) -> Outputs:
    """What whoever called the webhook is told; the first such node counts."""
    if "answer" not in visit.journal.run.state:
        visit.journal.remember({"answer": {"status": _status(visit.node), **_told(visit)}})
    return (passed_on(visit.items),)


def _told(visit: Visit) -> dict[str, Any]:
    kind = visit.node.parameters.get("respondWith", "firstIncomingItem")
    if kind == "noData":
        return {}
    if kind == "text":
        return {"text": as_text(visit.parameter("responseBody", default=""), "responseBody")}
    if kind == "json":
        body = visit.parameter("responseBody", default={})
        return {"json": as_json(body, "responseBody") if isinstance(body, str) else body}
    every = [dict(item.json) for item in visit.items]
    return {"json": every if kind == "allIncomingItems" else every[0] if every else {}}


def _status(node: Node) -> int:
    said = dig(node.parameters, "options", "responseCode")
    return said if isinstance(said, int) and 200 <= said < 600 else 200


TRIGGER = NodeKind(_pass, _check_nothing, is_trigger=True)
WEBHOOK = NodeKind(_pass, _check_webhook, is_trigger=True)
NO_OPERATION = NodeKind(_pass, _check_nothing)
ANSWER = NodeKind(_answer, _check_answer)
