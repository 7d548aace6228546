"""Calls to providers over HTTP: each with a deadline and a bound, and each failure as what it means for a message."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any

import httpx

from components.core.channels import Unsure
from components.core.errors import ChannelUnavailable, InvalidInput
from components.core.outbox import Later

DEADLINE = 10.0
LARGEST_ANSWER = 1_000_000
# For whoever refuses our credentials: an operator has to do something.
_REFUSED_SECONDS = 60.0
_CHUNK_SECONDS = 5.0
# The request did not get there; after any other failure it may have.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class ProviderAnswer:
    """What a provider answered. body: as JSON, {} where it is none."""

    def __init__(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.status, self.headers, self.content = status, headers, content

    @property
    def body(self) -> dict[str, Any]:
        try:
            found = httpx.Response(200, content=self.content).json()
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


class ProviderCalls:
    """One pool of connections for all tenants' calls. Thread-safe."""

    def __init__(self, *, deadline: float = DEADLINE) -> None:
        """deadline: seconds of one call, its answer read."""
        self._deadline = deadline
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=16)
        timeout = httpx.Timeout(_CHUNK_SECONDS if deadline > _CHUNK_SECONDS else deadline)
        self._client = httpx.Client(timeout=timeout, limits=limits, follow_redirects=False, trust_env=False)

    def call(self, method: str, url: str, *, most: int = LARGEST_ANSWER, **arguments: Any) -> ProviderAnswer:
        """arguments: httpx's (json, data, params, headers, auth). Raises httpx.HTTPError, and InvalidInput for an
        answer of more than `most` bytes."""
        until = monotonic() + self._deadline
        content = bytearray()
        with self._client.stream(method, url, **arguments) as response:
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > most:
                    raise InvalidInput(f"{httpx.URL(url).host} sent more than {most} bytes", field="body")
                if monotonic() > until:
                    raise httpx.ReadTimeout(f"no whole answer within {self._deadline:g} s")
            return ProviderAnswer(response.status_code, response.headers, bytes(content))

    def close(self) -> None:
        """Gives the connections back."""
        self._client.close()


def failed_call(provider: str, error: httpx.HTTPError) -> Later:
    """What it means for the message that was to be sent."""
    reason = f"{provider} cannot be reached: {str(error) or type(error).__name__}"
    return Later(0.0, reason) if isinstance(error, _NOT_SENT) else Unsure(0.0, reason)


def put_off(provider: str, answer: ProviderAnswer, said: str = "") -> Later | None:
    """Where the provider wants it later, or is in trouble, or refuses our credentials: when, and why. None where the
    answer says something else. said: the provider's own words."""
    status = answer.status
    reason = f"{provider} answered {status}" + (f": {said}" if said else "")
    if status == 429:
        return Later(retry_after(answer.headers) or 1.0, reason)
    if status in (401, 403):
        return Later(_REFUSED_SECONDS, f"{reason}: check the channel's credentials")
    if status >= 500 or status == 408:
        return Unsure(retry_after(answer.headers) or 0.0, reason)
    return None


def unavailable(provider: str, answer: ProviderAnswer) -> ChannelUnavailable:
    """For calls that send nothing."""
    return ChannelUnavailable(f"{provider} answered {answer.status}")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header, which may be a date; None where there is none that can be read."""
    given = headers.get("retry-after", "")
    try:
        seconds = float(given)
    except ValueError:
        try:
            at = parsedate_to_datetime(given)
        except ValueError:
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        seconds = (at - datetime.now(UTC)).total_seconds()
    return max(seconds, 0.0) if seconds == seconds and seconds != float("inf") else None
