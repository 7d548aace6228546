"""Facts of tickets, told from the tables."""

from __future__ import annotations

from components.helpdesk.reports.fact_query import FactQuery, day, utc
from components.helpdesk.reports.facts import TICKETS


def _late(clock: str, met_at: str) -> str:
    """As tickets.sla reads a clock: one that stands still is late by where it stands, and what was merged goes on by
    the clocks of the other ticket."""
    return (
        f"CASE WHEN {clock}_minutes IS NOT NULL AND (merged_into IS NULL OR {met_at} IS NOT NULL) "
        f"THEN coalesce({met_at}, paused_since, %(as_of)s) > {clock}_due END"
    )


_TICKETS = f"""
SELECT ticket_id, number, session_id, created_at, {day("created_at AT TIME ZONE 'UTC'")}, status, priority, channel,
    team, {utc("first_response_at")}, {utc("first_response_due")}, {_late("first_response", "first_response_at")},
    {utc("resolved_at")}, {utc("resolution_due")}, {_late("resolution", "resolved_at")}, {utc("closed_at")}
FROM tickets
WHERE tenant_id = %(tenant)s AND created_at >= {utc("%(since)s::timestamptz")}
    AND created_at < {utc("%(until)s::timestamptz")}
ORDER BY created_at, ticket_id
"""  # noqa: S608 - all of it is written here

TICKET_ROWS = FactQuery(TICKETS, "tickets", "created_at AT TIME ZONE 'UTC'", _TICKETS)
