"""Reports are asked for as data: what is not allow-listed is refused, what takes long ends, others' rows are unseen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shop_world import PERMITTED, PERSON, Shop
from sqlalchemy import text

from components.core.errors import InvalidInput, ToolUnavailable
from components.core.tenant import Tenant
from components.database.report_views import REPORT_VIEWS
from components.database.session import Database
from components.tools.built_in.report_query import OPERATORS


@pytest.fixture(scope="module")
def shop(database: Database, make_tenant: Callable[..., Tenant]) -> Shop:
    shop = Shop(database, make_tenant, tools={**PERMITTED, "query_database": {"per_minute": 10_000}})
    for subject in ("Refund", "Late parcel", "100% wrong"):
        shop.call("create_ticket", subject=subject)
    shop.converse("slack")
    return shop


def rows(shop: Shop, **arguments: Any) -> list[list[Any]]:
    found: list[list[Any]] = shop.result("query_database", **arguments)["rows"]
    return found


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        ([{"column": "total", "op": ">=", "value": 300}], ["NT-20418104", "NT-20418999", "NT-20419077"]),
        ([{"column": "status", "op": "in", "value": ["packed", "returned"]}], ["NT-20417713", "NT-20419001"]),
        ([{"column": "order_number", "op": "contains", "value": "nt-2041700"}], []),
        ([{"column": "order_number", "op": "contains", "value": "20417"}], ["NT-20417713", "NT-20417755"]),
        ([{"column": "order_number", "op": "contains", "value": "_"}], []),
        ([{"column": "ordered_at", "op": "<", "value": "2026-10-01"}], ["NT-20415008"]),
        (
            [{"column": "customer_id", "op": "=", "value": "K-1001"}, {"column": "status", "op": "!=", "value": "x"}],
            ["NT-20418873", "NT-20419120"],
        ),
        ([{"column": "status", "op": "=", "value": "' OR true --"}], []),
        ([{"column": "ordered_at", "op": "is_null"}], []),
    ],
)
def test_rows_are_chosen_by_conditions(shop: Shop, where: list[Any], numbers: list[str]) -> None:
    order = [{"column": "order_number"}]
    assert rows(shop, view="report_orders", columns=["order_number"], where=where, order_by=order) == [
        [number] for number in numbers
    ]


def test_columns_order_and_limit_are_the_askers(shop: Shop) -> None:
    found = shop.result(
        "query_database",
        view="report_orders",
        columns=["total", "order_number"],
        order_by=[{"column": "total", "descending": True}, {"column": "order_number"}],
        limit=2,
    )
    assert found == {
        "columns": ["total", "order_number"],
        "rows": [[449, "NT-20418999"], [449, "NT-20419077"]],
        "more": True,
    }


@pytest.mark.parametrize("view", sorted(REPORT_VIEWS))
def test_every_view_gives_all_its_columns(shop: Shop, view: str) -> None:
    assert shop.result("query_database", view=view)["columns"] == list(REPORT_VIEWS[view].columns)


@pytest.mark.parametrize(
    ("arguments", "field", "told"),
    [
        ({"view": "customers"}, "view", "not one of"),
        ({"view": "report_orders; DROP TABLE shop_orders"}, "view", "not one of"),
        ({"view": "report_orders", "columns": ["address"]}, "columns.0", "order_number, customer_id"),
        ({"view": "report_orders", "columns": ["pg_sleep(9)"]}, "columns.0", "no column"),
        ({"view": "report_orders", "order_by": [{"column": "1"}]}, "order_by.0.column", "no column"),
        ({"view": "report_orders", "where": [{"column": "x", "op": "="}]}, "where.0.column", "no column"),
        ({"view": "report_orders", "where": [{"column": "total", "op": "="}]}, "where.0.value", "a number"),
        ({"view": "report_orders", "where": [{"column": "total", "op": "=", "value": "1"}]}, "where.0.value", "number"),
        ({"view": "report_orders", "where": [{"column": "total", "op": "in", "value": 1}]}, "where.0.value", "a list"),
        (
            {"view": "report_orders", "where": [{"column": "ordered_at", "op": ">", "value": "soon"}]},
            "where.0.value",
            "a moment such as",
        ),
        (
            {"view": "report_orders", "where": [{"column": "total", "op": "contains", "value": "1"}]},
            "where.0.value",
            "texts only",
        ),
        (
            {"view": "report_orders", "where": [{"column": "total", "op": "; --", "value": 1}]},
            "where.0.op",
            "not one of",
        ),
        ({"view": "report_orders", "columns": ["status", "status"]}, "columns", "non-unique"),
        (
            {"view": "report_orders", "where": [{"column": "total", "op": "<", "value": 10**4000}]},
            "where.0.value",
            "maximum",
        ),
        ({"view": "report_orders", "limit": 201}, "limit", "maximum"),
        ({"view": "report_orders", "sql": "SELECT 1"}, "sql", "allowed are view"),
    ],
)
def test_what_is_not_allowed_is_named(shop: Shop, arguments: dict[str, Any], field: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=told) as caught:
        shop.call("query_database", **arguments)
    assert caught.value.field == f"arguments.{field}"


VALUES = st.one_of(st.text(max_size=20), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans())


@given(
    view=st.sampled_from(sorted(REPORT_VIEWS)),
    data=st.data(),
    op=st.sampled_from(OPERATORS),
    value=st.one_of(VALUES, st.lists(VALUES, min_size=1, max_size=3)),
)
def test_any_condition_either_gives_rows_or_is_named(
    shop: Shop, view: str, data: st.DataObject, op: str, value: Any
) -> None:
    column = data.draw(st.sampled_from(sorted(REPORT_VIEWS[view].columns)))
    condition = {"column": column, "op": op, "value": value}
    fields = []
    try:
        rows(shop, view=view, where=[condition])
    except InvalidInput as error:
        fields.append(error.field)
    assert all(str(field).startswith("arguments") for field in fields)


def test_a_dry_run_shows_what_would_be_asked_of_the_database(shop: Shop) -> None:
    would = shop.registry.invoke(
        shop.tenant,
        "query_database",
        {"view": "report_tickets", "where": [{"column": "subject", "op": "=", "value": "x' OR true"}]},
        PERSON,
        key="dry",
        dry_run=True,
    )
    assert would.result is not None
    sql = would.result["would_call"]["sql"]
    assert "FROM report_tickets" in sql
    assert "OR true" not in sql


def test_a_question_that_takes_too_long_ends_at_its_time_out(
    database: Database, make_tenant: Callable[..., Tenant]
) -> None:
    shop = Shop(database, make_tenant, tools={**PERMITTED, "query_database": {"timeout": 0.3}})
    with database.tenant(shop.tenant.context) as session:
        session.execute(text("LOCK TABLE shop_orders IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(ToolUnavailable, match=r"no answer within 0\.3 s"):
            shop.call("query_database", key="one", view="report_orders")
    assert shop.call("query_database", key="one", view="report_orders").status == "done"


def test_no_tenant_sees_anothers_rows(shop: Shop, database: Database, make_tenant: Callable[..., Tenant]) -> None:
    other = Shop(database, make_tenant)
    assert rows(other, view="report_tickets") == []
    assert rows(other, view="report_conversations") == []
    assert len(rows(other, view="report_orders")) == len(rows(shop, view="report_orders")) == 16
    assert sorted(row[0] for row in rows(shop, view="report_tickets", columns=["subject"])) == [
        "100% wrong",
        "Late parcel",
        "Refund",
    ]
