"""Conversations whose time may be up, found without a lock; what is done with each looks again, with one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, FromClause, Row, ScalarSelect, Select, func, select

from components.core.tenant import TenantContext
from components.helpdesk.business_hours import BusinessHours
from components.helpdesk.conversations.store import CONVERSATIONS, MESSAGES

MOST_AT_ONCE = 200

_C = CONVERSATIONS.c


class Due:
    """What is due at `now` by a tenant's times, each at most 200 at once, those that have waited longest first."""

    def __init__(self, hours: BusinessHours, now: datetime) -> None:
        self._hours, self._config, self._now = hours, hours.config, now

    def apologies(self, connection: Connection, tenant: TenantContext) -> list[UUID]:
        """Customers who wait too long for a person, and have not been told so."""
        long_ago = self._now - timedelta(minutes=self._config.wait_minutes)
        query = _of(tenant, _C.status == "waiting", _C.apologised_at.is_(None), _C.waiting_since <= long_ago)
        found = connection.execute(query.order_by(_C.waiting_since)).all()
        return [row.conversation_id for row in found if self.is_too_long(row)]

    def is_too_long(self, row: Row[Any]) -> bool:
        """Whether its customer waits too long and has not been told so."""
        if row.status != "waiting" or row.apologised_at is not None:
            return False
        return self._hours.between(row.waiting_since, self._now) >= timedelta(minutes=self._config.wait_minutes)

    def silences(self, connection: Connection, tenant: TenantContext) -> list[UUID]:
        """Customers to whom the agent who owns their conversation does not answer."""
        query = _of(tenant, self._is_silent()).order_by(_C.customer_wrote_at)
        return [row.conversation_id for row in connection.execute(query)]

    def is_silent(self, connection: Connection, tenant: TenantContext, conversation_id: UUID) -> bool:
        """Whether its agent does not answer."""
        query = _of(tenant, self._is_silent(), _C.conversation_id == conversation_id)
        return connection.execute(query).one_or_none() is not None

    def ends(self, connection: Connection, tenant: TenantContext) -> list[UUID]:
        """Conversations of the bot's, and waiting ones that have a ticket, in which nothing has happened for long."""
        query = _of(tenant, _C.status.in_(("bot", "waiting")), _C.updated_at <= self._long_idle())
        found = connection.execute(query.order_by(_C.updated_at)).all()
        return [row.conversation_id for row in found if self.is_idle(row)]

    def is_idle(self, row: Row[Any]) -> bool:
        """Whether it may be closed. Who waits for a person is not idle while nobody is there, nor before there is a
        ticket: else their handover would end nowhere."""
        if row.status == "bot":
            return bool(row.updated_at <= self._long_idle())
        if row.status != "waiting" or "ticket" not in (row.handover or {}):
            return False
        return self._hours.between(row.updated_at, self._now) >= timedelta(hours=self._config.idle_hours)

    def _long_idle(self) -> datetime:
        return self._now - timedelta(hours=self._config.idle_hours)

    def _is_silent(self) -> ColumnElement[bool]:
        """Since the first thing that the agent has not answered, however often the customer asks again."""
        long_ago = self._now - timedelta(minutes=self._config.silent_minutes)
        return (_C.status == "agent") & (_C.agent_since <= long_ago) & (_unanswered_since() <= long_ago)


def _of(tenant: TenantContext, *conditions: ColumnElement[bool]) -> Select[Any]:
    return select(CONVERSATIONS).where(_C.tenant_id == tenant.tenant_id, *conditions).limit(MOST_AT_ONCE)


def _unanswered_since() -> ScalarSelect[Any]:
    asked, answers = MESSAGES.alias("asked"), MESSAGES.alias("answers")

    def of_it(messages: FromClause) -> ColumnElement[bool]:
        return (messages.c.tenant_id == _C.tenant_id) & (messages.c.conversation_id == _C.conversation_id)

    answered = (
        select(func.coalesce(func.max(answers.c.sequence), 0))
        .where(of_it(answers), answers.c.author == "agent")
        .correlate(CONVERSATIONS)
        .scalar_subquery()
    )
    return (
        select(func.min(asked.c.created_at))
        .where(of_it(asked), asked.c.author == "customer", asked.c.sequence > answered)
        .correlate(CONVERSATIONS)
        .scalar_subquery()
    )
