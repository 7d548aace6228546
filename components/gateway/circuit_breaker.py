"""Leaving a model alone that fails too often, and finding out with one call at a time when it is well again.

Nygard, Release It! (2007), chapter 5: closed, open, half-open. More than 5 failures within a minute open a circuit
for 30 seconds; then one call is let through as a probe, which closes the circuit or opens it again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from components.core.errors import HelpdeskError, ModelOverloaded, ModelUnavailable, SharedStateUnavailable
from components.gateway.circuits import Circuits, MemoryCircuits
from components.gateway.observer import CircuitState, GatewayObserver, SilentObserver

OPEN_SECONDS = 30.0
LONGEST_OPEN = 600.0
VIEW_SECONDS = 1.0


@dataclass(frozen=True)
class Permit:
    """Leave to make one call. It goes back exactly once: to succeeded, failed or released."""

    model: str
    probe: bool


class CircuitBreaker:
    """The circuits of all models, for one event loop.

    What is asked on the way of a call is in memory. Every second at most it is read anew from `shared`, so that a
    circuit which another process opened is open here; while that cannot be reached this process counts for itself.
    A circuit that was tripped meanwhile is shared as soon as that answers again.
    """

    def __init__(
        self,
        models: Collection[str],
        shared: Circuits | None = None,
        *,
        observer: GatewayObserver | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._models = tuple(models)
        self._local, self._shared = MemoryCircuits(clock), shared
        self._observer: GatewayObserver = observer or SilentObserver()
        self._clock = clock
        self._read_at = -VIEW_SECONDS
        self._writes = 0
        self._unshared: set[str] = set()
        self._shown: dict[str, CircuitState] = {}

    def state(self, model: str) -> CircuitState:
        """As this process sees it."""
        remaining = self._local.remaining(model)
        return "closed" if remaining is None else "open" if remaining > 0 else "half_open"

    async def refresh(self) -> None:
        """Reads what other processes have written, at most once a second."""
        now = self._clock()
        if self._shared is None or now - self._read_at < VIEW_SECONDS:
            return
        self._read_at, writes = now, self._writes
        try:
            for model in tuple(self._unshared):
                await self._shared.write(model, self._local.remaining(model))
                self._unshared.discard(model)
            tripped = await self._shared.read(self._models)
        except SharedStateUnavailable:
            return
        if writes != self._writes:
            return
        for model in self._models:
            known = self._local.remaining(model) is not None
            if model in tripped and (not known or tripped[model] > 0 or self.state(model) == "open"):
                await self._local.write(model, tripped[model])
            elif model not in tripped and known:
                await self._local.write(model, None)
            self._show(model)

    async def admit(self, model: str, lease: float) -> Permit | None:
        """Leave to call the model now; None where its circuit is open or somebody else is probing. lease: seconds
        after which a probe that never came back is given up for."""
        await self.refresh()
        state = self.state(model)
        self._show(model)
        if state == "closed":
            return Permit(model, probe=False)
        if state == "open" or not await self._local.take_probe(model, lease):
            return None
        if self._shared is not None:
            try:
                if not await self._shared.take_probe(model, lease):
                    return None
            except SharedStateUnavailable:
                return Permit(model, probe=True)
        return Permit(model, probe=True)

    async def succeeded(self, permit: Permit) -> None:
        """The model answered. Only a probe closes the circuit: an answer that began before it opened says nothing."""
        if permit.probe:
            await self._write(permit.model, None)

    async def failed(self, permit: Permit, error: HelpdeskError) -> None:
        """The model did not answer. What the caller did wrong is no failure of the model's."""
        if not isinstance(error, ModelUnavailable):
            await self.released(permit)
            return
        asked = error.retry_after if isinstance(error, ModelOverloaded) else None
        if permit.probe:
            # A server that says for how long it wants to be left alone is believed, until it fails too often.
            too_many = asked is None or await self._too_many(permit.model)
            await self._write(permit.model, _open_for(asked, OPEN_SECONDS if too_many else 0.0))
            return
        if self.state(permit.model) != "closed":
            return
        if await self._too_many(permit.model):
            await self._write(permit.model, _open_for(asked, OPEN_SECONDS))
        elif asked is not None:
            await self._write(permit.model, _open_for(asked, 0.0))

    async def released(self, permit: Permit) -> None:
        """The call told nothing, for example since the caller left: the next one may probe."""
        if permit.probe:
            await self._write(permit.model, 0.0)

    async def _too_many(self, model: str) -> bool:
        too_many = await self._local.count_failure(model)
        if self._shared is not None:
            try:
                too_many = await self._shared.count_failure(model) or too_many
            except SharedStateUnavailable:
                # Counted here already.
                return too_many
        return too_many

    async def _write(self, model: str, seconds: float | None) -> None:
        self._writes += 1
        await self._local.write(model, seconds)
        self._show(model)
        if self._shared is not None:
            try:
                await self._shared.write(model, seconds)
                self._unshared.discard(model)
            except SharedStateUnavailable:
                self._unshared.add(model)

    def _show(self, model: str) -> None:
        state = self.state(model)
        if state != self._shown.get(model, "closed"):
            self._shown[model] = state
            self._observer.circuit(model, state)


def _open_for(asked: float | None, least: float) -> float:
    return min(LONGEST_OPEN, max(least, asked or 0.0))
