"""Days and moments by the clock of those whose figures are shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from components.core.tenant import Tenant
from components.helpdesk.tenant_config import read_config


def today(tenants: Sequence[Tenant]) -> date:
    """The last day that has begun at one of them."""
    return max((datetime.now(_zone(tenant)).date() for tenant in tenants), default=datetime.now(UTC).date())


def local_text(moment: datetime | None, tenant: Tenant | None) -> str:
    """moment: UTC where it has no time zone. By UTC, said so, where there is no one tenant."""
    if moment is None:
        return ""
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    local = moment.astimezone(_zone(tenant) if tenant else UTC)
    return f"{local.day} {local:%b %Y, %H:%M}{'' if tenant else ' UTC'}"


def _zone(tenant: Tenant) -> ZoneInfo:
    return ZoneInfo(read_config(tenant.config).handover.time_zone)
