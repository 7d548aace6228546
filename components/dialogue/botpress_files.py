"""Botpress v12's files as they are exported: flows and content elements, read with their bounds kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.core.errors import InvalidFlow
from components.dialogue.botpress_shapes import shown

LARGEST_FILE = 4 * 1024 * 1024
MOST_NODES = 500
MOST_BUTTONS = 10


@dataclass(frozen=True)
class Element:
    """A content element. texts: the ways to say it. choices: value and title of each. kind: such as builtin_text.
    lost: what of it cannot be read, in words."""

    kind: str
    texts: tuple[str, ...]
    choices: tuple[tuple[str, str], ...] = ()
    lost: tuple[str, ...] = ()


def read_flow_json(file: str, text: str) -> Mapping[str, Any]:
    """A `*.flow.json`. Raises InvalidFlow where it is none."""
    value = _json(file, text)
    if not isinstance(value, dict) or not isinstance(value.get("nodes"), list):
        raise InvalidFlow(f"{file}: a Botpress flow is a JSON object with the key nodes, a list", field="file")
    if len(value["nodes"]) > MOST_NODES:
        raise InvalidFlow(f"{file}: {len(value['nodes'])} nodes: at most {MOST_NODES} are allowed", field="file")
    return value


def read_elements(files: Mapping[str, str], language: str) -> Mapping[str, Element]:
    """Content elements by id, of files such as builtin_text.json. language: which of a text's translations is taken,
    the first there is where it has none in it. Raises InvalidFlow."""
    found: dict[str, Element] = {}
    for file, text in files.items():
        value = _json(file, text)
        if not isinstance(value, list):
            raise InvalidFlow(f"{file}: content elements are a JSON list of objects with id and formData", field="file")
        for place, entry in enumerate(value, 1):
            if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
                what = f"entry {place} is {shown(entry)}: an object with the key id, a text, is needed"
                raise InvalidFlow(f"{file}: {what}", field="file")
            found[entry["id"]] = element_of(entry["id"].rsplit("-", 1)[0], entry.get("formData"), language)
    return found


def element_of(kind: str, form: Any, language: str) -> Element:
    """An element from its form."""
    values = form if isinstance(form, dict) else {}
    text, variations = _translated(values, "text", language), _translated(values, "variations", language)
    choices = _translated(values, "choices", language)
    lost = [
        f"{key} is {shown(value)}, which is no list"
        for key, value in (("variations", variations), ("choices", choices))
        if value and not isinstance(value, list)
    ]
    texts = [text, *(variations if isinstance(variations, list) else [])]
    lost += [f"the text {shown(each)}, which is no text" for each in texts if each and not isinstance(each, str)]
    offered = choices if isinstance(choices, list) else []
    read = [choice for choice in offered if isinstance(choice, dict) and choice.get("value")]
    lost += [f"the choice {shown(choice)}, which has no value" for choice in offered if choice not in read]
    if form is not None and not isinstance(form, dict):
        lost.append(f"formData is {shown(form)}, which is no object")
    return Element(
        kind if not kind.startswith("builtin_single-choice") else "builtin_single-choice",
        tuple(each.strip() for each in texts if isinstance(each, str) and each.strip()),
        tuple((str(choice["value"]), str(choice.get("title") or choice["value"])) for choice in read),
        tuple(lost),
    )


def strings(value: Any) -> Sequence[str]:
    """The texts in a list; none where it is no list."""
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def _translated(values: Mapping[str, Any], key: str, language: str) -> Any:
    own = values.get(f"{key}${language}", values.get(key))
    if own:
        return own
    return next((value for name, value in values.items() if name.startswith(f"{key}$") and value), None)


def _json(file: str, text: str) -> Any:
    if len(text) > LARGEST_FILE:
        raise InvalidFlow(f"{file}: more than {LARGEST_FILE // 1024 // 1024} MB, which are allowed", field="file")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidFlow(f"{file}, line {error.lineno}: not JSON: {error.msg}", field="file") from error
    except (RecursionError, ValueError) as error:
        raise InvalidFlow(f"{file}: not JSON: nested too deeply, or a number too long", field="file") from error
