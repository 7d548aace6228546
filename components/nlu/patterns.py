"""A project's regular expressions run on what customers write, so none of them may hold the process up."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import regex

LONGEST_PATTERN = 1_000
MOST_PATTERNS = 200
# Seconds that one pattern may take for one message.
PATIENCE = 0.02
LONGEST_SEARCHED = 2_000
_SEVERAL = 16


class InvalidPattern(ValueError):
    """Why a pattern is refused; the reader of the file adds file and line."""


def check_pattern(pattern: str) -> None:
    """Raises InvalidPattern for one that does not compile, or that may take exponential time: a repetition inside a
    repetition, such as `(a+)+`, in Rasa's engine (Python's `re`) as well as in ours."""
    if not pattern or len(pattern) > LONGEST_PATTERN:
        raise InvalidPattern(f"{pattern[:40]!r}: 1 to {LONGEST_PATTERN} characters are allowed")
    try:
        re.compile(pattern)
        _compiled(pattern)
        # The parser behind re.compile; Python's own name for it, sre_parse, is deprecated.
        tree = importlib.import_module("re._parser").parse(pattern)
    except (re.error, regex.error, OverflowError, RecursionError) as error:
        raise InvalidPattern(f"{pattern!r} is no regular expression: {error}") from error
    if _nested(tree, inside=False):
        raise InvalidPattern(f"{pattern!r} repeats a repetition, which can take for ever; write it without, as `a+`")


def find_pattern(pattern: str, text: str) -> list[tuple[int, int]]:
    """Offsets of every match that is not empty, whatever the case, in the first 2,000 characters of `text`; none where
    the search takes longer than PATIENCE."""
    try:
        found = _compiled(pattern).finditer(text[:LONGEST_SEARCHED], timeout=PATIENCE, concurrent=True)
        return [match.span() for match in found if match.end() > match.start()]
    except TimeoutError:
        return []


@lru_cache(maxsize=2_000)
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern, regex.IGNORECASE | regex.VERSION0)


def _nested(nodes: Iterable[Any], *, inside: bool) -> bool:
    """Whether a repetition that may go on and on holds another one. nodes: of Python's parser of expressions."""
    for operation, argument in nodes:
        if str(operation) in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, body = argument
            # An optional part inside, as in `(\d{3}-?)+`, is common and harmless.
            varies = int(most) > max(int(least), 1)
            if (varies and inside) or _nested(body, inside=inside or int(most) >= _SEVERAL):
                return True
        elif any(_nested(branch, inside=inside) for branch in _branches(argument)):
            return True
    return False


def _branches(argument: Any) -> list[Sequence[Any]]:
    """The sub-expressions in a node's argument: a group's, a look-around's, those of an alternative."""
    parser = importlib.import_module("re._parser")
    if isinstance(argument, parser.SubPattern):
        return [argument]
    if isinstance(argument, tuple | list):
        return [found for part in argument for found in _branches(part)]
    return []
