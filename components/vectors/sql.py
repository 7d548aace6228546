"""Python values as literals of Lance's SQL, so that no value can end its quotes."""

from __future__ import annotations

from collections.abc import Iterable

from components.core.errors import InvalidInput


def text_literal(value: str) -> str:
    """`it's` as `'it''s'`. Raises InvalidInput for text that UTF-8 cannot carry."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"{value!r} is not valid Unicode text: {error.reason}") from error
    return "'" + value.replace("'", "''") + "'"


def any_of(column: str, values: Iterable[str]) -> str:
    """`column IN ('a', 'b')`; `false` for no value."""
    literals = ", ".join(text_literal(value) for value in values)
    return f"{column} IN ({literals})" if literals else "false"
