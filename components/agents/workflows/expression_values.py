"""What expressions come to: JSON values, moments, and views that show part of a run and nothing else."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

LONGEST_TEXT = 256_000
# Up to here JavaScript's numbers are exact, and written alike whether they are kept as whole or as fraction.
_EXACT = 2**53


class Mistake(Exception):
    """An expression that asks for what there is not; whoever evaluates it adds the place."""


@dataclass(frozen=True)
class Moment:
    """A point in time, with its zone."""

    at: datetime

    def __str__(self) -> str:
        return self.at.isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class View:
    """Part of a run, by names. find: raises Mistake for a name that it does not have. value: what it is where it is
    given whole, None where it cannot be."""

    title: str
    find: Callable[[str], Any]
    value: Callable[[], Any] | None = None


@dataclass(frozen=True)
class Method:
    """What can be called. call: raises Mistake."""

    title: str
    call: Callable[..., Any]


def kind_of(value: Any) -> str:
    """For people."""
    if isinstance(value, View | Method):
        return value.title
    return _KINDS.get(type(value), "no value")


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(value: float) -> int | float:
    """As it is kept: whole where it is. Raises Mistake for what is none."""
    try:
        if isinstance(value, int) and abs(value) <= _EXACT:
            return value
        value = float(value)
    except OverflowError:
        raise Mistake("the number is too large") from None
    if not math.isfinite(value):
        raise Mistake("the result is no number")
    return int(value) if value.is_integer() and abs(value) <= _EXACT else value


def text_of(value: Any) -> str:
    """As it stands in a text. The same for a value that was stored in between. Raises Mistake."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        kept = number(value)
        return str(kept) if isinstance(kept, int) else repr(kept)
    if isinstance(value, str | Moment):
        return bounded(str(value))
    return bounded(json_of(value))


def json_of(value: Any) -> str:
    """Sorted, because the order of an object's fields is not kept. Raises Mistake."""
    return json.dumps(json_value(value), ensure_ascii=False, sort_keys=True)


def json_value(value: Any) -> Any:
    """As JSON has it. Raises Mistake for what it has not."""
    if isinstance(value, Moment):
        return str(value)
    if isinstance(value, Method):
        raise Mistake(f"{value.title} is to be called: () is missing")
    if isinstance(value, View):
        if value.value is None:
            raise Mistake(f"{value.title} is no value: name a part of it")
        return json_value(value.value())
    if isinstance(value, list):
        return [json_value(each) for each in value]
    if isinstance(value, dict):
        return {name: json_value(each) for name, each in value.items()}
    return value


def bounded(text: str) -> str:
    """`text` itself. Raises Mistake where it is too long."""
    if len(text) > LONGEST_TEXT:
        raise Mistake(f"the text has {len(text)} characters: at most {LONGEST_TEXT} are allowed")
    return text


def is_true(value: Any) -> bool:
    """As JavaScript has it: null, false, 0 and the empty text are not."""
    return value is not None and value is not False and value != "" and not (is_number(value) and value == 0)


_KINDS = {
    type(None): "null",
    bool: "true or false",
    str: "a text",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
    Moment: "a moment",
}
