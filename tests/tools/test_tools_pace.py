"""A tool's rate holds by the clock that is now, whatever an earlier one has left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from components.core.errors import RateLimited
from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from components.tools.pace import reserve

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_a_clock_that_is_set_back_does_not_hold_a_tool_up(
    postgres: DatabaseAddresses, make_tenant: Callable[..., Tenant]
) -> None:
    tenant, moment = make_tenant().context, [NOW]
    database = Database(postgres.app, postgres.operator, clock=lambda: moment[0])

    def call() -> None:
        with database.tenant(tenant) as session:
            reserve(session.connection(), tenant, "create_ticket", 2)

    try:
        for at in (NOW, NOW - timedelta(days=30), NOW):
            moment[0] = at
            call()
            call()
            with pytest.raises(RateLimited) as refused:
                call()
            assert 0 < refused.value.retry_after <= 60
    finally:
        database.dispose()
