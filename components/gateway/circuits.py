"""Where the state of circuits is kept: in this process, and in Redis for all of them.

A circuit is closed, or it was tripped: then it is open for some seconds, and half-open from there until a probe
closes it or trips it again. Failures are counted by `limits`' moving window.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

if TYPE_CHECKING:
    from components.shared_state.connection import SharedState

FAILURES = 5
_WINDOW = RateLimitItemPerMinute(FAILURES)
_PREFIX = "helpdesk:circuit"
# One that nobody has asked for a day starts afresh.
_KEPT = 86_400_000


class Circuits(Protocol):
    """The circuits of all models. None of this belongs to a tenant: a server is down for everybody."""

    async def count_failure(self, model: str) -> bool:
        """Counts one; true where more than FAILURES came within the last minute."""
        ...

    async def read(self, models: Collection[str]) -> Mapping[str, float]:
        """Seconds that each tripped one stays open, 0 where it is half-open; closed ones are left out."""
        ...

    async def write(self, model: str, seconds: float | None) -> None:
        """Trips it for `seconds`, or closes it and forgets its failures (None). Ends a probe."""
        ...

    async def take_probe(self, model: str, seconds: float) -> bool:
        """True for one caller until the next `write`, or until `seconds` are over."""
        ...


class MemoryCircuits:
    """Keeps Circuits for one process. clock: seconds that only go forward."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._opens_again: dict[str, float] = {}
        self._probed_until: dict[str, float] = {}
        self._failures = MovingWindowRateLimiter(MemoryStorage())

    async def count_failure(self, model: str) -> bool:
        return not await self._failures.hit(_WINDOW, model)

    async def read(self, models: Collection[str]) -> Mapping[str, float]:
        found = ((model, self.remaining(model)) for model in models)
        return {model: seconds for model, seconds in found if seconds is not None}

    def remaining(self, model: str) -> float | None:
        """`read` of one: None where it is closed."""
        until = self._opens_again.get(model)
        return None if until is None else max(0.0, until - self._clock())

    async def write(self, model: str, seconds: float | None) -> None:
        self._probed_until.pop(model, None)
        if seconds is None:
            self._opens_again.pop(model, None)
            await self._failures.clear(_WINDOW, model)
        else:
            self._opens_again[model] = self._clock() + seconds

    async def take_probe(self, model: str, seconds: float) -> bool:
        if self._clock() < self._probed_until.get(model, 0.0):
            return False
        self._probed_until[model] = self._clock() + seconds
        return True


class RedisCircuits:
    """Keeps Circuits for every process on one Redis. Each method raises SharedStateUnavailable.

    Times are Redis' own, as the keys' time to live, so that clocks of several machines need not agree:
    `{prefix}:tripped:{model}` stands while it is not closed, `{prefix}:open:{model}` while it is open, and
    `{prefix}:probe:{model}` while somebody probes.
    """

    def __init__(self, state: SharedState) -> None:
        self._state = state
        self._client: Any = None
        self._limiter: MovingWindowRateLimiter | None = None

    async def count_failure(self, model: str) -> bool:
        with self._state.guard() as redis:
            return not await self._failures(redis).hit(_WINDOW, model)

    async def read(self, models: Collection[str]) -> Mapping[str, float]:
        with self._state.guard() as redis:
            pipe = redis.pipeline(transaction=True)
            for model in models:
                pipe.exists(_key("tripped", model))
                pipe.pttl(_key("open", model))
            answers = await pipe.execute()
        pairs = zip(models, answers[::2], answers[1::2], strict=True)
        return {model: max(0, milliseconds) / 1000 for model, tripped, milliseconds in pairs if tripped}

    async def write(self, model: str, seconds: float | None) -> None:
        with self._state.guard() as redis:
            pipe = redis.pipeline(transaction=True)
            pipe.delete(_key("open", model), _key("probe", model))
            if seconds is None:
                pipe.delete(_key("tripped", model))
            else:
                pipe.set(_key("tripped", model), b"1", px=_KEPT)
                if seconds > 0:
                    pipe.set(_key("open", model), b"1", px=max(1, round(1000 * seconds)))
            await pipe.execute()
            if seconds is None:
                await self._failures(redis).clear(_WINDOW, model)

    async def take_probe(self, model: str, seconds: float) -> bool:
        with self._state.guard() as redis:
            taken = await redis.set(_key("probe", model), b"1", nx=True, px=max(1, round(1000 * seconds)))
        return bool(taken)

    def _failures(self, redis: Any) -> MovingWindowRateLimiter:
        # The connection may have been made anew, on another port.
        if self._limiter is None or self._client is not redis:
            from limits.aio.storage import RedisStorage

            pool = redis.connection_pool
            storage = RedisStorage("async+redis://", implementation="redispy", key_prefix=_PREFIX, connection_pool=pool)
            self._client, self._limiter = redis, MovingWindowRateLimiter(storage)
        return self._limiter


def _key(kind: str, model: str) -> str:
    return f"{_PREFIX}:{kind}:{model}"
