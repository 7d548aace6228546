"""DuckDB over the facts of the tenants that somebody may see, and over nothing else on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from components.core.tenant import TenantContext
from components.warehouse.dataset import Dataset
from components.warehouse.warehouse import Warehouse

THREADS = 2


def open_facts(
    warehouse: Warehouse, tenants: Sequence[TenantContext], datasets: Sequence[Dataset]
) -> duckdb.DuckDBPyConnection:
    """A connection with one view for each dataset, of these tenants' rows; empty ones where there are none. It can read
    no other file, loads no extension and keeps nothing. The caller closes it.

    The files are those of the manifests as they stand now.
    """
    folders = [warehouse.folder(tenant) for tenant in tenants]
    connection = duckdb.connect(":memory:", config={"threads": THREADS, "autoinstall_known_extensions": False})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"SET allowed_directories = [{', '.join(_literal(f'{folder}/') for folder in folders)}]")
    connection.execute("SET enable_external_access = false")
    manifests = [(folder, warehouse.manifest(tenant)) for folder, tenant in zip(folders, tenants, strict=True)]
    for dataset in datasets:
        files = [
            folder / part.path
            for folder, manifest in manifests
            for part in manifest.parts.get(dataset.name, {}).values()
        ]
        connection.execute(f'CREATE VIEW "{dataset.name}" AS {_rows(dataset, files)}')
    connection.execute("SET lock_configuration = true")
    return connection


def _rows(dataset: Dataset, files: Sequence[Path]) -> str:
    if files:
        listed = ", ".join(_literal(str(file)) for file in files)
        return f"SELECT * FROM read_parquet([{listed}], hive_partitioning = false)"  # noqa: S608 - paths of our own
    columns = ", ".join(f'CAST(NULL AS {_type(field.type)}) AS "{field.name}"' for field in dataset.schema)
    return f"SELECT {columns} WHERE false"


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
