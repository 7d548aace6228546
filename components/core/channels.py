"""What passes between the helpdesk and the providers that bring customers' messages, and the Protocol of a channel."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from components.core.outbox import Delivery, Later, Sent

ChannelName = Literal["slack", "whatsapp", "sms", "email"]
CHANNELS: tuple[ChannelName, ...] = ("slack", "whatsapp", "sms", "email")
ReceiptStatus = Literal["sent", "delivered", "read", "failed"]


@dataclass(frozen=True)
class WebhookRequest:
    """A provider's HTTP call as it came. url: as the provider has it, for it is signed. headers: lower-case names."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class RemoteFile:
    """A file that a message brings, still at its provider's. reference: what `Channel.fetch` finds it by."""

    reference: str
    name: str
    media_type: str


@dataclass(frozen=True)
class InboundMessage:
    """What a customer wrote. provider_id: the same however often it is brought. thread: what makes one conversation.
    address: where an answer goes. kind: `text`, or what came in its stead (`image`, `audio`, …). customer: what is
    known of them. opens: whether it may begin a conversation. references: ids of messages whose conversation it goes on
    with; token: a part of a conversation's id, for where those were lost."""

    provider_id: str
    thread: str
    text: str
    address: Mapping[str, str]
    kind: str = "text"
    customer: Mapping[str, str] = field(default_factory=dict)
    files: tuple[RemoteFile, ...] = ()
    opens: bool = True
    references: tuple[str, ...] = ()
    token: str = ""


@dataclass(frozen=True)
class Receipt:
    """What became of a message that we sent. key: ours, where the provider hands it back."""

    provider_id: str
    status: ReceiptStatus
    reason: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class Consent:
    """The customer wants no more messages, or wants them again."""

    provider_id: str
    thread: str
    given: bool


@dataclass(frozen=True)
class Ignored:
    """Something that is nothing for the helpdesk. reason: in words."""

    provider_id: str
    reason: str


InboundEvent = InboundMessage | Receipt | Consent | Ignored


@dataclass(frozen=True)
class Received:
    """What a webhook brought, in order, and what the provider is answered."""

    events: tuple[InboundEvent, ...] = ()
    answer: str = ""
    media_type: str = "text/plain"


@dataclass(frozen=True)
class OutboundMessage:
    """One part of a message, in the channel's own formatting. key: the same at every attempt. address: as the last
    InboundMessage of the thread gave it. heard_at: when the customer last wrote. automatic: no person wrote it. token:
    a part of the conversation's id."""

    key: str
    address: Mapping[str, str]
    text: str
    heard_at: datetime | None = None
    automatic: bool = True
    token: str = ""


@dataclass(frozen=True)
class Unsure(Later):
    """A Later whose message may have arrived all the same: it is looked for before it is sent again."""


class Channel(Protocol):
    """One tenant's line to one provider. Thread-safe; every call has a deadline."""

    def receive(self, request: WebhookRequest) -> Received:
        """What the provider brings, once it is known to be the provider's. Raises InvalidSignature, InvalidInput for
        what is not the provider's format, NotFound where the provider calls nobody."""
        ...

    def deliver(self, message: OutboundMessage) -> Delivery:
        """Sends one part. Sent.result has `provider_id`."""
        ...

    def find(self, message: OutboundMessage, begun_at: datetime, others: Collection[str]) -> Sent | None:
        """What became of a part whose sending was cut off; None where it did not arrive, or the provider cannot say.
        others: provider's ids of other parts, which may say the same. Raises ChannelUnavailable."""
        ...

    def fetch(self, file: RemoteFile, most: int) -> bytes:
        """Its bytes. most: how many at most. Raises InvalidInput where it is larger or gone, ChannelUnavailable."""
        ...
