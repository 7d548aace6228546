"""Who of those who wait is served first: VIPs and urgent ones, then by priority, then who has waited longest."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import case, func, or_

from components.helpdesk.conversations.conversation import Priority
from components.helpdesk.conversations.store import CONVERSATIONS

# A customer's value that makes every conversation of theirs urgent. Channels and integrations set it; who opens a
# conversation on the web cannot.
VIP = "vip"

VIP_VALUES = ("true", "yes", "1")
_RANKS: Mapping[Priority, int] = {"urgent": 0, "high": 1, "normal": 2, "low": 3}
_C = CONVERSATIONS.c

IS_VIP = func.coalesce(func.lower(_C.customer[VIP].astext).in_(VIP_VALUES), False)
URGENCY = case(
    (or_(_C.priority == "urgent", IS_VIP), 0), (_C.priority == "high", 1), (_C.priority == "normal", 2), else_=3
)
# Within a team's line.
ORDER = (URGENCY, _C.waiting_since, _C.conversation_id)


def urgency_of(priority: Priority, customer: Mapping[str, str]) -> int:
    """URGENCY of one conversation: 0 goes first."""
    return 0 if str(customer.get(VIP, "")).lower() in VIP_VALUES else _RANKS[priority]
