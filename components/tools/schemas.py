"""Somebody else's schema of arguments, as one that we hold calls to: never stricter than theirs, of bounded work.

What is left out is checked by the system behind the tool. Patterns are, because a regular expression of somebody else's
may take for ever; so are `not` and conditions, since what stands under them would turn from looser to stricter, and
`oneOf` becomes `anyOf` for the same reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from components.core.errors import InvalidToolDocument

LARGEST_SCHEMA = 64_000
# Schemas that one value may be held to, by way of references and alternatives.
MOST_ALTERNATIVES = 5_000

_PLAIN = frozenset(
    {
        "type", "enum", "const", "format", "title", "description", "default", "multipleOf", "maximum", "minimum",
        "exclusiveMaximum", "exclusiveMinimum", "maxLength", "minLength", "maxItems", "minItems", "uniqueItems",
        "maxProperties", "minProperties", "required", "dependentRequired",
    }
)  # fmt: skip
_LISTS = {"allOf": "allOf", "anyOf": "anyOf", "oneOf": "anyOf"}
_BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
Way = Literal["sent", "received"]


class PortableSchemas:
    """Converts the schemas of one tool, and gathers what they refer to.

    target: what a reference stands for. way: properties that go only the other way are left out.
    """

    def __init__(self, target: Callable[[object], Any], way: Way = "sent") -> None:
        self._target, self._hidden = target, "readOnly" if way == "sent" else "writeOnly"
        self._names: dict[str, str] = {}
        self._defs: dict[str, Any] = {}

    def convert(self, schema: Any) -> dict[str, Any]:
        """JSON Schema (2020-12); references are `#/$defs/…`. Raises InvalidToolDocument."""
        if schema is True or schema is None:
            return {}
        if schema is False:
            return {"not": {}}
        if not isinstance(schema, dict):
            raise InvalidToolDocument(f"{str(schema)[:80]!r} is no schema: an object is allowed")
        made = {name: value for name, value in schema.items() if name in _PLAIN}
        _modernise(schema, made)
        if "$ref" in schema:
            made["$ref"] = f"#/$defs/{self._named(schema['$ref'])}"
        for name, other in _LISTS.items():
            if isinstance(schema.get(name), list):
                self._add_list(made, other, [self.convert(each) for each in schema[name]])
        if isinstance(schema.get("prefixItems"), list):
            made["prefixItems"] = [self.convert(each) for each in schema["prefixItems"]]
        if isinstance(schema.get("items"), dict | bool):
            made["items"] = self.convert(schema["items"])
        self._add_properties(schema, made)
        return _with_null(made) if schema.get("nullable") is True and "$ref" not in schema else made

    def looked_up(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A converted schema, or what it refers to and nothing beside."""
        passed: set[str] = set()
        while set(schema) == {"$ref"} and schema["$ref"] not in passed:
            passed.add(schema["$ref"])
            schema = self._defs[schema["$ref"].removeprefix("#/$defs/")]
        return schema

    def closed(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A converted schema with the definitions that it needs. Raises InvalidToolDocument where it goes round without
        end, or is too large."""
        needed = _reached(schema, self._defs)
        weights: dict[str, int] = {}
        for name in needed:
            self._weigh(name, weights, ())
        whole = {**schema, "$defs": {name: self._defs[name] for name in needed}} if needed else schema
        size = len(json.dumps(whole))
        if size > LARGEST_SCHEMA:
            raise InvalidToolDocument(f"its schema has {size} characters: at most {LARGEST_SCHEMA} are allowed")
        return whole

    def _named(self, reference: object) -> str:
        key = str(reference)
        if key not in self._names:
            target = self._target(reference)
            plain = re.sub(r"[^A-Za-z0-9_]+", "_", key.rpartition("/")[2])[:60] or "schema"
            taken = set(self._names.values())
            name = next(each for each in (plain, *(f"{plain}_{n}" for n in range(2, 10_000))) if each not in taken)
            self._names[key] = name
            self._defs[name] = {}
            self._defs[name] = self.convert(target)
        return self._names[key]

    def _add_properties(self, schema: dict[str, Any], made: dict[str, Any]) -> None:
        properties = schema.get("properties")
        if isinstance(properties, dict):
            shown = {
                name: each
                for name, each in properties.items()
                if not (isinstance(each, dict) and each.get(self._hidden) is True)
            }
            made["properties"] = {name: self.convert(each) for name, each in shown.items()}
            if isinstance(made.get("required"), list):
                made["required"] = [name for name in made["required"] if name in shown or name not in properties]
        if isinstance(schema.get("additionalProperties"), dict | bool) and "patternProperties" not in schema:
            made["additionalProperties"] = (
                schema["additionalProperties"]
                if isinstance(schema["additionalProperties"], bool)
                else self.convert(schema["additionalProperties"])
            )

    @staticmethod
    def _add_list(made: dict[str, Any], name: str, schemas: list[dict[str, Any]]) -> None:
        if name in made:  # anyOf beside oneOf: both hold.
            made.setdefault("allOf", []).append({name: schemas})
        else:
            made[name] = schemas

    def _weigh(self, name: str, weights: dict[str, int], under: tuple[str, ...]) -> int:
        """How many schemas a value is held to that is held to this definition."""
        if name in under:
            raise InvalidToolDocument(f"the schema {name!r} refers to itself without end", field="$ref")
        if name not in weights:
            held = (self._weigh(each, weights, (*under, name)) for each in _in_place(self._defs[name]))
            weights[name] = 1 + sum(held)
            if weights[name] > MOST_ALTERNATIVES:
                raise InvalidToolDocument(f"the schema {name!r} has more than {MOST_ALTERNATIVES} alternatives")
        return weights[name]


def _modernise(schema: Mapping[str, Any], made: dict[str, Any]) -> None:
    """OpenAPI 3.0's words for what JSON Schema says otherwise, and what no validator of ours is to run."""
    for exclusive, bound in _BOUNDS.items():
        if isinstance(made.get(exclusive), bool) and made.pop(exclusive) and bound in made:
            made[exclusive] = made.pop(bound)
    required = made.pop("required", None)
    if isinstance(required, list) and all(isinstance(each, str) for each in required):
        made["required"] = list(dict.fromkeys(required))
    if isinstance(schema.get("pattern"), str):
        made["description"] = f"{made.get('description', '')} Pattern: {schema['pattern'][:200]}".strip()
    if isinstance(made.get("description"), str):
        made["description"] = made["description"][:500]


def _with_null(made: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(made.get("type"), str):
        return {"anyOf": [made, {"type": "null"}]} if "allOf" in made or "anyOf" in made else made
    made["type"] = [made["type"], "null"]
    if isinstance(made.get("enum"), list) and None not in made["enum"]:
        made["enum"] = [*made["enum"], None]
    return made


def _in_place(schema: Mapping[str, Any]) -> list[str]:
    """The definitions that the same value is held to."""
    found = [schema["$ref"].removeprefix("#/$defs/")] if "$ref" in schema else []
    for name in ("allOf", "anyOf"):
        for each in schema.get(name, ()):
            found += _in_place(each)
    return found


def _reached(schema: dict[str, Any], defs: Mapping[str, Any]) -> list[str]:
    """The definitions that a schema needs."""
    found: dict[str, None] = {}
    waiting = [schema]
    while waiting:
        each = waiting.pop()
        name = each.get("$ref", "").removeprefix("#/$defs/")
        if name and name not in found:
            found[name] = None
            waiting.append(defs[name])
        waiting.extend(_within(each))
    return list(found)


def _within(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas that stand in a converted one."""
    lists = (schema.get(name, ()) for name in ("allOf", "anyOf", "prefixItems"))
    ones = (schema.get(name) for name in ("items", "additionalProperties"))
    return [
        *(each for schemas in lists for each in schemas),
        *(each for each in ones if isinstance(each, dict)),
        *schema.get("properties", {}).values(),
    ]
