"""What a template is refused for, and which variables it reads, without running it."""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import TemplateSyntaxError, nodes

from components.core.template_environment import condition_template, condition_tree, text_template, text_tree


@dataclass(frozen=True)
class TemplateFault:
    """Why a template is refused, and the line within it, from 1."""

    line: int
    message: str


@dataclass(frozen=True)
class VariableUse:
    """A variable that a template reads, with the key of it where one is named: `tenant`, `name`."""

    name: str
    key: str | None
    line: int


def fault_of_text(source: str) -> TemplateFault | None:
    """Why `render_text` would refuse the template, None where it would not."""
    try:
        text_template(source)
    except TemplateSyntaxError as error:
        return TemplateFault(error.lineno, str(error.message))
    return None


def fault_of_condition(condition: str) -> TemplateFault | None:
    """Why `holds` would refuse the expression, None where it would not."""
    try:
        condition_template(condition)
    except TemplateSyntaxError as error:
        return TemplateFault(error.lineno, str(error.message))
    return None


def variables_of_text(source: str) -> tuple[VariableUse, ...]:
    """What a template without a fault reads. A variable of a loop is none."""
    return _uses(text_tree(source))


def variables_of_condition(condition: str) -> tuple[VariableUse, ...]:
    """What a condition without a fault reads."""
    return _uses(condition_tree(condition))


def _uses(tree: nodes.Template) -> tuple[VariableUse, ...]:
    bound = {"loop"} | {loop.target.name for loop in tree.find_all(nodes.For) if isinstance(loop.target, nodes.Name)}
    keys = {id(node.node): node.attr for node in tree.find_all(nodes.Getattr)}
    return tuple(
        VariableUse(name.name, keys.get(id(name)), name.lineno)
        for name in tree.find_all(nodes.Name)
        if name.ctx == "load" and name.name not in bound
    )
