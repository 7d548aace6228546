"""Parameters and body of an operation as one flat object of arguments, and where each of them goes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from components.core.errors import InvalidToolDocument
from components.tools.openapi.declaration import FieldDeclaration, Place, Style
from components.tools.schemas import PortableSchemas

_UNUSUAL = re.compile(r"[^A-Za-z0-9_.-]+")
# An object that says nothing but these is as well told by its properties.
_FLAT = frozenset({"type", "properties", "required", "title", "description", "additionalProperties"})


@dataclass(frozen=True)
class Parameter:
    """schema: converted."""

    name: str
    place: Place
    schema: dict[str, Any]
    required: bool = False
    style: Style = "simple"
    explode: bool = False


@dataclass(frozen=True)
class Flattened:
    """whole_body: the argument that is the body; None where there is none, or fields make it up."""

    schema: dict[str, Any]
    fields: tuple[FieldDeclaration, ...] = ()
    whole_body: str | None = None


@dataclass
class _Arguments:
    properties: dict[str, Any] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    fields: list[FieldDeclaration] = field(default_factory=list)

    def add(self, new: Parameter) -> str:
        """The argument's name: the parameter's own, or with its place before it where that is taken. Raises
        InvalidToolDocument where both are."""
        plain = _UNUSUAL.sub("_", new.name).strip("_") or "value"
        name = next((each for each in (plain, f"{new.place}_{plain}") if each not in self.properties), None)
        if name is None:
            raise InvalidToolDocument(
                f"two parameters would be called {new.place}_{plain!s}: each must have a name of its own", field=plain
            )
        self.properties[name] = new.schema
        if new.required:
            self.required.append(name)
        self.fields.append(
            FieldDeclaration(argument=name, place=new.place, name=new.name, style=new.style, explode=new.explode)
        )
        return name


def flatten(
    parameters: Sequence[Parameter], body: dict[str, Any] | None, schemas: PortableSchemas, *, body_required: bool
) -> Flattened:
    """body: its converted schema. Raises InvalidToolDocument."""
    arguments, whole = _Arguments(), None
    for each in parameters:
        arguments.add(each)
    dependent: dict[str, list[str]] = {}
    if body is not None:
        told = schemas.looked_up(body)
        if _is_flat(told):
            dependent = _add_body(arguments, told, required=body_required)
        else:
            whole = arguments.add(Parameter("body", "body", body, body_required))
    schema: dict[str, Any] = {
        "type": "object",
        "properties": arguments.properties,
        "required": arguments.required,
        "additionalProperties": False,
    }
    if dependent:
        schema["dependentRequired"] = dependent
    return Flattened(schemas.closed(schema), tuple(arguments.fields), whole)


def _is_flat(schema: dict[str, Any]) -> bool:
    return (
        set(schema) <= _FLAT
        and bool(schema.get("properties"))
        and schema.get("type", "object") == "object"
        and schema.get("additionalProperties", False) is False
        # What is required and not described could not be given.
        and set(schema.get("required", ())) <= set(schema["properties"])
    )


def _add_body(arguments: _Arguments, schema: dict[str, Any], *, required: bool) -> dict[str, list[str]]:
    """What a body that may be left out demands once a part of it is given."""
    must = set(schema.get("required", ()))
    names = {
        name: arguments.add(Parameter(name, "body", each, required and name in must))
        for name, each in schema["properties"].items()
    }
    if required or not must:
        return {}
    demanded = [names[name] for name in schema["properties"] if name in must]
    return {name: [each for each in demanded if each != name] for name in names.values() if set(demanded) - {name}}
