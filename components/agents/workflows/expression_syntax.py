"""What an expression is made of, once it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from components.core.errors import InvalidWorkflow


@dataclass(frozen=True)
class Literal:
    """at: the character at which it begins, from 0, here and below."""

    at: int
    value: Any


@dataclass(frozen=True)
class Root:
    """Where a reach into the data begins: `$json`, `$node`, `Math`, …"""

    at: int
    name: str


@dataclass(frozen=True)
class Member:
    """`of.key` or `of[key]`; maybe: `of?.key`."""

    at: int
    of: Expression
    key: Expression
    maybe: bool = False


@dataclass(frozen=True)
class Call:
    at: int
    of: Expression
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Chain:
    """Members that end in null where one of those with `?.` meets null."""

    at: int
    of: Expression


@dataclass(frozen=True)
class Unary:
    at: int
    sign: str
    of: Expression


@dataclass(frozen=True)
class Binary:
    at: int
    sign: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Choice:
    """`test ? then : other`."""

    at: int
    test: Expression
    then: Expression
    other: Expression


@dataclass(frozen=True)
class ListOf:
    at: int
    items: tuple[Expression, ...]


@dataclass(frozen=True)
class ObjectOf:
    at: int
    fields: tuple[tuple[str, Expression], ...]


Expression = Literal | Root | Member | Call | Chain | Unary | Binary | Choice | ListOf | ObjectOf


def children(expression: Expression) -> tuple[Expression, ...]:
    """The expressions that it is made of directly."""
    match expression:
        case Member(_, of, key):
            return (of, key)
        case Call(_, of, arguments):
            return (of, *arguments)
        case Chain(_, of) | Unary(_, _, of):
            return (of,)
        case Binary(_, _, left, right):
            return (left, right)
        case Choice(_, test, then, other):
            return (test, then, other)
        case ListOf(_, items):
            return items
        case ObjectOf(_, fields):
            return tuple(value for _, value in fields)
    return ()


def fault(text: str, at: int, why: str) -> InvalidWorkflow:
    """An error of an expression, with its place."""
    shown = text if len(text) <= 120 else f"{text[:117]}..."
    return InvalidWorkflow(f"{{{{ {shown.strip()} }}}}: {why}, at character {at + 1}", field="expression")
