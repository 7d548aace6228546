"""A workflow as n8n itself imports it: the same nodes, written the way its editor and its expressions want them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from uuid import NAMESPACE_URL, uuid5

# The names of our nodes in documents, and in the package n8n-nodes-helpdesk.
_OURS = {"AutoGen.Execute": "autoGenExecute", "ToolInvoker": "toolInvoker"}
_TRIGGERS = re.compile(r"trigger$|\.webhook$", re.IGNORECASE)
_NOTE = "n8n-nodes-base.stickyNote"
_PIECE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_STEP = 224


@dataclass(frozen=True)
class N8nCredential:
    """A credential of an n8n: what its nodes name it by."""

    id: str
    name: str


@dataclass(frozen=True)
class N8nPlace:
    """Where a workflow is to live in an n8n. package: that n8n knows our nodes by: CUSTOM for an extension folder.
    api: the credential helpdeskApi. webhook: a credential httpHeaderAuth, which whoever calls the webhook must have."""

    api: N8nCredential
    webhook: N8nCredential
    package: str = "CUSTOM"


def n8n_form(
    document: Mapping[str, Any], name: str, place: N8nPlace, example: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What `n8n import:workflow` takes; the same for the same document.

    A workflow without a trigger gets two: by hand, with the input `example`, and a webhook whose body is the input.
    document: one that has been read already: its faults are not looked for here.
    """
    names = [node["name"] for node in document["nodes"]]
    nodes = [_node(node, number, names, place) for number, node in enumerate(document["nodes"])]
    active = [node["name"] for node in nodes if node["type"] != _NOTE]
    connections = dict(document.get("connections") or _in_turn(active))
    identity = f"helpdesk-{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}"[:36]
    if not any(_TRIGGERS.search(node["type"]) for node in nodes):
        led_to = {target["node"] for outputs in connections.values() for target in _targets(outputs)}
        first = {"main": [[_target(each) for each in active if each not in led_to]]}
        by_hand, sample, by_webhook, request = _triggers(identity, names, place, example or {})
        for trigger, gives in ((by_hand, sample), (by_webhook, request)):
            connections |= {**_in_turn([trigger["name"], gives["name"]]), gives["name"]: first}
        nodes = [by_hand, sample, by_webhook, request, *nodes]
    return {
        "id": identity,
        "name": name,
        "active": False,
        "nodes": nodes,
        "connections": connections,
        "settings": {"executionOrder": "v1"},
        "pinData": {},
    }


def _node(node: Mapping[str, Any], number: int, names: Sequence[str], place: N8nPlace) -> dict[str, Any]:
    short = str(node["type"]).removeprefix("n8n-nodes-helpdesk.")
    ours = _OURS.get(short, short if short in _OURS.values() else None)

    def parameter(key: str, value: Any) -> Any:
        as_text = ours and key != "options" and isinstance(value, Mapping | list)
        return _literal(value, names) if as_text else _marked(value, names)

    written = {
        "id": str(uuid5(NAMESPACE_URL, node["name"])),
        "typeVersion": 1,
        "position": [_STEP * (number + 2), 0],
        **node,
        "parameters": {key: parameter(key, value) for key, value in (node.get("parameters") or {}).items()},
    }
    if ours:
        credentials = {"helpdeskApi": {"id": place.api.id, "name": place.api.name}}
        written |= {"type": f"{place.package}.{ours}", "credentials": credentials}
    return written


def _marked(value: Any, names: Sequence[str]) -> Any:
    """n8n takes a text for an expression where it begins with `=`."""
    if isinstance(value, str):
        return value if "{{" not in value else "=" + _quoted(value.removeprefix("="), names)
    if isinstance(value, Mapping):
        return {key: _marked(each, names) for key, each in value.items()}
    return [_marked(each, names) for each in value] if isinstance(value, list) else value


def _literal(value: Any, names: Sequence[str]) -> str:
    """An object as the one text that n8n's JSON fields hold: JSON, or an expression that gives the object."""
    if "{{" not in json.dumps(value, ensure_ascii=False):
        return json.dumps(value, ensure_ascii=False, indent=2)
    return f"={{{{ {_script(value, names)} }}}}"


def _script(value: Any, names: Sequence[str]) -> str:
    """As JavaScript. No braces stand side by side outside of strings: they would end n8n's expression."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_text(key)}: {_script(each, names)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_script(each, names) for each in value) + "]"
    if not isinstance(value, str) or "{{" not in value:
        return _text(value)
    text = _quoted(value.removeprefix("="), names)
    whole = _PIECE.fullmatch(text.strip())
    return whole.group(1).strip() if whole else " + ".join(['""', *_parts(text)])


def _parts(text: str) -> Iterator[str]:
    place = 0
    for piece in _PIECE.finditer(text):
        if piece.start() > place:
            yield _text(text[place : piece.start()])
        yield f"({piece.group(1).strip()})"
        place = piece.end()
    if place < len(text):
        yield _text(text[place:])


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("{{", "{\\u007b").replace("}}", "}\\u007d")


def _quoted(text: str, names: Sequence[str]) -> str:
    """`$node.Create Ticket.json`, as the design prints it, is no expression of n8n's: the name is put into quotes."""
    for name in sorted(names, key=len, reverse=True):
        bare = re.compile(rf"\$node\.{re.escape(name)}(?=\s*\.)")
        text = f"$node[{json.dumps(name)}]".join(bare.split(text))
    return text


def _targets(outputs: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for output in outputs.get("main", ()):
        yield from output or ()


def _target(name: str) -> dict[str, Any]:
    return {"node": name, "type": "main", "index": 0}


def _in_turn(names: Sequence[str]) -> dict[str, Any]:
    return {name: {"main": [[_target(following)]]} for name, following in pairwise(names)}


def _triggers(
    identity: str, names: Sequence[str], place: N8nPlace, example: Mapping[str, Any]
) -> tuple[dict[str, Any], ...]:
    """By hand, the input that this has, by webhook, and the input that comes with it."""

    def added(name: str, kind: str, version: float, at: tuple[int, int], parameters: Mapping[str, Any]) -> Any:
        while name in names:
            name += "'"
        return {
            "id": str(uuid5(NAMESPACE_URL, name)),
            "name": name,
            "type": f"n8n-nodes-base.{kind}",
            "typeVersion": version,
            "position": [_STEP * at[0], at[1]],
            "parameters": dict(parameters),
        }

    hook = {"httpMethod": "POST", "path": identity, "authentication": "headerAuth", "responseMode": "lastNode"}
    sample, body = json.dumps(example, ensure_ascii=False, indent=2), "={{ $json.body }}"
    return (
        added("By hand", "manualTrigger", 1, (0, -112), {}),
        added("Example request", "set", 3.4, (1, -112), {"mode": "raw", "jsonOutput": sample, "options": {}}),
        added("By webhook", "webhook", 2, (0, 112), {**hook, "options": {}})
        | {
            "webhookId": str(uuid5(NAMESPACE_URL, identity)),
            "credentials": {"httpHeaderAuth": {"id": place.webhook.id, "name": place.webhook.name}},
        },
        added("Request", "set", 3.4, (1, 112), {"mode": "raw", "jsonOutput": body, "options": {}}),
    )
