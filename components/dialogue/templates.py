"""Jinja in flows: components.core.templates, whose faults are those of a flow here.

>>> render_text("Hi {{ user.name }}, how can I help?", {"user": {}})
'Hi, how can I help?'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from components.core import templates
from components.core.errors import InvalidFlow, InvalidInput

LONGEST_OUTPUT = templates.LONGEST_OUTPUT


def render_text(source: str, variables: Mapping[str, Any]) -> str:
    """What the customer reads. Raises InvalidFlow."""
    with _of_a_flow():
        return templates.render_text(source, variables)


def render_value(value: Any, variables: Mapping[str, Any]) -> Any:
    """`value` with the templates in its texts worked out. Raises InvalidFlow."""
    with _of_a_flow():
        return templates.render_value(value, variables)


def holds(condition: str, variables: Mapping[str, Any]) -> bool:
    """Whether the expression is true. Raises InvalidFlow where it is not allowed."""
    with _of_a_flow():
        return templates.holds(condition, variables)


@contextmanager
def _of_a_flow() -> Iterator[None]:
    try:
        yield
    except InvalidInput as error:
        raise InvalidFlow(error.message, field=error.field) from error
