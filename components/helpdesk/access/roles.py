"""What each role may do: one table that pages, routes and commands ask."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

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


def may(role: Role, permission: Permission) -> bool:
    """Whether somebody with this role may do that."""
    return permission in _MAY[role]


def roles_with(permission: Permission) -> tuple[Role, ...]:
    """Who may do that, for a message that says whom to ask."""
    return tuple(role for role, granted in _MAY.items() if permission in granted)
