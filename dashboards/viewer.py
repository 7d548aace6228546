"""Who looks at a page, and whose figures they see on it."""

from __future__ import annotations

from dataclasses import dataclass

from components.core.errors import AccessDenied
from components.core.tenant import Tenant
from components.helpdesk.access.people import Person
from components.helpdesk.access.roles import Permission, Role

ALL = "all"
# Holds the token of whoever has signed in.
COOKIE = "helpdesk_staff"


@dataclass(frozen=True)
class Viewer:
    """tenants: those shown now, all of them the person's to see. token: of the person, for the API; never shown."""

    person: Person
    tenants: tuple[Tenant, ...]

    @property
    def name(self) -> str:
        return self.person.name

    @property
    def role(self) -> Role:
        return self.person.role

    @property
    def tenant(self) -> Tenant | None:
        """The one that is shown; None where there are several."""
        return self.tenants[0] if len(self.tenants) == 1 else None

    @property
    def choice(self) -> str:
        """As the address of a page says it: a domain, or `all`."""
        return self.tenant.domain if self.tenant else ALL

    def may(self, permission: Permission) -> bool:
        """Whether they may do that."""
        return self.person.may(permission)


def viewer_of(person: Person, asked: str) -> Viewer:
    """asked: a tenant's domain, `all`, or nothing: all that the person may see. Raises AccessDenied for another's, in
    the same words whether there is such a tenant or not."""
    if asked in ("", ALL):
        return Viewer(person, person.tenants)
    chosen = tuple(each for each in person.tenants if each.domain == asked)
    if not chosen:
        allowed = ", ".join(each.domain for each in person.tenants) or "none"
        raise AccessDenied(f"tenant={asked[:80]!r}: you may see {allowed}", field="tenant")
    return Viewer(person, chosen)
