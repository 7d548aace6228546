"""A helpdesk with channels: the real inbox, outbox, turns and store, on providers that are small servers."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select, text

from components.channels.provider_calls import ProviderCalls
from components.core.channels import ChannelName
from components.core.settings import Settings
from components.core.tenant import Tenant
from components.database.session import Database
from components.database.tables import ConversationRow, InboundMessageRow, OutboxRow
from components.helpdesk.conversations.ownership import Change, read_changes
from components.helpdesk.inbox.inbox import Inbox
from components.helpdesk.inbox.mailboxes import Mailboxes
from components.helpdesk.inbox.taking import FileKeeper, InboundTaker, taking_failed
from components.helpdesk.outbox.deliveries import Deliveries
from components.helpdesk.outbox.dispatcher import Dispatcher
from components.helpdesk.outbox.message_sender import MessageSender
from components.helpdesk.outbox.senders import Senders
from components.helpdesk.outbox.undelivered import message_failed
from components.helpdesk.tenant_channels import TenantChannels
from components.helpdesk.tenants import TenantRegistry
from tests.dialogue.dialogue_turns_world import World, with_flows

FLOW = """
nodes:
  - {id: greet, type: message, text: "Hi, how can I help?", next: listen}
  - id: listen
    type: nlu
    next:
      - intent: thanks → human
      - default → look_up
  - {id: look_up, type: rag, next: listen}
  - {id: human, type: handover, reason: asked_by_flow}
"""
LEASE = 15.0


class Killed(BaseException):
    """The process ends here, as far as the database can tell."""


@dataclass
class Deaths:
    """step: where the process dies, once. kill: whether it really does (SIGKILL)."""

    step: str | None = None
    kill: bool = False

    def hear(self, step: str) -> None:
        if step == self.step:
            self.step = None
            if self.kill:
                os.kill(os.getpid(), signal.SIGKILL)
            raise Killed(step)


@dataclass
class Helpdesk:
    database: Database
    tenants: TenantRegistry
    settings: Settings
    folder: Path
    files: FileKeeper | None = None
    deaths: Deaths = field(default_factory=Deaths)
    world: World = field(init=False)

    def __post_init__(self) -> None:
        self.world = World(self.database)
        self.calls = ProviderCalls(deadline=3.0)
        self.channels = TenantChannels(self.settings, self.calls)
        self.inbox = Inbox(self.database, self.channels)
        self.deliveries = Deliveries(self.database)
        self.turns = self.world.turns(lease=1.0)
        self.start_anew()

    def start_anew(self) -> None:
        """Another process, on the same database."""
        hear = self.deaths.hear
        taker = InboundTaker(self.database, self.tenants, self.channels, self.turns, files=self.files, on_step=hear)
        sender = MessageSender(self.database, self.tenants, self.channels, on_step=hear)
        self.incoming, self.outgoing = Senders(), Senders()
        self.incoming.add("inbound", taker, on_failed=taking_failed)
        self.outgoing.add("message", sender, on_failed=message_failed)
        make = partial(Dispatcher, self.database, lease=LEASE, on_step=hear)
        self.dispatchers = (make(self.incoming), make(self.outgoing))
        self.mailboxes = Mailboxes(self.database, self.tenants, self.channels, self.inbox)

    def close(self) -> None:
        self.world.close()
        self.calls.close()
        self.mailboxes.close()

    def secret(self, value: str) -> str:
        """A reference to it."""
        path = self.folder / uuid4().hex
        path.write_text(value + "\n")
        return f"file:{path}"

    def tenant(self, channels: dict[str, Any], **config: Any) -> Tenant:
        tenant = self.tenants.create("Shop", f"t-{uuid4().hex[:12]}.example", {"channels": channels, **config})
        return with_flows(self.database, tenant, main=FLOW)

    def work(self, tenant: Tenant) -> None:
        """Everything that is due, until nothing is."""
        while any(dispatcher.send_due(tenant.context) for dispatcher in self.dispatchers):
            pass

    def work_through(self, tenant: Tenant, *, minutes: float = 30.0, step: float = 61.0) -> None:
        """`work`, while so much time passes."""
        self.work(tenant)
        for _ in range(int(minutes * 60 / step) + 1):
            self.let_pass(tenant, step)
            self.work(tenant)

    def let_pass(self, tenant: Tenant, seconds: float) -> None:
        """As if so much time had gone by since everything was written."""
        moved = {
            "outbox": ("created_at", "next_at", "leased_until"),
            "channel_states": ("paced_until", "blocked_until", "polled_at", "leased_until"),
            "deliveries": ("begun_at", "sent_at"),
            "conversations": ("customer_wrote_at", "closed_at", "turn_until"),
        }
        with self.database.tenant(tenant.context) as session:
            for table, columns in moved.items():
                values = ", ".join(f"{each} = {each} - make_interval(secs => :seconds)" for each in columns)
                session.execute(text(f"UPDATE {table} SET {values}"), {"seconds": seconds})

    def waiting(self, tenant: Tenant, kind: str = "message") -> list[OutboxRow]:
        query = select(OutboxRow).where(OutboxRow.kind == kind, OutboxRow.sent_at.is_(None))
        with self.database.tenant(tenant.context) as session:
            return list(session.scalars(query.order_by(OutboxRow.position)))

    def inbound(self, tenant: Tenant) -> list[InboundMessageRow]:
        with self.database.tenant(tenant.context) as session:
            return list(session.scalars(select(InboundMessageRow).order_by(InboundMessageRow.received_at)))

    def conversations(self, tenant: Tenant) -> list[UUID]:
        query = select(ConversationRow.conversation_id).order_by(ConversationRow.created_at)
        with self.database.tenant(tenant.context) as session:
            return list(session.scalars(query))

    def events(self, tenant: Tenant) -> list[Change]:
        """Of all the tenant's conversations."""
        with self.database.tenant(tenant.context) as session:
            connection = session.connection()
            return [
                each
                for conversation_id in connection.scalars(select(ConversationRow.conversation_id)).all()
                for each in read_changes(connection, tenant.context, conversation_id)
            ]

    def count(self, tenant: Tenant, table: type) -> int:
        with self.database.tenant(tenant.context) as session:
            return session.execute(select(func.count()).select_from(table)).scalar_one()


MakeTenant = Callable[..., Tenant]
CHANNEL_NAMES: tuple[ChannelName, ...] = ("slack", "whatsapp", "sms", "email")
