"""`column IN values` for any number of values: PostgreSQL takes 65,535 parameters a statement, and an array is one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ARRAY, ColumnElement, Text, any_, literal
from sqlalchemy.orm import InstrumentedAttribute


def is_one_of(column: InstrumentedAttribute[str], values: Sequence[str]) -> ColumnElement[bool]:
    """Whether `column` is among `values`; never, where there are none."""
    return column == any_(literal(list(values), ARRAY(Text)))
