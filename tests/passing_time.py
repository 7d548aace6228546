"""Time that passes at once: all that is stored of a tenant's conversations becomes so much older, to the last event."""

from __future__ import annotations

from datetime import timedelta

import psycopg
from psycopg.sql import SQL, Identifier

from components.core.tenant import TenantContext

_MOMENTS = {
    "conversations": (
        "created_at",
        "updated_at",
        "waiting_since",
        "agent_since",
        "closed_at",
        "customer_wrote_at",
        "agent_wrote_at",
        "apologised_at",
    ),
    "conversation_events": ("at",),
    "messages": ("created_at", "handled_at"),
    "conversation_outcomes": ("started_at", "ended_at"),
}
_OF_DETAILS = SQL(
    "UPDATE conversation_outcomes SET details = details || jsonb_build_object({name}, "
    "to_jsonb((details ->> {name})::timestamptz - %(passed)s)) WHERE tenant_id = %(tenant)s AND details ? {name}"
)


def let_pass(owner_url: str, tenant: TenantContext, **time: float) -> None:
    """`let_pass(owner_url, tenant, minutes=11)`. owner_url: the superuser's, since nobody else may change events."""
    values = {"passed": timedelta(**time), "tenant": tenant.tenant_id}
    with psycopg.connect(owner_url, options="-c timezone=UTC") as connection:
        for table, columns in _MOMENTS.items():
            older = SQL(", ").join(SQL("{0} = {0} - %(passed)s").format(Identifier(each)) for each in columns)
            connection.execute(
                SQL("UPDATE {} SET {} WHERE tenant_id = %(tenant)s").format(Identifier(table), older), values
            )
        for name in ("asked_at", "waiting_since"):
            connection.execute(_OF_DETAILS.format(name=name), values)
