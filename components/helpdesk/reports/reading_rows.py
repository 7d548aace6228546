"""The rows of one dataset and month, from the tables into memory as columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import pyarrow as pa
import pyarrow.csv as csv
from sqlalchemy import Connection

from components.core.tenant import TenantContext
from components.database.copying import copy_csv
from components.helpdesk.reports.changed_months import bounds
from components.helpdesk.reports.fact_query import FactQuery


class FactReader:
    """Reads within one transaction. zone: of the tenant's days. as_of: when tickets are judged to be late. on_read: is
    called after each month."""

    def __init__(
        self,
        connection: Connection,
        tenant: TenantContext,
        zone: str,
        as_of: datetime,
        on_read: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._tenant = tenant
        self._values = {"tenant": tenant.tenant_id, "zone": zone, "as_of": as_of}
        self._on_read = on_read

    def read(self, query: FactQuery, month: str) -> pa.Table | None:
        """None where the month has no rows. month: `2026-11`, in UTC."""
        since, until = bounds(month)
        told = copy_csv(self._connection, query.rows, {**self._values, "since": since, "until": until})
        self._on_read()
        if not told:
            return None
        schema = query.dataset.schema
        columns = {field.name: field.type for field in schema if field.name != "tenant_id"}
        table = csv.read_csv(
            pa.BufferReader(told),
            csv.ReadOptions(column_names=list(columns), block_size=4 << 20),
            csv.ParseOptions(newlines_in_values=True),
            csv.ConvertOptions(
                column_types=columns,
                true_values=["t"],
                false_values=["f"],
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        tenant = pa.repeat(pa.scalar(str(self._tenant.tenant_id)), table.num_rows)
        return table.add_column(0, "tenant_id", tenant).select(schema.names)


class MonthsOnDemand(Mapping[str, pa.Table | None]):
    """The months of one dataset, each read when it is asked for and kept by nobody here."""

    def __init__(self, reader: FactReader, query: FactQuery, months: tuple[str, ...]) -> None:
        self._reader, self._query, self._months = reader, query, months

    def __getitem__(self, month: str) -> pa.Table | None:
        return self._reader.read(self._query, month)

    def __iter__(self) -> Iterator[str]:
        return iter(self._months)

    def __len__(self) -> int:
        return len(self._months)
