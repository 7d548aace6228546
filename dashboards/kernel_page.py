"""What a Voila page is made from: the kernel finds out itself who has asked for it, and what they may see."""

from __future__ import annotations

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from components.bootstrap import Registry, open_registry
from components.bootstrap.people import build_people
from components.core.errors import AccessDenied
from components.core.settings import request_of_kernel
from components.core.tenant import Tenant
from components.helpdesk.access.people import Person
from components.helpdesk.access.roles import Permission, require

COOKIE = "helpdesk_staff"
PERMISSION: Permission = "see_knowledge"


@dataclass(frozen=True)
class KernelPage:
    """registry: the helpdesk's parts without a model. tenants: those shown, all of them the person's to see."""

    registry: Registry
    person: Person
    tenants: tuple[Tenant, ...]


def open_page() -> KernelPage:
    """For whoever's cookie came with the request that this kernel was started for; the query's `tenant` chooses among
    their tenants and gives nobody another. Raises InvalidCredentials, AccessDenied, DatabaseUnavailable."""
    cookies, query = request_of_kernel()
    registry = open_registry()
    person = build_people(registry).get(token_in(cookies))
    asked = parse_qs(query).get("tenant", [""])[0]
    return KernelPage(registry, person, shown_to(person, asked))


def shown_to(person: Person, asked: str) -> tuple[Tenant, ...]:
    """asked: a tenant's domain; nothing: all that the person may see. Raises AccessDenied for another's, in the same
    words whether there is such a tenant or not, and where the role may not see pages of knowledge."""
    require(person.role, PERMISSION)
    chosen = tuple(each for each in person.tenants if asked in ("", "all", each.domain))
    if not chosen:
        allowed = ", ".join(each.domain for each in person.tenants) or "none"
        raise AccessDenied(f"tenant={asked[:80]!r}: you may see {allowed}", field="tenant")
    return chosen


def token_in(cookies: str) -> str:
    """The token of the dashboards' sign-in in a Cookie header; empty where there is none."""
    try:
        morsel = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""
