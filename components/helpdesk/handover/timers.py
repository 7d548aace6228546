"""What happens when nobody does anything: who waits too long is apologised to, a silent agent's conversation goes back
into the queue, one in which nothing happens any more is closed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, select, update

from components.core.errors import DatabaseUnavailable
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.helpdesk.business_hours import BusinessHours
from components.helpdesk.conversations.ownership import change
from components.helpdesk.conversations.store import CONVERSATIONS, OF_CONVERSATION, is_waiting, keys, read_conversation
from components.helpdesk.handover.apology_mail import queue_apology_mail
from components.helpdesk.handover.arrivals import Arrivals, Clock, Waiting, utc_now
from components.helpdesk.handover.desk import add_system_message
from components.helpdesk.handover.due import Due
from components.helpdesk.outcome_rows import has_answered_yet
from components.helpdesk.outcome_rules import ANSWERED, CONFIRMED
from components.helpdesk.outcomes import Outcomes
from components.helpdesk.tenant_config import HandoverConfig, read_config
from components.helpdesk.tickets.tickets import Tickets
from components.helpdesk.wording import say

# The slot in which a flow keeps that the customer said it helped.
SOLVED = "problem_solved"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Swept:
    """How many conversations of a tenant something was done with; closed: tickets that can be opened no more."""

    apologised: int = 0
    silenced: int = 0
    ended: int = 0
    settled: int = 0
    closed: int = 0

    def __bool__(self) -> bool:
        """Whether anything was done that somebody sees."""
        return bool(self.apologised or self.silenced or self.ended)


@dataclass(frozen=True)
class _Sweep:
    tenant: Tenant
    config: HandoverConfig
    due: Due


class Timers:
    """One sweep over a tenant at a time, whichever process does it; each thing it does is a transaction that looks
    again whether it is still to be done, so that nothing is done twice whatever process dies on the way."""

    def __init__(
        self,
        database: Database,
        arrivals: Arrivals,
        tickets: Tickets,
        *,
        clock: Clock = utc_now,
        on_step: Callable[[str], None] = lambda step: None,
    ) -> None:
        """on_step: hears `after_ticket`, `before_commit` and `after_commit`."""
        self._database, self._arrivals, self._clock, self._on_step = database, arrivals, clock, on_step
        self._tickets = tickets
        self._outcomes = Outcomes(database)

    def sweep(self, tenant: Tenant) -> Swept:
        """All that is due now, at most 200 of each; nothing where another process is at it. Raises
        DatabaseUnavailable."""
        config, now = read_config(tenant.config).handover, self._clock()
        sweep = _Sweep(tenant, config, Due(BusinessHours(config), now))
        with self._alone(tenant.context) as connection:
            if connection is None:
                return Swept()
            context = tenant.context
            return Swept(
                silenced=self._each(sweep, sweep.due.silences(connection, context), self._silence),
                apologised=self._each(sweep, sweep.due.apologies(connection, context), self._apologise),
                ended=self._each(sweep, sweep.due.ends(connection, context), self._end),
                settled=self._outcomes.settle(context, now, timedelta(hours=config.reopen_hours)),
                closed=self._tickets.close_settled(context),
            )

    def _each(self, sweep: _Sweep, due: Iterable[UUID], act: Callable[[_Sweep, UUID], bool]) -> int:
        done = 0
        for conversation_id in due:
            try:
                done += act(sweep, conversation_id)
            except DatabaseUnavailable:
                raise
            except Exception:
                # The others are not to wait for it.
                _log.exception("a timer of conversation %s failed", conversation_id)
        return done

    def _apologise(self, sweep: _Sweep, conversation_id: UUID) -> bool:
        """Once a wait: an apology with a ticket, by e-mail too where an address is known; it stays in the queue."""
        tenant = sweep.tenant.context
        waiting, changes = self._seen(sweep, conversation_id)
        number = self._arrivals.find_ticket(waiting)
        self._on_step("after_ticket")
        if number is None:
            return False
        with self._locked(tenant, conversation_id) as (connection, row):
            if row is None or row.changes != changes or not sweep.due.is_too_long(row):
                return False
            text = say("nobody_free", row.language, ticket=str(number))
            row = add_system_message(connection, tenant, row, text, {"told": "nobody_free"})
            _note(connection, tenant, row, number, apologised_at=func.clock_timestamp())
            queue_apology_mail(connection, sweep.tenant, row, text, number)
        self._on_step("after_commit")
        return True

    def _silence(self, sweep: _Sweep, conversation_id: UUID) -> bool:
        """Back into the queue, and another agent's first."""
        tenant = sweep.tenant.context
        waiting, changes = self._seen(sweep, conversation_id)
        arrival = self._arrivals.receive(waiting)
        self._on_step("after_ticket")
        with self._locked(tenant, conversation_id) as (connection, row):
            if row is None or row.changes != changes or not sweep.due.is_silent(connection, tenant, conversation_id):
                return False
            row = change(connection, tenant, row, "silence", actor="timer", details={"agent_id": str(row.agent_id)})
            text = f"{say('back_in_queue', row.language)} {arrival.text}"
            row = add_system_message(connection, tenant, row, text, {"told": "back_in_queue"})
            if arrival.ticket is not None:
                _note(connection, tenant, row, arrival.ticket)
        self._on_step("after_commit")
        return True

    def _end(self, sweep: _Sweep, conversation_id: UUID) -> bool:
        """Closed. Who waited for a person is told where their request is kept."""
        tenant = sweep.tenant.context
        with self._locked(tenant, conversation_id) as (connection, row):
            if row is None or not sweep.due.is_idle(row) or is_waiting(connection, tenant, conversation_id):
                return False
            if row.status == "waiting":
                text = say("closed_with_ticket", row.language, ticket=str(row.handover["ticket"]))
                row = add_system_message(connection, tenant, row, text, {"told": "closed_with_ticket"})
            details = {
                ANSWERED: has_answered_yet(connection, tenant, conversation_id),
                CONFIRMED: (row.state.get("variables") or {}).get(SOLVED) is True,
            }
            change(connection, tenant, row, "expire", actor="timer", details=details)
        self._on_step("after_commit")
        return True

    def _seen(self, sweep: _Sweep, conversation_id: UUID) -> tuple[Waiting, int]:
        """As it stands now, and how many changes it has had."""
        with self._database.tenant(sweep.tenant.context) as session:
            row = read_conversation(session.connection(), sweep.tenant.context, conversation_id)
        waiting = Waiting(sweep.tenant, conversation_id, row.language, row.team, row.priority, row.handover or {})
        return waiting, row.changes

    @contextmanager
    def _locked(self, tenant: TenantContext, conversation_id: UUID) -> Iterator[tuple[Connection, Row[Any] | None]]:
        """A transaction with the conversation's row, locked; None for the row while a turn is worked out: what the
        turn stores would be older than what is done here."""
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            row = read_conversation(connection, tenant, conversation_id, locked=True)
            free = row.turn_owner is None or row.turn_until <= utc_now()
            yield connection, row if free else None
            self._on_step("before_commit")

    @contextmanager
    def _alone(self, tenant: TenantContext) -> Iterator[Connection | None]:
        """A transaction that holds the tenant's timers to its end; None where another one does."""
        name = f"handover timers {tenant.tenant_id}"
        with self._database.tenant(tenant) as session:
            held = session.scalar(select(func.pg_try_advisory_xact_lock(func.hashtextextended(name, 0))))
            yield session.connection() if held else None


def _note(connection: Connection, tenant: TenantContext, row: Row[Any], ticket: int, **values: Any) -> None:
    """The wait's ticket stands with the wait."""
    handover = {"sequence": 0, **(row.handover or {}), "ticket": ticket}
    connection.execute(
        update(CONVERSATIONS).where(OF_CONVERSATION).values(handover=handover, **values),
        keys(tenant, row.conversation_id),
    )
