"""JSON as people print it: with comments, which are passed over."""

from __future__ import annotations

import json
import re
from typing import Any

from components.core.errors import InvalidWorkflow

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)


def loads_commented(text: str) -> Any:
    """The value of JSON that may hold `//` and `/* */` comments. Raises InvalidWorkflow with line and column."""
    try:
        return json.loads(_PIECE.sub(_blank, text), parse_constant=_refuse)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidWorkflow(f"the workflow is no JSON: {error.msg} at {place}", field="document") from error
    except (ValueError, RecursionError) as error:
        raise InvalidWorkflow(
            f"the workflow is no JSON: {error or 'it is nested too deep'}", field="document"
        ) from error


def _blank(piece: re.Match[str]) -> str:
    """A comment as so much white space, so that places in what follows stay what they are."""
    found = piece.group()
    return found if found.startswith('"') else re.sub(r"[^\n]", " ", found)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")
