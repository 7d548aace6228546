"""What a tenant's calls of language models were for, as the ledger has it: it is written behind the answers' back."""

from __future__ import annotations

import time
from uuid import UUID

from sqlalchemy import select

from components.core.model_use import ModelUse
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import ModelCallRow

PATIENCE = 20.0


def recorded_uses(database: Database, tenant: TenantContext, calls: int) -> list[ModelUse]:
    """In their order, once there are so many."""
    until = time.monotonic() + PATIENCE
    while True:
        with database.tenant(tenant) as session:
            asked = select(ModelCallRow.purpose, ModelCallRow.channel, ModelCallRow.conversation_id)
            rows = session.execute(asked.order_by(ModelCallRow.created_at)).all()
        if len(rows) >= calls:
            return [ModelUse(*row) for row in rows]
        assert time.monotonic() < until, f"{rows}: {calls} calls should be recorded by now"
        time.sleep(0.02)


def of_web(conversation_id: UUID | str) -> ModelUse:
    return ModelUse("customer", "web", UUID(str(conversation_id)))
