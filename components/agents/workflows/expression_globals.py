"""What expressions may call beside their data: a few of JavaScript's own names, and no others."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from components.agents.workflows.expression_methods import method, to_number
from components.agents.workflows.expression_values import (
    Method,
    Mistake,
    View,
    bounded,
    is_true,
    json_of,
    kind_of,
    number,
    text_of,
)

# What an expression begins with, by name.
Roots = Mapping[str, Callable[[], Any]]


def _module(title: str, methods: Mapping[str, Callable[..., Any]]) -> Callable[[], View]:
    def find(name: str) -> Method:
        if name not in methods:
            raise Mistake(f"{title} has no {name[:60]}: there are {', '.join(methods)}")
        return Method(f"{title}.{name}", methods[name])

    return lambda: View(title, find)


def _called(title: str, call: Callable[..., Any]) -> Callable[[], Method]:
    return lambda: Method(title, call)


def _of_object(name: str) -> Callable[..., Any]:
    def call(value: Any) -> Any:
        found = method(value, name) if isinstance(value, dict) else None
        if found is None:
            raise Mistake(f"an object is expected, not {kind_of(value)}")
        return found()

    return call


GLOBALS: Roots = {
    "Math": _module(
        "Math",
        {
            "round": lambda value: number(math.floor(to_number(value) + 0.5)),
            "floor": lambda value: number(math.floor(to_number(value))),
            "ceil": lambda value: number(math.ceil(to_number(value))),
            "abs": lambda value: abs(to_number(value)),
            "min": lambda value, *more: min(map(to_number, (value, *more))),
            "max": lambda value, *more: max(map(to_number, (value, *more))),
        },
    ),
    "JSON": _module("JSON", {"stringify": lambda value, *_: bounded(json_of(value))}),
    "Object": _module("Object", {"keys": _of_object("keys"), "values": _of_object("values")}),
    "String": _called("String", text_of),
    "Number": _called("Number", to_number),
    "Boolean": _called("Boolean", is_true),
    "parseInt": _called("parseInt", lambda value, base=10: number(math.trunc(to_number(value)))),
    "parseFloat": _called("parseFloat", to_number),
}
