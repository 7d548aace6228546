"""Some days of one tenant, from event to event: customers come, agents work, timers do what they do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from apps.cli.traffic.agenda import Agenda, Process, held_clock
from apps.cli.traffic.arrivals import Arrival, arrivals_of
from apps.cli.traffic.customers import visit
from apps.cli.traffic.script import Script
from apps.cli.traffic.staff import Agents
from apps.cli.traffic.wishes import Wishes
from apps.cli.traffic.world import World
from components.core.tenant import Tenant
from components.helpdesk.conversations.store import CONVERSATIONS
from components.helpdesk.tenant_config import read_config

if TYPE_CHECKING:
    from components.bootstrap import Workbench
    from components.database.session import Database

_HOUR = 3600.0
# In which those who are there finish, once it is stopped.
_WINDING_UP = timedelta(hours=2)
# So that what takes long at the end is not past it.
_SPARED = timedelta(minutes=1)


@dataclass(frozen=True)
class Order:
    """What is to be made. until: the day after the last one. folder: of the script, from which its paths go.
    examples: a Rasa project's folder."""

    script: Script
    folder: Path
    examples: Path
    days: int
    until: date
    seed: int
    per_day: int

    def days_made(self) -> list[date]:
        return [self.until - timedelta(days=back) for back in range(self.days, 0, -1)]

    def arrivals(self, tenant: Tenant) -> list[Arrival]:
        """By time."""
        zone = ZoneInfo(read_config(tenant.config).handover.time_zone)
        return [
            arrival
            for day in self.days_made()
            for arrival in arrivals_of(self.script, tenant, day, zone, seed=self.seed, per_day=self.per_day)
        ]


@dataclass(frozen=True)
class Progress:
    """How far a simulation is. day: of how many; turns: so far; done: nothing more comes."""

    tenant: str
    day: int
    days: int
    turns: int
    seconds: float
    done: bool = False


@dataclass(frozen=True)
class Made:
    """What came of it. there: conversations that had been made before. counts: what people and timers did."""

    tenant: str
    conversations: int
    there: int
    turns: int
    seconds: float
    counts: Mapping[str, int]


Tell = Callable[[Progress], None]


def missing(database: Database, tenant: Tenant, arrivals: list[Arrival]) -> list[Arrival]:
    """Those whose conversation has not been made yet. Raises DatabaseUnavailable."""
    wanted: dict[UUID, Arrival] = {each.conversation_id: each for each in arrivals}
    query = select(CONVERSATIONS.c.conversation_id).where(
        CONVERSATIONS.c.tenant_id == tenant.tenant_id, CONVERSATIONS.c.conversation_id.in_(list(wanted))
    )
    with database.tenant(tenant.context) as session:
        there = set(session.connection().scalars(query))
    return [each for each in arrivals if each.conversation_id not in there]


def simulate(
    workbench: Workbench,
    tenant: Tenant,
    order: Order,
    *,
    tell: Tell = lambda progress: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Made:
    """Makes what is missing of the order; the workbench is one whose database goes by Python's clock, which is held
    meanwhile. stopped: whether nobody comes any more; who is there finishes. Raises Conflict where another process
    does the same for this tenant, DatabaseUnavailable."""
    began = monotonic()
    planned = order.arrivals(tenant)
    arrivals = missing(workbench.database, tenant, planned)
    there = len(planned) - len(arrivals)
    if not arrivals:
        return Made(tenant.domain, 0, there, 0, monotonic() - began, {})
    zone = ZoneInfo(read_config(tenant.config).handover.time_zone)
    first = datetime.combine(min(each.day for each in arrivals), time(), zone)
    end = datetime.combine(order.until, time(), zone).astimezone(UTC) - _SPARED
    with workbench.database.reserve(tenant.context), held_clock(first) as clock:
        agenda = Agenda(clock, first.astimezone(UTC))
        wishes = Wishes(order.script, tenant.domain, order.folder, order.examples)
        world = World(workbench, tenant, order.script, wishes, agenda)
        staff = Agents(world, order.seed)
        for arrival in arrivals:
            agenda.start(_unless(stopped, visit(world, arrival)), arrival.at)
        agenda.start(_hourly(world), agenda.now)
        days = sorted({each.day for each in arrivals})
        passed, open_end = -1, True
        for day in sorted({each.day for each in arrivals}):
            staff.begin_day(datetime.combine(day, time(), zone))
        while agenda.step(end):
            day_now = (agenda.now.astimezone(zone).date() - days[0]).days
            if day_now != passed or world.counts["turns"] % 25 == 0:
                passed = day_now
                tell(Progress(tenant.domain, passed, order.days, world.counts["turns"], monotonic() - began))
            if stopped():
                end = min(end, agenda.now + _WINDING_UP) if open_end else end
                open_end = False
    tell(Progress(tenant.domain, order.days, order.days, world.counts["turns"], monotonic() - began, done=True))
    return Made(
        tenant.domain,
        world.counts["conversations"],
        there,
        world.counts["turns"],
        monotonic() - began,
        dict(world.counts),
    )


def _unless(stopped: Callable[[], bool], process: Process) -> Process:
    """Does not begin once it is stopped."""
    if not stopped():
        yield from process


def _hourly(world: World) -> Process:
    while True:
        yield from world.sweep()
        world.work()
        yield _HOUR
