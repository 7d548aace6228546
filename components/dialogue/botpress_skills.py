"""Botpress's skill `choice` as what it is: a question with a few answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.dialogue.botpress_files import Element, strings
from components.dialogue.botpress_shapes import shown

_PICKED = re.compile(r"""\s*temp\[['"]skill-choice-ret(?:-[\w-]+)?['"]\]\s*={2,3}\s*["']([^"'\\]*)["']\s*""")
_RETRIES, _MOST_RETRIES = 3, 10


@dataclass(frozen=True)
class Choice:
    """question, invalid: content ids, empty where unknown. choices: the value by each spelling, lower case. attempts:
    before it goes to the failure arrow. lost: what of the skill does not carry over, in words."""

    question: str
    invalid: str
    choices: Mapping[str, str]
    attempts: int
    lost: tuple[str, ...] = ()


def is_skill_flow(file: str, value: Mapping[str, Any]) -> bool:
    """Whether the file only holds how a skill works, which is generated."""
    return "skillData" in value or "/skills/" in f"/{file}".replace("\\", "/")


def choice_of(node: Mapping[str, Any], skill: Mapping[str, Any] | None, elements: Mapping[str, Element]) -> Choice:
    """skill: the content of the skill's own flow file, where it is at hand; else the arrows tell the answers."""
    lost: list[str] = []
    data = _object(skill.get("skillData") if skill else None, "skillData", lost)
    question = str(data.get("contentId") or "")
    choices: dict[str, str] = {}
    for value, words in _object(data.get("keywords"), "keywords", lost).items():
        if not isinstance(words, list) or len(strings(words)) < len(words):
            lost.append(f"the keywords of {value!r} are {shown(words)}, where a list of texts is needed")
        _add(choices, str(value), [str(value), *strings(words)])
    for value, title in elements[question].choices if question in elements else ():
        _add(choices, value, [value, title])
    arrows = node.get("next")
    for arrow in arrows if isinstance(arrows, list) else []:
        answer = picked(arrow.get("condition")) if isinstance(arrow, dict) else None
        if answer is not None:
            _add(choices, answer, [answer])
    tries = _object(data.get("config"), "config", lost).get("nbMaxRetries")
    attempts = min(max(tries, 1), _MOST_RETRIES) if isinstance(tries, int) else _RETRIES
    if tries is not None and tries != attempts:
        lost.append(f"nbMaxRetries is {shown(tries)}: it asks {attempts} times for now")
    return Choice(question, str(data.get("invalidContentId") or ""), choices, attempts, tuple(lost))


def picked(condition: Any) -> str | None:
    """The answer that an arrow of a choice is for."""
    found = _PICKED.fullmatch(condition) if isinstance(condition, str) else None
    return found[1] if found else None


def _object(value: Any, key: str, lost: list[str]) -> Mapping[str, Any]:
    if value is not None and not isinstance(value, dict):
        lost.append(f"{key} of the skill is {shown(value)}, which is no object: it is left out")
    return value if isinstance(value, dict) else {}


def _add(choices: dict[str, str], value: str, spellings: list[str]) -> None:
    for spelling in spellings:
        plain = " ".join(spelling.lower().split())
        if plain and len(plain) <= 100:
            choices.setdefault(plain, value)
