"""Who sends what: a sender for each kind of row, how long it keeps trying, and who is told when it gives up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from components.core.outbox import Outgoing, Sender
from components.core.tenant import TenantContext

HOURS = 24.0

# In the transaction that gives the row up: connection, tenant, the row, the reason.
OnFailed = Callable[[Connection, TenantContext, Outgoing, str], None]


def _tell_nobody(_connection: Connection, _tenant: TenantContext, _outgoing: Outgoing, _reason: str) -> None:
    """The row itself says why; `helpdesk outbox list` shows it, and the log."""


@dataclass(frozen=True)
class Route:
    """hours: from when it was written until it is given up."""

    sender: Sender
    hours: float
    on_failed: OnFailed


class Senders:
    """The registry. Filled where the process is put together, and read from then on."""

    def __init__(self) -> None:
        self._routes: dict[str, Route] = {}

    def add(self, kind: str, sender: Sender, *, hours: float = HOURS, on_failed: OnFailed = _tell_nobody) -> None:
        """From now on `sender` sends what has this kind."""
        self._routes[kind] = Route(sender, hours, on_failed)

    def route(self, kind: str) -> Route:
        """Raises KeyError for a kind that nobody sends."""
        return self._routes[kind]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Those that somebody sends; rows of others wait."""
        return tuple(self._routes)
