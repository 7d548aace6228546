"""What is sent out of the helpdesk, and the Protocol that whoever sends it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from components.core.tenant import TenantContext


@dataclass(frozen=True)
class Outgoing:
    """One row of the outbox that is due. key: its idempotency key, the same at every attempt. attempt: 1, 2, …"""

    outbox_id: UUID
    key: str
    kind: str
    payload: Mapping[str, Any]
    attempt: int


@dataclass(frozen=True)
class Sent:
    """Done. result: JSON values that are kept with the row, such as the provider's id."""

    result: Mapping[str, Any]


@dataclass(frozen=True)
class Later:
    """Not yet: to be tried again after so many seconds, or later where the row's own back-off is longer."""

    seconds: float
    reason: str


@dataclass(frozen=True)
class Failed:
    """Never: it is given up for this reason."""

    reason: str


Delivery = Sent | Later | Failed


class Sender(Protocol):
    """Sends what has one kind. Thread-safe."""

    def send(self, tenant: TenantContext, outgoing: Outgoing) -> Delivery:
        """Within a bounded time. Called again with the same key after a Later, and after a process died on the way:
        what was sent already is not sent twice."""
        ...
