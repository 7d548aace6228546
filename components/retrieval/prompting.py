"""Prompt templates: compiled in a sandbox, and rendered over the passages of one question."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

import yaml
from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from components.core.answers import Passage
from components.core.chat_model import ChatMessage
from components.core.errors import InvalidPrompt
from components.core.prompts import SHIPPED_VERSION, PromptTemplate, RenderedPrompt

ANSWER_PROMPT = "answer"
_SHIPPED = Path(__file__).parent / "prompts"

# What an expression in a template can raise besides Jinja's own errors: it is the prompt engineer's code.
_RENDERING = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError)


@cache
def shipped_prompt(prompt_id: str = ANSWER_PROMPT) -> PromptTemplate:
    """The template that holds until a tenant activates one of its own. Raises InvalidPrompt for an unknown id."""
    known = sorted(path.stem for path in _SHIPPED.glob("*.yaml"))
    if prompt_id not in known:
        raise InvalidPrompt(f"prompt {prompt_id!r}: allowed is one of {', '.join(known)}", field="prompt_id")
    source = yaml.safe_load((_SHIPPED / f"{prompt_id}.yaml").read_text("utf-8"))
    return PromptTemplate(prompt_id, SHIPPED_VERSION, source["system"], source["user"])


def render(template: PromptTemplate, query: str, passages: Sequence[Passage]) -> RenderedPrompt:
    """The messages for one question. Raises InvalidPrompt naming the part that does not compile or render."""
    values = {"query": query, "passages": list(passages)}
    try:
        system = _compiled("system", template.system).render(values)
        user = _compiled("user", template.user).render(values)
    except _RENDERING as error:
        raise InvalidPrompt(f"prompt {template.prompt_id} version {template.version}: {error}") from error
    messages = (ChatMessage("system", system), ChatMessage("user", user))
    return RenderedPrompt(template.prompt_id, template.version, messages)


@lru_cache(maxsize=256)
def _compiled(part: str, source: str) -> Template:
    try:
        return ImmutableSandboxedEnvironment(autoescape=False, undefined=StrictUndefined).from_string(source)
    except TemplateSyntaxError as error:
        raise InvalidPrompt(f"{part}, line {error.lineno}: {error.message}", field=part) from error
