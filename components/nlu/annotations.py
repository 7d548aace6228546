"""Rasa's notation of entities inside an example: `[Pro](plan)`, `[the big one]{"entity": "plan", "value": "Pro"}`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from components.core.nlu import Entity

# As in rasa.shared.nlu.training_data.entities_parser (Rasa 3.6), so that both engines read one file alike.
_ANNOTATION = re.compile(
    r"\[(?P<text>[^\]]+?)\]"
    r"(?:\((?P<name>[^:)]+?)(?::(?P<value>[^)]+))?\)|\{(?P<one>[^}]+?)\}|\[(?P<several>.*?)\])"
)
_SINGLE = re.compile(r"\{([^}]+?)\}")
# A bracket alone is what customers write, `:[`; one with a name behind it was meant to be closed.
_UNCLOSED = re.compile(r"\][({]|\[[^\]]*\w[({]")
ALLOWED = '`[text](entity)` or `[text]{"entity": "name", "value": "…"}`'


@dataclass(frozen=True)
class AnnotatedText:
    """An example without its notation. entities: offsets in `text`."""

    text: str
    entities: tuple[Entity, ...]


class InvalidAnnotation(ValueError):
    """What is wrong with an example's notation; the reader of the file adds file and line."""


def read_annotations(example: str) -> AnnotatedText:
    """The plain text and what is marked in it. Raises InvalidAnnotation for one that is not closed, or not JSON.

    >>> read_annotations("I want [Pro](plan)").entities[0].start
    7
    """
    plain: list[str] = []
    entities: list[Entity] = []
    end = length = 0
    for match in _ANNOTATION.finditer(example):
        between, text = example[end : match.start()], match["text"]
        _refuse_unclosed(between, example)
        start = length + len(between)
        plain += [between, text]
        entities += [Entity(name, value, text, start, start + len(text)) for name, value in _named(match)]
        end, length = match.end(), start + len(text)
    _refuse_unclosed(example[end:], example)
    return AnnotatedText("".join((*plain, example[end:])), tuple(entities))


def _refuse_unclosed(text: str, example: str) -> None:
    if _UNCLOSED.search(text):
        raise InvalidAnnotation(f"an entity is not closed in {example!r}; allowed: {ALLOWED}")


def _named(match: re.Match[str]) -> Iterator[tuple[str, str]]:
    """Name and value of each entity that one annotation marks."""
    if match["name"]:
        yield match["name"], match["value"] or match["text"]
    else:
        written = [match["one"]] if match["one"] else _SINGLE.findall(match["several"])
        for each in written:
            yield _from_json("{" + each + "}", match["text"])


def _from_json(written: str, text: str) -> tuple[str, str]:
    try:
        found: Any = json.loads(written)
    except ValueError as error:
        raise InvalidAnnotation(f"{written} is not JSON ({error}); allowed: {ALLOWED}") from error
    name, value = found.get("entity"), found.get("value", text)
    if not isinstance(name, str) or not name:
        raise InvalidAnnotation(f"{written} names no entity; allowed: {ALLOWED}")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InvalidAnnotation(f"{written}: value={value!r}; a text or a number is allowed")
    return name, str(value)
