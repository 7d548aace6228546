"""Who hears of a turn while it goes on, whichever thread of this process takes it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from uuid import UUID

from components.dialogue.turn_events import TurnEvent

_log = logging.getLogger(__name__)

Hear = Callable[[TurnEvent], None]


class TurnAudience:
    """Brings events to those who asked for them by conversation and the customer's own id of the message."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._listening: dict[tuple[UUID, UUID, str], list[Hear]] = {}

    @contextmanager
    def hearing(self, tenant_id: UUID, conversation_id: UUID, client_message_id: str, hear: Hear) -> Iterator[None]:
        """While the block runs, `hear` is told; where it raises, it is told no more, and the turn goes on."""
        key = (tenant_id, conversation_id, client_message_id)
        with self._lock:
            self._listening.setdefault(key, []).append(hear)
        try:
            yield
        finally:
            self._forget(key, hear)

    def tell(self, tenant_id: UUID, conversation_id: UUID, client_message_id: str | None, event: TurnEvent) -> None:
        """Nobody may hear it; an event is kept for no one."""
        key = (tenant_id, conversation_id, client_message_id or "")
        with self._lock:
            listening = tuple(self._listening.get(key, ()))
        for hear in listening:
            try:
                hear(event)
            except Exception:
                _log.exception("a listener to a turn of conversation %s failed, and hears no more", conversation_id)
                self._forget(key, hear)

    def _forget(self, key: tuple[UUID, UUID, str], hear: Hear) -> None:
        with self._lock:
            left = [each for each in self._listening.get(key, ()) if each is not hear]
            if left:
                self._listening[key] = left
            else:
                self._listening.pop(key, None)
