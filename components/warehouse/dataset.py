"""What one kind of fact is stored as: a name and the columns of its rows."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

MOMENT = pa.timestamp("us")
"""UTC, without saying so: DuckDB then compares and cuts it without a time zone of its own."""


@dataclass(frozen=True)
class Dataset:
    """schema: its columns; each has `tenant_id` (text) and the column `at`, by whose month (UTC) rows are kept
    together. key: columns by which a row is known."""

    name: str
    about: str
    schema: pa.Schema
    at: str
    key: tuple[str, ...]

    def __post_init__(self) -> None:
        missing = [name for name in ("tenant_id", self.at, *self.key) if name not in self.schema.names]
        if missing:
            raise ValueError(f"dataset {self.name} needs the columns {', '.join(missing)}")
