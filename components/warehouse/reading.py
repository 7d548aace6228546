"""DuckDB over the facts of the tenants that somebody may see, and over nothing else on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from components.core.tenant import TenantContext
from components.warehouse.dataset import Dataset
from components.warehouse.warehouse import Warehouse

THREADS = 2


def open_facts(
    warehouse: Warehouse, tenants: Sequence[TenantContext], datasets: Sequence[Dataset]
) -> duckdb.DuckDBPyConnection:
    """A connection with one view for each dataset, of these tenants' rows; empty ones where there are none. It can read
    no other file, loads no extension and keeps nothing. The caller closes it.

    The files are those of the manifests as they stand now. A column that they were written without is null.
    """
    folders = [warehouse.folder(tenant) for tenant in tenants]
    connection = duckdb.connect(":memory:", config={"threads": THREADS, "autoinstall_known_extensions": False})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET allowed_directories = [{', '.join(_literal(f'{folder}/') for folder in folders)}]")
    connection.execute("SET enable_external_access = false")
    manifests = [(folder, warehouse.manifest(tenant)) for folder, tenant in zip(folders, tenants, strict=True)]
    for dataset in datasets:
        files = [
            [folder / part.path for part in manifest.parts.get(dataset.name, {}).values()]
            for folder, manifest in manifests
        ]
        connection.execute(f'CREATE VIEW "{dataset.name}" AS {_rows(dataset, files)}')
    connection.execute("SET lock_configuration = true")
    return connection


def _rows(dataset: Dataset, tenants: Sequence[Sequence[Path]]) -> str:
    """tenants: the files of each. Whoever writes them tells all months anew where a dataset gets a column, so that the
    first one speaks for its tenant's."""
    whole, older = list[Path](), list[Path]()
    for files in filter(None, tenants):
        known = set(pq.read_schema(files[0]).names)
        (whole if known.issuperset(dataset.schema.names) else older).extend(files)
    if whole and not older:
        return _read(whole)
    columns = ", ".join(f'CAST(NULL AS {_type(field.type)}) AS "{field.name}"' for field in dataset.schema)
    parts = [f"SELECT {columns} WHERE false", *(_read(files) for files in (whole, older) if files)]
    return " UNION ALL BY NAME ".join(parts)


def _read(files: Sequence[Path]) -> str:
    listed = ", ".join(_literal(str(file)) for file in files)
    return f"SELECT * FROM read_parquet([{listed}], hive_partitioning = false)"  # noqa: S608 - paths of our own


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _type(kind: pa.DataType) -> str:
    names: dict[pa.DataType, str] = {
        pa.string(): "VARCHAR",
        pa.bool_(): "BOOLEAN",
        pa.int32(): "INTEGER",
        pa.int64(): "BIGINT",
        pa.float64(): "DOUBLE",
        pa.date32(): "DATE",
        pa.timestamp("us"): "TIMESTAMP",
    }
    return names[kind]
