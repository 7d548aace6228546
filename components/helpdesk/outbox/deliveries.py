"""What became of a message's parts on their way: begun, at the provider, with the customer, read, or lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from components.core.channels import ChannelName, Receipt
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import DeliveryRow, ReceiptRow
from components.helpdesk.conversations.store import CONVERSATIONS
from components.helpdesk.outbox.undelivered import tell_agents

DELIVERIES = DeliveryRow.metadata.tables[DeliveryRow.__tablename__]
RECEIPTS = ReceiptRow.metadata.tables[ReceiptRow.__tablename__]
PartState = Literal["waiting", "sent", "delivered", "read", "failed"]
_ORDER: tuple[PartState, ...] = ("waiting", "sent", "delivered", "read", "failed")
MOST_OTHERS = 200
_BEGIN = insert(DELIVERIES)
_RECEIVE = insert(RECEIPTS).on_conflict_do_nothing().returning(RECEIPTS.c.provider_id)


@dataclass(frozen=True)
class Part:
    """Which part of which message. key: its idempotency key at the provider."""

    tenant: TenantContext
    channel: ChannelName
    conversation_id: UUID
    sequence: int
    number: int

    @property
    def key(self) -> str:
        return f"message/{self.conversation_id}/{self.sequence}/{self.number}"


@dataclass(frozen=True)
class PartStood:
    """begun_at: of an attempt whose end is not known. provider_id: once the provider has it."""

    begun_at: datetime | None
    provider_id: str | None


class Deliveries:
    """Every method raises DatabaseUnavailable; one transaction each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stood(self, part: Part) -> PartStood:
        """Where a part stands; a receipt that came for its key says that the provider has it."""
        with self._database.tenant(part.tenant) as session:
            connection = session.connection()
            row = connection.execute(select(DELIVERIES).where(*_this(part))).one_or_none()
            if row is None:
                return PartStood(None, None)
            known = (
                row.provider_id
                or connection.execute(
                    select(RECEIPTS.c.provider_id).where(
                        RECEIPTS.c.tenant_id == part.tenant.tenant_id,
                        RECEIPTS.c.channel == part.channel,
                        RECEIPTS.c.key == part.key,
                    )
                ).scalar()
            )
            return PartStood(row.begun_at, known)

    def others(self, part: Part) -> frozenset[str]:
        """The provider's ids of the conversation's newest parts."""
        query = (
            select(DELIVERIES.c.provider_id)
            .where(
                DELIVERIES.c.tenant_id == part.tenant.tenant_id,
                DELIVERIES.c.conversation_id == part.conversation_id,
                DELIVERIES.c.provider_id.is_not(None),
            )
            .order_by(DELIVERIES.c.sent_at.desc())
            .limit(MOST_OTHERS)
        )
        with self._database.tenant(part.tenant) as session:
            return frozenset(session.connection().scalars(query))

    def begin(self, part: Part) -> None:
        """From now on the provider may have it."""
        values = {**_keys(part), "channel": part.channel, "begun_at": func.clock_timestamp()}
        again = _BEGIN.values(values).on_conflict_do_update(
            index_elements=["tenant_id", "conversation_id", "sequence", "part"],
            set_={"begun_at": func.clock_timestamp()},
        )
        with self._database.tenant(part.tenant) as session:
            session.connection().execute(again)

    def did_not_arrive(self, part: Part) -> None:
        """The provider has said that it does not have it."""
        self._set(part, {"begun_at": None})

    def arrived(self, part: Part, provider_id: str) -> None:
        """The provider has it. Agents are told where it has said by now that the customer will not get it."""
        with self._database.tenant(part.tenant) as session:
            connection = session.connection()
            values = {"provider_id": provider_id, "sent_at": func.clock_timestamp()}
            connection.execute(update(DELIVERIES).where(*_this(part)).values(values))
            for status, reason in connection.execute(
                select(RECEIPTS.c.status, RECEIPTS.c.reason).where(
                    RECEIPTS.c.tenant_id == part.tenant.tenant_id,
                    RECEIPTS.c.channel == part.channel,
                    RECEIPTS.c.provider_id == provider_id,
                )
            ).all():
                _heed(connection, part.tenant, part.channel, part.conversation_id, part.sequence, status, reason)

    def states(self, tenant: TenantContext, conversation_id: UUID) -> Mapping[int, PartState]:
        """How far each message of a conversation has come, by sequence: as far as the part that is furthest behind,
        `failed` where one is lost. A message that nothing was begun for is not in it."""
        query = (
            select(DELIVERIES.c.sequence, DELIVERIES.c.part, DELIVERIES.c.sent_at, RECEIPTS.c.status)
            .outerjoin(
                RECEIPTS,
                (RECEIPTS.c.tenant_id == DELIVERIES.c.tenant_id)
                & (RECEIPTS.c.channel == DELIVERIES.c.channel)
                & (RECEIPTS.c.provider_id == DELIVERIES.c.provider_id),
            )
            .where(DELIVERIES.c.tenant_id == tenant.tenant_id, DELIVERIES.c.conversation_id == conversation_id)
        )
        parts: dict[tuple[int, int], PartState] = {}
        with self._database.tenant(tenant) as session:
            for row in session.connection().execute(query):
                state: PartState = row.status or ("sent" if row.sent_at else "waiting")
                this = (row.sequence, row.part)
                parts[this] = max(parts.get(this, state), state, key=_ORDER.index)
        states: dict[int, PartState] = {}
        for (sequence, _), state in parts.items():
            lost = "failed" in (state, states.get(sequence))
            states[sequence] = "failed" if lost else min(states.get(sequence, state), state, key=_ORDER.index)
        return states

    def _set(self, part: Part, values: Mapping[str, Any]) -> None:
        with self._database.tenant(part.tenant) as session:
            session.connection().execute(update(DELIVERIES).where(*_this(part)).values(values))


