"""Parameters of nodes with expressions in them: a text that is one expression gives its value, another one a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from components.agents.workflows.expression_evaluation import evaluate
from components.agents.workflows.expression_globals import Roots
from components.agents.workflows.expression_reading import parse
from components.agents.workflows.expression_syntax import Expression, fault
from components.agents.workflows.expression_values import Mistake, bounded, json_value, text_of
from components.agents.workflows.expression_words import words_of


@dataclass(frozen=True)
class Piece:
    """An expression between braces, and its text."""

    expression: Expression
    text: str


@dataclass(frozen=True)
class Template:
    """Texts and expressions in turn."""

    parts: tuple[str | Piece, ...]

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return tuple(part for part in self.parts if isinstance(part, Piece))

    def render(self, roots: Roots) -> Any:
        """The value of a single expression, else a text. Raises InvalidWorkflow."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Piece):
            return _value(self.parts[0], roots)
        return bounded("".join(part if isinstance(part, str) else text_of(_value(part, roots)) for part in self.parts))


@lru_cache(maxsize=4096)
def read_template(text: str) -> Template:
    """Of a parameter's text, with n8n's `=` before it or without. Raises InvalidWorkflow with the place of a fault."""
    place = 1 if text.startswith("=") else 0
    parts: list[str | Piece] = []
    while (opens := text.find("{{", place)) >= 0:
        if opens > place:
            parts.append(text[place:opens])
        words, ends = words_of(text, opens + 2, closing=True)
        expression = parse(text, words, opens + 2)
        parts.append(Piece(expression, text[opens + 2 : ends - 2]))
        place = ends
    if place < len(text) or not parts:
        parts.append(text[place:])
    return Template(tuple(parts))


def resolve(value: Any, roots: Roots) -> Any:
    """A parameter with all that is in it, its expressions replaced by what they come to. Raises InvalidWorkflow."""
    if isinstance(value, str):
        return read_template(value).render(roots)
    if isinstance(value, Mapping):
        return {name: resolve(each, roots) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(each, roots) for each in value]
    return value


def templates_in(value: Any) -> Iterator[Template]:
    """Those of a parameter and all that is in it. Raises InvalidWorkflow for one that does not read."""
    if isinstance(value, str):
        yield read_template(value)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from templates_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from templates_in(each)


def _value(piece: Piece, roots: Roots) -> Any:
    found = evaluate(piece.expression, roots, piece.text)
    try:
        return json_value(found)
    except Mistake as mistake:
        raise fault(piece.text, piece.expression.at, str(mistake)) from mistake
