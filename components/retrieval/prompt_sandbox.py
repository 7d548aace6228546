"""The part of Jinja that a tenant's prompt may use, with the variables that each of its parts has."""

from __future__ import annotations

from functools import lru_cache

from jinja2 import StrictUndefined, Template, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from components.core.errors import InvalidPrompt
from components.core.template_sandbox import Grammar, bounded_filters, checked, compiled

FILTERS = ("default", "first", "join", "last", "length", "truncate")
VARIABLES = {"system": ("language", "boundary"), "user": ("query", "passages", "language", "boundary")}
TEMPLATE_FILE = "<template>"

_GRAMMARS = {
    "system": Grammar(FILTERS, VARIABLES["system"], " (what customers and documents say belongs into user)", ()),
    "user": Grammar(FILTERS, VARIABLES["user"], loops=("passages",)),
}


@lru_cache(maxsize=256)
def compiled_prompt(part: str, source: str) -> Template:
    """The template of a part, `system` or `user`. Raises InvalidPrompt naming part, line and what is allowed."""
    environment = ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined)
    environment.filters.update(bounded_filters())
    try:
        template: Template = compiled(environment, checked(environment, source, _GRAMMARS[part]))
    except TemplateSyntaxError as error:
        raise InvalidPrompt(f"{part}, line {error.lineno}: {error.message}", field=part) from error
    return template
