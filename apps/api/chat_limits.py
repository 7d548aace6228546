"""How often one customer may write and one address may begin conversations."""

from __future__ import annotations

from uuid import UUID

from components.core.tenant import TenantContext
from components.helpdesk.access.sliding_limits import SlidingLimit, network_of


class ChatLimits:
    """Counts within a sliding minute, in this process's memory. Thread-safe."""

    def __init__(self, *, messages: int, sessions: int) -> None:
        """messages: a minute in one session. sessions: begun a minute from one address; an IPv6 /64 is one."""
        self._messages = SlidingLimit(messages, "messages a minute are allowed in a session")
        self._sessions = SlidingLimit(sessions, "new sessions a minute are allowed from one address")

    def count_message(self, tenant: TenantContext, session_id: UUID) -> None:
        """Raises RateLimited."""
        self._messages.count(f"{tenant.tenant_id}/{session_id}")

    def count_session(self, address: str) -> None:
        """address: the caller's, as the socket has it. Raises RateLimited."""
        self._sessions.count(network_of(address))
