"""The agents' side: shifts, conversations in the queue's order, what waits for their word, tickets when it is quiet."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from datetime import datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID

from apps.cli.traffic.agenda import Process
from apps.cli.traffic.arrivals import weekday_of
from apps.cli.traffic.customers import come_back
from apps.cli.traffic.script import Shift
from apps.cli.traffic.world import Visit, World
from components.core.errors import Conflict
from components.helpdesk.access.roles import may
from components.helpdesk.handover.agents import Agent
from components.helpdesk.tickets.search import TicketQuery
from components.helpdesk.tickets.ticket_event import Actor
from components.helpdesk.tickets.ticket_input import Comment, TicketChange

if TYPE_CHECKING:
    from components.helpdesk.handover.queue import QueueItem

Served = Generator[float, None, None]

_MINUTE = 60.0
# A ticket is not looked at before it is so old, and then the oldest first.
_TICKET_AGE = timedelta(minutes=20)
_ABSENT_AFTER = 6 * _MINUTE


class Agents:
    """Those of a tenant, each a process for each of their shifts."""

    def __init__(self, world: World, seed: int) -> None:
        self._world, self._staff = world, world.script.staff
        people = world.workbench.agents.list(world.context)
        helping = [each for each in people if may(each.role, "answer_customers")]
        self._agents = sorted(helping, key=lambda each: each.email)
        self._chance = {each.agent_id: Random(f"{seed}/{each.email}") for each in self._agents}  # noqa: S311
        self._here: set[UUID] = set()
        # Tickets that somebody has before them.
        self._at_work: set[UUID] = set()
        for name, text in self._staff.canned.items():
            if name not in {each.name for each in world.workbench.agent_tools.canned_answers.list(world.context)}:
                world.workbench.agent_tools.canned_answers.put(world.context, name, text)

    def begin_day(self, midnight: datetime) -> None:
        """The day's shifts. midnight: the tenant's, at which it begins."""
        for place, agent in enumerate(self._agents):
            shift = self._staff.shifts[place % len(self._staff.shifts)]
            if weekday_of(midnight.date()) in shift.days:
                begin = datetime.combine(midnight.date(), time(shift.begins), midnight.tzinfo)
                self._world.agenda.start(self._shift(agent, begin + self._length(shift)), begin)

    @staticmethod
    def _length(shift: Shift) -> timedelta:
        return timedelta(hours=shift.ends - shift.begins)

    def _shift(self, agent: Agent, end: datetime) -> Process:
        world = self._world
        world.workbench.agents.set_presence(world.context, agent.agent_id, "online")
        self._here.add(agent.agent_id)
        world.agenda.start(_ring_all(world), end)
        while world.agenda.now < end:
            item = self._first(agent)
            if item is not None:
                yield from self._serve(agent, item)
            elif not (yield from self._decide(agent)) and not (yield from self._work_ticket(agent)):
                yield world.bell
        self._here.discard(agent.agent_id)
        world.workbench.agents.set_presence(world.context, agent.agent_id, "offline")

    def _first(self, agent: Agent) -> QueueItem | None:
        """The first in line of those that are simulated: others are for people."""
        world = self._world
        line = world.workbench.agent_tools.queue.list(world.context, agent, "waiting", world.hours, world.agenda.now)
        return next((each for each in line if each.conversation.conversation_id in world.visits), None)

    def _serve(self, agent: Agent, item: QueueItem) -> Served:
        """From the claim to the end, unless somebody else has it by then."""
        world, mine = self._world, self._world.visits[item.conversation.conversation_id]
        yield self._seconds(agent, self._staff.reads)
        try:
            world.workbench.desk.claim(world.context, agent, mine.conversation_id)
            mine.waits = False
            world.counts["claims"] += 1
            world.after(mine)
            yield from self._talk(agent, mine, item)
        except Conflict:
            # A colleague was quicker, or the timers have taken it away.
            mine.unanswered = False
            world.counts["taken away"] += 1

    def _talk(self, agent: Agent, mine: Visit, item: QueueItem) -> Served:
        world, chance, staff = self._world, self._chance[agent.agent_id], self._staff
        context, desk = world.context, world.workbench.desk
        yield self._seconds(agent, staff.writes)
        waited_long = item.conversation.apologised_at is not None
        self._say(agent, mine, staff.canned["sorry" if waited_long else "hello"])
        if chance.random() < staff.note:
            world.workbench.notes.add(
                context,
                agent,
                mine.conversation_id,
                client_note_id=f"note-{mine.said}",
                text=chance.choice(staff.notes),
            )
        if mine.left:
            yield _ABSENT_AFTER
            self._say(agent, mine, staff.canned["absent"])
        else:
            colleagues = sorted(self._here - {agent.agent_id})
            if colleagues and chance.random() < staff.transfer:
                desk.transfer(
                    context, agent, mine.conversation_id, to_agent=colleagues[0], reason="knows more about it"
                )
                mine.waits = True
                world.counts["transfers"] += 1
                world.after(mine)
                world.agenda.ring(world.bell)
                return
            yield from self._help(agent, mine)
        yield self._seconds(agent, staff.writes / 2)
        desk.resolve(context, agent, mine.conversation_id)
        world.counts["resolved"] += 1
        world.after(mine)
        self._close_tickets(agent, mine)
        if not mine.left:
            world.agenda.start(come_back(world, mine), world.agenda.now)

    def _help(self, agent: Agent, mine: Visit) -> Served:
        """The customer says what they think of it, the agent has an answer for it, once or twice."""
        world, chance, staff = self._world, self._chance[agent.agent_id], self._staff
        for _ in range(chance.choice((1, 1, 2))):
            yield mine.persona.typing * mine.chance.lognormvariate(0.0, 0.5)
            world.say(mine, mine.chance.choice(staff.replies))
            forgotten = chance.random() < staff.silent
            yield (
                (world.config.handover.silent_minutes + 2) * _MINUTE
                if forgotten
                else self._seconds(agent, staff.writes)
            )
            self._say(agent, mine, chance.choice((*staff.answers, staff.canned["checked"])))
        yield self._seconds(agent, staff.writes / 2)
        self._say(agent, mine, staff.canned["closing"])
        yield mine.persona.typing * mine.chance.lognormvariate(0.0, 0.5)
        world.say(mine, mine.chance.choice(world.script.thanks))

    def _say(self, agent: Agent, mine: Visit, text: str) -> None:
        """With the names in their places, as the console fills them in."""
        world = self._world
        for name, value in (
            ("customer.name", mine.name),
            ("agent.name", agent.name),
            ("tenant.name", world.tenant.name),
        ):
            text = text.replace("{{ " + name + " }}", value)
        mine.unanswered = False
        world.counts["agent messages"] += 1
        world.workbench.desk.say(
            world.context,
            agent,
            mine.conversation_id,
            client_message_id=f"traffic-{mine.said}-{world.counts['agent messages']}",
            text=text,
        )
        world.after(mine)

    def _decide(self, agent: Agent) -> Generator[float, None, bool]:
        """What waits for a person's word, such as a refund above the limit; whether there was anything."""
        world = self._world
        approvals, chance = world.workbench.actions.approvals, self._chance[agent.agent_id]
        pending = approvals.search(world.context, status="pending")
        mine = [each for each in pending if each.invocation.conversation_id in world.visits]
        if not mine:
            return False
        yield self._seconds(agent, self._staff.reads * 2)
        approve = chance.random() < self._staff.approves
        try:
            approvals.decide(world.context, mine[0].approval_id, approve=approve, agent_id=agent.agent_id)
        except Conflict:
            return True
        if mine[0].invocation.run_id is None:
            world.workbench.actions.tools.resume(world.tenant, mine[0].invocation.invocation_id)
        world.counts["decisions"] += 1
        world.work()
        return True

    def _work_ticket(self, agent: Agent) -> Generator[float, None, bool]:
        """The oldest open one: answered, and mostly done with; whether there was one."""
        world, chance = self._world, self._chance[agent.agent_id]
        tickets, actor = world.workbench.tickets, Actor("agent", agent.agent_id, agent.name)
        found = tickets.search(world.context, TicketQuery(status=("open",), limit=100)).tickets
        old = [
            each.ticket
            for each in found
            if each.ticket.session_id in world.visits
            and each.ticket.ticket_id not in self._at_work
            and each.ticket.created_at < world.agenda.now - _TICKET_AGE
        ]
        if not old:
            return False
        ticket = min(old, key=lambda each: each.number)
        self._at_work.add(ticket.ticket_id)
        yield self._seconds(agent, self._staff.writes * 3)
        status = "resolved" if chance.random() < 0.85 else "pending"
        change = TicketChange(status=status, assigned_to=agent.agent_id)
        with suppress(Conflict):
            # Resolved meanwhile, with the conversation that it came of.
            tickets.comment(world.context, ticket.ticket_id, Comment(self._staff.ticket, public=True), actor=actor)
            tickets.change(world.context, ticket.ticket_id, change, actor=actor)
            world.counts["tickets worked on"] += 1
        self._at_work.discard(ticket.ticket_id)
        return True

    def _close_tickets(self, agent: Agent, mine: Visit) -> None:
        """What was opened for a wait that is over."""
        world, actor = self._world, Actor("agent", agent.agent_id, agent.name)
        query = TicketQuery(status=("open",), session_id=mine.conversation_id)
        change = TicketChange(status="resolved", assigned_to=agent.agent_id)
        for found in world.workbench.tickets.search(world.context, query).tickets:
            world.workbench.tickets.change(world.context, found.ticket.ticket_id, change, actor=actor)

    def _seconds(self, agent: Agent, median: float) -> float:
        return 2.0 + median * self._chance[agent.agent_id].lognormvariate(0.0, 0.5)


def _ring_all(world: World) -> Process:
    """Whoever has nothing to do looks whether their shift is over."""
    world.agenda.ring_all(world.bell)
    return
    yield 0.0
