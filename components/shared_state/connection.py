"""The way to Redis for whoever shares state between processes, and how to go without it when it is gone."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from components.core.errors import InvalidSetting, SharedStateUnavailable
from components.shared_state.embedded_redis import read_address

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from components.core.settings import Settings

_log = logging.getLogger(__name__)
# Fewer than a process has streams: hundreds of connections made in one instant look like an outage. A command takes
# well under a millisecond, so whoever waits for a free one waits shortly.
_CONNECTIONS = 32
_FREE_CONNECTION_SECONDS = 2.0


class SharedState:
    """An asyncio client of Redis that costs little while Redis is away.

    After a failure all calls are refused at once for `outage_seconds`; then one of them tries again while the others
    are still refused, so that a Redis which hangs costs one time-out every now and then and not one a request. With
    no address every call is refused, silently, until there is one: the address is read anew after each outage, so
    that a bundled server that came later, or on another port, is found.

    Belongs to the event loop of its first call. Nothing is retried, since a counter that is increased again after a
    time-out would count twice; that Redis closed a connection meanwhile is noticed before it is used.

    >>> with state.guard() as redis:
    ...     await redis.get("key")
    """

    def __init__(
        self,
        find_address: Callable[[], str | None],
        *,
        timeout: float = 0.25,
        outage_seconds: float = 1.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """find_address: a redis://, rediss:// or unix:// address, None where there is none. timeout: seconds to
        connect and for one answer."""
        self._find_address = find_address
        self._timeout = timeout
        self._outage_seconds = outage_seconds
        self._clock = clock
        self._address: str | None = None
        self._client: Redis | None = None
        self._abandoned: list[Redis] = []
        self._failed = False
        self._refused_until = 0.0

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """On HELPDESK_REDIS_URL, else on the bundled server of the data folder. Raises InvalidSetting."""
        if settings.redis_url is None:
            return cls(lambda: read_address(settings.data_dir / "redis"))
        address = settings.redis_url.get_secret_value()
        check_address(address)
        return cls(lambda: address)

    @property
    def available(self) -> bool:
        """Whether a call would be tried now: there is an address, and it has not just failed."""
        return self._clock() >= self._refused_until and (self._client is not None or self._find_address() is not None)

    @property
    def address(self) -> str | None:
        """Where Redis is at present; None where it is nowhere."""
        return self._find_address()

    @property
    def redis(self) -> Redis:
        """The client (answers are bytes). Its own errors are redis-py's: prefer `guard`. Raises
        SharedStateUnavailable where there is no address."""
        if self._client is None or self._failed:
            self._connect()
        if self._client is None:
            raise SharedStateUnavailable("no Redis: set HELPDESK_REDIS_URL, or let `helpdesk up` start the bundled one")
        return self._client

    @contextmanager
    def guard(self) -> Iterator[Redis]:
        """The client, for a few commands. Raises SharedStateUnavailable: at once while Redis is known to be away,
        and in place of any error of Redis or of the way there."""
        from redis.exceptions import ConnectionError, RedisError, TimeoutError

        now = self._clock()
        if now < self._refused_until:
            raise SharedStateUnavailable("Redis did not answer a moment ago; it is asked again soon")
        if self._failed:
            self._refused_until = now + 2 * self._timeout
        try:
            yield self.redis
        except (ConnectionError, TimeoutError, OSError) as error:
            self._failure(error)
            raise SharedStateUnavailable(f"Redis does not answer: {error}") from error
        except RedisError as error:
            # It answers, but cannot serve: full, read-only, not permitted.
            _log.warning("Redis refused a command: %s", error)
            raise SharedStateUnavailable(f"Redis refused a command: {error}") from error
        except SharedStateUnavailable:
            self._refused_until = self._clock() + self._outage_seconds
            raise
        if self._failed:
            _log.info("Redis answers again")
            self._failed = False
            self._refused_until = 0.0

    async def close(self) -> None:
        """Gives the connections back; a later call opens new ones."""
        if self._client is not None:
            self._abandoned.append(self._client)
        self._client = None
        while self._abandoned:
            await self._abandoned.pop().aclose()

    def _failure(self, error: Exception) -> None:
        if not self._failed:
            _log.warning("Redis does not answer, going without it: %s", error)
        self._failed = True
        self._refused_until = self._clock() + self._outage_seconds

    def _connect(self) -> None:
        address = self._find_address()
        if address == self._address and self._client is not None:
            return
        if self._client is not None:
            self._abandoned.append(self._client)
        self._address, self._client = address, None if address is None else _client(address, self._timeout)


def check_address(address: str) -> None:
    """Raises InvalidSetting where it is no address of a Redis; the message does not show its password."""
    from redis.asyncio.connection import parse_url

    try:
        parse_url(address)
    except ValueError:
        # redis-py's own words may hold a part of the password.
        raise InvalidSetting(
            "HELPDESK_REDIS_URL is no address of a Redis: want redis://:password@host:port/number, rediss://… "
            "or unix://…, special characters percent-encoded",
            field="HELPDESK_REDIS_URL",
        ) from None


def _client(address: str, timeout: float) -> Redis:
    from redis.asyncio import BlockingConnectionPool, Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    pool = BlockingConnectionPool.from_url(
        address,
        max_connections=_CONNECTIONS,
        timeout=_FREE_CONNECTION_SECONDS,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
    )
    return Redis.from_pool(pool)
