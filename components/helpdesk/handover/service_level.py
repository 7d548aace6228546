"""How long a customer has waited for a person, of what they may have to: green, amber or red."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from components.helpdesk.business_hours import BusinessHours
from components.helpdesk.conversations.conversation import Conversation

Colour = Literal["green", "amber", "red"]
# Of the time that there is, when it becomes amber.
AMBER_SHARE = 0.5


@dataclass(frozen=True)
class ServiceLevel:
    """since: when the customer began to wait. waited: seconds of opening time so far. amber_at, red_at: when it turns
    so, None where the helpdesk never opens again."""

    colour: Colour
    since: datetime
    waited: float
    amber_at: datetime | None
    red_at: datetime | None


def service_level(conversation: Conversation, hours: BusinessHours, now: datetime) -> ServiceLevel | None:
    """Of a conversation that waits, by handover.wait_minutes; of an agent's, whose customer wrote last, by
    handover.silent_minutes. None where nobody waits for a person. now: with a time zone."""
    since = _waits_since(conversation)
    if since is None:
        return None
    config = hours.config
    minutes = config.wait_minutes if conversation.status == "waiting" else config.silent_minutes
    allowed = timedelta(minutes=minutes)
    waited = hours.between(since, now)
    colour: Colour = "red" if waited >= allowed else "amber" if waited >= allowed * AMBER_SHARE else "green"
    return ServiceLevel(
        colour,
        since,
        waited.total_seconds(),
        hours.after(since, allowed * AMBER_SHARE),
        hours.after(since, allowed),
    )


def _waits_since(conversation: Conversation) -> datetime | None:
    if conversation.status == "waiting":
        return conversation.waiting_since
    if conversation.status != "agent" or conversation.agent_since is None:
        return None
    said, answered = conversation.customer_wrote_at, conversation.agent_wrote_at
    if answered is not None and (said is None or said <= answered):
        return None
    # Who was taken over still waits for the first word.
    return max(said or conversation.agent_since, conversation.agent_since)
