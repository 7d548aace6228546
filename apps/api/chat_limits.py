"""How often one customer may write and one address may begin conversations, so that nobody starves the others."""

from __future__ import annotations

import math
from ipaddress import IPv6Address, ip_address
from time import time
from uuid import UUID

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from components.core.errors import RateLimited
from components.core.tenant import TenantContext

# What a provider gives one household or one server.
_ONE_CUSTOMERS_NETWORK = 64


class ChatLimits:
    """Counts within a sliding minute, in this process's memory. Thread-safe."""

    def __init__(self, *, messages: int, sessions: int) -> None:
        """messages: a minute in one session. sessions: begun a minute from one address; an IPv6 /64 is one."""
        self._messages = RateLimitItemPerMinute(messages)
        self._sessions = RateLimitItemPerMinute(sessions)
        # Of the library's strategies the one that forgets who is silent.
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def count_message(self, tenant: TenantContext, session_id: UUID) -> None:
        """Raises RateLimited."""
        self._count(
            self._messages, f"message/{tenant.tenant_id}/{session_id}", "messages a minute are allowed in a session"
        )

    def count_session(self, address: str) -> None:
        """address: the caller's, as the socket has it. Raises RateLimited."""
        self._count(
            self._sessions, f"session/{_network(address)}", "new sessions a minute are allowed from one address"
        )

    def _count(self, limit: RateLimitItemPerMinute, key: str, told: str) -> None:
        if not self._limiter.hit(limit, key):
            wait = max(1, math.ceil(self._limiter.get_window_stats(limit, key).reset_time - time()))
            raise RateLimited(f"{limit.amount} {told}: try again in {wait} s", retry_after=wait)


def _network(address: str) -> str:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return f"{int(found) >> (128 - _ONE_CUSTOMERS_NETWORK):x}"
    return str(found.ipv4_mapped if isinstance(found, IPv6Address) else found)
