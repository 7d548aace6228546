"""What an address asks the page for, so that what somebody looks at can be sent to somebody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from urllib.parse import parse_qs, urlencode

from components.core.errors import InvalidInput
from components.core.tenant import Tenant
from components.helpdesk.reports.filters import Filters, last_days

FREE = "free"
PERIODS: Mapping[str, str] = MappingProxyType(
    {
        "7": "Last 7 days",
        "30": "Last 30 days",
        "90": "Last 90 days",
        "month": "This month",
        "last-month": "Last month",
        FREE: "From … to …",
    }
)
USUAL = "30"
_LISTS = {"channel": "channels", "intent": "intents", "model": "models", "only": "domains"}


@dataclass(frozen=True)
class Asked:
    """period: of PERIODS. since, until: of a free one. domains: of tenants, of those that are shown; empty = all of
    them. tab: that is open, by name. conversation: whose transcript is open, by its id. Raises InvalidInput, naming
    value and what is allowed."""

    period: str = USUAL
    since: date | None = None
    until: date | None = None
    channels: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    tab: str = ""
    conversation: str = ""

    def __post_init__(self) -> None:
        if self.period not in PERIODS:
            raise InvalidInput(f"period={self.period!r}: allowed are {', '.join(PERIODS)}", field="period")
        if self.period == FREE and (self.since is None or self.until is None):
            raise InvalidInput("period=free goes with since= and until=, such as 2026-11-30", field="since")

    def filters(self, today: date) -> Filters:
        """Raises InvalidInput."""
        return replace(self._days(today), channels=self.channels, intents=self.intents, models=self.models)

    def shown(self, tenants: Sequence[Tenant]) -> tuple[Tenant, ...]:
        """Of these tenants the ones that are asked for. Raises InvalidInput for one that is not among them."""
        known = {each.domain: each for each in tenants}
        for domain in self.domains:
            if domain not in known:
                raise InvalidInput(f"only={domain[:80]!r}: you see {', '.join(known)}", field="only")
        return tuple(known[domain] for domain in self.domains) or tuple(tenants)

    def _days(self, today: date) -> Filters:
        first = today.replace(day=1)
        if self.period == "month":
            return Filters(first, today)
        if self.period == "last-month":
            last = first - timedelta(days=1)
            return Filters(last.replace(day=1), last)
        if self.since is not None and self.until is not None:
            return Filters(self.since, self.until)
        return last_days(today, int(self.period))


def read_address(search: str) -> Asked:
    """search: what stands after the path, with its question mark. Raises InvalidInput."""
    found = parse_qs(search.removeprefix("?"), keep_blank_values=True)
    days = {name: _day(name, found[name][-1]) for name in ("since", "until") if name in found}
    lists = {name: tuple(dict.fromkeys(found.get(short, ()))) for short, name in _LISTS.items()}
    period = found.get("period", [FREE if days else USUAL])[-1]
    tab, conversation = (found.get(name, [""])[-1] for name in ("tab", "conversation"))
    return Asked(period, days.get("since"), days.get("until"), **lists, tab=tab, conversation=conversation)


def address_of(asked: Asked, before: str) -> str:
    """before: the address's search so far, of which the tenant stays."""
    kept = [("tenant", value) for value in parse_qs(before.removeprefix("?")).get("tenant", [])]
    said = [] if asked.period in (USUAL, FREE) else [("period", asked.period)]
    if asked.period == FREE:
        said = [("since", str(asked.since)), ("until", str(asked.until))]
    said += [(short, value) for short, name in _LISTS.items() for value in getattr(asked, name)]
    said += [(name, value) for name in ("tab", "conversation") if (value := getattr(asked, name))]
    return f"?{urlencode(kept + said)}" if kept or said else ""


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{name}={text[:40]!r}: a day such as 2026-11-30 is allowed", field=name) from None
