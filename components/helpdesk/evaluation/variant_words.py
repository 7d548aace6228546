"""A variant of what answers, in words: `prompt=3, model=extractive, top_k=5, pipeline=average`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from components.core.errors import InvalidInput
from components.core.prompts import UNSAVED_VERSION, PromptTemplate
from components.core.tenant import TenantContext
from components.helpdesk.evaluation.answer_run import Variant
from components.helpdesk.prompt_files import read_prompt_file
from components.helpdesk.prompts import Prompts

ALLOWED = "prompt=VERSION or FILE, model=NAME, top_k=NUMBER, pipeline=NAME or FILE"


def read_variant(words: str, prompts: Prompts, tenant: TenantContext) -> Variant:
    """What is not named stays as the tenant has it now; nothing named is just that. Raises InvalidInput naming what is
    allowed, InvalidPrompt, NotFound for a version that is not there."""
    variant = Variant()
    for pair in filter(None, (each.strip() for each in words.split(","))):
        name, _, value = (part.strip() for part in pair.partition("="))
        if not value:
            raise InvalidInput(f"{pair!r}: allowed are {ALLOWED}", field="variant")
        if name == "prompt":
            variant = replace(variant, prompt=_prompt(value, prompts, tenant))
        elif name == "model":
            variant = replace(variant, model=value)
        elif name == "top_k" and value.isdecimal():
            variant = replace(variant, top_k=int(value))
        elif name == "pipeline":
            variant = replace(variant, pipeline=_file(value) if Path(value).is_file() else value)
        else:
            raise InvalidInput(f"{pair!r}: allowed are {ALLOWED}", field="variant")
    return variant


def in_words(words: str) -> str:
    """As charts name it."""
    return words.strip() or "as it is now"


def _prompt(value: str, prompts: Prompts, tenant: TenantContext) -> PromptTemplate:
    active = prompts.active(tenant)
    if value.isdecimal():
        return prompts.get(tenant, active.prompt_id, int(value))
    system, user = read_prompt_file(_file(value), value)
    return PromptTemplate(active.prompt_id, UNSAVED_VERSION, system, user)


def _file(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path}: {error}", field="variant") from error
