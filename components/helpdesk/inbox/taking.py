"""Takes a stored message into its conversation: found or opened, once, in order, whatever process dies on the way."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol
from uuid import UUID

from sqlalchemy import Connection, func, update
from sqlalchemy.exc import IntegrityError

from components.core.channels import ChannelName, InboundMessage
from components.core.errors import InvalidFlow, InvalidInput, InvalidSetting, NotFound, Unavailable
from components.core.outbox import Delivery, Failed, Later, Outgoing, Sent
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.helpdesk.conversations.conversation import Conversation
from components.helpdesk.conversations.store import CONVERSATIONS, OF_CONVERSATION, keys, read_conversation
from components.helpdesk.handover.desk import add_system_message
from components.helpdesk.inbox.stored_events import mark_inbound, read_inbound
from components.helpdesk.inbox.threads import Thread, begin_thread, find_thread, set_address
from components.helpdesk.tenant_channels import TenantChannels, channel_name
from components.helpdesk.tenant_config import read_config
from components.helpdesk.tenants import TenantRegistry
from components.helpdesk.wording import WordingKey, say

logger = logging.getLogger("helpdesk.inbox")

LONGEST_TEXT = 4000
LARGEST_FILE = 10 * 1024 * 1024
MOST_FILES = 10
_CUT = " […]"
_MISCONFIGURED_SECONDS = 60.0


class TurnTaking(Protocol):
    """components.dialogue.turns.Turns, which is on a floor above."""

    def open(
        self,
        tenant: Tenant,
        *,
        channel: str,
        customer: Mapping[str, str] | None,
        on_stored: Callable[[Connection, UUID], None],
    ) -> Conversation: ...

    def take(
        self, tenant: Tenant, conversation_id: UUID, *, client_message_id: str, text: str, attachments: Sequence[UUID]
    ) -> object: ...


class FileKeeper(Protocol):
    """Keeps what customers send."""

    def keep(
        self, tenant: TenantContext, conversation_id: UUID, *, name: str, media_type: str, content: bytes, key: str
    ) -> UUID:
        """The attachment's id, the same for the same key. Raises InvalidInput for a file that is not allowed."""
        ...


