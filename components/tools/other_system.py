"""What comes of asking another system, told as a tool tells it: whether it was done, was not, or nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from components.core.errors import (
    AddressNotAllowed,
    AnswerLost,
    HelpdeskError,
    InvalidInput,
    InvalidSetting,
    OutcomeUnknown,
    ToolRefused,
    ToolUnavailable,
    Unavailable,
    Unreachable,
)
from components.core.settings import resolve_secret
from components.gateway.event_loop import EventLoopThread
from components.tools.arguments import LARGEST_RESULT, plain
from components.tools.tool import ToolOutcome, ToolUse

T = TypeVar("T")

# That much sooner than the call's own end, so that what came of it can still be stored.
MARGIN = 0.2


@dataclass(frozen=True)
class OtherSystem:
    """tool: who asks. where: what a person looks into. repeatable: the same may be asked again. reads: nothing changes
    there by being asked."""

    tool: str
    where: str
    repeatable: bool
    reads: bool

    def ask(self, use: ToolUse, loop: EventLoopThread, asking: Callable[[float], Coroutine[Any, Any, T]]) -> T:
        """What `asking` gives within the seconds that it is handed. Raises ToolRefused, ToolUnavailable,
        OutcomeUnknown."""
        seconds = max(use.seconds - MARGIN, 0.05)
        try:
            return loop.run(asking(seconds), seconds + 1)
        except (AddressNotAllowed, InvalidInput) as error:
            raise self.refused(error.message) from error
        except AnswerLost as error:
            raise self.lost(error.message) from error
        except Unreachable as error:
            raise self.unavailable(error.message) from error
        except Unavailable as error:  # Of the loop: the system may have been asked.
            raise self.lost(error.message) from error

    def secret(self, reference: str) -> str:
        """Raises ToolUnavailable that names the reference: nothing has been asked yet."""
        try:
            secret = resolve_secret(reference)
        except InvalidSetting as error:
            raise self.unavailable(error.message) from error
        if not secret.isascii() or not secret.isprintable() or secret != secret.strip():
            raise self.unavailable(f"{reference} holds characters that no header can")
        return secret

    def kept(self, result: Mapping[str, Any], without: Mapping[str, Any]) -> ToolOutcome:
        """`result`; where that cannot be kept, `without` it and the reason: what was done is done. Raises ToolRefused
        where the result is all that was wanted."""
        try:
            return ToolOutcome(plain(result, f"result of {self.tool}", "result", LARGEST_RESULT))
        except InvalidInput as error:
            return self.omitted(error.message, without)

    def omitted(self, why: str, without: Mapping[str, Any]) -> ToolOutcome:
        """As `kept`, where it is known from the beginning."""
        if self.reads:
            raise self.refused(f"the answer cannot be kept: {why}; ask for less")
        return ToolOutcome({**without, "omitted": why})

    def refused(self, told: str) -> HelpdeskError:
        return ToolRefused(f"{self.tool}: {told}")

    def unavailable(self, told: str) -> HelpdeskError:
        return ToolUnavailable(f"{self.tool}: {told}")

    def lost(self, told: str) -> HelpdeskError:
        """Of what was sent, and may have been done."""
        if self.repeatable:
            return self.unavailable(told)
        return OutcomeUnknown(f"{self.tool}: {told}; whether it was done is not known: look into {self.where}")
