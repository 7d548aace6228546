"""What the gateway tells whoever counts: calls, the cache's luck, and circuits that change."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Protocol

from components.core.tenant import TenantContext

CircuitState = Literal["closed", "open", "half_open"]
CacheOutcome = Literal["hit", "miss", "unavailable"]


class GatewayObserver(Protocol):
    """Called on the gateway's event loop: quick, and raises nothing."""

    def called(
        self,
        tenant: TenantContext,
        model: str,
        provider: str,
        error: str | None,
        seconds: float,
        input_tokens: int,
        output_tokens: int,
        cost: Decimal,
    ) -> None:
        """One call of one model has ended. error: a code, None where it answered; `cancelled` where the caller left."""
        ...

    def cached(self, tenant: TenantContext, outcome: CacheOutcome) -> None:
        """The prompt cache was asked."""
        ...

    def circuit(self, model: str, state: CircuitState) -> None:
        """A model's circuit has changed, as this process sees it."""
        ...


class SilentObserver:
    """Keeps GatewayObserver where nobody counts."""

    def called(
        self,
        tenant: TenantContext,
        model: str,
        provider: str,
        error: str | None,
        seconds: float,
        input_tokens: int,
        output_tokens: int,
        cost: Decimal,
    ) -> None:
        """Does nothing."""

    def cached(self, tenant: TenantContext, outcome: CacheOutcome) -> None:
        """Does nothing."""

    def circuit(self, model: str, state: CircuitState) -> None:
        """Does nothing."""
