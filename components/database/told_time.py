"""Tells PostgreSQL what time it is, so that it lives in one time with a process whose clock is simulated."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, event

Clock = Callable[[], datetime]

_ASKED = re.compile(r"\b(?:clock_timestamp|now)\(\)")
_TOLD = "told_time"


def tell_time(engine: Engine, clock: Clock) -> None:
    """From now on each statement of `engine` that asks for now() or clock_timestamp() carries the clock's moment in
    their place. What PostgreSQL reads by itself, in functions of the database and the defaults of columns, stays
    its own: tables are declared so that statements ask for their moments. clock: with a time zone."""

    def tell(
        _connection: Connection, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool
    ) -> tuple[str, Any]:
        told, times = _ASKED.subn(f"CAST(%({_TOLD})s AS timestamptz)", statement)
        if not times:
            return statement, values
        at = {_TOLD: clock()}
        # Many rows in one statement have their values in one mapping, as one has.
        return told, [_with(each, at) for each in values] if isinstance(values, list) else _with(values, at)

    event.listen(engine, "before_cursor_execute", tell, retval=True)


def _with(values: Mapping[str, Any] | tuple[()], at: Mapping[str, Any]) -> dict[str, Any]:
    return {**(values if isinstance(values, Mapping) else {}), **at}
