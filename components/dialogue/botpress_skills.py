"""Botpress's skill `choice` as what it is: a question with a few answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.dialogue.botpress_files import Element, strings

_PICKED = re.compile(r"""\s*temp\[['"]skill-choice-ret-[\w-]+['"]\]\s*={2,3}\s*["']([^"'\\]*)["']\s*""")
_RETRIES = 3


@dataclass(frozen=True)
class Choice:
    """question, invalid: content ids, empty where unknown. choices: the value by each spelling, lower case. attempts:
    before it goes to the failure arrow."""

    question: str
    invalid: str
    choices: Mapping[str, str]
    attempts: int


def is_skill_flow(file: str, value: Mapping[str, Any]) -> bool:
    """Whether the file only holds how a skill works, which is generated."""
    return "skillData" in value or "/skills/" in f"/{file}".replace("\\", "/")


def choice_of(node: Mapping[str, Any], skill: Mapping[str, Any] | None, elements: Mapping[str, Element]) -> Choice:
    """skill: the content of the skill's own flow file, where it is at hand; else the arrows tell the answers."""
    data = skill.get("skillData") if skill else None
    data = data if isinstance(data, dict) else {}
    question = str(data.get("contentId") or "")
    choices: dict[str, str] = {}
    keywords = data.get("keywords")
    for value, words in (keywords if isinstance(keywords, dict) else {}).items():
        _add(choices, str(value), [str(value), *strings(words)])
    for value, title in elements[question].choices if question in elements else ():
        _add(choices, value, [value, title])
    for arrow in node.get("next") or []:
        value = picked(arrow.get("condition")) if isinstance(arrow, dict) else None
        if value is not None:
            _add(choices, value, [value])
    config = data.get("config")
    tries = config.get("nbMaxRetries") if isinstance(config, dict) else None
    attempts = min(max(tries, 1), 10) if isinstance(tries, int) else _RETRIES
    return Choice(question, str(data.get("invalidContentId") or ""), choices, attempts)


def picked(condition: Any) -> str | None:
    """The answer that an arrow of a choice is for."""
    found = _PICKED.fullmatch(condition) if isinstance(condition, str) else None
    return found[1] if found else None


def _add(choices: dict[str, str], value: str, spellings: list[str]) -> None:
    for spelling in spellings:
        plain = " ".join(spelling.lower().split())
        if plain and len(plain) <= 100:
            choices.setdefault(plain, value)
