"""Who may sign in, wired: what every process that asks who somebody is needs."""

from __future__ import annotations

from components.bootstrap.registry import Registry
from components.helpdesk.access.admin import Admin, admin_password
from components.helpdesk.access.people import People
from components.helpdesk.handover.agent_tokens import AgentTokens
from components.helpdesk.session_tokens import key_from


def build_people(registry: Registry) -> People:
    """The accounts of the tenants, and the admin of all. Raises InvalidSetting."""
    key = key_from(registry.settings)
    admin = Admin(admin_password(registry.settings), key)
    return People(registry.tenants, registry.agents, AgentTokens(key), admin)
