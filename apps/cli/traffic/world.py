"""What the people of a simulation act on: one tenant's part of the workbench, and what is known of who is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from random import Random
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from apps.cli.traffic.agenda import Agenda, Bell, Process
from apps.cli.traffic.arrivals import Arrival
from apps.cli.traffic.script import Persona, Script
from apps.cli.traffic.wishes import Wanted, Wishes
from components.core.outbox import Delivery, Outgoing, Sent
from components.core.tenant import Tenant, TenantContext
from components.dialogue.work_returns import RETURN
from components.helpdesk.business_hours import BusinessHours
from components.helpdesk.conversations.conversation import Conversation
from components.helpdesk.conversations.storing import DELIVERY, WEB
from components.helpdesk.handover.apology_mail import MAIL
from components.helpdesk.outbox.dispatcher import Dispatcher
from components.helpdesk.outbox.senders import Senders
from components.helpdesk.tenant_config import read_config

if TYPE_CHECKING:
    from components.bootstrap import Workbench
    from components.dialogue.turn_events import TakenTurn

# A customer's value that says who made their conversation; nobody else's has it.
SIMULATED = "simulated"
# After what is due, so that the sweep finds it.
_LATER = timedelta(seconds=5)
_RUN_SECONDS = 30.0


class _Provider:
    """Keeps components.core.outbox.Sender, in place of the providers of simulated channels: all arrives."""

    def send(self, _tenant: TenantContext, _outgoing: Outgoing) -> Delivery:
        return Sent({SIMULATED: True})


@dataclass
class Visit:
    """A customer in their conversation. waits: for a person; left: and is there no more. unanswered: an agent has not
    said anything since they did. said: messages so far. wanted: what they came for last."""

    arrival: Arrival
    persona: Persona
    chance: Random
    channel: str
    name: str
    wanted: Wanted
    waits: bool = False
    left: bool = False
    unanswered: bool = False
    said: int = 0
    reopened: bool = False

    @property
    def conversation_id(self) -> UUID:
        return self.arrival.conversation_id


@dataclass
class World:
    """One tenant's. Its time is the agenda's."""

    workbench: Workbench
    tenant: Tenant
    script: Script
    wishes: Wishes
    agenda: Agenda
    visits: dict[UUID, Visit] = field(default_factory=dict)
    bell: Bell = field(default_factory=Bell)
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        senders = Senders()
        for kind in (DELIVERY, MAIL):
            senders.add(kind, _Provider())
        senders.add(RETURN, self.workbench.senders.route(RETURN).sender)
        self._outbox = Dispatcher(self.workbench.database, senders)
        self.config = read_config(self.tenant.config)
        self.hours = BusinessHours(self.config.handover)

    @property
    def context(self) -> TenantContext:
        return self.tenant.context

    @property
    def zone(self) -> tzinfo:
        return ZoneInfo(self.config.handover.time_zone)

    def open(self, visit: Visit, known: Mapping[str, str]) -> Conversation:
        """Their conversation begins."""
        self.visits[visit.conversation_id] = visit
        self.counts["conversations"] += 1
        return self.workbench.turns.open(
            self.tenant,
            channel=visit.channel,
            customer={**known, SIMULATED: visit.arrival.mark},
            conversation_id=visit.conversation_id,
        )

    def say(self, visit: Visit, text: str) -> TakenTurn:
        """The customer's message and its turn; whoever is to hear of it does."""
        visit.said += 1
        taken = self.workbench.turns.take(
            self.tenant, visit.conversation_id, client_message_id=f"traffic-{visit.said}", text=text
        )
        self.counts["turns"] += 1
        self.after(visit)
        status = taken.conversation.status
        if status == "waiting" and not visit.waits:
            visit.waits = True
            self.agenda.ring(self.bell)
            self._look_after(visit, self.config.handover.wait_minutes)
        if status == "agent" and not visit.unanswered:
            visit.unanswered = True
            self._look_after(visit, self.config.handover.silent_minutes)
        return taken

    def after(self, visit: Visit) -> None:
        """What was said on another channel than the web is brought there."""
        if visit.channel != WEB:
            self.send()

    def send(self) -> None:
        """All that is due of the outbox."""
        while self._outbox.send_due(self.context):
            self.counts["sent"] += 1

    def work(self) -> None:
        """Runs that wait for nobody go on, and what they come to is told."""
        while self.workbench.actions.workshop.work(self.context, monotonic() + _RUN_SECONDS):
            self.counts["runs"] += 1
        self.send()

    def sweep(self) -> Process:
        """The tenant's timers, once."""
        swept = self.workbench.timers.sweep(self.tenant)
        self.counts["apologies"] += swept.apologised
        self.counts["silences"] += swept.silenced
        self.send()
        if swept.silenced:
            self.agenda.ring(self.bell)
        return
        yield 0.0

    def _look_after(self, visit: Visit, minutes: float) -> None:
        """Has the timers sweep as soon as they have something to do for a customer who waits still."""

        def look() -> Process:
            if visit.waits or visit.unanswered:
                yield from self.sweep()

        at = self.hours.after(self.agenda.now, timedelta(minutes=minutes))
        if at is not None:
            self.agenda.start(look(), at + _LATER)

    def local(self, at: datetime) -> datetime:
        """By the tenant's clock on the wall."""
        return at.astimezone(self.zone)
