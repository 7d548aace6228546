"""Where everything that a provider brings is stored, each once, before anybody works on it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection, func, select, text

from components.core.channels import (
    ChannelName,
    Consent,
    Ignored,
    InboundEvent,
    InboundMessage,
    Receipt,
    Received,
    WebhookRequest,
)
from components.core.errors import Unavailable
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.helpdesk.inbox.stored_events import insert_inbound, storable_message
from components.helpdesk.inbox.threads import INBOUND, set_consent, thread_answered
from components.helpdesk.outbox.deliveries import store_receipt
from components.helpdesk.outbox.rows import count_open, queue
from components.helpdesk.storable import made_readable
from components.helpdesk.tenant_channels import TenantChannels, channel_name

logger = logging.getLogger("helpdesk.inbox")

KIND = "inbound"
# More mails an hour from one address are a robot's that does not say so.
MOST_MAILS = 30
MOST_WAITING = 10_000


class Inbox:
    """Thread-safe. A message that is stored is queued in the same transaction, in the lane of its thread."""

    def __init__(self, database: Database, channels: TenantChannels, *, most_waiting: int = MOST_WAITING) -> None:
        """most_waiting: messages of one tenant that may wait to be taken; then providers are asked to come again."""
        self._database, self._channels, self._most_waiting = database, channels, most_waiting

    def receive(self, tenant: Tenant, channel: str, request: WebhookRequest) -> Received:
        """What a provider's call brought, stored, and what to answer. The same call again stores nothing.

        Raises InvalidSignature, InvalidInput, NotFound for a channel that the tenant does not have, InvalidSetting,
        Unavailable where too much waits already, DatabaseUnavailable.
        """
        name = channel_name(channel)
        received = self._channels.get(tenant, name).receive(request)
        self.store(tenant.context, name, received.events)
        return received

    def store(self, tenant: TenantContext, channel: ChannelName, events: Iterable[InboundEvent]) -> None:
        """All of them or, where it raises Unavailable, also DatabaseUnavailable, none."""
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            if count_open(connection, tenant, KIND, self._most_waiting) >= self._most_waiting:
                raise Unavailable(f"{self._most_waiting} messages wait to be taken: bring it again later")
            for event in events:
                match event:
                    case InboundMessage():
                        _store_message(connection, tenant, channel, storable_message(event))
                    case Receipt():
                        store_receipt(connection, tenant, channel, _storable_receipt(event))
                    case Consent(provider_id, thread, given):
                        if insert_inbound(connection, tenant, channel, provider_id, thread=thread, outcome="consent"):
                            set_consent(connection, tenant, channel, thread, given)
                    case Ignored(provider_id, reason):
                        logger.info("%s: ignored %s", channel, reason, extra={"fields": {"tenant": str(tenant)}})
                        if provider_id:
                            insert_inbound(connection, tenant, channel, provider_id, outcome="ignored", reason=reason)


def _store_message(
    connection: Connection, tenant: TenantContext, channel: ChannelName, message: InboundMessage
) -> None:
    if message.references or message.token:
        message = replace(message, thread=thread_answered(connection, tenant, channel, message) or message.thread)
    looping = channel == "email" and _mails_of(connection, tenant, message.address["to"]) >= MOST_MAILS
    if looping:
        reason = f"{MOST_MAILS} mails of this address within an hour: a robot's, it seems"
        insert_inbound(
            connection,
            tenant,
            channel,
            message.provider_id,
            thread=message.thread,
            message=message,
            outcome="ignored",
            reason=reason,
        )
        return
    if insert_inbound(connection, tenant, channel, message.provider_id, thread=message.thread, message=message):
        queue(
            connection,
            tenant,
            key=f"inbound/{channel}/{message.provider_id}",
            lane=f"inbound/{channel}/{message.thread}",
            kind=KIND,
            payload={"channel": channel, "provider_id": message.provider_id},
        )


def _mails_of(connection: Connection, tenant: TenantContext, sender: str) -> int:
    query = select(func.count()).where(
        INBOUND.c.tenant_id == tenant.tenant_id,
        INBOUND.c.channel == "email",
        INBOUND.c.received_at > func.clock_timestamp() - text("interval '1 hour'"),
        INBOUND.c.payload["address"]["to"].astext == sender,
    )
    return connection.execute(query).scalar_one()


def _storable_receipt(receipt: Receipt) -> Receipt:
    reason, key = receipt.reason, receipt.key
    return replace(
        receipt,
        provider_id=made_readable(receipt.provider_id),
        reason=reason and made_readable(reason),
        key=key and made_readable(key),
    )
