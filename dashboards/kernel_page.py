"""What a Voila page is made from: the kernel finds out itself who has asked for it, and what they may see."""

from __future__ import annotations

from datetime import date, datetime
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

from components.bootstrap import Registry, open_registry
from components.core.settings import request_of_kernel
from components.core.tenant import Tenant
from components.helpdesk.access.people import Person, open_people
from components.helpdesk.access.roles import Permission, require
from components.helpdesk.tenant_config import read_config
from dashboards.viewer import COOKIE, Viewer, viewer_of

PERMISSION: Permission = "see_knowledge"


def open_page() -> tuple[Registry, Viewer]:
    """The helpdesk's parts without a model, for whoever's cookie came with the request that this kernel was started
    for; the query's `tenant` chooses among their tenants and gives nobody another. Raises InvalidCredentials,
    AccessDenied, DatabaseUnavailable."""
    cookies, query = request_of_kernel()
    registry = open_registry()
    person = open_people(registry.settings, registry.tenants, registry.agents).get(token_in(cookies))
    return registry, admitted(person, parse_qs(query).get("tenant", [""])[0])


def today(tenant: Tenant) -> date:
    """By the tenant's own clocks."""
    return datetime.now(ZoneInfo(read_config(tenant.config).handover.time_zone)).date()


def admitted(person: Person, asked: str) -> Viewer:
    """Raises AccessDenied where the role may not see the state of the knowledge, or not of the tenant asked for."""
    require(person.role, PERMISSION)
    return viewer_of(person, asked)


def token_in(cookies: str) -> str:
    """The token of the dashboards' sign-in in a Cookie header; empty where there is none."""
    try:
        morsel = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""