def store_receipt(connection: Connection, tenant: TenantContext, channel: ChannelName, receipt: Receipt) -> None:
    """Once each; it may come before the part is known to be sent."""
    values = {
        "tenant_id": tenant.tenant_id,
        "channel": channel,
        "provider_id": receipt.provider_id,
        "status": receipt.status,
        "key": receipt.key,
        "reason": receipt.reason,
    }
    if connection.execute(_RECEIVE, values).one_or_none() is None:
        return
    of_part = select(DELIVERIES.c.conversation_id, DELIVERIES.c.sequence).where(
        DELIVERIES.c.tenant_id == tenant.tenant_id,
        DELIVERIES.c.channel == channel,
        DELIVERIES.c.provider_id == receipt.provider_id,
    )
    found = connection.execute(of_part).first()
    if found is not None:
        _heed(connection, tenant, channel, found.conversation_id, found.sequence, receipt.status, receipt.reason)


def _heed(
    connection: Connection,
    tenant: TenantContext,
    channel: ChannelName,
    conversation_id: UUID,
    sequence: int,
    status: str,
    reason: str | None,
) -> None:
    if status == "failed":
        tell_agents(connection, tenant, conversation_id, sequence, channel, reason or "the provider gives no reason")
    elif status == "read":
        connection.execute(
            update(CONVERSATIONS)
            .where(
                CONVERSATIONS.c.tenant_id == tenant.tenant_id,
                CONVERSATIONS.c.conversation_id == conversation_id,
                CONVERSATIONS.c.customer_read < sequence,
            )
            .values(customer_read=sequence)
        )


def _keys(part: Part) -> dict[str, Any]:
    return {
        "tenant_id": part.tenant.tenant_id,
        "conversation_id": part.conversation_id,
        "sequence": part.sequence,
        "part": part.number,
    }


def _this(part: Part) -> tuple[Any, ...]:
    return tuple(DELIVERIES.c[name] == value for name, value in _keys(part).items())
