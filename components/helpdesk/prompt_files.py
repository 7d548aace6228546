"""A prompt as a person edits it: a YAML file with the keys system and user."""

from __future__ import annotations

import difflib
import re
from typing import Any

import yaml

from components.core.errors import InvalidPrompt
from components.core.prompts import PromptTemplate

LONGEST_FILE = 100_000
_KEYS = {"system", "user"}
_OTHER_LINE_ENDS = re.compile("[\r\x85\u2028\u2029]")


class _Source(str):
    """A text that is written as a block of lines wherever YAML can hold it so."""


class _Dumper(yaml.SafeDumper):
    pass


def _block(dumper: yaml.SafeDumper, text: _Source) -> yaml.ScalarNode:
    # A block that begins with a blank, or has other line ends than \n, is read back changed.
    style = '"' if text[:1].isspace() or _OTHER_LINE_ENDS.search(text) else "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style=style)


_Dumper.add_representer(_Source, _block)


def prompt_schema() -> dict[str, Any]:
    """JSON Schema of a prompt file, draft 2020-12. That its templates render is checked when it is saved."""
    template = {"type": "string", "maxLength": LONGEST_FILE, "description": "A Jinja template."}
    return {
        "type": "object",
        "required": sorted(_KEYS),
        "properties": dict.fromkeys(sorted(_KEYS), template),
        "additionalProperties": False,
    }


def write_prompt_file(template: PromptTemplate) -> str:
    """What `read_prompt_file` reads back to the letter."""
    dumped: str = yaml.dump(
        {"system": _Source(template.system), "user": _Source(template.user)},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=float("inf"),
    )
    return dumped


def read_prompt_file(text: str, name: str = "the file") -> tuple[str, str]:
    """The sources of system and user. name: of the file, for errors. Raises InvalidPrompt naming line or key, and
    what is allowed."""
    if len(text) > LONGEST_FILE:
        raise InvalidPrompt(f"{name} has over {LONGEST_FILE} characters: so many are allowed")
    try:
        values: Any = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        what = getattr(error, "problem", None) or str(error) or type(error).__name__
        raise InvalidPrompt(f"{name}{where}: {what}; YAML with the keys system and user is needed") from error
    if not isinstance(values, dict) or set(values) != _KEYS:
        found = ", ".join(map(repr, values)) if isinstance(values, dict) else type(values).__name__
        raise InvalidPrompt(f"{name} holds {found or 'nothing'}: exactly the keys system and user are allowed")
    for part in ("system", "user"):
        if not isinstance(values[part], str):
            raise InvalidPrompt(f"{name}: {part} is {type(values[part]).__name__}: a text is allowed", field=part)
    return values["system"], values["user"]


def diff_prompts(old: PromptTemplate, new: PromptTemplate, names: tuple[str, str] | None = None) -> str:
    """A unified diff of the two files, empty where they say the same. names: what they are called there; by default
    their versions."""
    a, b = names or (f"{each.prompt_id} version {each.version}" for each in (old, new))
    return "".join(difflib.unified_diff(_lines(old), _lines(new), a, b))


def _lines(template: PromptTemplate) -> list[str]:
    return write_prompt_file(template).splitlines(keepends=True)
