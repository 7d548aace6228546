"""Whether the models that a tenant may use would answer now, and at what price."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from components.core.chat_model import Capability, ChatModel
from components.core.errors import ModelUnavailable
from components.core.model_catalogue import Provider
from components.gateway.observer import CircuitState

CHECK_SECONDS = 5.0
KEPT_SECONDS = 5.0


@dataclass(frozen=True)
class ModelStatus:
    """One line of a tenant's models, in the order in which they are asked. Prices: per million tokens, in `currency`.
    problem: why it would not answer now, None where it would."""

    name: str
    provider: Provider
    local: bool
    high_accuracy: bool
    input_price: Decimal
    output_price: Decimal
    currency: str
    context_tokens: int
    capabilities: tuple[Capability, ...]
    healthy: bool
    problem: str | None
    circuit: CircuitState


class HealthChecks:
    """Asks models whether they would answer; keeps what they said for some seconds, since many may look."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, tuple[float, str | None]] = {}

    async def problem(self, model: ChatModel) -> str | None:
        """Why it would not, None where it would. Never later than CHECK_SECONDS, and raises nothing of the
        model's."""
        known = self._known.get(model.name)
        if known is None or self._clock() - known[0] >= KEPT_SECONDS:
            known = (self._clock(), await _problem(model))
            self._known[model.name] = known
        return known[1]


async def _problem(model: ChatModel) -> str | None:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await model.check()
    except TimeoutError:
        return f"it did not answer within {CHECK_SECONDS:g} s"
    except ModelUnavailable as error:
        return error.message
    return None
