"""The part of Jinja that templates from outside may use: enough to lay text out, and nothing that can run away."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, Undefined, nodes
from jinja2.filters import FILTERS as JINJA_FILTERS

LONGEST_TEMPLATE = 20_000
MOST_NODES = 2_000
MOST_LOOPED = 100
LONGEST_JOINED = 10_000
_MOST_DIGITS = 12
_LONGEST_CUT = 10_000

TESTS = ("defined", "undefined", "none", "odd", "even", "divisibleby")
GRAMMAR = "if, for, comparisons, ~, +, -"

# No calls, macros, assignments or arithmetic that multiplies: with loops over a bounded list only, what a template
# costs is bounded by its own length.
_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.For,
    nodes.If,
    nodes.CondExpr,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Slice,
    nodes.Filter,
    nodes.Keyword,
    nodes.Test,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Neg,
    nodes.Add,
    nodes.Sub,
    nodes.Concat,
)


@dataclass(frozen=True)
class Grammar:
    """What one kind of template may use. filters: of `bounded_filters`. names: the variables there are, None where any
    may be named; hint: what to say to somebody who names another. loops: the variables that a loop may go over, None
    for any, no loop goes over more than its first hundred then. literals: whether lists may be written out."""

    filters: tuple[str, ...]
    names: Collection[str] | None = None
    hint: str = ""
    loops: tuple[str, ...] | None = None
    literals: bool = False

    @property
    def described(self) -> str:
        return f"{GRAMMAR} and the filters {', '.join(self.filters)}"


def bounded_filters() -> dict[str, Callable[..., Any]]:
    """Filters of Jinja's names that take and make no more than they should, whatever their arguments."""
    texts = {name: _of_text(JINJA_FILTERS[name]) for name in ("upper", "lower", "title", "trim")}
    own = {"default": _default, "join": _join, "round": _round, "truncate": _truncate, "date": _date}
    return {**{name: JINJA_FILTERS[name] for name in ("first", "last", "length")}, **texts, **own}


def checked(environment: Environment, source: str, grammar: Grammar) -> nodes.Template:
    """The template as a tree that may be compiled. Raises TemplateSyntaxError with the line, and what is allowed."""
    if len(source) > LONGEST_TEMPLATE:
        raise _refused(1, f"{len(source)} characters: at most {LONGEST_TEMPLATE} are allowed")
    try:
        tree = environment.parse(source)
        _check(tree, grammar)
    except _Refused:
        raise
    except TemplateSyntaxError as error:
        raise _Refused(f"{error.message} Allowed are {grammar.described}.", error.lineno) from error
    except (RecursionError, SyntaxError, ValueError, MemoryError) as error:
        raise _too_deep(error) from error
    return tree


def compiled(environment: Environment, tree: nodes.Template) -> Any:
    """The tree as a jinja2.Template. Raises TemplateSyntaxError."""
    try:
        return environment.from_string(tree)
    except TemplateSyntaxError as error:
        raise _refused(error.lineno, str(error.message)) from error
    except (RecursionError, SyntaxError, ValueError, MemoryError) as error:
        raise _too_deep(error) from error


class _Refused(TemplateSyntaxError):
    """Jinja's own error, saying already what is allowed."""


def _refused(line: int, why: str) -> _Refused:
    return _Refused(why, line)


def _too_deep(error: Exception) -> _Refused:
    return _refused(1, f"nested too deeply, or a number too long ({error})")


def _check(tree: nodes.Template, grammar: Grammar) -> None:
    loops = list(tree.find_all(nodes.For))
    bound = {"loop"} | {loop.target.name for loop in loops if isinstance(loop.target, nodes.Name)}
    allowed: tuple[type[nodes.Node], ...] = (*_ALLOWED, nodes.List, nodes.Tuple) if grammar.literals else _ALLOWED
    for count, node in enumerate(tree.find_all(nodes.Node)):
        line = node.lineno
        if count >= MOST_NODES:
            raise _refused(line, f"more than {MOST_NODES} parts: shorter templates are allowed")
        if not isinstance(node, allowed):
            raise _refused(line, f"{type(node).__name__} is not allowed; allowed are {grammar.described}")
        if isinstance(node, nodes.Filter) and node.name not in grammar.filters:
            raise _refused(line, f"filter {node.name!r}: allowed are {', '.join(grammar.filters)}")
        if isinstance(node, nodes.Test) and node.name not in TESTS:
            raise _refused(line, f"test {node.name!r}: allowed are {', '.join(TESTS)}")
        if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
            raise _refused(line, f"attribute {node.attr!r}: a name that begins with _ is not allowed")
        if isinstance(node, nodes.Name) and grammar.names is not None and node.ctx == "load":
            known = {*grammar.names, *bound}
            if node.name not in known:
                raise _refused(line, f"{node.name!r}: allowed are {', '.join(grammar.names)}{grammar.hint}")
    for loop in loops:
        _check_loop(loop, grammar)


def _check_loop(loop: nodes.For, grammar: Grammar) -> None:
    over = loop.iter
    if isinstance(over, nodes.Getitem) and isinstance(over.arg, nodes.Slice):
        over = over.node
    what = " or ".join(grammar.loops) if grammar.loops is not None else "a variable"
    plain = isinstance(loop.target, nodes.Name) and (
        _is_path(over) if grammar.loops is None else isinstance(over, nodes.Name) and over.name in grammar.loops
    )
    if not plain or loop.recursive or any(True for _ in loop.find_all(nodes.For)):
        raise _refused(loop.lineno, f"a loop may go over {what}, or a slice of them, and hold no other loop")
    if isinstance(loop.target, nodes.Name) and loop.target.name in (*(grammar.names or ()), "loop"):
        raise _refused(loop.lineno, f"{loop.target.name!r} has its meaning already: any other name is allowed")
    if grammar.loops is None:
        first = nodes.Slice(None, nodes.Const(MOST_LOOPED), None, lineno=loop.lineno)
        loop.iter = nodes.Getitem(loop.iter, first, "load", lineno=loop.lineno)


def _is_path(node: nodes.Node) -> bool:
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        node = node.node
    return isinstance(node, nodes.Name)


def _of_text(made: Callable[[str], str]) -> Callable[[Any], str]:
    return lambda value: "" if value is None else made(str(value))


def _default(value: Any, instead: Any = "", falsy: bool = False) -> Any:
    """Null is as good as not there."""
    missing = value is None or isinstance(value, Undefined) or (falsy and not value)
    return instead if missing else value


def _join(value: Any, separator: str = "") -> str:
    if not isinstance(value, list | tuple):
        return str(value)
    return str(separator).join(str(item) for item in value[:MOST_LOOPED])[:LONGEST_JOINED]


def _round(value: Any, digits: int = 0) -> Any:
    if not isinstance(value, int | float):
        return value
    digits = max(0, min(int(digits), _MOST_DIGITS))
    return round(value, digits) if digits else round(value)


def _truncate(value: Any, length: int = 255, killwords: bool = False, end: str = "...") -> str:
    text = str(value)
    length = max(0, min(int(length), _LONGEST_CUT))
    if len(text) <= length:
        return text
    cut = text[: max(0, length - len(end))]
    if not killwords:
        cut = cut.rsplit(" ", 1)[0]
    return cut + end[:length]


def _date(value: Any) -> str:
    """22 November 2026 for 2026-11-22; anything else as it is."""
    try:
        day = date.fromisoformat(str(value)[:10])
    except ValueError:
        return str(value)
    return f"{day.day} {day:%B} {day.year}"
