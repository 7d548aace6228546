"""What a remote model's failures are called in our tree of errors, whichever library met them."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from components.core.errors import (
    HelpdeskError,
    InvalidInput,
    ModelMisbehaved,
    ModelOverloaded,
    ModelTimedOut,
    ModelUnavailable,
    PromptTooLong,
)
from components.core.model_catalogue import ModelDeclaration
from components.models.remote_address import shown_address

_LONGEST_REASON = 200
# As OpenAI, vLLM, TGI, Ollama and llama.cpp put it.
_TOO_LONG = re.compile(
    r"context[ _-]?(length|size|window)|max(imum)?[ _]model[ _]len|`inputs` tokens \+|must have less than \d+ tokens"
    r"|too many tokens|prompt is too long|reduce the length",
    re.IGNORECASE,
)


class RemoteFailures:
    """Names the model and its server in every message, and its key in none."""

    def __init__(self, declaration: ModelDeclaration) -> None:
        self._key = declaration.api_key
        address = shown_address(declaration.base_url or "")
        self._who = f"the model {declaration.name!r} ({declaration.model or 'its default'} at {address})"

    def unreachable(self, reason: object) -> ModelUnavailable:
        return ModelUnavailable(f"{self._who} is out of reach: {self._told(reason)}")

    def failed(self, reason: object) -> ModelUnavailable:
        return ModelUnavailable(f"{self._who} failed: {self._told(reason)}")

    def closed(self) -> ModelUnavailable:
        return ModelUnavailable(f"{self._who} has been closed")

    def timed_out(self, awaited: str, seconds: float) -> ModelTimedOut:
        return ModelTimedOut(f"{self._who} gave no {awaited} within {seconds:g} s")

    def misbehaved(self, what: object) -> ModelMisbehaved:
        return ModelMisbehaved(f"{self._who} breaks its protocol: {self._told(what)}")

    def too_long(self, reason: object) -> PromptTooLong:
        return PromptTooLong(f"{self._who} cannot read that much: {self._told(reason)}", field="messages")

    def overloaded(self, reason: object, retry_after: float | None = None) -> ModelOverloaded:
        return ModelOverloaded(f"{self._who} is overloaded: {self._told(reason)}", retry_after=retry_after)

    def answered(
        self, status: int, reason: object, headers: Mapping[str, str], *, special: bool = False
    ) -> HelpdeskError:
        """The error that an HTTP status stands for. special: the request asked for tools or a schema, which the
        server may refuse as such; otherwise a refusal is the operator's to mend."""
        told = f"HTTP {status}: {self._told(reason)}"
        if status in (401, 403):
            # Servers repeat the key in what they say here.
            return ModelUnavailable(f"{self._who} refuses its API key (HTTP {status}); see api_key in the models file")
        if 300 <= status < 400:
            return self.failed(f"HTTP {status}: it redirects to another address, and redirects are not followed")
        if status in (400, 413, 422) and (status == 413 or tells_too_long(str(reason))):
            return self.too_long(told)
        wait = retry_after_seconds(headers)
        if status in (429, 529) or (status == 503 and wait is not None):
            return self.overloaded(told, wait)
        if status in (408, 504):
            return ModelTimedOut(f"{self._who} timed out: {told}")
        if status in (400, 422) and special:
            return InvalidInput(f"{self._who} refuses these tools or this schema: {told}", field="tools")
        return self.failed(told)

    def told_while_writing(self, reason: object, *, overloaded: bool = False) -> HelpdeskError:
        """The error for one that the server announces inside its stream."""
        if tells_too_long(str(reason)):
            return self.too_long(reason)
        return self.overloaded(reason) if overloaded else self.failed(reason)

    def _told(self, reason: object) -> str:
        text = " ".join(str(reason).split())
        if self._key:
            text = text.replace(self._key, "***")
        return text[:_LONGEST_REASON] or "it gives no reason"


def tells_too_long(text: str) -> bool:
    """Whether a server's words are about a prompt past its context."""
    return _TOO_LONG.search(text) is not None


def retry_after_seconds(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Seconds of a Retry-After header: a number, or a date (RFC 9110) less the answer's own Date, or `now`.

    None where it is absent or nonsense, 0 for a date that has passed.
    """
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        until, since = _timestamp(value), _timestamp(headers.get("date"))
        if until is None:
            return None
        return max(0.0, until - (since if since is not None else time.time() if now is None else now))
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _timestamp(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() if date is not None else None
    except (ValueError, OverflowError):
        return None
