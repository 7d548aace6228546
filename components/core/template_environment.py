"""Jinja as flows and plans have it: what their templates and conditions are compiled with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import ChainableUndefined, Template, TemplateSyntaxError, Undefined, nodes
from jinja2.parser import Parser
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from components.core.template_gaps import GAP
from components.core.template_sandbox import MOST_LOOPED, Grammar, bounded_filters, checked, compiled

FILTERS = (
    *("date", "default", "first", "join", "last", "length", "lower"),
    *("round", "title", "trim", "truncate", "upper"),
)
LONGEST_SHOWN = 10_000
_OF_LOOPS = ("index", "index0", "first", "last", "length")
_GRAMMAR = Grammar(FILTERS, literals=True)


class _Absent(ChainableUndefined):
    """What a variable that is not there gives: nothing, whatever is done with it."""

    def _nothing(self, *_: object) -> _Absent:
        return self

    def _never(self, _: object) -> bool:
        return False

    __add__ = __radd__ = __sub__ = __rsub__ = __neg__ = __pos__ = _nothing  # type: ignore[assignment]
    __lt__ = __le__ = __gt__ = __ge__ = _never  # type: ignore[assignment]


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja in which a name leads to a mapping's key, and never to a Python object's attribute."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, LoopContext) and attribute in _OF_LOOPS:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping) and isinstance(argument, str | int) and argument in obj:
            return obj[argument]
        if isinstance(obj, list | tuple | str) and isinstance(argument, int | slice):
            try:
                return obj[argument]
            except (LookupError, TypeError, ValueError):
                return self.undefined(obj=obj, name=str(argument))
        return self.undefined(obj=obj, name=str(argument))


class _Expressions(_Environment):
    """Reads an expression as the template that would write its value."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parser = Parser(self, source, state="variable")
        expression = parser.parse_expression()
        if not parser.stream.eos:
            stands = parser.stream.current
            raise TemplateSyntaxError(f"{str(stands)!r} stands after the end of the expression.", stands.lineno)
        tree = nodes.Template([nodes.Output([expression], lineno=1)], lineno=1)
        tree.set_environment(self)
        return tree


def _shown(value: Any) -> str:
    if value is None or isinstance(value, Undefined) or value == "":
        return GAP
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list | tuple):
        return _listed(value)
    return (json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else str(value))[:LONGEST_SHOWN]


def _listed(values: Sequence[Any]) -> str:
    """The items, no more of them than are shown: what they hold may be far larger."""
    shown: list[str] = []
    length = 0
    for item in values[:MOST_LOOPED]:
        text = _shown(item)
        if text != GAP:
            shown.append(text)
            length += len(text)
        if length > LONGEST_SHOWN:
            break
    return ", ".join(shown)[:LONGEST_SHOWN] or GAP


@lru_cache(maxsize=1)
def _environment() -> _Environment:
    environment = _Environment(autoescape=False, undefined=_Absent, finalize=_shown)
    environment.filters = bounded_filters()
    environment.globals = {}
    return environment


@lru_cache(maxsize=2048)
def text_template(source: str) -> Template:
    """Writes the text. Raises TemplateSyntaxError with the line, and what is allowed."""
    template: Template = compiled(_environment(), text_tree(source))
    return template


@lru_cache(maxsize=1024)
def condition_template(condition: str) -> Template:
    """Leaves the condition's value in `result`. Raises TemplateSyntaxError."""
    return _as_result(_lone(condition_tree(condition)))


@lru_cache(maxsize=1024)
def lone_expression(source: str) -> Template | None:
    """Leaves the value in `result` of a text that is one expression alone; None for any other text. Raises
    TemplateSyntaxError."""
    tree = text_tree(source)
    if len(tree.body) == 1 and isinstance(tree.body[0], nodes.Output) and len(tree.body[0].nodes) == 1:
        return None if isinstance(_lone(tree), nodes.TemplateData) else _as_result(_lone(tree))
    return None


def _lone(tree: nodes.Template) -> nodes.Node:
    only: nodes.Node = next(tree.find_all(nodes.Output)).nodes[0]
    return only


def text_tree(source: str) -> nodes.Template:
    """Raises TemplateSyntaxError."""
    return checked(_environment(), source, _GRAMMAR)


def condition_tree(condition: str) -> nodes.Template:
    """The condition as a template that would write its value."""
    return checked(_Expressions(autoescape=False, undefined=_Absent), condition, _GRAMMAR)


def _as_result(expression: nodes.Node) -> Template:
    """A template that leaves the expression's value in `result`, as Jinja's compile_expression does."""
    body: list[nodes.Node] = [nodes.Assign(nodes.Name("result", "store"), expression, lineno=1)]
    tree = nodes.Template(body, lineno=1)
    tree.set_environment(_environment())
    template: Template = compiled(_environment(), tree)
    return template
