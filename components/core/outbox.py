"""What goes out of the house: one row of the outbox as its sender sees it, and how a delivery ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from components.core.tenant import TenantContext


@dataclass(frozen=True)
class Outgoing:
    """Something to be sent. key: its idempotency key, the same at every attempt. attempt: 1 for the first."""

    outbox_id: UUID
    key: str
    kind: str
    payload: Mapping[str, Any]
    attempt: int


@dataclass(frozen=True)
class Sent:
    """It has arrived. result: what the other side said of it, as JSON values."""

    result: Mapping[str, Any]


@dataclass(frozen=True)
class Later:
    """It has not arrived, and may: try again after so many seconds."""

    seconds: float
    reason: str


@dataclass(frozen=True)
class Failed:
    """It never will."""

    reason: str


Delivery = Sent | Later | Failed


class Sender(Protocol):
    """Sends what is of one kind. Thread-safe."""

    def send(self, tenant: TenantContext, outgoing: Outgoing) -> Delivery: ...
