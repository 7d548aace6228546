"""How fast a tenant's channel may send, whichever process does: its provider's rate, and its wish to be left alone."""

from __future__ import annotations

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from components.core.channels import ChannelName
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import ChannelStateRow

STATES = ChannelStateRow.metadata.tables[ChannelStateRow.__tablename__]
# So much may go out at once after a pause: what one second allows, and one message at least.
BURST_SECONDS = 1.0
_CLOCK = func.clock_timestamp()


class Pace:
    """The generic cell rate algorithm (ITU-T I.371), its state in PostgreSQL. Every method raises
    DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve(self, tenant: TenantContext, channel: ChannelName, rate: float, patience: float) -> float:
        """Seconds until the next message may go, a place for it taken where that is within `patience`; where it is not,
        none is taken. rate: messages a second."""
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            new = insert(STATES).values(tenant_id=tenant.tenant_id, channel=channel)
            connection.execute(new.on_conflict_do_nothing())
            row = connection.execute(
                select(
                    func.greatest(STATES.c.paced_until, _CLOCK).label("paced"),
                    STATES.c.blocked_until,
                    _CLOCK.label("now"),
                )
                .where(STATES.c.tenant_id == tenant.tenant_id, STATES.c.channel == channel)
                .with_for_update()
            ).one()
            blocked = (row.blocked_until - row.now).total_seconds() if row.blocked_until else 0.0
            wait: float = max((row.paced - row.now).total_seconds() - max(BURST_SECONDS - 1 / rate, 0.0), blocked, 0.0)
            if wait <= patience:
                connection.execute(
                    STATES.update()
                    .where(STATES.c.tenant_id == tenant.tenant_id, STATES.c.channel == channel)
                    .values(paced_until=func.greatest(STATES.c.paced_until, _CLOCK) + _seconds()),
                    {"seconds": 1 / rate},
                )
        return wait

    def block(self, tenant: TenantContext, channel: ChannelName, seconds: float) -> None:
        """The provider takes nothing of the tenant's for so long."""
        until = _CLOCK + _seconds()
        statement = insert(STATES).values(tenant_id=tenant.tenant_id, channel=channel, blocked_until=until)
        statement = statement.on_conflict_do_update(
            index_elements=["tenant_id", "channel"],
            set_={"blocked_until": func.greatest(STATES.c.blocked_until, until)},
        )
        with self._database.tenant(tenant) as session:
            session.connection().execute(statement, {"seconds": seconds})


def _seconds() -> object:
    return text("make_interval(secs => :seconds)")
