"""How often a tenant's tool may be called, whichever process calls: the generic cell rate algorithm (ITU-T I.371)."""

from __future__ import annotations

from sqlalchemy import Connection, case, func, select
from sqlalchemy.dialects.postgresql import insert

from components.core.errors import RateLimited
from components.core.tenant import TenantContext
from components.database.tables import ToolPaceRow

PACES = ToolPaceRow.metadata.tables[ToolPaceRow.__tablename__]
# What a minute allows may be called at once after a pause of a minute.
WINDOW = 60.0


def reserve(connection: Connection, tenant: TenantContext, tool: str, per_minute: int) -> None:
    """Takes a place for one call. Its row is locked to the end of the transaction, which should be near.

    Raises RateLimited, no place taken.
    """
    now, each = func.clock_timestamp(), _span(WINDOW / per_minute)
    new = insert(PACES).values(tenant_id=tenant.tenant_id, tool=tool, paced_until=now + each)
    # Further ahead than a window it was by a clock that has been set back since, and says nothing.
    stood = case((PACES.c.paced_until > now + _span(WINDOW), now), else_=func.greatest(PACES.c.paced_until, now))
    later = stood + each
    taken = connection.execute(
        new.on_conflict_do_update(
            index_elements=["tenant_id", "tool"],
            set_={"paced_until": later},
            where=later <= now + _span(WINDOW),
        ).returning(PACES.c.tool)
    ).one_or_none()
    if taken is not None:
        return
    mine = (PACES.c.tenant_id == tenant.tenant_id, PACES.c.tool == tool)
    ahead = func.extract("epoch", PACES.c.paced_until + each - now) - WINDOW
    wait = float(connection.execute(select(ahead).where(*mine)).scalar_one())
    raise RateLimited(f"{tool}: {per_minute} calls a minute are allowed", retry_after=max(wait, 0.1))


def _span(seconds: float) -> object:
    return func.make_interval(0, 0, 0, 0, 0, 0, seconds)
