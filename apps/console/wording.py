"""What the console calls what the server has codes for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

REASONS = {
    "asked_by_customer": "The customer asked for a person.",
    "asked_by_flow": "The flow leads to a person here.",
    "not_understood": "The bot did not understand the customer.",
    "no_answer": "The knowledge has no answer.",
    "gave_up": "The customer's answers did not fit what the bot asked.",
    "work_failed": "Work that the bot ordered was not done.",
    "fault": "The conversation ran into a fault.",
}
STATUSES = {
    "bot": "with the bot",
    "waiting": "waiting",
    "agent": "with an agent",
    "closed": "closed",
}
AUTHORS = {"customer": "Customer", "bot": "Assistant", "system": "Note", "agent": "Agent"}
CHANGES = {
    "request": "Handed over by the bot",
    "withdraw": "The customer went back to the bot",
    "claim": "Claimed",
    "release": "Put back into the queue",
    "transfer": "Passed on",
    "silence": "Put back: nobody answered",
    "give_back": "Returned to the bot",
    "resolve": "Resolved",
    "reopen": "Reopened by the customer",
    "restart": "Begun again with the bot",
    "expire": "Closed: nobody wrote any more",
    "undelivered": "A reply did not reach the customer",
}
# A word and a shape beside the colour: not everybody sees colours.
LEVELS = {
    "green": {"shape": "●", "word": "on time"},
    "amber": {"shape": "▲", "word": "soon late"},
    "red": {"shape": "■", "word": "late"},
}
PRIORITIES = {"low": "Low", "normal": "Normal", "high": "High", "urgent": "Urgent"}
PRESENCES = {"online": "Online", "away": "Away", "offline": "Offline"}
CALLS = {
    "running": "under way",
    "waiting": "waiting for approval",
    "done": "done",
    "failed": "failed",
    "refused": "refused",
    "unknown": "outcome not known",
}
CALLERS = {
    "api": "A program",
    "agent": "An agent",
    "flow": "The bot",
    "workflow": "A workflow",
    "orchestrator": "The orchestrator",
    "mcp": "An MCP client",
    "operator": "The operator",
}
APPROVALS = {"pending": "waiting", "approved": "approved", "refused": "refused", "expired": "not decided in time"}


def page_words() -> Mapping[str, Any]:
    """By kind and code."""
    return {
        "reasons": REASONS,
        "statuses": STATUSES,
        "authors": AUTHORS,
        "changes": CHANGES,
        "levels": LEVELS,
        "priorities": PRIORITIES,
        "presences": PRESENCES,
        "calls": CALLS,
        "callers": CALLERS,
        "approvals": APPROVALS,
    }
