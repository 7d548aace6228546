"""What each role may do: one table that pages, routes and commands ask."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from components.core.errors import AccessDenied

# admin: of all tenants; the others are of one.
Role = Literal["agent", "supervisor", "knowledge_manager", "prompt_engineer", "analyst", "admin"]
Permission = Literal["answer_customers", "see_analytics", "see_knowledge", "use_playground", "see_low_code"]

_MAY: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        "agent": frozenset({"answer_customers"}),
        "supervisor": frozenset({"answer_customers", "see_analytics", "see_knowledge", "see_low_code"}),
        "knowledge_manager": frozenset({"see_analytics", "see_knowledge", "see_low_code"}),
        "prompt_engineer": frozenset({"see_analytics", "see_knowledge", "use_playground", "see_low_code"}),
        "analyst": frozenset({"see_analytics", "see_knowledge"}),
        "admin": frozenset({"see_analytics", "see_knowledge", "use_playground", "see_low_code"}),
    }
)

# Of people with an account of one tenant.
STAFF_ROLES: tuple[Role, ...] = tuple(role for role in _MAY if role != "admin")
_IN_WORDS: Mapping[Permission, str] = MappingProxyType(
    {
        "answer_customers": "answer customers",
        "see_analytics": "see the analytics",
        "see_knowledge": "see the state of the knowledge",
        "use_playground": "use the playground",
        "see_low_code": "see what can be changed without code",
    }
)


def may(role: Role, permission: Permission) -> bool:
    """Whether somebody with this role may do that."""
    return permission in _MAY[role]


def roles_with(permission: Permission) -> tuple[Role, ...]:
    """Who may do that, for a message that says whom to ask."""
    return tuple(role for role, granted in _MAY.items() if permission in granted)


def permissions_of(role: Role) -> tuple[Permission, ...]:
    """All that somebody with this role may do."""
    return tuple(permission for permission in _IN_WORDS if may(role, permission))


def require(role: Role, permission: Permission) -> None:
    """Raises AccessDenied that says who may."""
    if not may(role, permission):
        others = " or ".join(in_words(each) for each in roles_with(permission))
        raise AccessDenied(
            f"your role, {in_words(role)}, may not {_IN_WORDS[permission]}: ask somebody who is {others}", field="role"
        )


def in_words(role: Role) -> str:
    """As it is said: knowledge manager."""
    return role.replace("_", " ")
