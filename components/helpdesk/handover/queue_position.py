"""Where a waiting conversation stands: the most urgent first, then who has waited longest, within one team's queue."""

from __future__ import annotations

from datetime import datetime
from typing import Any, get_args

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from components.core.tenant import TenantContext
from components.helpdesk.conversations.conversation import Priority
from components.helpdesk.conversations.store import CONVERSATIONS

# From the last one to be served to the first.
PRIORITIES: tuple[Priority, ...] = get_args(Priority)


def rank_of(priority: str) -> int:
    """The higher, the sooner; one that is unknown ranks as `normal`."""
    return PRIORITIES.index(priority) if priority in PRIORITIES else PRIORITIES.index("normal")


def queue_position(
    connection: Connection, tenant: TenantContext, *, team: str, priority: str, since: datetime | None = None
) -> int:
    """1 = next. since: when it began to wait; none = it begins now, behind all of its priority."""
    rank, own = _rank(), rank_of(priority)
    earlier: ColumnElement[Any] = rank == own
    if since is not None:
        earlier = and_(earlier, CONVERSATIONS.c.waiting_since < since)
    ahead = select(func.count()).where(
        CONVERSATIONS.c.tenant_id == tenant.tenant_id,
        CONVERSATIONS.c.status == "waiting",
        CONVERSATIONS.c.team == team,
        or_(rank > own, earlier),
    )
    return int(connection.execute(ahead).scalar_one()) + 1


def _rank() -> ColumnElement[int]:
    ranks = {priority: rank_of(priority) for priority in PRIORITIES}
    return case(ranks, value=CONVERSATIONS.c.priority, else_=rank_of("normal"))
