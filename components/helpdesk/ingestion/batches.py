"""Many rows in few statements, none of them past the 65,535 parameters that PostgreSQL takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import ARRAY, ColumnElement, Text, any_, literal
from sqlalchemy.orm import InstrumentedAttribute

ROWS_A_STATEMENT = 500

Row = TypeVar("Row")


def batches(rows: Sequence[Row], size: int = ROWS_A_STATEMENT) -> Iterator[Sequence[Row]]:
    """The rows in order, `size` at a time."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def is_one_of(column: InstrumentedAttribute[str], values: Sequence[str]) -> ColumnElement[bool]:
    """`column IN values` with one parameter, whatever their number."""
    return column == any_(literal(list(values), ARRAY(Text)))
