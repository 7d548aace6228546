"""Agents for tests that are not about how agents are made: a password takes its time to be hashed, and this one is."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from components.core.tenant import TenantContext
from components.database.handover_tables import AgentRow
from components.database.session import Database
from components.helpdesk.handover.agents import Agent, Agents

PASSWORD = "correct horse battery"
_HASHED = "scrypt$c2l4dGVlbiBvZiBieXRlcw==$ToIlizIbgLGIvC8/9tcz30PwB5wrX1YOVVW7bhkNfLg="


def hired(database: Database, tenant: TenantContext, name: str, **more: Any) -> Agent:
    """An agent who can sign in with `PASSWORD`, as `Agents.create` makes them. more: email (name@example.com), role,
    team."""
    values = {"email": f"{name.lower()}@example.com", **more, "password": _HASHED}
    with database.tenant(tenant) as session:
        row = AgentRow(agent_id=uuid4(), tenant_id=tenant.tenant_id, name=name, **values)
        session.add(row)
        session.flush()
        agent_id = row.agent_id
    return Agents(database).get(tenant, agent_id)
