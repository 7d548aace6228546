"""Inbound messages as they are stored: written once, read back as they came, and marked with what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from components.core.channels import ChannelName, InboundMessage, RemoteFile
from components.core.tenant import TenantContext
from components.helpdesk.inbox.threads import INBOUND
from components.helpdesk.storable import made_readable

_INSERT = (
    insert(INBOUND)
    .on_conflict_do_nothing(index_elements=["tenant_id", "channel", "provider_id"])
    .returning(INBOUND.c.provider_id)
)


@dataclass(frozen=True)
class StoredInbound:
    """outcome: None until it is dealt with."""

    message: InboundMessage
    outcome: str | None


def storable_message(message: InboundMessage) -> InboundMessage:
    """With what PostgreSQL cannot keep replaced."""
    return _message(_clean(asdict(message)))


def insert_inbound(
    connection: Connection,
    tenant: TenantContext,
    channel: ChannelName,
    provider_id: str,
    *,
    thread: str = "",
    message: InboundMessage | None = None,
    outcome: str | None = None,
    reason: str | None = None,
) -> bool:
    """Whether it is new. outcome: where there is nothing to be done for it."""
    values = {
        "tenant_id": tenant.tenant_id,
        "channel": channel,
        "provider_id": made_readable(provider_id),
        "thread": made_readable(thread),
        "payload": asdict(message) if message else {},
        "outcome": outcome,
        "reason": reason and made_readable(reason),
        "received_at": func.clock_timestamp(),
        "handled_at": func.clock_timestamp() if outcome else None,
    }
    return connection.execute(_INSERT.values(values)).one_or_none() is not None


def read_inbound(
    connection: Connection, tenant: TenantContext, channel: ChannelName, provider_id: str
) -> StoredInbound | None:
    """As it was stored."""
    row = connection.execute(select(INBOUND).where(*_this(tenant, channel, provider_id))).one_or_none()
    return None if row is None else StoredInbound(_message(row.payload), row.outcome)


def mark_inbound(
    connection: Connection,
    tenant: TenantContext,
    channel: ChannelName,
    provider_id: str,
    outcome: str,
    *,
    reason: str | None = None,
    conversation_id: UUID | None = None,
) -> bool:
    """What became of it; False, with nothing changed, where that was said before."""
    statement = (
        update(INBOUND)
        .where(*_this(tenant, channel, provider_id), INBOUND.c.outcome.is_(None))
        .values(outcome=outcome, reason=reason, conversation_id=conversation_id, handled_at=func.clock_timestamp())
        .returning(INBOUND.c.provider_id)
    )
    return connection.execute(statement).one_or_none() is not None


def _this(tenant: TenantContext, channel: ChannelName, provider_id: str) -> tuple[Any, ...]:
    return (
        INBOUND.c.tenant_id == tenant.tenant_id,
        INBOUND.c.channel == channel,
        INBOUND.c.provider_id == provider_id,
    )


def _message(stored: Mapping[str, Any]) -> InboundMessage:
    files = tuple(RemoteFile(**each) for each in stored["files"])
    return InboundMessage(**{**stored, "files": files, "references": tuple(stored["references"])})


def _clean(value: Any) -> Any:
    match value:
        case str():
            return made_readable(value)
        case dict():
            return {made_readable(str(name)): _clean(each) for name, each in value.items()}
        case list() | tuple():
            return [_clean(each) for each in value]
    return value
