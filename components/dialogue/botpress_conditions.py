"""Botpress conditions, which are JavaScript, as ours, where they compare no more than an intent or a variable."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass

from components.core.template_inspection import fault_of_condition
from components.dialogue.flow_variables import SURROUNDINGS

_STRING = r"""'([^'\\]*)'|"([^"\\]*)\""""
_ROOTS = "temp|session|user|event|workflow|bot"
_KEYS = r"(?:\.[A-Za-z_$][\w$]*|\[(?:'[^'\\\]]*'|\"[^\"\\\]]*\")\])+"
_PATH = rf"(?:event\.state\.|state\.)?({_ROOTS})({_KEYS})"
_INTENT = re.compile(rf"""\s*event\.nlu\.intent\.(?:name\s*={{2,3}}\s*(?:{_STRING})|is\(\s*(?:{_STRING})\s*\))\s*""")
_COMPARISON = re.compile(
    rf"""\s*(!?)\s*{_PATH}\s*(?:(===|==|!==|!=|>=|<=|>|<)\s*(?:({_STRING})|(-?\d+(?:\.\d+)?)|(true|false|null|undefined))\s*)?"""
)
_SIGNS = {"===": "==", "!==": "!="}
_WORDS = {"true": "true", "false": "false", "null": "none", "undefined": "none"}
_KEY = re.compile(r"\.([A-Za-z_$][\w$]*)|\[(?:'([^']*)'|\"([^\"]*)\")\]")
_MUSTACHE = re.compile(r"\{\{\{?\s*([^{}]*?)\s*\}?\}\}")
_OPENING = re.compile(r"\{[{%#]+")
# Names that mean something else in our templates already.
_MEANT = {*SURROUNDINGS, "loop", "and", "or", "not", "if", "else", "in", "is", "true", "false", "none"}
_EVENT = {"preview": "message", "payload.text": "message", "nlu.intent.name": "intent", "nlu.language": "language"}


@dataclass(frozen=True)
class Condition:
    """Exactly one of the three is set. intent: it is about the message's intent alone. expression: our own."""

    always: bool = False
    intent: str | None = None
    expression: str | None = None


def translated(condition: str, asked: Set[str] = frozenset()) -> Condition | None:
    """Our form of a condition, None for one that says more than we can. asked: see `variable_of`."""
    condition = condition.strip()
    if condition in ("true", "always", "1"):
        return Condition(always=True)
    if found := _INTENT.fullmatch(condition):
        intent = next((part for part in found.groups() if part), None)
        return Condition(intent=intent) if intent and intent != "none" else None
    if "||" in condition and "&&" in condition:
        return None
    for sign, word in (("&&", " and "), ("||", " or ")):
        if sign in condition:
            parts = [_part(part, asked) for part in condition.split(sign)]
            return _checked(word.join(part for part in parts if part)) if all(parts) else None
    part = _part(condition, asked)
    return _checked(part) if part else None


def text_template(text: str, asked: Set[str] = frozenset()) -> tuple[str, list[str]]:
    """A text with Botpress's placeholders as ours, and those that could not be carried over, which are left out.
    asked: see `variable_of`."""
    made, end = "", 0
    lost: list[str] = []
    for found in _MUSTACHE.finditer(text):
        name = variable_of(found[1], asked)
        made += _literal(text[end : found.start()], lost)
        made += f"{{{{ {name} }}}}" if name else ""
        lost += [] if name else [found[0]]
        end = found.end()
    return made + _literal(text[end:], lost), lost


def variable_of(path: str, asked: Set[str] = frozenset()) -> str | None:
    """`name` for `temp.name` or `session.name`, `user.name`, `message` for `event.preview`; None for anything else.
    asked: what the bot asks for itself and keeps with the user, which is `name` too."""
    found = re.fullmatch(_PATH, path.strip())
    if not found:
        return None
    root, keys = found[1], [next(part for part in key if part) for key in _KEY.findall(found[2]) if any(key)]
    if root == "event":
        return _EVENT.get(".".join(keys))
    if not keys or (root == "user" and len(keys) != 1):
        return None
    name = variable_name("_".join(keys))
    return f"user.{name}" if root == "user" and name not in asked else name


def variable_name(name: str) -> str:
    """A name that a variable of ours may have: `language_value` for `language`, which is ours."""
    snake = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    snake = re.sub(r"[^a-z0-9]+", "_", snake.lower()).strip("_")[:60] or "value"
    if snake in _MEANT:
        return f"{snake}_value"
    return snake if snake[0].isalpha() else f"v_{snake}"


def _literal(text: str, lost: list[str]) -> str:
    """`text` without what would begin something in our templates."""
    lost += _OPENING.findall(text)
    return _OPENING.sub(lambda found: " ".join(found[0]), text)


def _part(text: str, asked: Set[str]) -> str | None:
    if found := _INTENT.fullmatch(text):
        intent = next((part for part in found.groups() if part), "")
        return f"intent == '{intent}'"
    found = _COMPARISON.fullmatch(text)
    if not found:
        return None
    name = variable_of(text[found.start(2) : found.end(3)], asked)
    if name is None:
        return None
    sign, quoted, number, word = found[4], found[5], found[8], found[9]
    if sign is None:
        return f"not {name}" if found[1] else name
    if found[1]:
        return None
    value = quoted or number or _WORDS[word]
    if value == "none":
        return name if sign.startswith("!") else f"not {name}" if sign.startswith("=") else None
    return f"{name} {_SIGNS.get(sign, sign)} {value}"


def _checked(expression: str) -> Condition | None:
    return None if fault_of_condition(expression) else Condition(expression=expression)
