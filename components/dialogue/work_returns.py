"""Tells a conversation what came of work that went on without it: once, and never into an agent's conversation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, cast, update
from sqlalchemy.dialects.postgresql import JSONB

from components.agents.run import WorkRun
from components.agents.run_rows import RUNS, find_run
from components.agents.workforce import TOLD, values_of
from components.core.errors import NotFound
from components.core.outbox import Delivery, Failed, Later, Outgoing, Sent
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.dialogue.conversation_ports import Receptionist
from components.dialogue.turn_handover import handover_context
from components.dialogue.turn_types import DialogueState, Handover
from components.dialogue.work_later import said_later
from components.helpdesk.conversations.conversations import MOST_MESSAGES
from components.helpdesk.conversations.ownership import change
from components.helpdesk.conversations.store import (
    CONVERSATIONS,
    OF_CONVERSATION,
    keys,
    read_conversation,
    read_last_messages,
)
from components.helpdesk.handover.arrivals import Arrival, Waiting
from components.helpdesk.handover.desk import add_system_message
from components.helpdesk.outbox.rows import queue
from components.helpdesk.tenants import TenantRegistry
from components.helpdesk.wording import say

# Of the outbox; its payload is {run_id}.
RETURN = "work_return"
_RETURNED = "returned"


def queue_return(connection: Connection, tenant: TenantContext, run: WorkRun) -> None:
    """Keeps components.agents.runs.Ended, for runs whose conversation was told that they go on, or that are handed over
    to a person."""
    if run.conversation_id is not None and (run.state.get(TOLD) or run.status == "handed_over"):
        queue(
            connection,
            tenant,
            key=f"work/{run.run_id}",
            lane=f"work/{run.conversation_id}",
            kind=RETURN,
            payload={"run_id": str(run.run_id)},
        )


class WorkReturns:
    """Keeps components.core.outbox.Sender, for rows of kind `work_return`.

    What is done is told in the bot's name. What is not puts the conversation into the queue, as it would have during
    the turn. Agents see both among the conversation's calls; the bot does not speak while one of them has it.
    """

    def __init__(self, database: Database, tenants: TenantRegistry, receptionist: Receptionist) -> None:
        self._database, self._tenants, self._receptionist = database, tenants, receptionist

    def send(self, tenant: TenantContext, outgoing: Outgoing) -> Delivery:
        """Later while a turn is worked out, so that both come after one another. Raises DatabaseUnavailable."""
        try:
            found = self._tenants.get(tenant.tenant_id)
            run, conversation_id, context, arrival = self._prepare(found, UUID(outgoing.payload["run_id"]))
        except NotFound as error:
            return Failed(error.message)
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            row = read_conversation(connection, tenant, conversation_id, locked=True)
            if row.turn_owner is not None and row.turn_until > datetime.now(UTC):
                return Later(0.0, "the customer's turn is being worked out")
            if not _mark(connection, tenant, run):
                return Sent({"repeated": True})
            if row.status == "agent":
                return Sent({"skipped": "an agent has the conversation"})
            about = run.state.get("about", {})
            lineage = {"told": "work", "run_id": str(run.run_id), "place": about.get("place")}
            if run.status == "done":
                add_system_message(connection, tenant, row, said_later(about, values_of(run)), lineage, author="bot")
            elif arrival is not None and row.status == "bot":
                _hand_over(connection, tenant, row, context, arrival, lineage)
            elif arrival is not None and row.status == "waiting":
                _tell_arrival(connection, tenant, row, context, arrival)
        return Sent({"status": run.status})

    def _prepare(self, tenant: Tenant, run_id: UUID) -> tuple[WorkRun, UUID, dict[str, Any], Arrival | None]:
        """The run and its conversation; where it was not done, what a person gets to know, and what the customer is
        told of the queue."""
        context = tenant.context
        with self._database.tenant(context) as session:
            connection = session.connection()
            run = find_run(connection, context, run_id=run_id)
            if run is None or run.conversation_id is None:
                raise NotFound(f"there is no run {run_id} of a conversation", field="run_id")
            row = read_conversation(connection, context, run.conversation_id)
            earlier = read_last_messages(connection, context, run.conversation_id, row.last_sequence + 1, MOST_MESSAGES)
        if run.status == "handed_over" and _waits_for(row, run):
            stood = dict(row.handover)
            waiting = Waiting(tenant, run.conversation_id, row.language, row.team, row.priority, stood)
            return run, run.conversation_id, stood, self._receptionist.receive(waiting)
        if run.status == "done" or row.status != "bot" or not run.state.get(TOLD) or run.state.get(_RETURNED):
            return run, run.conversation_id, {}, None
        place = str(run.state.get("about", {}).get("place", "work"))
        handover = handover_context(
            Handover("work_failed", place),
            None,
            earlier,
            state=DialogueState(variables=row.state.get("variables") or {}),
            understanding=None,
            language=row.language or "en",
            answer_ids=(),
        )
        handover |= {
            "sequence": row.last_sequence,
            "run": {"run_id": str(run.run_id), "name": run.name, "reason": run.fault.message if run.fault else ""},
        }
        waiting = Waiting(tenant, run.conversation_id, row.language, row.team, row.priority, handover)
        arrival = self._receptionist.receive(waiting)
        return run, run.conversation_id, handover, arrival


def _mark(connection: Connection, tenant: TenantContext, run: WorkRun) -> bool:
    """Whether nobody has told it yet; in the transaction that tells it."""
    said = RUNS.c.state.op("||")(cast({_RETURNED: True}, JSONB))
    mine = (RUNS.c.tenant_id == tenant.tenant_id, RUNS.c.run_id == run.run_id, ~RUNS.c.state.has_key(_RETURNED))
    return connection.execute(update(RUNS).where(*mine).values(state=said).returning(RUNS.c.run_id)).first() is not None


def _hand_over(
    connection: Connection,
    tenant: TenantContext,
    row: Row[Any],
    handover: dict[str, Any],
    arrival: Arrival,
    lineage: dict[str, Any],
) -> None:
    text = f"{say('work_failed', row.language)} {say('handover', row.language)}"
    row = add_system_message(connection, tenant, row, text, lineage, author="bot")
    row = change(connection, tenant, row, "request", actor="bot", details={"reason": "work_failed"})
    _tell_arrival(connection, tenant, row, handover, arrival)


def _tell_arrival(
    connection: Connection, tenant: TenantContext, row: Row[Any], handover: dict[str, Any], arrival: Arrival
) -> None:
    """The place in the queue, or the ticket and when somebody is there again."""
    add_system_message(connection, tenant, row, arrival.text, {"told": arrival.key})
    known = {} if arrival.ticket is None else {"ticket": arrival.ticket}
    connection.execute(
        update(CONVERSATIONS).where(OF_CONVERSATION).values(handover={**handover, **known}),
        keys(tenant, row.conversation_id),
    )


def _waits_for(row: Row[Any], run: WorkRun) -> bool:
    """Whether the conversation waits for a person since this run was handed over: see agents.handing_over."""
    handover = row.handover or {}
    return bool(row.status == "waiting" and (handover.get("variables") or {}).get("run") == str(run.run_id))
