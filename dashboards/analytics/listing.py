"""A list of conversations as an address, so that a file of it can be asked for by a link."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs, urlencode

from components.core.errors import InvalidInput
from components.core.tenant import Tenant
from components.helpdesk.reports.conversation_list import Behind, Order
from components.helpdesk.reports.filters import Filters
from dashboards.analytics.asked import FREE, Asked, address_of, read_address
from dashboards.clock import today
from dashboards.viewer import ALL

_BEHIND = "behind."
_ORDER, _RISING = "order", "rising"
# How what Behind has is read; what is not here is text.
_READ: Mapping[str, Callable[[Sequence[str]], Any]] = MappingProxyType(
    {
        "results": tuple,
        "rating": lambda said: int(said[-1]),
        "longer_than": lambda said: float(said[-1]),
        **{name: lambda said: said[-1] == "True" for name in ("refused", "reopened", "vip")},
    }
)


@dataclass(frozen=True)
class Listing:
    """tenants: whose. The rest as `conversation_list` takes it, which refuses an order that there is not."""

    tenants: tuple[Tenant, ...]
    filters: Filters
    behind: Behind
    order: Order = "ended"
    ascending: bool = False


def listing_address(listing: Listing) -> str:
    """What stands after the path, with its question mark."""
    filters, domains = listing.filters, tuple(each.domain for each in listing.tenants)
    asked = Asked(FREE, filters.since, filters.until, filters.channels, filters.intents, filters.models, domains)
    tenant = domains[0] if len(domains) == 1 else ALL
    return f"{address_of(asked, f'?tenant={tenant}')}&{urlencode(_said(listing))}"


def read_listing(query: str, tenants: Sequence[Tenant]) -> Listing:
    """query: without its question mark. tenants: those that may be seen. Raises InvalidInput."""
    asked, found = read_address(query), parse_qs(query, keep_blank_values=True)
    shown = asked.shown(tenants)
    order: Any = found.get(_ORDER, ["ended"])[-1]
    return Listing(shown, asked.filters(today(shown)), _behind(found), order, found.get(_RISING) == ["True"])


def _said(listing: Listing) -> list[tuple[str, str]]:
    said = [(_ORDER, listing.order), (_RISING, str(listing.ascending))]
    for field in fields(Behind):
        value = getattr(listing.behind, field.name)
        if value != field.default:
            said += [(_BEHIND + field.name, str(each)) for each in (value if isinstance(value, tuple) else (value,))]
    return said


def _behind(found: Mapping[str, Sequence[str]]) -> Behind:
    values = {}
    for field in fields(Behind):
        assert field.default is not MISSING
        if said := found.get(_BEHIND + field.name):
            try:
                values[field.name] = _READ.get(field.name, lambda texts: texts[-1])(said)
            except ValueError:
                raise InvalidInput(f"{field.name}={said[-1][:40]!r}: a number is allowed", field=field.name) from None
    return Behind(**values)
