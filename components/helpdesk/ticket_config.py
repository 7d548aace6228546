"""What a tenant may say about its tickets: how soon they are answered and resolved, and who else hears of them."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

# 90 days. Clocks look no further ahead than business hours do.
LONGEST_TARGET = 129_600.0


class SlaTargets(BaseModel):
    """Minutes of business hours from a ticket's creation on; what is left out has no clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first_response: float | None = Field(default=None, gt=0, le=LONGEST_TARGET, allow_inf_nan=False)
    resolution: float | None = Field(default=None, gt=0, le=LONGEST_TARGET, allow_inf_nan=False)


class SlaConfig(BaseModel):
    """Targets by priority, such as `urgent: {first_response: 15, resolution: 240}`; none = no clocks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: SlaTargets = SlaTargets()
    normal: SlaTargets = SlaTargets()
    high: SlaTargets = SlaTargets()
    urgent: SlaTargets = SlaTargets()

    def of(self, priority: str) -> SlaTargets:
        """priority: one of priorities.PRIORITIES."""
        targets: SlaTargets = getattr(self, priority)
        return targets


class TicketWebhookConfig(BaseModel):
    """The external ticket system that is told of every event. secret: `env:NAME` or `file:/path`, which signs it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(max_length=2000)
    secret: str = Field(pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$", max_length=500)

    @field_validator("url")
    @classmethod
    def _reachable(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            well = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            well = False
        if not well or parts.username is not None or parts.fragment:
            raise ValueError("an http:// or https:// address without user and fragment is allowed")
        return value
