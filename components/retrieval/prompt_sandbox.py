"""The part of Jinja that a tenant's prompt may use: enough to lay text out, and nothing that can run away."""

from __future__ import annotations

from functools import lru_cache

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from components.core.errors import InvalidPrompt

FILTERS = ("default", "first", "join", "last", "length", "truncate")
VARIABLES = {"system": ("boundary",), "user": ("query", "passages", "boundary")}
TEMPLATE_FILE = "<template>"

# No calls, macros, assignments or arithmetic that multiplies: with loops over the passages only, what a template costs
# is bounded by its own length.
_ALLOWED = (
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
_TESTS = ("defined", "undefined", "none", "odd", "even", "divisibleby")
_GRAMMAR = f"if, for, comparisons, ~, +, - and the filters {', '.join(FILTERS)}"


@lru_cache(maxsize=256)
def compiled(part: str, source: str) -> Template:
    """The template of a part, `system` or `user`. Raises InvalidPrompt naming part, line and what is allowed."""
    environment = ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined)
    try:
        tree = environment.parse(source)
        _check(part, tree)
        return environment.from_string(tree)
    except TemplateSyntaxError as error:
        raise _refused(part, error.lineno, f"{error.message} Allowed are {_GRAMMAR}.") from error
    except (RecursionError, SyntaxError, ValueError, MemoryError) as error:
        raise _refused(part, 1, f"nested too deeply, or a number too long ({error})") from error


def _check(part: str, tree: nodes.Template) -> None:
    loops = list(tree.find_all(nodes.For))
    bound = {"loop"} | {target.name for loop in loops for target in (loop.target,) if isinstance(target, nodes.Name)}
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            raise _refused(part, node.lineno, f"{type(node).__name__} is not allowed; allowed are {_GRAMMAR}")
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise _refused(part, node.lineno, f"filter {node.name!r}: allowed are {', '.join(FILTERS)}")
        if isinstance(node, nodes.Test) and node.name not in _TESTS:
            raise _refused(part, node.lineno, f"test {node.name!r}: allowed are {', '.join(_TESTS)}")
        if isinstance(node, nodes.Name) and node.ctx == "load" and node.name not in {*VARIABLES[part], *bound}:
            raise _refused(part, node.lineno, f"{node.name!r}: allowed are {', '.join(VARIABLES[part])}{_hint(part)}")
    for loop in loops:
        _check_loop(part, loop)


def _check_loop(part: str, loop: nodes.For) -> None:
    over = loop.iter
    if isinstance(over, nodes.Getitem) and isinstance(over.arg, nodes.Slice):
        over = over.node
    plain = isinstance(over, nodes.Name) and over.name == "passages" and isinstance(loop.target, nodes.Name)
    if not plain or loop.recursive or any(True for _ in loop.find_all(nodes.For)):
        raise _refused(part, loop.lineno, "a loop may go over passages, or a slice of them, and hold no other loop")
    if isinstance(loop.target, nodes.Name) and loop.target.name in (*VARIABLES["user"], "loop"):
        raise _refused(part, loop.lineno, f"{loop.target.name!r} has its meaning already: any other name is allowed")


def _hint(part: str) -> str:
    return " (what customers and documents say belongs into user)" if part == "system" else ""


def _refused(part: str, line: int, why: str) -> InvalidPrompt:
    return InvalidPrompt(f"{part}, line {line}: {why}", field=part)
