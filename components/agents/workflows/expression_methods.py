"""The methods that values have in expressions, as n8n's users know them; there are no others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from components.agents.workflows.expression_moments import MOMENT_METHODS, moment
from components.agents.workflows.expression_values import (
    LONGEST_TEXT,
    Mistake,
    Moment,
    bounded,
    is_number,
    json_of,
    json_value,
    kind_of,
    number,
    text_of,
)


def method(value: Any, name: str) -> Callable[..., Any] | None:
    """The method of a value, None where it has none of that name."""
    found = _methods(value).get(name)
    return None if found is None else lambda *given: found(value, *given)


def names_of(value: Any) -> tuple[str, ...]:
    """Of the methods that it has."""
    return tuple(_methods(value))


def _methods(value: Any) -> Mapping[str, Callable[..., Any]]:
    if isinstance(value, bool):
        return _OF_ALL
    if is_number(value):
        return _OF_NUMBERS
    for kind, methods in ((str, _OF_TEXTS), (list, _OF_LISTS), (dict, _OF_OBJECTS), (Moment, _OF_MOMENTS)):
        if isinstance(value, kind):
            return methods
    return {}


def whole(value: Any, what: str = "a whole number") -> int:
    """Raises Mistake."""
    if not is_number(value) or value != int(value):
        raise Mistake(f"{what} is expected, not {kind_of(value)}")
    return int(value)


def text(value: Any) -> str:
    """Raises Mistake."""
    if not isinstance(value, str):
        raise Mistake(f"a text is expected, not {kind_of(value)}")
    return value


def rounded(value: float, places: Any = 0) -> int | float:
    """Half goes away from zero."""
    return number(float(_to_places(value, places)))


def _to_places(value: float, places: Any) -> Decimal:
    digits = whole(places)
    if not 0 <= digits <= 20:
        raise Mistake(f"{digits} places: 0 to 20 are allowed")
    return (
        Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        if abs(value) < 1e7
        else Decimal(repr(value))
    )


def _slice(value: Any, begin: Any = 0, end: Any = None) -> Any:
    return value[whole(begin) : None if end is None else whole(end)]


def _substring(value: str, begin: Any, end: Any = None) -> str:
    first, last = max(whole(begin), 0), len(value) if end is None else max(whole(end), 0)
    return value[min(first, last) : max(first, last)]


def _at(value: Any, index: Any = 0) -> Any:
    place = whole(index)
    return value[place] if -len(value) <= place < len(value) else None


def _replace_all(value: str, old: Any, new: Any) -> str:
    return _replaced(value, text(old), text(new), -1)


def _replace(value: str, old: Any, new: Any) -> str:
    return _replaced(value, text(old), text(new), 1)


def _replaced(value: str, old: str, new: str, most: int) -> str:
    times = len(value) + 1 if not old else value.count(old)
    if len(value) + (min(times, 1) if most == 1 else times) * len(new) > LONGEST_TEXT:
        raise Mistake(f"the text would have more than {LONGEST_TEXT} characters")
    return value.replace(old, new, most)


def _padded(value: str, length: Any, filling: Any, *, before: bool) -> str:
    wanted, fill = whole(length), text(filling)
    if wanted > LONGEST_TEXT:
        raise Mistake(f"the text would have more than {LONGEST_TEXT} characters")
    missing = wanted - len(value)
    if missing <= 0 or not fill:
        return value
    pad = (fill * (missing // len(fill) + 1))[:missing]
    return pad + value if before else value + pad


def _joined(value: list[Any], between: Any = ",") -> str:
    parts, separator = [text_of(each) for each in value], text(between)
    if sum(map(len, parts)) + len(parts) * len(separator) > LONGEST_TEXT:
        raise Mistake(f"the text would have more than {LONGEST_TEXT} characters")
    return separator.join(parts)


def _split(value: str, between: Any = None) -> list[str]:
    if between is None:
        return [value]
    return list(value) if between == "" else value.split(text(between))


def _concat(value: Any, *others: Any) -> Any:
    if isinstance(value, str):
        return bounded(value + "".join(text_of(each) for each in others))
    return [*value, *(item for each in others for item in (each if isinstance(each, list) else [each]))]


def _numbers(value: list[Any]) -> list[Any]:
    wrong = next((each for each in value if not is_number(each)), None)
    if wrong is not None or not value:
        raise Mistake(f"a list of numbers is expected{'' if wrong is None else f', not of {kind_of(wrong)}'}")
    return value


def _unique(value: list[Any]) -> list[Any]:
    return list({json_of(each): each for each in reversed(value)}.values())[::-1]


_OF_ALL: Mapping[str, Callable[..., Any]] = {"toString": text_of, "toJsonString": json_of}
_OF_TEXTS: Mapping[str, Callable[..., Any]] = {
    **_OF_ALL,
    "toUpperCase": str.upper,
    "toLowerCase": str.lower,
    "trim": str.strip,
    "trimStart": str.lstrip,
    "trimEnd": str.rstrip,
    "includes": lambda value, part: text(part) in value,
    "startsWith": lambda value, part: value.startswith(text(part)),
    "endsWith": lambda value, part: value.endswith(text(part)),
    "indexOf": lambda value, part: value.find(text(part)),
    "slice": _slice,
    "substring": _substring,
    "charAt": lambda value, place=0: _at(value, place) or "",
    "at": _at,
    "split": _split,
    "replace": _replace,
    "replaceAll": _replace_all,
    "concat": _concat,
    "padStart": lambda value, length, filling=" ": _padded(value, length, filling, before=True),
    "padEnd": lambda value, length, filling=" ": _padded(value, length, filling, before=False),
    "isEmpty": lambda value: not value,
    "isNotEmpty": bool,
    "toNumber": lambda value: to_number(value),
    "toDateTime": moment,
}
_OF_NUMBERS: Mapping[str, Callable[..., Any]] = {
    **_OF_ALL,
    "toFixed": lambda value, places=0: f"{_to_places(value, places):.{whole(places)}f}",
    "round": rounded,
    "floor": lambda value: number(value // 1),
    "ceil": lambda value: number(-(-value // 1)),
    "abs": abs,
}
_OF_LISTS: Mapping[str, Callable[..., Any]] = {
    **_OF_ALL,
    "join": _joined,
    "includes": lambda value, item: any(each == item and kind_of(each) == kind_of(item) for each in value),
    "indexOf": lambda value, item: value.index(item) if item in value else -1,
    "slice": _slice,
    "at": _at,
    "concat": _concat,
    "first": lambda value: value[0] if value else None,
    "last": lambda value: value[-1] if value else None,
    "isEmpty": lambda value: not value,
    "isNotEmpty": bool,
    "sum": lambda value: number(sum(_numbers(value))),
    "min": lambda value: min(_numbers(value)),
    "max": lambda value: max(_numbers(value)),
    "unique": _unique,
}
_OF_OBJECTS: Mapping[str, Callable[..., Any]] = {
    **_OF_ALL,
    "keys": sorted,
    "values": lambda value: [value[name] for name in sorted(value)],
    "hasField": lambda value, name: name in value,
    "isEmpty": lambda value: not value,
    "isNotEmpty": bool,
}
_OF_MOMENTS: Mapping[str, Callable[..., Any]] = {**_OF_ALL, **MOMENT_METHODS}


def to_number(value: Any) -> int | float:
    """Raises Mistake."""
    if isinstance(value, bool):
        return int(value)
    if is_number(value):
        return number(value)
    try:
        return number(float(text(json_value(value)).strip()))
    except ValueError:
        raise Mistake(f"{str(value)[:40]!r} is no number") from None
