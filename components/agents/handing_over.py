"""What a run hands over reaches a person where it was for somebody: the conversation waits in the queue, with why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, func, update

from components.agents.run import WorkRun
from components.core.errors import NotFound
from components.core.tenant import TenantContext
from components.helpdesk.conversations.ownership import change, is_known_request
from components.helpdesk.conversations.store import (
    CONVERSATIONS,
    OF_CONVERSATION,
    keys,
    read_conversation,
    read_last_messages,
)
from components.helpdesk.handover.desk import add_system_message
from components.helpdesk.wording import say

MOST_SHOWN = 20
LONGEST_TRANSCRIPT = 20_000


def hand_over(connection: Connection, tenant: TenantContext, run: WorkRun) -> None:
    """Keeps components.agents.runs.Ended. A conversation that a person has or waits for stays with them, and one whose
    turn is being worked on is that turn's to hand over; both find the run among what was done for it."""
    if run.status != "handed_over" or run.conversation_id is None:
        return
    try:
        row = read_conversation(connection, tenant, run.conversation_id, locked=True)
    except NotFound:
        return
    request_id = f"run/{run.run_id}"
    if row.status != "bot" or _is_being_answered(connection, row):
        return
    if is_known_request(connection, tenant, run.conversation_id, "request", request_id):
        return
    values = {"handover": _context(connection, tenant, row, run)}
    connection.execute(update(CONVERSATIONS).where(OF_CONVERSATION).values(values), keys(tenant, run.conversation_id))
    details = {"reason": "work_failed", "node": run.name}
    moved = change(connection, tenant, row, "request", actor="bot", details=details, request_id=request_id)
    add_system_message(connection, tenant, moved, say("handover", row.language), {"told": "handover"})


def _is_being_answered(connection: Connection, row: Row[Any]) -> bool:
    return row.turn_owner is not None and row.turn_until > connection.scalar(func.clock_timestamp().select())


def _context(connection: Connection, tenant: TenantContext, row: Row[Any], run: WorkRun) -> Mapping[str, Any]:
    """As components.dialogue.turn_handover makes it, with what was said and done for the goal."""
    reason = run.fault.message if run.fault is not None else "a person is to go on"
    messages = read_last_messages(connection, tenant, row.conversation_id, row.last_sequence + 1, MOST_SHOWN)
    said = [{"sequence": each.sequence, "text": each.text} for each in messages if each.author == "customer"]
    found = run.result or {}
    transcript = json.dumps(found.get("transcript", []), ensure_ascii=False, indent=1)
    return {
        "reason": "work_failed",
        "node": run.name,
        "priority": row.priority,
        "sequence": row.last_sequence,
        "language": row.language,
        "summary": f"{run.goal or run.name}: {reason}",
        "messages": said,
        "variables": {
            "run": str(run.run_id),
            "goal": run.goal,
            "done": json.dumps(found.get("done", {}), ensure_ascii=False)[:LONGEST_TRANSCRIPT],
            "transcript": transcript[:LONGEST_TRANSCRIPT],
        },
        "understanding": None,
        "answers": [],
        "acknowledged": True,
    }
