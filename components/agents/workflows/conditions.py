"""n8n's conditions, of If and Switch, in the form of their first versions and in the one that came after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import regex

from components.agents.workflows.expression_moments import moment
from components.agents.workflows.expression_values import Mistake, Moment, is_number, kind_of
from components.agents.workflows.parameters import as_boolean, as_number, as_text, dig, rows
from components.core.errors import InvalidInput

# Of a pattern over a text.
_REGEX_SECONDS = 0.2
Resolve = Callable[[Any], Any]
_Test = Callable[[Any, Any], bool]


def _matches(left: str, right: str) -> bool:
    try:
        return regex.search(right, left, timeout=_REGEX_SECONDS) is not None
    except (regex.error, TimeoutError) as error:
        raise InvalidInput(f"the pattern {right[:60]!r} is none, or takes too long: {error}", field="regex") from error


_ANY: Mapping[str, _Test] = {
    "exists": lambda left, _: left is not None,
    "notExists": lambda left, _: left is None,
    "empty": lambda left, _: left is None or left in ("", [], {}),
    "notEmpty": lambda left, _: left is not None and left not in ("", [], {}),
    "equals": lambda left, right: bool(left == right),
    "notEquals": lambda left, right: bool(left != right),
}
_ORDERED: Mapping[str, _Test] = {
    "gt": lambda left, right: bool(left > right),
    "lt": lambda left, right: bool(left < right),
    "gte": lambda left, right: bool(left >= right),
    "lte": lambda left, right: bool(left <= right),
}
_HOLDING: Mapping[str, _Test] = {
    "contains": lambda left, right: right in left,
    "notContains": lambda left, right: right not in left,
}
_TESTS: Mapping[str, Mapping[str, _Test]] = {
    "string": {
        **_ANY,
        **_HOLDING,
        "startsWith": lambda left, right: bool(left.startswith(right)),
        "notStartsWith": lambda left, right: not left.startswith(right),
        "endsWith": lambda left, right: bool(left.endswith(right)),
        "notEndsWith": lambda left, right: not left.endswith(right),
        "regex": _matches,
        "notRegex": lambda left, right: not _matches(left, right),
    },
    "number": {**_ANY, **_ORDERED},
    "boolean": {**_ANY, "true": lambda left, _: left is True, "false": lambda left, _: left is False},
    "dateTime": {
        **_ANY,
        "after": _ORDERED["gt"],
        "before": _ORDERED["lt"],
        "afterOrEquals": _ORDERED["gte"],
        "beforeOrEquals": _ORDERED["lte"],
    },
    "array": {**_ANY, **_HOLDING},
    "object": _ANY,
}
_FIRST_NAMES = {
    "equal": "equals",
    "notEqual": "notEquals",
    "larger": "gt",
    "largerEqual": "gte",
    "smaller": "lt",
    "smallerEqual": "lte",
    "isEmpty": "empty",
    "isNotEmpty": "notEmpty",
}
_FIRST_DEFAULTS = {"string": "equal", "number": "smaller", "boolean": "equal", "dateTime": "after"}
_ONE_SIDED = ("exists", "notExists", "empty", "notEmpty", "true", "false")


def check_conditions(given: Any) -> Iterator[str]:
    """What of a `conditions` parameter is not supported; for its first form, too."""
    if not isinstance(given, Mapping):
        yield "the parameter 'conditions' is no object"
    elif _is_first_form(given):
        for kind in given:
            for row in rows(given, kind):
                yield from check_test(kind, _first_operation(kind, row))
    else:
        combinator = given.get("combinator", "and")
        if combinator not in ("and", "or"):
            yield f"combinator={combinator!r} is not supported: and, or are"
        if not isinstance(given.get("options", {}), Mapping):
            yield "the options of its conditions are no object"
        if not rows(given, "conditions"):
            yield "there is no condition"
        for row in rows(given, "conditions"):
            yield from check_test(str(dig(row, "operator", "type")), str(dig(row, "operator", "operation")))


def check_test(kind: str, operation: str) -> Iterator[str]:
    """What there is to say of a comparison that is not supported."""
    if kind not in _TESTS:
        yield f"conditions on {kind!r} are not supported: those on {', '.join(_TESTS)} are"
    elif operation not in _TESTS[kind]:
        yield f"the condition {kind} {operation!r} is not supported: {', '.join(_TESTS[kind])} are"


def first_name(operation: str) -> str:
    """The name that an operation of the first versions has now."""
    return _FIRST_NAMES.get(operation, operation)


def holds(given: Mapping[str, Any], resolve: Resolve, *, first_any: bool = False) -> bool:
    """Whether the conditions hold. first_any: in the first form one is enough. Raises InvalidInput, InvalidWorkflow."""
    if _is_first_form(given):
        found = (
            compare(kind, _first_operation(kind, row), resolve(row.get("value1")), resolve(row.get("value2")))
            for kind in given
            for row in rows(given, kind)
        )
        return any(found) if first_any else all(found)
    exact = dig(given, "options", "caseSensitive") is not False
    strict = dig(given, "options", "typeValidation") == "strict"
    tests = (
        compare(
            str(dig(row, "operator", "type")),
            str(dig(row, "operator", "operation")),
            resolve(row.get("leftValue")),
            resolve(row.get("rightValue")),
            exact=exact,
            strict=strict,
        )
        for row in rows(given, "conditions")
    )
    return any(tests) if given.get("combinator") == "or" else all(tests)


def compare(kind: str, operation: str, left: Any, right: Any, *, exact: bool = True, strict: bool = False) -> bool:
    """exact: capitals count. strict: a value of another kind is an error, not converted. Raises InvalidInput."""
    test = _TESTS[kind][operation]
    if operation in ("exists", "notExists") or (left is None and operation in ("empty", "notEmpty")):
        return test(left, None)
    one_sided = operation in _ONE_SIDED
    holding = kind == "array" and operation in _HOLDING
    first = _typed(left, kind, strict)
    second = None if one_sided else right if holding else _typed(right, kind, strict)
    if operation not in ("equals", "notEquals", *_ONE_SIDED) and (first is None or (second is None and not holding)):
        return operation.startswith("not")
    if kind == "string" and not exact and operation not in ("regex", "notRegex"):
        first, second = (each.casefold() if isinstance(each, str) else each for each in (first, second))
    return test(first, second)


def _is_first_form(given: Mapping[str, Any]) -> bool:
    return bool(given) and not {"conditions", "combinator", "options"} & set(given)


def _first_operation(kind: str, row: Mapping[str, Any]) -> str:
    return first_name(str(row.get("operation", _FIRST_DEFAULTS.get(kind, "equal"))))


def _typed(value: Any, kind: str, strict: bool) -> Any:
    """The value as the condition takes it. Raises InvalidInput."""
    if value is None:
        return None
    if strict and not _is_of(value, kind):
        raise InvalidInput(f"{kind_of(value)} is compared as {kind}, and its conversion is not allowed", field=kind)
    if kind == "number":
        return as_number(value, kind)
    if kind == "boolean":
        return as_boolean(value, kind)
    if kind == "string":
        return as_text(value, kind)
    if kind == "dateTime":
        try:
            return moment(as_text(value, kind)).at
        except Mistake as mistake:
            raise InvalidInput(f"{kind}: {mistake}", field=kind) from mistake
    if not _is_of(value, kind):
        raise InvalidInput(f"{kind_of(value)} is compared as {kind}", field=kind)
    return value


def _is_of(value: Any, kind: str) -> bool:
    if kind == "number":
        return is_number(value)
    kinds = {"string": str, "boolean": bool, "array": list, "object": dict, "dateTime": (str, Moment)}
    return isinstance(value, kinds[kind])  # type: ignore[arg-type]
