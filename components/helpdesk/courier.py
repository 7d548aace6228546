"""Everything that comes and goes by itself in one process: rows of the outbox, customers' messages, mailboxes."""

from __future__ import annotations

from collections.abc import Callable

from components.database.session import Database
from components.helpdesk.conversations.storing import DELIVERY
from components.helpdesk.inbox.inbox import KIND, Inbox
from components.helpdesk.inbox.mailboxes import Mailboxes
from components.helpdesk.inbox.taking import FileKeeper, InboundTaker, TurnTaking, taking_failed
from components.helpdesk.outbox.dispatcher import Dispatcher
from components.helpdesk.outbox.message_sender import FileUrl, MessageSender, no_url
from components.helpdesk.outbox.senders import Senders
from components.helpdesk.outbox.undelivered import message_failed
from components.helpdesk.tenant_channels import TenantChannels
from components.helpdesk.tenants import TenantRegistry

# A turn may take as long as a language model does, and a provider may be down: neither waits for the other's threads.
OUTGOING_THREADS, INCOMING_THREADS = 4, 4


class Courier:
    """Any number of processes have one each. `start` and `close` it once."""

    def __init__(self, database: Database, outgoing: Senders, incoming: Senders, mailboxes: Mailboxes) -> None:
        self._dispatchers = (
            Dispatcher(database, outgoing, threads=OUTGOING_THREADS),
            Dispatcher(database, incoming, threads=INCOMING_THREADS),
        )
        self._mailboxes = mailboxes

    def start(self) -> None:
        for dispatcher in self._dispatchers:
            dispatcher.start()
        self._mailboxes.start()

    def close(self) -> None:
        """What is under way has some seconds to end; another process takes over what does not."""
        self._mailboxes.close()
        for dispatcher in self._dispatchers:
            dispatcher.close()


def build_courier(
    database: Database,
    tenants: TenantRegistry,
    channels: TenantChannels,
    inbox: Inbox,
    turns: TurnTaking,
    *,
    files: FileKeeper | None = None,
    file_url: FileUrl = no_url,
) -> tuple[Senders, Callable[[], Courier]]:
    """The senders of what goes out, to which others add theirs, and what makes a courier. files: keeps what customers
    send; None = it is not taken, and they are told. file_url: where what agents attach can be had."""
    outgoing, incoming = Senders(), Senders()
    outgoing.add(DELIVERY, MessageSender(database, tenants, channels, file_url=file_url), on_failed=message_failed)
    incoming.add(KIND, InboundTaker(database, tenants, channels, turns, files=files), on_failed=taking_failed)

    def make() -> Courier:
        return Courier(database, outgoing, incoming, Mailboxes(database, tenants, channels, inbox))

    return outgoing, make
