"""Jinja in flows and plans: texts, conditions and arguments over JSON values; none can run away or reach further.

Templates see the variables they are given and nothing behind them: values are JSON, a name leads to a mapping's key,
there are no calls, and a loop goes over the first hundred items of a list. What is not there is empty in a text and
false in a condition.

>>> render_text("Hi {{ user.name }}, how can I help?", {"user": {}})
'Hi, how can I help?'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Template, TemplateError, TemplateSyntaxError, Undefined

from components.core.errors import InvalidInput
from components.core.template_environment import LONGEST_SHOWN, condition_template, lone_expression, text_template
from components.core.template_gaps import closed

LONGEST_OUTPUT = LONGEST_SHOWN
# What an expression can raise besides Jinja's own errors, over values of other kinds than its author thought of.
_FAILURES = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)


def render_text(source: str, variables: Mapping[str, Any]) -> str:
    """What the customer reads, at most 10,000 characters. variables: JSON values by name.

    A value that is not there, or null, is empty, and takes the blank before it along where a comma or the line's end
    follows; true and false are yes and no; a list is its items joined by commas. Raises InvalidInput where the template
    is not allowed, or cannot be worked out over these values.
    """
    pieces: list[str] = []
    length = 0
    try:
        for piece in text_template(source).generate(dict(variables)):
            pieces.append(piece)
            length += len(piece)
            if length > LONGEST_OUTPUT:
                break
    except TemplateSyntaxError as error:
        raise InvalidInput(f"template, line {error.lineno}: {error.message}", field="template") from error
    except _FAILURES as error:
        raise InvalidInput(f"template {source[:60]!r}: {error}", field="template") from error
    return closed("".join(pieces))[:LONGEST_OUTPUT]


def render_value(value: Any, variables: Mapping[str, Any]) -> Any:
    """`value` with the templates in its texts worked out, keys left as they are. A text that is one expression alone,
    such as `{{ amount }}`, becomes that value, null where it is not there. Raises InvalidInput."""
    if isinstance(value, Mapping):
        return {key: render_value(inner, variables) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [render_value(inner, variables) for inner in value]
    if not isinstance(value, str):
        return value
    try:
        alone = lone_expression(value)
        return render_text(value, variables) if alone is None else _plain(_result(alone, variables))
    except TemplateSyntaxError as error:
        raise InvalidInput(f"template, line {error.lineno}: {error.message}", field="template") from error
    except _FAILURES as error:
        raise InvalidInput(f"template {value[:60]!r}: {error}", field="template") from error


def holds(condition: str, variables: Mapping[str, Any]) -> bool:
    """Whether the expression is true; false also where it cannot be worked out, as in `"ten" > 5`. Raises InvalidInput
    where it is not allowed."""
    try:
        expression = condition_template(condition)
    except TemplateSyntaxError as error:
        raise InvalidInput(f"condition {condition[:60]!r}: {error.message}", field="condition") from error
    try:
        return bool(_result(expression, variables))
    except _FAILURES:
        return False


def _result(template: Template, variables: Mapping[str, Any]) -> Any:
    context = template.new_context(dict(variables))
    for _ in template.root_render_func(context):
        pass
    return context.vars["result"]


def _plain(value: Any) -> Any:
    if isinstance(value, Undefined):
        return None
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
