"""Where a conversation that begins to wait stands in its team's queue."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select, true

from components.core.tenant import TenantContext
from components.helpdesk.conversations.conversation import Priority
from components.helpdesk.conversations.store import CONVERSATIONS
from components.helpdesk.handover.urgency import URGENCY, urgency_of


def queue_position(
    connection: Connection, tenant: TenantContext, *, team: str, priority: Priority, since: datetime | None = None
) -> int:
    """1 = next. since: when it began to wait; none = it begins now, behind all that are as urgent."""
    urgency, own = URGENCY, urgency_of(priority, {})
    earlier = and_(urgency == own, true() if since is None else CONVERSATIONS.c.waiting_since < since)
    ahead = select(func.count()).where(
        CONVERSATIONS.c.tenant_id == tenant.tenant_id,
        CONVERSATIONS.c.status == "waiting",
        CONVERSATIONS.c.team == team,
        or_(urgency < own, earlier),
    )
    return int(connection.execute(ahead).scalar_one()) + 1
