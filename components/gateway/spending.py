"""The ledger of model calls and its sums by day, in PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from components.core.model_use import ModelUse
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import ModelCallRow, ModelSpendingRow
from components.gateway.pricing import Spent


@dataclass(frozen=True)
class ModelCall:
    """One call that is paid for. call_id makes recording it twice the same as once. error: what it ended with,
    `cancelled` where the caller left; None where it answered. at: aware, when it ended. use: what for."""

    call_id: UUID
    model: str
    provider: str
    input_tokens: int
    output_tokens: int
    estimated: bool
    cost: Decimal
    currency: str
    error: str | None
    seconds: float
    at: datetime
    use: ModelUse

    @property
    def spent(self) -> Spent:
        return Spent(self.cost, self.input_tokens + self.output_tokens)


@dataclass(frozen=True)
class Totals:
    """What a tenant has spent on a day (UTC), and in its month up to and with that day."""

    day: Spent
    month: Spent


class SpendingLedger:
    """Thread-safe. Each method is one transaction of the tenant, and raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, tenant: TenantContext, call: ModelCall) -> bool:
        """Adds the call and its sums; false where it is there already. Raises IntegrityError for a tenant that is
        gone."""
        values = {
            "call_id": call.call_id,
            "tenant_id": tenant.tenant_id,
            "model": call.model,
            "provider": call.provider,
            "input_tokens": call.input_tokens,
            "output_tokens": call.output_tokens,
            "estimated": call.estimated,
            "cost": call.cost,
            "currency": call.currency,
            "error": call.error,
            "seconds": call.seconds,
            "created_at": call.at,
            "purpose": call.use.purpose,
            "channel": call.use.channel,
            "conversation_id": call.use.conversation_id,
        }
        added = {"calls": 1, "input_tokens": call.input_tokens, "output_tokens": call.output_tokens, "cost": call.cost}
        sums = ModelSpendingRow.__table__.c
        with self._database.tenant(tenant) as session:
            new = session.execute(
                insert(ModelCallRow).values(values).on_conflict_do_nothing().returning(ModelCallRow.call_id)
            ).first()
            if new is None:
                return False
            key = {"tenant_id": tenant.tenant_id, "day": call.at.date(), "model": call.model}
            session.execute(
                insert(ModelSpendingRow)
                .values(key | added)
                .on_conflict_do_update(
                    index_elements=list(key), set_={name: sums[name] + value for name, value in added.items()}
                )
            )
        return True

    def totals(self, tenant: TenantContext, day: date) -> Totals:
        """The sums over all models."""
        row = ModelSpendingRow
        tokens = row.input_tokens + row.output_tokens
        today = row.day == day
        query = select(
            func.coalesce(func.sum(row.cost).filter(today), 0),
            func.coalesce(func.sum(tokens).filter(today), 0),
            func.coalesce(func.sum(row.cost), 0),
            func.coalesce(func.sum(tokens), 0),
        ).where(row.tenant_id == tenant.tenant_id, row.day >= day.replace(day=1), row.day <= day)
        with self._database.tenant(tenant) as session:
            day_cost, day_tokens, month_cost, month_tokens = session.execute(query).one()
        return Totals(Spent(Decimal(day_cost), int(day_tokens)), Spent(Decimal(month_cost), int(month_tokens)))
