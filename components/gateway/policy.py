"""What one tenant allows its questions to be answered by, and what that may cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

SOFT = 0.8


@dataclass(frozen=True)
class Budget:
    """The most that one period may cost; None is without limit. money: in the catalogue's currency. tokens: read
    and written together."""

    money: Decimal | None = None
    tokens: int | None = None

    @property
    def limited(self) -> bool:
        return self.money is not None or self.tokens is not None


@dataclass(frozen=True)
class ModelPolicy:
    """high_accuracy_model: asked first. models: asked after it, in this order; None is the operator's local ones,
    cheapest first. daily, monthly: by UTC. soft: the share of a budget past which cheaper models go first."""

    high_accuracy_model: str | None = None
    models: tuple[str, ...] | None = None
    daily: Budget = Budget()
    monthly: Budget = Budget()
    soft: float = SOFT

    @property
    def limited(self) -> bool:
        """Whether there is any budget to look at."""
        return self.daily.limited or self.monthly.limited
