"""The words of an expression, up to the braces that close it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from components.agents.workflows.expression_syntax import fault

MOST_WORDS = 600
_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_NAME = re.compile(r"[^\W\d][\w$]*|\$[\w$]*")
_TEXT = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
# `$node.Create Ticket.json`: a node's name as it is printed without its quotes.
_BARE_NODE = re.compile(r"\$node\s*\.\s*([^\W\d][^.\[\](){}'\"`?:,;&|<>=!+*/%]*?)\s*(?=\.\s*json\b)")
_SIGN = re.compile(r"===|!==|=>|\*\*|\+\+|--|\.\.\.|==|!=|<=|>=|&&|\|\||\?\?|\?\.(?!\d)|[-+*/%<>!?:.,()\[\]{}]")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}
_REFUSED = {
    "=>": "functions are not supported",
    "**": "** is not supported",
    "++": "an expression changes nothing",
    "--": "an expression changes nothing",
    "...": "... is not supported",
}


@dataclass(frozen=True)
class Word:
    """value: of a literal, or the name or sign itself."""

    kind: Literal["literal", "name", "sign", "end"]
    value: Any
    at: int


def words_of(text: str, start: int = 0, *, closing: bool = False) -> tuple[tuple[Word, ...], int]:
    """The words from `start` on, an end word last, and where what follows begins.

    closing: they end with the `}}` that closes the expression, which must be there. Raises InvalidWorkflow.
    """
    words: list[Word] = []
    depth, place = 0, start
    while True:
        space = _SPACE.match(text, place)
        place = space.end() if space else place
        if closing and depth == 0 and text.startswith("}}", place):
            return (*words, Word("end", "the end", place)), place + 2
        if place >= len(text):
            if closing:
                raise fault(text[start:], place - start, "it is not closed by }}")
            return (*words, Word("end", "the end", place)), place
        found, place = _next(text, place, start)
        words.extend(found)
        depth += sum(1 if word.value == "{" else -1 for word in found if word.kind == "sign" and word.value in "{}")
        if len(words) > MOST_WORDS:
            raise fault(text[start:], place - start, f"it has more than {MOST_WORDS} words and signs")


def _next(text: str, at: int, start: int) -> tuple[list[Word], int]:
    if bare := _BARE_NODE.match(text, at):
        return _named_node(bare.group(1), at), bare.end()
    if number := _NUMBER.match(text, at):
        return [Word("literal", _number(number.group()), at)], number.end()
    if name := _NAME.match(text, at):
        return [Word("name", name.group(), at)], name.end()
    if quoted := _TEXT.match(text, at):
        return [Word("literal", _ESCAPE.sub(_unescaped, quoted.group()[1:-1]), at)], quoted.end()
    if sign := _SIGN.match(text, at):
        if sign.group() in _REFUSED:
            raise fault(text[start:], at - start, _REFUSED[sign.group()])
        return [Word("sign", sign.group(), at)], sign.end()
    what = {"'": "a text that does not end", '"': "a text that does not end", "`": "a text in backquotes"}
    raise fault(text[start:], at - start, f"{what.get(text[at], text[at])} is not allowed")


def _named_node(name: str, at: int) -> list[Word]:
    return [Word("name", "$node", at), Word("sign", "[", at), Word("literal", name, at), Word("sign", "]", at)]


def _number(text: str) -> int | float:
    return int(text) if text.isdecimal() and len(text) < 16 else float(text)


def _unescaped(escape: re.Match[str]) -> str:
    code = escape.group(1)
    if code[0] in "ux" and len(code) > 1:
        return chr(int(code[1:], 16))
    return _ESCAPED.get(code, code)
