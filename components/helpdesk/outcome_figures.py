"""The plain figures of how conversations went, counted in one place from their records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select

from components.core.tenant import TenantContext
from components.helpdesk.outcome_rows import OUTCOMES

_SECONDS = ("wait_seconds", "first_response_seconds", "resolution_seconds")


@dataclass(frozen=True)
class Seconds:
    """Of those conversations that have the figure; None where none has."""

    average: float | None = None
    median: float | None = None
    p90: float | None = None


@dataclass(frozen=True)
class OutcomeCounts:
    """Of conversations that ended. bot_resolved: contained and verified ones; deflection: their share of all, None
    where there are none. handed_over_verified: of those handed over, the ones known to have helped."""

    total_sessions: int
    contained: int
    verified: int
    handed_over: int
    handed_over_verified: int
    abandoned: int

    @property
    def bot_resolved(self) -> int:
        return self.contained + self.verified

    @property
    def deflection(self) -> float | None:
        return self.bot_resolved / self.total_sessions if self.total_sessions else None


@dataclass(frozen=True)
class OutcomeFigures(OutcomeCounts):
    """Of the conversations that ended in a time. open: conversations that are open now, whenever they began. reasons:
    of handovers, by how many conversations had it first. ratings: by stars. Seconds are wall-clock time."""

    open: int
    handovers: int
    reasons: Mapping[str, int] = field(default_factory=dict)
    wait: Seconds = Seconds()
    first_response: Seconds = Seconds()
    resolution: Seconds = Seconds()
    ratings: Mapping[int, int] = field(default_factory=dict)

    @property
    def average_rating(self) -> float | None:
        count = sum(self.ratings.values())
        return sum(stars * number for stars, number in self.ratings.items()) / count if count else None


def read_figures(connection: Connection, tenant: TenantContext, since: datetime, until: datetime) -> OutcomeFigures:
    """Of the conversations that ended from `since` on and before `until`."""
    own = OUTCOMES.c.tenant_id == tenant.tenant_id
    ended = and_(own, OUTCOMES.c.ended_at >= since, OUTCOMES.c.ended_at < until)
    counted = connection.execute(_counted(ended)).one()
    still_open = connection.execute(select(func.count()).where(own, OUTCOMES.c.ended_at.is_(None))).scalar_one()
    wait, first_response, resolution = (_seconds(counted, name) for name in _SECONDS)
    return OutcomeFigures(
        total_sessions=counted.total_sessions,
        contained=counted.contained,
        verified=counted.verified,
        handed_over=counted.handed_over,
        handed_over_verified=counted.handed_over_verified,
        abandoned=counted.abandoned,
        open=still_open,
        handovers=counted.handovers,
        reasons=_numbers(connection, OUTCOMES.c.handover_reason, ended),
        wait=wait,
        first_response=first_response,
        resolution=resolution,
        ratings=_numbers(connection, OUTCOMES.c.rating, ended),
    )


def _counted(ended: ColumnElement[bool]) -> Select[Any]:
    result = OUTCOMES.c.result
    results = ("contained", "verified", "handed_over", "abandoned")
    columns: list[ColumnElement[Any]] = [func.count().label("total_sessions")]
    columns += [func.count().filter(result == name).label(name) for name in results]
    helped = and_(result == "handed_over", OUTCOMES.c.details.has_key("verified"))
    columns.append(func.count().filter(helped).label("handed_over_verified"))
    columns.append(func.coalesce(func.sum(OUTCOMES.c.handovers), 0).label("handovers"))
    for name in _SECONDS:
        column = OUTCOMES.c[name]
        columns.append(func.avg(column).label(f"{name}_average"))
        columns.append(func.percentile_cont(0.5).within_group(column).label(f"{name}_median"))
        columns.append(func.percentile_cont(0.9).within_group(column).label(f"{name}_p90"))
    return select(*columns).where(ended)


def _seconds(counted: Row[Any], name: str) -> Seconds:
    return Seconds(*(getattr(counted, f"{name}_{part}") for part in ("average", "median", "p90")))


def _numbers(connection: Connection, column: ColumnElement[Any], ended: ColumnElement[bool]) -> dict[Any, int]:
    """How many have each value."""
    query = select(column, func.count()).where(ended, column.is_not(None)).group_by(column).order_by(column)
    return {row[0]: row[1] for row in connection.execute(query)}
