"""What waits for an agent, what is theirs, and what has ended: each with how urgent it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, func, or_, select, true

from components.core.errors import InvalidInput
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import AgentRow
from components.helpdesk.business_hours import BusinessHours
from components.helpdesk.conversations.conversation import Author, Conversation
from components.helpdesk.conversations.store import CONVERSATIONS, MESSAGES, conversation_of
from components.helpdesk.handover.agents import Agent
from components.helpdesk.handover.service_level import ServiceLevel, service_level
from components.helpdesk.handover.urgency import IS_VIP, ORDER

View = Literal["waiting", "mine", "all", "closed"]
VIEWS: tuple[View, ...] = get_args(View)
MOST_ITEMS = 200
LONGEST_EXCERPT = 160

_AGENTS = AgentRow.metadata.tables[AgentRow.__tablename__]
_C = CONVERSATIONS.c


@dataclass(frozen=True)
class LastMessage:
    """What was said last by a customer, the bot or an agent. text: its beginning."""

    sequence: int
    author: Author
    text: str
    created_at: datetime


@dataclass(frozen=True)
class QueueItem:
    """One conversation. position: 1 is the next in its team's line, None where it does not wait. service_level: None
    where nobody waits for a person. owner: name of who owns it or, while it waits, is asked first. meant_for_me:
    a colleague asked this agent to take it. unread: customer's messages that no agent has read."""

    conversation: Conversation
    position: int | None
    service_level: ServiceLevel | None
    owner: str | None
    meant_for_me: bool
    vip: bool
    unread: int
    last: LastMessage | None


@dataclass(frozen=True)
class QueueCounts:
    """Conversations that wait in an agent's own line, and that they own."""

    waiting: int
    mine: int


class Queue:
    """Reads what there is to do. Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(
        self, tenant: TenantContext, agent: Agent, view: View, hours: BusinessHours, now: datetime
    ) -> tuple[QueueItem, ...]:
        """At most MOST_ITEMS. waiting: meant for this agent first, then their team's and everybody's, then other
        teams'; in each VIPs and urgent ones first, then who waits longest. Others: changed last first. now: with a time
        zone. Raises InvalidInput for another view."""
        if view not in VIEWS:
            raise InvalidInput(f"view={view!r}: {', '.join(VIEWS)} is allowed", field="view")
        query = _query(tenant, agent, view).limit(MOST_ITEMS)
        with self._database.tenant(tenant) as session:
            rows = session.connection().execute(query).all()
        return tuple(_item(row, agent, hours, now) for row in rows)

    def counts(self, tenant: TenantContext, agent: Agent) -> QueueCounts:
        """For the badges."""
        waiting = and_(_C.status == "waiting", or_(_is_own_line(agent), _C.agent_id == agent.agent_id))
        mine = and_(_C.status == "agent", _C.agent_id == agent.agent_id)
        query = select(func.count().filter(waiting), func.count().filter(mine)).where(
            _C.tenant_id == tenant.tenant_id, _C.status.in_(("waiting", "agent"))
        )
        with self._database.tenant(tenant) as session:
            return QueueCounts(*session.connection().execute(query).one())


def read_position(connection: Connection, tenant: TenantContext, conversation_id: UUID) -> int | None:
    """1 for the next in its team's line; None for a conversation that does not wait."""
    line = _line(tenant).subquery()
    return connection.execute(
        select(line.c.position).where(line.c.conversation_id == conversation_id)
    ).scalar_one_or_none()


def _line(tenant: TenantContext) -> Select[Any]:
    place = func.row_number().over(partition_by=_C.team, order_by=ORDER)
    return select(_C.conversation_id, place.label("position")).where(
        _C.tenant_id == tenant.tenant_id, _C.status == "waiting"
    )


def _query(tenant: TenantContext, agent: Agent, view: View) -> Select[Any]:
    of_this = and_(MESSAGES.c.tenant_id == _C.tenant_id, MESSAGES.c.conversation_id == _C.conversation_id)
    last = (
        select(
            MESSAGES.c.sequence.label("said_sequence"),
            MESSAGES.c.author.label("said_by"),
            func.left(MESSAGES.c.text, LONGEST_EXCERPT).label("said"),
            MESSAGES.c.created_at.label("said_at"),
        )
        .where(of_this, MESSAGES.c.author != "system")
        .order_by(MESSAGES.c.sequence.desc())
        .limit(1)
        .lateral("said_last")
    )
    unread = (
        select(func.count())
        .where(of_this, MESSAGES.c.author == "customer", MESSAGES.c.sequence > _C.agent_read)
        .scalar_subquery()
    )
    line = _line(tenant).subquery("line")
    owner = and_(_AGENTS.c.tenant_id == _C.tenant_id, _AGENTS.c.agent_id == _C.agent_id)
    joined = (
        CONVERSATIONS.outerjoin(last, true())
        .outerjoin(line, line.c.conversation_id == _C.conversation_id)
        .outerjoin(_AGENTS, owner)
    )
    return (
        select(CONVERSATIONS, last, line.c.position, _AGENTS.c.name.label("owner"))
        .add_columns(unread.label("unread"), IS_VIP.label("is_vip"))
        .select_from(joined)
        .where(_C.tenant_id == tenant.tenant_id, _shown(agent, view))
        .order_by(*_order(agent, view))
    )


def _shown(agent: Agent, view: View) -> ColumnElement[bool]:
    if view == "mine":
        return and_(_C.status == "agent", _C.agent_id == agent.agent_id)
    return _C.status != "closed" if view == "all" else _C.status == view


def _order(agent: Agent, view: View) -> tuple[ColumnElement[Any], ...]:
    if view == "waiting":
        line = case((_C.agent_id == agent.agent_id, 0), (_is_own_line(agent), 1), else_=2)
        return line, *ORDER
    newest = {"mine": _C.updated_at, "all": _C.updated_at, "closed": _C.closed_at}[view]
    return newest.desc(), _C.conversation_id


def _is_own_line(agent: Agent) -> ColumnElement[bool]:
    """Not meant for a colleague, and in everybody's line or this agent's team's; an agent without one is in all."""
    free = _C.agent_id.is_(None)
    return and_(free, _C.team.in_(("", agent.team))) if agent.team else free


def _item(row: Row[Any], agent: Agent, hours: BusinessHours, now: datetime) -> QueueItem:
    conversation = conversation_of(row)
    last = None
    if row.said_sequence is not None:
        last = LastMessage(row.said_sequence, row.said_by, row.said, row.said_at)
    return QueueItem(
        conversation=conversation,
        position=row.position,
        service_level=service_level(conversation, hours, now),
        owner=row.owner,
        meant_for_me=conversation.status == "waiting" and conversation.agent_id == agent.agent_id,
        vip=row.is_vip,
        unread=row.unread,
        last=last,
    )
