"""Brings a message of the bot, the helpdesk or an agent to the customer's channel, part by part, each once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import sleep
from uuid import UUID

from sqlalchemy import select

from components.channels.composing import FileLink, Reply, SourceLink, compose
from components.channels.email_account import TOKEN_LENGTH
from components.core.channels import Channel, OutboundMessage, Unsure
from components.core.errors import ChannelUnavailable, InvalidSetting, NotFound
from components.core.outbox import Delivery, Failed, Later, Outgoing, Sent
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.helpdesk.conversations.conversation import Attachment, Conversation, Message
from components.helpdesk.conversations.store import (
    MESSAGES,
    OF_MESSAGES,
    conversation_of,
    keys,
    message_of,
    read_conversation,
)
from components.helpdesk.inbox.threads import Thread, thread_of
from components.helpdesk.outbox.deliveries import Deliveries, Part
from components.helpdesk.outbox.pace import Pace
from components.helpdesk.tenant_channels import TenantChannels, channel_name
from components.helpdesk.tenants import TenantRegistry

# A thread waits so long for its turn; what must wait longer gives the thread back.
PATIENCE = 2.0
_MISCONFIGURED_SECONDS = 60.0

# Where a file of a message can be had, None where nowhere.
FileUrl = Callable[[TenantContext, UUID, Attachment], str | None]


def no_url(_tenant: TenantContext, _conversation_id: UUID, _file: Attachment) -> str | None:
    """Files are named only."""
    return None


@dataclass(frozen=True)
class _Loaded:
    message: Message
    conversation: Conversation
    thread: Thread


class MessageSender:
    """Keeps components.core.outbox.Sender, for rows of kind `message`.

    Before a part goes out, it is stored that it may have; after, the provider's id. Whoever finds a part that was begun
    and not ended asks the provider first.
    """

    def __init__(
        self,
        database: Database,
        tenants: TenantRegistry,
        channels: TenantChannels,
        *,
        file_url: FileUrl = no_url,
        on_step: Callable[[str], None] = lambda step: None,
    ) -> None:
        """file_url: of what agents attach. on_step: hears `begun` and `delivered`, for each part."""
        self._database, self._tenants, self._channels = database, tenants, channels
        self._file_url, self._on_step = file_url, on_step
        self._deliveries, self._pace = Deliveries(database), Pace(database)

    def send(self, tenant: TenantContext, outgoing: Outgoing) -> Delivery:
        """Sent.result: `provider_ids` of the parts, or why it was `skipped`."""
        try:
            name = channel_name(outgoing.payload["channel"])
            found = self._tenants.get(tenant.tenant_id)
            loaded = self._load(tenant, UUID(outgoing.payload["conversation_id"]), outgoing.payload["sequence"])
        except NotFound as error:
            return Failed(error.message)
        try:
            config, channel = self._channels.settings_of(found, name), self._channels.get(found, name)
        except (NotFound, InvalidSetting) as error:
            return Later(_MISCONFIGURED_SECONDS, error.message)
        message = loaded.message
        if message.author == "bot" and message.reply_to is None and not config.greeting:
            return Sent({"skipped": "said when the conversation opened; the customer had written first"})
        if loaded.thread.opted_out_at is not None:
            return Failed("the customer wants no messages: they have said STOP")
        ids: list[str] = []
        for number, text in enumerate(compose(name, self._reply(found, loaded))):
            part = Part(tenant, name, loaded.conversation.conversation_id, message.sequence, number)
            delivery = self._deliver(channel, part, _outbound(loaded, part, text), config.rate)
            if not isinstance(delivery, Sent):
                return delivery
            ids.append(delivery.result["provider_id"])
        return Sent({"provider_ids": ids})

    def _deliver(self, channel: Channel, part: Part, message: OutboundMessage, rate: float) -> Delivery:
        stood = self._deliveries.stood(part)
        if stood.provider_id is not None:
            self._deliveries.arrived(part, stood.provider_id)
            return Sent({"provider_id": stood.provider_id})
        if stood.begun_at is not None:
            try:
                found = channel.find(message, stood.begun_at, self._deliveries.others(part))
            except ChannelUnavailable as error:
                return Later(0.0, f"whether it has arrived is not known: {error.message}")
            if found is not None:
                self._deliveries.arrived(part, found.result["provider_id"])
                return found
        wait = self._pace.reserve(part.tenant, part.channel, rate, PATIENCE)
        if wait > PATIENCE:
            return Later(wait, f"the channel may send again in {wait:.0f} s")
        sleep(wait)
        self._deliveries.begin(part)
        self._on_step("begun")
        delivery = channel.deliver(message)
        self._on_step("delivered")
        self._record(part, delivery)
        return delivery

    def _record(self, part: Part, delivery: Delivery) -> None:
        match delivery:
            case Sent(result):
                self._deliveries.arrived(part, result["provider_id"])
            case Unsure():
                pass
            case Later(seconds, _):
                self._deliveries.did_not_arrive(part)
                if seconds > 0:
                    # What the provider asks for holds for all that the tenant sends there.
                    self._pace.block(part.tenant, part.channel, seconds)
            case Failed():
                self._deliveries.did_not_arrive(part)

    def _load(self, tenant: TenantContext, conversation_id: UUID, sequence: int) -> _Loaded:
        query = select(MESSAGES).where(OF_MESSAGES, MESSAGES.c.sequence == sequence)
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            conversation = conversation_of(read_conversation(connection, tenant, conversation_id))
            row = connection.execute(query, keys(tenant, conversation_id)).one_or_none()
            thread = thread_of(connection, tenant, conversation_id)
        if row is None or thread is None:
            raise NotFound(f"conversation {conversation_id} has no message {sequence} or no thread on its channel")
        return _Loaded(message_of(row), conversation, thread)

    def _reply(self, tenant: Tenant, loaded: _Loaded) -> Reply:
        message, link = loaded.message, self._channels.article_link(tenant)
        conversation_id, details = loaded.conversation.conversation_id, message.details
        sources = {
            each.number: SourceLink(
                each.number, f"{each.title}: {each.section}" if each.section else each.title, link(each.document_id)
            )
            for each in details.citations
        }
        files = (
            FileLink(each.name, self._file_url(tenant.context, conversation_id, each)) for each in details.attachments
        )
        text = f"{details.speaker}: {message.text}" if details.speaker else message.text
        return Reply(text, message.author == "bot", tuple(sources.values()), details.buttons, tuple(files))


def _outbound(loaded: _Loaded, part: Part, text: str) -> OutboundMessage:
    return OutboundMessage(
        key=part.key,
        address=loaded.thread.address,
        text=text,
        heard_at=loaded.conversation.customer_wrote_at,
        automatic=loaded.message.author != "agent",
        token=part.conversation_id.hex[:TOKEN_LENGTH],
    )
