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
    return f"{day_text(local)}, {local:%H:%M}{'' if tenant else ' UTC'}"


def day_text(day: date | None) -> str:
    """Such as: 30 Nov 2026. Empty for None."""
    return f"{day.day} {day:%b %Y}" if day else ""


def days_text(since: date, until: date) -> str:
    """Such as: 1 to 30 November 2026."""
    if since == until:
        return f"{since.day} {since:%B %Y}"
    if since.year != until.year:
        return f"{since.day} {since:%B %Y} to {until.day} {until:%B %Y}"
    if since.month != until.month:
        return f"{since.day} {since:%B} to {until.day} {until:%B %Y}"
    return f"{since.day} to {until.day} {until:%B %Y}"


def _zone(tenant: Tenant) -> ZoneInfo:
    return ZoneInfo(read_config(tenant.config).handover.time_zone)
