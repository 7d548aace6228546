"""What the parts of the page are given: whose figures, of which days, and where a click leads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from components.core.tenant import Tenant
from components.helpdesk.reports.conversation_list import Behind
from components.helpdesk.reports.exports import About
from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.reader import ReportReader
from dashboards.analytics.wording import period_text
from dashboards.desk import Desk

Show = Callable[[Filters, Behind], None]


@dataclass(frozen=True)
class View:
    """tenants: all that are counted. show: opens the conversations behind a figure."""

    desk: Desk
    tenants: tuple[Tenant, ...]
    filters: Filters
    show: Show

    @property
    def period(self) -> str:
        return period_text(self.filters)

    def open(self) -> ReportReader:
        """The facts as they stand; the caller closes it."""
        return self.desk.reports.open(self.tenants)

    def about(self, name: str, reader: ReportReader) -> About:
        """Of a list that is taken along."""
        return About(name, self.filters, tuple(each.domain for each in self.tenants), reader.refreshed_at)

    def behind(self, behind: Behind, **narrower: Any) -> None:
        """The conversations of a figure. narrower: of the filters, such as channels=("web",)."""
        self.show(replace(self.filters, **narrower), behind)

    def on_day(self, behind: Behind, day: date) -> None:
        """The same, of one day."""
        self.behind(behind, since=day, until=day)
