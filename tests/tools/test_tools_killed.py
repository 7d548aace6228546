"""A process that dies between acting and answering leaves a call that the same key ends, done once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from shop_world import MAILBOX, Shop
from sqlalchemy import text
from tool_process import Job, Moment, killed

from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.database.session import Database

CALLS: dict[str, tuple[dict[str, Any], str]] = {
    "refund_order": ({"order_number": "NT-20418873", "reason": "x", "amount": 20}, "SELECT count(*) FROM shop_refunds"),
    "create_ticket": ({"subject": "Refund"}, "SELECT count(*) FROM tickets"),
    "note_customer": ({"customer_id": "K-1001", "text": "x"}, "SELECT count(*) FROM customer_notes"),
    "notify_user": ({"message": "x", "email": "ada@mail.example"}, "SELECT count(*) FROM outbox"),
}


@pytest.mark.parametrize("at", ["before", "acted", "stored"])
@pytest.mark.parametrize("tool", sorted(CALLS))
def test_a_call_that_was_killed_is_made_once_by_its_key(
    database: Database, make_tenant: Callable[..., Tenant], postgres: DatabaseAddresses, tool: str, at: Moment
) -> None:
    shop = Shop(database, make_tenant, channels={"email": MAILBOX})
    arguments, count = CALLS[tool]
    killed(Job((postgres.app, postgres.operator), shop.tenant, tool, arguments, at))
    assert len(shop.registry.invocations(shop.tenant)) == (at == "stored")
    made = shop.call(tool, key="one", **arguments)
    assert (made.status, made.repeated) == ("done", at == "stored")
    assert shop.call(tool, key="one", **arguments).result == made.result
    with database.tenant(shop.tenant.context) as session:
        assert session.execute(text(count)).scalar_one() == 1
    if tool == "refund_order":
        assert shop.order("NT-20418873").refunded == 20
