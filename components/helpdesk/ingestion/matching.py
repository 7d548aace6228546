"""`column IN values` for any number of values: PostgreSQL takes 65,535 parameters a statement, and an array is one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ARRAY, ColumnElement, Text, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute


def is_one_of(column: InstrumentedAttribute[str], values: Sequence[str]) -> ColumnElement[bool]:
    """Whether `column` is among `values`; never, where there are none.

    As a sub-query, since it is joined by hash whatever the planner believes of the table: `= ANY (array)` on a
    table just filled was compared item by item, and 66,000 ids ran into the time limit of a statement.
    """
    return column.in_(select(func.unnest(literal(list(values), ARRAY(Text)))))
