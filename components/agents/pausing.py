"""Why a run stops before its end. None of these is an error that a step, or a library between, may catch."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Paused(BaseException):
    """The root. Not an Exception, for libraries that turn each one into a model's next message."""


class AwaitsApproval(Paused):
    """A tool's call waits for a person; the run goes on once that person has decided."""

    def __init__(self, invocation_id: UUID) -> None:
        super().__init__(str(invocation_id))
        self.invocation_id = invocation_id


class AwaitsMoment(Paused):
    """The run goes on after so many seconds. step: the time is that step's, counted from when it first began."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:g} s")
        self.seconds = seconds


class TimeIsUp(Paused):
    """Whoever runs it has no more time; another goes on at once."""


class LeaseLost(Paused):
    """Another process has taken the run up, or it was cancelled: this one stores nothing more."""


class HandsOver(Paused):
    """A person is to go on. reason: for that person. result: what there is for them."""

    def __init__(self, reason: str, result: Mapping[str, Any] = _NOTHING) -> None:
        super().__init__(reason)
        self.reason, self.result = reason, result
