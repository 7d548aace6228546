"""Which conversation a thread of a channel has, and where its replies go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Text, cast, func, insert, select, update

from components.core.channels import ChannelName, InboundMessage
from components.core.tenant import TenantContext
from components.database.tables import ChannelThreadRow, DeliveryRow, InboundMessageRow

THREADS = ChannelThreadRow.metadata.tables[ChannelThreadRow.__tablename__]
INBOUND = InboundMessageRow.metadata.tables[InboundMessageRow.__tablename__]
DELIVERIES = DeliveryRow.metadata.tables[DeliveryRow.__tablename__]


@dataclass(frozen=True)
class Thread:
    """address: as the last message gave it."""

    conversation_id: UUID
    channel: ChannelName
    thread: str
    address: Mapping[str, str]
    opted_out_at: datetime | None


def find_thread(connection: Connection, tenant: TenantContext, channel: ChannelName, thread: str) -> Thread | None:
    """The one that goes on."""
    query = select(THREADS).where(
        THREADS.c.tenant_id == tenant.tenant_id,
        THREADS.c.channel == channel,
        THREADS.c.thread == thread,
        THREADS.c.ended_at.is_(None),
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _thread(row)


def thread_of(connection: Connection, tenant: TenantContext, conversation_id: UUID) -> Thread | None:
    """The conversation's, whether or not the thread has another one by now."""
    query = select(THREADS).where(THREADS.c.tenant_id == tenant.tenant_id, THREADS.c.conversation_id == conversation_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _thread(row)


def begin_thread(
    connection: Connection, tenant: TenantContext, channel: ChannelName, message: InboundMessage, conversation_id: UUID
) -> None:
    """The thread has this conversation from now on; what the customer said of receiving messages stays."""
    stood = find_thread(connection, tenant, channel, message.thread)
    if stood is not None:
        of_stood = (THREADS.c.tenant_id == tenant.tenant_id, THREADS.c.conversation_id == stood.conversation_id)
        connection.execute(update(THREADS).where(*of_stood).values(ended_at=func.clock_timestamp()))
    connection.execute(
        insert(THREADS).values(
            tenant_id=tenant.tenant_id,
            conversation_id=conversation_id,
            channel=channel,
            thread=message.thread,
            address=dict(message.address),
            opted_out_at=stood.opted_out_at if stood else None,
        )
    )


def set_address(
    connection: Connection, tenant: TenantContext, conversation_id: UUID, address: Mapping[str, str]
) -> None:
    """Where replies go from now on."""
    of_this = (THREADS.c.tenant_id == tenant.tenant_id, THREADS.c.conversation_id == conversation_id)
    connection.execute(update(THREADS).where(*of_this).values(address=dict(address)))


def set_consent(connection: Connection, tenant: TenantContext, channel: ChannelName, thread: str, given: bool) -> None:
    """Whether the customer is sent anything from now on."""
    connection.execute(
        update(THREADS)
        .where(THREADS.c.tenant_id == tenant.tenant_id, THREADS.c.channel == channel, THREADS.c.thread == thread)
        .values(opted_out_at=None if given else func.clock_timestamp())
    )


def thread_answered(
    connection: Connection, tenant: TenantContext, channel: ChannelName, message: InboundMessage
) -> str | None:
    """The thread that a message goes on with by what it refers to, ours or the customer's own, or by its token; None
    where it begins one. Only where the same customer wrote in it: who merely knows an id reads nobody's answers."""
    for reference in reversed(message.references):
        own = select(INBOUND.c.thread).where(
            INBOUND.c.tenant_id == tenant.tenant_id,
            INBOUND.c.channel == channel,
            INBOUND.c.provider_id == reference,
            INBOUND.c.payload["address"]["to"].astext == message.address.get("to"),
        )
        ours = (
            select(THREADS.c.thread)
            .join(
                DELIVERIES,
                (DELIVERIES.c.tenant_id == THREADS.c.tenant_id)
                & (DELIVERIES.c.conversation_id == THREADS.c.conversation_id),
            )
            .where(
                THREADS.c.tenant_id == tenant.tenant_id,
                DELIVERIES.c.channel == channel,
                DELIVERIES.c.provider_id == reference,
                THREADS.c.address["to"].astext == message.address.get("to"),
            )
        )
        found = connection.execute(own.union_all(ours).limit(1)).scalar_one_or_none()
        if found is not None:
            return str(found)
    if not message.token:
        return None
    by_token = select(THREADS.c.thread).where(
        THREADS.c.tenant_id == tenant.tenant_id,
        THREADS.c.channel == channel,
        THREADS.c.address["to"].astext == message.address.get("to"),
        func.replace(cast(THREADS.c.conversation_id, Text), "-", "").startswith(message.token, autoescape=True),
    )
    return connection.execute(by_token.limit(1)).scalar_one_or_none()


def _thread(row: Row[Any]) -> Thread:
    return Thread(row.conversation_id, row.channel, row.thread, row.address, row.opted_out_at)
