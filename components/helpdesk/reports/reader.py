"""The facts of the tenants that somebody may see, asked with the filters that they set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Any

import duckdb

from components.core.errors import Unavailable
from components.core.tenant import Tenant
from components.helpdesk.reports.connection import SharedConnection
from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.selection import Grouping, Rows, choose

Row = Mapping[str, Any]


class ReportReader:
    """Asks for figures, for as long as one page or command is made: what it reads stays as it was when it was opened.
    One thread at a time; any number of readers side by side.

    tenants: whose facts it counts. refreshed_at: up to when nothing is missing of any of them; None where one of them
    has no facts yet.
    """

    def __init__(self, tenants: Sequence[Tenant], shared: SharedConnection, refreshed_at: datetime | None) -> None:
        self.tenants = tuple(tenants)
        self.refreshed_at = refreshed_at
        self._shared = shared
        self._cursor = shared.cursor()

    def __enter__(self) -> ReportReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """It can ask no more."""
        self._cursor.close()
        self._shared.release()

    def label(self, by: Grouping, key: str) -> str:
        """The key of a group for people to read; a tenant's name."""
        if by == "tenant":
            return next((tenant.name for tenant in self.tenants if str(tenant.tenant_id) == key), key)
        return key or f"no {by}"

    def rows(
        self, chosen: Rows, filters: Filters, query: str, /, *, by: Grouping | None = None, **values: Any
    ) -> list[Row]:
        """What `query` selects from `chosen`, the rows of the dataset that the filters choose, with their group in
        `grouped`. values: of the query's $parameters. Raises Unavailable where the facts have been exchanged twice
        since this was opened."""
        picked = choose(chosen, filters, by)
        return self._fetch(f"WITH {picked.sql} {query}", {**picked.values, **values})

    def one(self, chosen: Rows, filters: Filters, query: str, /, **values: Any) -> Row:
        """`rows` for a query that gives exactly one."""
        (row,) = self.rows(chosen, filters, query, **values)
        return row

    def ask(self, query: str, /, **values: Any) -> list[Row]:
        """`rows` without filters, over the datasets themselves."""
        return self._fetch(query, values)

    def batches(self, chosen: Rows, filters: Filters, query: str, size: int, /, **values: Any) -> Iterator[list[Row]]:
        """`rows`, so many at a time. Nothing else may be asked until the last of them."""
        picked = choose(chosen, filters)
        with _unless_exchanged():
            answer = self._cursor.execute(f"WITH {picked.sql} {query}", {**picked.values, **values})
            while rows := _named(answer, answer.fetchmany(size)):
                yield rows

    def _fetch(self, query: str, values: Mapping[str, Any]) -> list[Row]:
        with _unless_exchanged():
            answer = self._cursor.execute(query, dict(values))
            return _named(answer, answer.fetchall())


@contextmanager
def _unless_exchanged() -> Iterator[None]:
    try:
        yield
    except duckdb.IOException as error:
        raise Unavailable(f"the facts have changed meanwhile ({error}): open them again") from error


def _named(answer: duckdb.DuckDBPyConnection, rows: Sequence[Sequence[Any]]) -> list[Row]:
    names = [column[0] for column in answer.description or ()]
    return [dict(zip(names, row, strict=True)) for row in rows]
