from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import duckdb
import pyarrow as pa
import pytest

from components.core.tenant import TenantContext
from components.warehouse.dataset import MOMENT, Dataset
from components.warehouse.reading import open_facts
from components.warehouse.warehouse import Warehouse

SALES = Dataset(
    "sales",
    "what was sold",
    pa.schema([("tenant_id", pa.string()), ("at", MOMENT), ("item", pa.string())]),
    "at",
    ("item",),
)
NOW = datetime(2026, 11, 29, tzinfo=UTC)


def sold(tenant: TenantContext, *items: str) -> pa.Table:
    rows = [{"tenant_id": str(tenant.tenant_id), "at": NOW.replace(tzinfo=None), "item": item} for item in items]
    return pa.Table.from_pylist(rows, schema=SALES.schema)


def publish(warehouse: Warehouse, tenant: TenantContext, month: str, table: pa.Table | None) -> None:
    warehouse.publish(tenant, warehouse.manifest(tenant), {SALES: {month: table}}, {}, NOW)


def read(warehouse: Warehouse, *tenants: TenantContext) -> list[str]:
    with open_facts(warehouse, tenants, [SALES]) as connection:
        return [item for (item,) in connection.execute("SELECT item FROM sales ORDER BY item").fetchall()]


def test_a_month_that_is_written_again_replaces_what_it_was(tmp_path: Path) -> None:
    warehouse, tenant = Warehouse(tmp_path), TenantContext(uuid4())
    publish(warehouse, tenant, "2026-10", sold(tenant, "boots"))
    publish(warehouse, tenant, "2026-11", sold(tenant, "rope", "tent"))
    publish(warehouse, tenant, "2026-11", sold(tenant, "tent"))
    assert read(warehouse, tenant) == ["boots", "tent"]
    publish(warehouse, tenant, "2026-10", None)
    assert read(warehouse, tenant) == ["tent"]
    assert warehouse.manifest(tenant).rows("sales") == 1


def test_who_reads_while_a_month_is_exchanged_reads_on(tmp_path: Path) -> None:
    warehouse, tenant = Warehouse(tmp_path), TenantContext(uuid4())
    publish(warehouse, tenant, "2026-11", sold(tenant, "rope"))
    with open_facts(warehouse, [tenant], [SALES]) as connection:
        publish(warehouse, tenant, "2026-11", sold(tenant, "tent"))
        assert connection.execute("SELECT item FROM sales").fetchall() == [("rope",)]
    assert read(warehouse, tenant) == ["tent"]


def test_a_tenant_reaches_no_file_of_another(tmp_path: Path) -> None:
    warehouse, mine, other = Warehouse(tmp_path), TenantContext(uuid4()), TenantContext(uuid4())
    publish(warehouse, mine, "2026-11", sold(mine, "rope"))
    publish(warehouse, other, "2026-11", sold(other, "secret"))
    assert read(warehouse, mine) == ["rope"]
    assert read(warehouse, mine, other) == ["rope", "secret"]
    file = next(warehouse.folder(other).rglob("*.parquet"))
    with open_facts(warehouse, [mine], [SALES]) as connection:
        with pytest.raises(duckdb.Error):
            connection.execute(f"SELECT * FROM read_parquet('{file}')")
        with pytest.raises(duckdb.Error):
            connection.execute("SET enable_external_access = true")


def test_what_was_written_before_there_was_a_column_is_read_without_it(tmp_path: Path) -> None:
    warehouse, early, late = Warehouse(tmp_path), TenantContext(uuid4()), TenantContext(uuid4())
    publish(warehouse, early, "2026-11", sold(early, "rope"))
    priced = Dataset("sales", SALES.about, SALES.schema.append(pa.field("price", pa.float64())), "at", ("item",))
    table = sold(late, "tent").append_column("price", pa.array([9.5]))
    warehouse.publish(late, warehouse.manifest(late), {priced: {"2026-11": table}}, {}, NOW)
    for tenants in ([early], [early, late], [late, early]):
        with open_facts(warehouse, tenants, [priced]) as connection:
            found = connection.execute("SELECT item, price FROM sales ORDER BY item").fetchall()
        assert found == [("rope", None), ("tent", 9.5)][: len(tenants)]


def test_a_tenant_without_facts_has_empty_ones(tmp_path: Path) -> None:
    assert read(Warehouse(tmp_path), TenantContext(uuid4())) == []
