"""Facts of a tenant as one file, for a spreadsheet or another system."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from components.core.errors import InvalidInput
from components.core.tenant import TenantContext
from components.helpdesk.reports.exports import FORMULA
from components.helpdesk.reports.facts import FACTS
from components.warehouse.dataset import Dataset
from components.warehouse.reading import open_facts
from components.warehouse.warehouse import Warehouse

ExportFormat = Literal["csv", "parquet"]
_BATCH = 50_000


def dataset_named(name: str) -> Dataset:
    """Raises InvalidInput naming those there are."""
    for dataset in FACTS:
        if dataset.name == name:
            return dataset
    raise InvalidInput(f"dataset={name!r}: allowed is one of {', '.join(each.name for each in FACTS)}", field="dataset")


def export_facts(
    warehouse: Warehouse,
    tenants: Sequence[TenantContext],
    dataset: Dataset,
    since: datetime,
    until: datetime,
    file_format: ExportFormat,
    out: Path,
) -> int:
    """Writes the rows whose moment lies from `since` on and before `until`, by that moment; how many there are. CSV
    cells that a spreadsheet would take for a formula begin with an apostrophe. Both moments have a time zone.

    Raises InvalidInput for another format, a span that ends before it begins, or a file that cannot be written.
    """
    if file_format not in get_args(ExportFormat):
        allowed = ", ".join(get_args(ExportFormat))
        raise InvalidInput(f"format={file_format!r}: allowed is one of {allowed}", field="format")
    if since >= until:
        raise InvalidInput(f"since={since.isoformat()} is not before until={until.isoformat()}", field="since")
    columns = ", ".join(_column(field, as_text=file_format == "csv") for field in dataset.schema)
    span = [moment.astimezone(UTC).replace(tzinfo=None) for moment in (since, until)]
    order = ", ".join((dataset.at, "tenant_id", *dataset.key))
    query = f"SELECT {columns} FROM {dataset.name} WHERE {dataset.at} >= ? AND {dataset.at} < ? ORDER BY {order}"  # noqa: S608 - names of our own
    partial = out.with_name(f"{out.name}.partial")
    try:
        with open_facts(warehouse, tenants, [dataset]) as connection:
            rows = connection.sql(query, params=span).to_arrow_reader(_BATCH)
            count = _write(rows, partial, file_format)
        partial.replace(out)
    except OSError as error:
        raise InvalidInput(f"out={str(out)!r} cannot be written: {error.strerror or error}", field="out") from error
    finally:
        partial.unlink(missing_ok=True)
    return count


def _write(rows: pa.RecordBatchReader, file: Path, file_format: ExportFormat) -> int:
    count = 0
    opened = csv.CSVWriter(file, rows.schema) if file_format == "csv" else pq.ParquetWriter(file, rows.schema)
    with opened as writer:
        for batch in rows:
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def _column(field: pa.Field, *, as_text: bool) -> str:
    if not as_text or field.type != pa.string():
        return f'"{field.name}"'
    harmless = f'CASE WHEN regexp_matches("{field.name}", \'^{FORMULA}\') THEN chr(39) || "{field.name}"'
    return f'{harmless} ELSE "{field.name}" END AS "{field.name}"'
