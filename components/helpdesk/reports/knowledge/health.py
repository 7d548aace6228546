"""How a tenant's knowledge does: the one face that pages, notebooks and commands ask."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from components.core.tenant import Tenant
from components.database.session import Database
from components.helpdesk.audit import record_action
from components.helpdesk.looks import CONFLICTS, Look, looks_at
from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.knowledge.checks import CheckSpell, check_history, newest_checks
from components.helpdesk.reports.knowledge.citations import Citations, citations
from components.helpdesk.reports.knowledge.conflicts import KnowledgeConflict, conflicts, dismiss
from components.helpdesk.reports.knowledge.freshness import SourceFreshness, freshness
from components.helpdesk.reports.knowledge.gaps import KnowledgeGaps, gaps
from components.helpdesk.reports.reports import Reports
from components.helpdesk.tenant_config import read_config


class KnowledgeHealth:
    """Needs no model. Every method raises DatabaseUnavailable. Of the filters only the days count, but for
    `citations`."""

    def __init__(self, database: Database, reports: Reports) -> None:
        self._database, self._reports = database, reports

    def freshness(self, tenant: Tenant, filters: Filters) -> Sequence[SourceFreshness]:
        """Of each source: how soon changes took effect that did so on these days, and what is still waited for."""
        with self._database.tenant(tenant.context) as session:
            return freshness(session, *_moments(tenant, filters))

    def checks(self, tenant: Tenant) -> Sequence[CheckSpell]:
        """What each check says now and since when, the failing ones first."""
        with self._database.tenant(tenant.context) as session:
            return newest_checks(session)

    def check_history(self, tenant: Tenant, name: str, filters: Filters) -> Sequence[CheckSpell]:
        """The spells of one check, the newest first."""
        with self._database.tenant(tenant.context) as session:
            return check_history(session, name, *_moments(tenant, filters))

    def citations(self, tenant: Tenant, filters: Filters) -> Citations:
        """Which documents answers quote, and which none does. Raises Unavailable where the facts change meanwhile."""
        with self._reports.open([tenant]) as reader, self._database.tenant(tenant.context) as session:
            return citations(session, reader, tenant, filters)

    def conflicts(self, tenant: Tenant, *, dismissed: bool = False) -> Sequence[KnowledgeConflict]:
        """Sentences that cannot both hold, the likest first; or those of which somebody has said that they do."""
        with self._database.tenant(tenant.context) as session:
            return conflicts(session, dismissed=dismissed)

    def conflicts_look(self, tenant: Tenant) -> Look | None:
        """When they were last looked for; figures: index_version, passages, compared and left. None before."""
        with self._database.tenant(tenant.context) as session:
            return next(iter(looks_at(session, CONFLICTS)), None)

    def dismiss_conflict(self, tenant: Tenant, conflict_id: str, by: str) -> None:
        """`by` says that both sentences hold. Raises NotFound."""
        with self._database.tenant(tenant.context) as session:
            dismiss(session, conflict_id, by, datetime.now(UTC))
            details = {"conflict_id": conflict_id, "by": by}
            record_action(session, tenant.tenant_id, "knowledge_conflict.dismissed", details)

    def gaps(self, tenant: Tenant) -> KnowledgeGaps:
        """What customers ask and the knowledge does not say, by the last look."""
        with self._database.tenant(tenant.context) as session:
            return gaps(session)


def _moments(tenant: Tenant, filters: Filters) -> tuple[datetime, datetime]:
    """From the first moment of the first day to that of the day after the last, as the tenant's clocks have them."""
    zone = ZoneInfo(read_config(tenant.config).handover.time_zone)
    since, until = filters.since, filters.until + timedelta(days=1)
    return datetime.combine(since, time.min, zone), datetime.combine(until, time.min, zone)
