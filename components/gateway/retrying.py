"""Asking a model again that was silent or could not be reached, before anything of its answer was passed on.

Full jitter (Brooker, Exponential Backoff and Jitter, AWS 2015) keeps many callers from coming back at once. A
generation changes nothing on its server, so that asking twice is safe; each try is a call, and is paid for, by its
own id. After the first piece nothing is tried again: the customer has read it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from components.core.errors import ModelOverloaded, ModelTimedOut, ModelUnavailable

T = TypeVar("T")

RETRIES = 2
FIRST_WAIT, LONGEST_WAIT = 0.1, 1.0
_backoff = wait_random_exponential(multiplier=FIRST_WAIT, max=LONGEST_WAIT)


async def with_retries(
    attempt: Callable[[], Awaitable[T]], *, until: float, clock: Callable[[], float] = time.monotonic
) -> T:
    """The result of `attempt`, which is made at most three times, and none of them begun past `until` (by clock).

    A wait that the server asked for is kept where it fits, else there is no further try. Raises what the last one
    raised.
    """

    def stop(state: RetryCallState) -> bool:
        return stop_after_attempt(1 + RETRIES)(state) or clock() + state.upcoming_sleep >= until

    retrying = AsyncRetrying(stop=stop, wait=_wait, retry=retry_if_exception(_worth_it), reraise=True)
    return await retrying(attempt)


def _worth_it(error: BaseException) -> bool:
    if isinstance(error, ModelOverloaded):
        return error.retry_after is not None
    # Not all that is unavailable: a server that refuses a key or fails at this prompt will do so again.
    return isinstance(error, ModelTimedOut) or (type(error) is ModelUnavailable and _unreached(error))


def _unreached(error: BaseException) -> bool:
    """Whether a socket is at the bottom of it: the libraries wrap that error in several of their own."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, OSError):
            return True
        below = below.__cause__ or below.__context__
    return False


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, ModelOverloaded) and error.retry_after is not None:
        return error.retry_after + random.uniform(0.02, FIRST_WAIT)  # noqa: S311 - jitter, no secret
    return float(_backoff(state))
