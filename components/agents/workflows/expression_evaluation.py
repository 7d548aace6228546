"""What an expression comes to: over the data that it is given, and nothing beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from components.agents.workflows.expression_globals import GLOBALS, Roots
from components.agents.workflows.expression_methods import method, names_of, to_number
from components.agents.workflows.expression_syntax import (
    Binary,
    Call,
    Chain,
    Choice,
    Expression,
    ListOf,
    Literal,
    Member,
    ObjectOf,
    Root,
    Unary,
    fault,
)
from components.agents.workflows.expression_values import (
    Method,
    Mistake,
    Moment,
    View,
    bounded,
    is_number,
    is_true,
    kind_of,
    number,
    text_of,
)

_OUTSIDE = frozenset({"constructor", "prototype", "__proto__", "__defineGetter__", "__lookupGetter__"})


class _Ends(Exception):
    """A chain met null at a `?.`."""


def evaluate(expression: Expression, roots: Roots, text: str) -> Any:
    """The value. text: of the expression, for messages. Raises InvalidWorkflow with the place of the fault."""
    return _Evaluation(roots, text).value(expression)


class _Evaluation:
    def __init__(self, roots: Roots, text: str) -> None:
        self._roots, self._text = roots, text

    def value(self, expression: Expression) -> Any:
        try:
            return self._value(expression)
        except Mistake as mistake:
            raise fault(self._text, expression.at, str(mistake)) from mistake
        except OverflowError as error:
            raise fault(self._text, expression.at, "a number or a time is too large") from error
        except TypeError as error:
            raise fault(self._text, expression.at, "it is not called with what it takes") from error

    def _value(self, expression: Expression) -> Any:
        match expression:
            case Literal(_, value):
                return value
            case Root(_, name):
                return self._root(name)
            case Member(_, of, key, maybe):
                return self._member(self.value(of), key, maybe)
            case Call(_, of, arguments):
                found = self.value(of)
                if not isinstance(found, Method):
                    raise Mistake(f"{kind_of(found)} cannot be called")
                return found.call(*(self.value(each) for each in arguments))
            case Chain(_, of):
                try:
                    return self.value(of)
                except _Ends:
                    return None
            case Unary(_, sign, of):
                return self._unary(sign, self.value(of))
            case Binary(_, sign, left, right):
                return self._binary(sign, left, right)
            case Choice(_, test, then, other):
                return self.value(then if is_true(self.value(test)) else other)
            case ListOf(_, items):
                return [self.value(each) for each in items]
            case ObjectOf(_, fields):
                return {name: self.value(each) for name, each in fields}

    def _root(self, name: str) -> Any:
        found = self._roots.get(name) or GLOBALS.get(name)
        if found is None:
            allowed = ", ".join((*self._roots, *GLOBALS))
            raise Mistake(f"{name} is outside of what an expression sees, which is {allowed}")
        return found()

    def _member(self, of: Any, key: Expression, maybe: bool) -> Any:
        name = self.value(key)
        if of is None:
            if maybe:
                raise _Ends
            raise Mistake(f"{name} of null cannot be read; ?. allows for it")
        if isinstance(of, View):
            return of.find(_key(name))
        if isinstance(of, dict) and _key(name) in of:
            return of[_key(name)]
        if isinstance(of, list | str) and is_number(name):
            return of[int(name)] if name == int(name) and 0 <= name < len(of) else None
        if name in _OUTSIDE or str(name).startswith("__"):
            raise Mistake(f"{name} is outside of what an expression sees")
        return _own(of, _key(name))

    def _unary(self, sign: str, value: Any) -> Any:
        if sign == "!":
            return not is_true(value)
        return number(-to_number(value) if sign == "-" else to_number(value))

    def _binary(self, sign: str, left: Expression, right: Expression) -> Any:
        first = self.value(left)
        if sign == "??":
            return self.value(right) if first is None else first
        if sign in ("&&", "||"):
            return self.value(right) if is_true(first) is (sign == "&&") else first
        second = self.value(right)
        if sign in ("===", "!=="):
            return _same(first, second) is (sign == "===")
        if sign in ("==", "!="):
            return _alike(first, second) is (sign == "==")
        if sign == "+" and (isinstance(first, str) or isinstance(second, str)):
            return bounded(text_of(first) + text_of(second))
        if sign in _ORDERS:
            return _ORDERS[sign](*_comparable(first, second, sign))
        return number(_counted(sign, *_numbers(first, second, sign)))


def _key(name: Any) -> str:
    if not isinstance(name, str) and not is_number(name):
        raise Mistake(f"a part is named by a text, not by {kind_of(name)}")
    return text_of(name)


def _own(of: Any, name: str) -> Any:
    """A part that is no data: length, a method, or part of a moment."""
    if name == "length" and isinstance(of, list | str):
        return len(of)
    if isinstance(of, Moment) and name in ("year", "month", "day", "hour", "minute", "second"):
        return getattr(of.at, name)
    found = method(of, name)
    if found is not None:
        return Method(name, found)
    if isinstance(of, dict):
        return None
    allowed = ", ".join((*(("length",) if isinstance(of, list | str) else ()), *names_of(of)))
    raise Mistake(f"{kind_of(of)} has no {name[:60]}: there are {allowed}")


def _same(first: Any, second: Any) -> bool:
    if is_number(first) and is_number(second):
        return bool(first == second)
    return type(first) is type(second) and bool(first == second)


def _alike(first: Any, second: Any) -> bool:
    """As JavaScript's == has it for texts and numbers; all else is only what it is."""
    if isinstance(first, str) != isinstance(second, str) and (is_number(first) or is_number(second)):
        try:
            return bool(to_number(first) == to_number(second))
        except Mistake:
            return False
    return _same(first, second)


def _comparable(first: Any, second: Any, sign: str) -> tuple[Any, Any]:
    if isinstance(first, Moment) and isinstance(second, Moment):
        return first.at, second.at
    if isinstance(first, str) and isinstance(second, str):
        return first, second
    return _numbers(first, second, sign)


def _numbers(first: Any, second: Any, sign: str) -> tuple[Any, Any]:
    if not is_number(first) or not is_number(second):
        raise Mistake(f"{kind_of(first)} {sign} {kind_of(second)} is not allowed: numbers are")
    return first, second


def _counted(sign: str, first: float, second: float) -> float:
    if sign in ("/", "%") and second == 0:
        raise Mistake(f"{sign} by 0")
    try:
        return {
            "+": lambda: first + second,
            "-": lambda: first - second,
            "*": lambda: first * second,
            "/": lambda: first / second,
            "%": lambda: math.fmod(first, second),
        }[sign]()
    except OverflowError:
        raise Mistake("the number is too large") from None


_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda first, second: bool(first < second),
    "<=": lambda first, second: bool(first <= second),
    ">": lambda first, second: bool(first > second),
    ">=": lambda first, second: bool(first >= second),
}