class InboundTaker:
    """Keeps components.core.outbox.Sender, for rows of kind `inbound`."""

    def __init__(
        self,
        database: Database,
        tenants: TenantRegistry,
        channels: TenantChannels,
        turns: TurnTaking,
        *,
        files: FileKeeper | None = None,
        on_step: Callable[[str], None] = lambda step: None,
    ) -> None:
        """files: None = files are not taken, and their senders are told. on_step: hears `opened`, `taken`, `told`."""
        self._database, self._tenants, self._channels = database, tenants, channels
        self._turns, self._files, self._on_step = turns, files, on_step

    def send(self, tenant: TenantContext, outgoing: Outgoing) -> Delivery:
        channel = channel_name(outgoing.payload["channel"])
        with self._database.tenant(tenant) as session:
            stored = read_inbound(session.connection(), tenant, channel, outgoing.payload["provider_id"])
        if stored is None:
            return Failed("the message is not stored any more")
        if stored.outcome is not None:
            return Sent({"outcome": stored.outcome})
        try:
            return self._take(self._tenants.get(tenant.tenant_id), channel, stored.message)
        except (Unavailable, IntegrityError) as error:
            # Another process has opened the conversation, or somebody works on it still.
            return Later(0.0, str(error))
        except (InvalidSetting, InvalidFlow) as error:
            # The tenant's, not the message's: it waits until somebody has put it right.
            return Later(_MISCONFIGURED_SECONDS, error.message)
        except (InvalidInput, NotFound) as error:
            self._mark(tenant, channel, stored.message, "failed", reason=error.message)
            return Failed(error.message)

    def _take(self, tenant: Tenant, channel: ChannelName, message: InboundMessage) -> Delivery:
        conversation_id = self._conversation(tenant, channel, message)
        if conversation_id is None:
            reason = "in a thread that the helpdesk is not part of"
            self._mark(tenant.context, channel, message, "ignored", reason=reason)
            return Sent({"outcome": "ignored"})
        self._on_step("opened")
        attachments, lost = self._kept(tenant, channel, message, conversation_id)
        if not message.text and not attachments:
            reason = "; ".join([f"a message of kind {message.kind!r}", *lost])
            self._tell(tenant.context, channel, message, conversation_id, "told", "could_not_read", reason)
            self._on_step("told")
            return Sent({"outcome": "told"})
        self._turns.take(
            tenant,
            conversation_id,
            client_message_id=client_message_id(channel, message.provider_id),
            text=_shortened(message.text or f"[{message.kind}]"),
            attachments=attachments,
        )
        self._on_step("taken")
        if lost:
            self._tell(tenant.context, channel, message, conversation_id, "taken", "files_not_taken", "; ".join(lost))
        else:
            self._mark(tenant.context, channel, message, "taken", conversation_id=conversation_id)
        return Sent({"outcome": "taken", "conversation_id": str(conversation_id)})

    def _conversation(self, tenant: Tenant, channel: ChannelName, message: InboundMessage) -> UUID | None:
        """The thread's, opened where there is none, or where its last one was closed too long ago to go on."""
        context = tenant.context
        with self._database.tenant(context) as session:
            connection = session.connection()
            thread = find_thread(connection, context, channel, message.thread)
            if thread is None and not message.opens:
                return None
            if thread is not None and not self._is_over(connection, tenant, thread):
                set_address(connection, context, thread.conversation_id, message.address)
                return thread.conversation_id

        def bind(connection: Connection, conversation_id: UUID) -> None:
            begin_thread(connection, context, channel, message, conversation_id)

        return self._turns.open(tenant, channel=channel, customer=message.customer, on_stored=bind).conversation_id

    def _is_over(self, connection: Connection, tenant: Tenant, thread: Thread) -> bool:
        row = read_conversation(connection, tenant.context, thread.conversation_id)
        within = timedelta(hours=read_config(tenant.config).handover.reopen_hours)
        return row.closed_at is not None and datetime.now(UTC) - row.closed_at > within

    def _kept(
        self, tenant: Tenant, channel: ChannelName, message: InboundMessage, conversation_id: UUID
    ) -> tuple[tuple[UUID, ...], list[str]]:
        """The message's files as attachments, and why some are not. Raises ChannelUnavailable where
        they are to be had later, InvalidSetting."""
        kept: list[UUID] = []
        lost: list[str] = []
        if not message.files:
            return (), []
        if self._files is None:
            return (), [f"{file.name}: files are not taken on this channel" for file in message.files]
        line = self._channels.get(tenant, channel)
        keep = partial(self._files.keep, tenant.context, conversation_id)
        for number, file in enumerate(message.files[:MOST_FILES]):
            try:
                content = line.fetch(file, LARGEST_FILE)
                key = f"{channel}/{message.provider_id}/{number}"
                kept.append(keep(name=file.name, media_type=file.media_type, content=content, key=key))
            except InvalidInput as error:
                lost.append(f"{file.name}: {error.message}")
        return tuple(kept), lost

    def _tell(
        self,
        tenant: TenantContext,
        channel: ChannelName,
        message: InboundMessage,
        conversation_id: UUID,
        outcome: str,
        told: WordingKey,
        reason: str,
    ) -> None:
        """The customer hears what was not read; once, for the message is marked in the same transaction."""
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            row = read_conversation(connection, tenant, conversation_id, locked=True)
            if not mark_inbound(
                connection,
                tenant,
                channel,
                message.provider_id,
                outcome,
                reason=reason,
                conversation_id=conversation_id,
            ):
                return
            wrote = update(CONVERSATIONS).where(OF_CONVERSATION).values(customer_wrote_at=func.clock_timestamp())
            connection.execute(wrote, keys(tenant, conversation_id))
            lineage = {"told": told, "reason": reason}
            add_system_message(connection, tenant, row, say(told, row.language), lineage)

    def _mark(
        self,
        tenant: TenantContext,
        channel: ChannelName,
        message: InboundMessage,
        outcome: str,
        *,
        reason: str | None = None,
        conversation_id: UUID | None = None,
    ) -> None:
        with self._database.tenant(tenant) as session:
            mark_inbound(
                session.connection(),
                tenant,
                channel,
                message.provider_id,
                outcome,
                reason=reason,
                conversation_id=conversation_id,
            )


def taking_failed(connection: Connection, tenant: TenantContext, outgoing: Outgoing, reason: str) -> None:
    """What happens when a row of kind `inbound` is given up."""
    payload = outgoing.payload
    mark_inbound(connection, tenant, channel_name(payload["channel"]), payload["provider_id"], "failed", reason=reason)


def client_message_id(channel: str, provider_id: str) -> str:
    """The same for the same message, as Turns.take wants it."""
    return hashlib.sha256(f"{channel}/{provider_id}".encode()).hexdigest()


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - len(_CUT)] + _CUT
