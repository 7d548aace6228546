"""What a tenant has now of each thing that can be changed, in a few words."""

from __future__ import annotations

from pathlib import Path

from components.agents.plans.library import Plans
from components.agents.workflows.store import StoredWorkflow, Workflows
from components.core.tenant import Tenant
from components.dialogue.flow_releases import FlowReleases, FlowVersion
from components.helpdesk.prompts import Prompts, PromptVersion
from components.helpdesk.tenant_config import read_config
from components.helpdesk.understanding.projects import project_of
from components.knowledge.readable_declarations import declarations_of
from components.tools.added import tool_names
from components.tools.registry import ToolRegistry
from dashboards.desk import Desk

PROJECT = Path(__file__).resolve().parents[2]


def sources(desk: Desk, tenant: Tenant) -> str:
    folders = [PROJECT / "dagster_project" / "defs", desk.settings.data_dir / "sources"]
    found = declarations_of(folders, tenant.domain)
    return "; ".join(f"{each.name}: {each.folder}" for each in found) or "no source yet"


def pipeline(desk: Desk, tenant: Tenant) -> str:
    return f"{desk.settings.pipeline}, for all tenants (HELPDESK_PIPELINE)"


def prompt(desk: Desk, tenant: Tenant) -> str:
    return _version(Prompts(desk.registry.database).versions(tenant.context))


def flows(desk: Desk, tenant: Tenant) -> str:
    return _version(FlowReleases(desk.registry.database).versions(tenant.context))


def nlu(desk: Desk, tenant: Tenant) -> str:
    project = project_of(desk.settings.data_dir, tenant.context)
    return f"{'the shared project' if project.is_shared else 'a project of its own'}, version {project.version()}"


def workflows(desk: Desk, tenant: Tenant) -> str:
    return _names([(each.name, each.version) for each in stored_workflows(desk, tenant)])


def plans(desk: Desk, tenant: Tenant) -> str:
    return _names([(each.name, each.version) for each in Plans(desk.registry.database).list(tenant.context)])


def tools(desk: Desk, tenant: Tenant) -> str:
    added = sorted(tool_names(desk.registry.database, tenant.context))
    permitted = sorted(read_config(tenant.config).tools)
    told = f"rules for {', '.join(permitted)}" if permitted else "no rules of its own"
    return f"{told}; added: {', '.join(added) or 'none'}"


def config(desk: Desk, tenant: Tenant) -> str:
    return f"it says {', '.join(sorted(tenant.config))}" if tenant.config else "it says nothing: all is as shipped"


def stored_workflows(desk: Desk, tenant: Tenant) -> tuple[StoredWorkflow, ...]:
    """Those that the tenant may run. A registry without tools does for reading."""
    database = desk.registry.database
    return Workflows(database, ToolRegistry(database)).list(tenant.context)


def _version(versions: list[FlowVersion] | list[PromptVersion]) -> str:
    active = next(each for each in versions if each.active)
    if active.version == 0:
        return f"version 0 of {len(versions)}, as shipped"
    note = f": {active.note}" if active.note else ""
    made = f" on {active.created_at:%d %B %Y}" if active.created_at else ""
    return f"version {active.version} of {len(versions)}, by {active.author}{made}{note}"


def _names(found: list[tuple[str, int]]) -> str:
    return ", ".join(f"{name} ({f'version {version}' if version else 'shipped'})" for name, version in found) or "none"
