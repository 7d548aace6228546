"""How long customers wait for people, and how often for longer than they should."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from components.helpdesk.business_hours import BusinessHours
from components.helpdesk.evaluation.intervals import Interval, share
from components.helpdesk.outcome_figures import Seconds
from components.helpdesk.reports.durations import seconds_columns, seconds_of
from components.helpdesk.reports.filters import NONE, Filters
from components.helpdesk.reports.reader import ReportReader, Row
from components.helpdesk.reports.selection import HANDOVERS, Grouping
from components.helpdesk.tenant_config import HandoverConfig, read_config

VIP_SECONDS = 300.0
"""After which a VIP has waited too long (section 10.2 of the design)."""
BANDS = (0, 60, 120, 300, 600, 1800, 3600, 14400)
"""Where the bands of `wait_bands` begin, seconds."""

# Who still waits has waited until $as_of. open_seconds: of the wait, in which the tenant was open.
_WAITS = """
    , desks AS (
        SELECT unnest($desks) AS tenant_id, unnest($allowed) AS allowed, unnest($zones) AS zone
    ), opening AS (
        SELECT unnest(CAST($owners AS VARCHAR[])) AS tenant_id, unnest(CAST($opens AS TIMESTAMP[])) AS opens,
            unnest(CAST($closes AS TIMESTAMP[])) AS closes
    ), lasted AS (
        SELECT *, greatest(coalesce(ended_at, $as_of), "at") AS until FROM chosen
    ), waits AS (
        SELECT lasted.*, desks.allowed, timezone(desks.zone, timezone('UTC', "at")) AS local_time,
            ended_by = 'claim' AS taken, ended_by <> 'claim' AS gave_up,
            (SELECT coalesce(sum(epoch(least(until, closes) - greatest("at", opens))), 0) FROM opening
             WHERE opening.tenant_id = lasted.tenant_id AND "at" < closes AND until > opens) AS open_seconds
        FROM lasted JOIN desks USING (tenant_id)
    )
"""
_FIGURES = f"""
    count(*) AS asked,
    count(*) FILTER (taken) AS taken,
    count(*) FILTER (gave_up) AS gave_up,
    count(*) FILTER (ended_by IS NULL) AS waiting,
    count(*) FILTER (taken AND open_seconds <= allowed) AS in_time,
    count(*) FILTER (open_seconds > allowed) AS late,
    count(*) FILTER (vip) AS vip,
    count(*) FILTER (vip AND taken AND open_seconds <= $vip_seconds) AS vip_in_time,
    count(*) FILTER (vip AND open_seconds > $vip_seconds) AS vip_late,
    {seconds_columns("waited_seconds", "wait", "taken")},
    {seconds_columns("open_seconds", "open_wait", "taken")},
    {seconds_columns("first_response_seconds", "first_response")}
"""
_TOTAL = _WAITS + "FROM waits SELECT " + _FIGURES
_GROUPED = _WAITS + "FROM waits SELECT grouped, " + _FIGURES + " GROUP BY grouped ORDER BY "
_BY_HOUR = """
    FROM waits SELECT isodow(local_time) AS weekday, hour(local_time) AS hour, count(*) AS asked,
        quantile_cont(waited_seconds, 0.5) FILTER (taken) AS median
    GROUP BY weekday, hour ORDER BY weekday, hour
"""
_BY_BAND = """
    , bands AS (SELECT unnest($bands) AS begins)
    FROM waits ASOF JOIN bands ON open_seconds >= begins
    SELECT begins, count(*) FILTER (taken) AS taken, count(*) FILTER (gave_up) AS gave_up,
        count(*) FILTER (ended_by IS NULL) AS waiting
    GROUP BY begins ORDER BY begins
"""


@dataclass(frozen=True)
class HandoverFigures:
    """Of the times that a person was asked for in the period. key, label: of the group, both empty for all. gave_up:
    the customer left or went back to the bot. waiting: still. wait: until an agent took it, by the clock on the wall;
    open_wait: in the tenant's opening hours. in_time: taken within `handover.wait_minutes` of opening hours; late: not
    taken by then, whatever came of it; in_time_share: of both. vip_…: the same within five minutes. first_response:
    from asking to the first thing that an agent said, by the clock on the wall."""

    key: str
    label: str
    asked: int
    taken: int
    gave_up: int
    waiting: int
    in_time: int
    late: int
    in_time_share: Interval | None
    vip: int
    vip_in_time: int
    vip_late: int
    vip_in_time_share: Interval | None
    wait: Seconds
    open_wait: Seconds
    first_response: Seconds


@dataclass(frozen=True)
class HourOfWeek:
    """weekday: 1 = Monday to 7; hour: 0 to 23; by the tenant's clock. median: of the wait of those taken, seconds."""

    weekday: int
    hour: int
    asked: int
    median: float | None


