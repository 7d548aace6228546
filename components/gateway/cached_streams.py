"""Equal questions at the same time make one call, and those that come later none: streams through the prompt cache."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from components.core.tenant import TenantContext
from components.gateway.closing import closing
from components.gateway.flight import Flight
from components.gateway.flight_lease import FlightLease
from components.gateway.prompt_cache import Lookup, PromptCache
from components.shared_state.connection import SharedState

R = TypeVar("R")

Outcome = Literal["hit", "miss", "unavailable"]

_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.25
_GRACE = 1.0


@dataclass(frozen=True)
class _Question(Generic[R]):
    """What a caller asks for, and how its answer is kept."""

    tenant: TenantContext
    key: str
    produce: Callable[[], AsyncIterator[str | R]]
    sources: Collection[str]
    encode: Callable[[R], bytes]
    decode: Callable[[bytes], R]
    cacheable: Callable[[R], bool]
    text: Callable[[R], str]
    deadline: float
    observe: Callable[[Outcome], None]


class CachedStreams:
    """One flight a key: in a process the first caller's production is broadcast to all who ask the same meanwhile;
    between processes a lock in Redis lets one produce while the others wait for the cache. With Redis gone there is
    the former alone. Belongs to one event loop.
    """

    def __init__(self, cache: PromptCache, state: SharedState, *, lease_seconds: float = 5.0) -> None:
        """lease_seconds: how long a process that was killed keeps others waiting for its answer."""
        self._cache = cache
        self._state = state
        self._lease_seconds = lease_seconds
        self._flights: dict[tuple[UUID, str], Flight[Any]] = {}

    async def stream(
        self,
        tenant: TenantContext,
        key: str,
        produce: Callable[[], AsyncIterator[str | R]],
        *,
        encode: Callable[[R], bytes],
        decode: Callable[[bytes], R],
        cacheable: Callable[[R], bool],
        text: Callable[[R], str],
        sources: Collection[str] = (),
        deadline: float = 30.0,
        observe: Callable[[Outcome], None] = lambda outcome: None,
    ) -> AsyncIterator[str | R]:
        """Pieces of text, then one result: the production's own for the caller who led it, a decoded one for whom it
        was there or made by another meanwhile. A hit's text comes in one piece.

        produce: called once at most, and up to half the deadline late, since the caller may have waited for another
        process in vain; it keeps its own deadline. encode: every result, kept or not. decode: marks what it makes as
        a cache hit, as whoever gets it paid for no call; ValueError for bytes that it cannot read (another
        release's) counts as a miss. cacheable: whether later callers may have it. text: of a result, all pieces
        together. sources: ids of the chunks that the answer stands on. observe: told once what this caller met.
        Raises what the production raises, to all who listen; ModelTimedOut past the deadline.
        """
        question = _Question(tenant, key, produce, sources, encode, decode, cacheable, text, deadline, observe)
        until = asyncio.get_running_loop().time() + deadline
        at = (tenant.tenant_id, key)
        flight: Flight[R] | None = self._flights.get(at)
        leads = flight is None
        if flight is None:
            flight = Flight(lambda: self._produce(question), lambda: self._forget(at, flight))
            self._flights[at] = flight
        # The production's own time-out comes first for whoever leads it: it may degrade instead of failing.
        async with closing(flight.listen(until + _GRACE if leads else until)) as items:
            async for item in items:
                if leads or isinstance(item, str):
                    yield item
                else:
                    observe("hit")
                    yield decode(encode(item))

    async def close(self) -> None:
        """Stops what is being produced: whoever listens gets ModelUnavailable."""
        await asyncio.gather(*(flight.stop() for flight in list(self._flights.values())))

    def _forget(self, at: tuple[UUID, str], flight: Flight[Any] | None) -> None:
        if self._flights.get(at) is flight:
            del self._flights[at]

    async def _produce(self, question: _Question[R]) -> AsyncIterator[str | R]:
        lease = FlightLease(self._state, question.tenant, question.key, seconds=self._lease_seconds)
        async with lease.kept():
            found = await self._look(question, lease)
            result = _decoded(question, found)
            if result is not None:
                question.observe("hit")
                if text := question.text(result):
                    yield text
                yield result
                return
            question.observe("unavailable" if found.outcome == "unavailable" else "miss")
            async with closing(question.produce()) as items:
                async for item in items:
                    # Before the caller hears the end, so that whoever asks next finds it.
                    if not isinstance(item, str) and question.cacheable(item):
                        encoded = question.encode(item)
                        await self._cache.put(
                            question.tenant, question.key, encoded, sources=question.sources, lease=lease
                        )
                    yield item

    async def _look(self, question: _Question[R], lease: FlightLease) -> Lookup:
        """Waits where another process makes the answer, for half the deadline at most."""
        clock = asyncio.get_running_loop().time
        until, pause = clock() + question.deadline / 2, _FIRST_PAUSE
        while True:
            found = await self._cache.get(question.tenant, question.key, lease)
            if found.outcome != "waits" or clock() >= until:
                return found
            await asyncio.sleep(min(pause, max(0.0, until - clock())))
            pause = min(pause * 1.5, _LONGEST_PAUSE)


def _decoded(question: _Question[R], found: Lookup) -> R | None:
    if found.value is None:
        return None
    try:
        return question.decode(found.value)
    except ValueError:
        return None
