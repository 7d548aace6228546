"""How often something may happen within a minute, counted by whoever does it, so that nobody starves the others."""

from __future__ import annotations

import math
from ipaddress import IPv6Address, ip_address
from time import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from components.core.errors import RateLimited

# What a provider gives one household or one server.
_ONE_CALLERS_NETWORK = 64


class SlidingLimit:
    """Counts within a sliding minute, in this process's memory. Thread-safe."""

    def __init__(self, amount: int, told: str) -> None:
        """told: what is allowed so often, as in "30 messages a minute are allowed in a session"."""
        self._limit, self._told = RateLimitItemPerMinute(amount), told
        # Of the library's strategies the one that forgets who is silent.
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def count(self, whose: str) -> None:
        """Raises RateLimited."""
        if not self._limiter.hit(self._limit, whose):
            wait = max(1, math.ceil(self._limiter.get_window_stats(self._limit, whose).reset_time - time()))
            raise RateLimited(f"{self._limit.amount} {self._told}: try again in {wait} s", retry_after=wait)


def network_of(address: str) -> str:
    """What counts as one caller. address: as the socket has it; an IPv6 /64 is one."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return f"{int(found) >> (128 - _ONE_CALLERS_NETWORK):x}"
    return str(found.ipv4_mapped if isinstance(found, IPv6Address) else found)