@dataclass(frozen=True)
class WaitBand:
    """Waits of `begins` seconds of opening hours or more and less than `ends`; None = without end."""

    begins: int
    ends: int | None
    taken: int
    gave_up: int
    waiting: int


def handovers(reader: ReportReader, filters: Filters) -> HandoverFigures:
    """Of all times that a person was asked for in the period."""
    return _figures(reader.one(HANDOVERS, filters, _TOTAL, **_desks(reader, filters), vip_seconds=VIP_SECONDS))


def handovers_by(reader: ReportReader, filters: Filters, by: Grouping) -> Sequence[HandoverFigures]:
    """The same by group: days in order, else the largest group first."""
    query = _GROUPED + ("grouped" if by == "day" else "count(*) DESC, grouped")
    rows = reader.rows(HANDOVERS, filters, query, by=by, **_desks(reader, filters), vip_seconds=VIP_SECONDS)
    return [_figures(row, row["grouped"], reader.label(by, row["grouped"])) for row in rows]


def wait_bands(reader: ReportReader, filters: Filters) -> Sequence[WaitBand]:
    """How long the waits were, every band of BANDS, empty ones too."""
    told = reader.rows(HANDOVERS, filters, _WAITS + _BY_BAND, **_desks(reader, filters), bands=list(BANDS))
    found = {row["begins"]: (row["taken"], row["gave_up"], row["waiting"]) for row in told}
    ends = (*BANDS[1:], None)
    return [WaitBand(begins, end, *found.get(begins, (0, 0, 0))) for begins, end in zip(BANDS, ends, strict=True)]


def hours_of_week(reader: ReportReader, filters: Filters) -> Sequence[HourOfWeek]:
    """When people are asked for; hours in which nobody was are left out."""
    rows = reader.rows(HANDOVERS, filters, _WAITS + _BY_HOUR, **_desks(reader, filters))
    return [HourOfWeek(**row) for row in rows]


def _figures(row: Row, key: str = NONE, label: str = "") -> HandoverFigures:
    counted = ("asked", "taken", "gave_up", "waiting", "in_time", "late", "vip", "vip_in_time", "vip_late")
    told: dict[str, Any] = {name: row[name] for name in counted}
    told |= {name: seconds_of(row, name) for name in ("wait", "open_wait", "first_response")}
    return HandoverFigures(
        key,
        label,
        in_time_share=share(row["in_time"], row["in_time"] + row["late"]),
        vip_in_time_share=share(row["vip_in_time"], row["vip_in_time"] + row["vip_late"]),
        **told,
    )


def _desks(reader: ReportReader, filters: Filters) -> dict[str, Any]:
    """What each tenant allows, and when it is open, as lists side by side."""
    configs = {str(tenant.tenant_id): read_config(tenant.config).handover for tenant in reader.tenants}
    as_of = reader.refreshed_at or datetime.combine(filters.until, time.max, UTC)
    spans = [
        (tenant, opens, closes)
        for tenant, config in configs.items()
        for opens, closes in _opening(config, filters, as_of)
    ]
    return {
        "desks": list(configs),
        "allowed": [config.wait_minutes * 60 for config in configs.values()],
        "zones": [config.time_zone for config in configs.values()],
        "owners": [tenant for tenant, _, _ in spans],
        "opens": [_plain(opens) for _, opens, _ in spans],
        "closes": [_plain(closes) for _, _, closes in spans],
        "as_of": _plain(as_of),
    }


def _opening(config: HandoverConfig, filters: Filters, as_of: datetime) -> list[tuple[datetime, datetime]]:
    """From a day before the period, since a tenant's day may begin before UTC's, to when all is known."""
    start = datetime.combine(filters.since, time.min, UTC) - timedelta(days=1)
    if config.hours is None:
        return [(start, max(as_of, start) + timedelta(days=1))]
    return BusinessHours(config).open_spans(start, max(as_of, start))


def _plain(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
