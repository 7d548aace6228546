"""`helpdesk agent`: the people who work at a tenant's helpdesk."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from apps.cli.console import out, plain_table, print_json
from apps.cli.context import AsJson, open_registry
from components.core.errors import NotFound

if TYPE_CHECKING:
    from components.core.tenant import TenantContext
    from components.helpdesk.handover.agents import Agent, Agents

app = typer.Typer(help="The people who work at a tenant's helpdesk.", no_args_is_help=True)

Domain = Annotated[str, typer.Argument(metavar="TENANT", help="Domain of the tenant, such as shop.example.")]
Email = Annotated[str, typer.Argument(help="The agent's e-mail address, which they sign in with.")]


@app.command()
def create(
    domain: Domain,
    email: Email,
    name: Annotated[str, typer.Argument(help="Name as customers see it.")],
    role: Annotated[
        str, typer.Option(help="agent, supervisor, knowledge_manager, prompt_engineer or analyst.")
    ] = "agent",
    team: Annotated[str, typer.Option(help="Whose queue they serve; none = every team's.")] = "",
    as_json: AsJson = False,
) -> None:
    """Create an agent and show their password, once.

    Who answers no customers signs in at the dashboards.

    Example: helpdesk agent create shop.example anna@shop.example Anna --team billing
    """
    from components.helpdesk.handover.agents import new_password

    password = new_password()
    with open_registry() as registry:
        tenant = registry.tenants.get_by_domain(domain)
        made = registry.agents.create(
            tenant.context,
            email=email,
            name=name,
            password=password,
            role=role,  # type: ignore[arg-type]  # checked there
            team=team,
        )
    _print_password(made, password, f"created {made.name} ({made.email})", as_json)


@app.command("list")
def list_agents(domain: Domain, as_json: AsJson = False) -> None:
    """The agents of a tenant, by name."""
    from components.helpdesk.access.roles import in_words

    with open_registry() as registry:
        agents = registry.agents.list(registry.tenants.get_by_domain(domain).context)
    if as_json:
        print_json([asdict(each) for each in agents])
        return
    table = plain_table("name", "role", "team", "presence")
    table.add_column("e-mail", no_wrap=True)
    for each in agents:
        table.add_row(each.name, in_words(each.role), each.team or "(every queue)", each.presence, each.email)
    out.print(table if agents else f"no agent yet: helpdesk agent create {domain} EMAIL NAME")


@app.command()
def password(domain: Domain, email: Email, as_json: AsJson = False) -> None:
    """Give an agent a new password and show it, once."""
    from components.helpdesk.handover.agents import new_password

    chosen = new_password()
    with open_registry() as registry:
        tenant = registry.tenants.get_by_domain(domain)
        agent = _find(registry.agents, tenant.context, email)
        registry.agents.set_password(tenant.context, agent.agent_id, chosen)
    _print_password(agent, chosen, f"{agent.name} ({agent.email}) has a new password", as_json)


@app.command()
def deactivate(domain: Domain, email: Email, as_json: AsJson = False) -> None:
    """An agent leaves: they sign in no more, and what they wrote stays."""
    with open_registry() as registry:
        tenant = registry.tenants.get_by_domain(domain)
        agent = _find(registry.agents, tenant.context, email)
        registry.agents.deactivate(tenant.context, agent.agent_id)
    if as_json:
        print_json({"deactivated": str(agent.agent_id), "email": agent.email})
    else:
        out.print(f"{agent.name} ({agent.email}) signs in no more", markup=False)


def _find(agents: Agents, tenant: TenantContext, email: str) -> Agent:
    wanted = email.strip().lower()
    found = next((each for each in agents.list(tenant) if each.email == wanted), None)
    if found is None:
        raise NotFound(f"no agent has the e-mail address {email!r}: `helpdesk agent list` shows those there are")
    return found


def _print_password(agent: Agent, password: str, done: str, as_json: bool) -> None:
    if as_json:
        print_json({**asdict(agent), "password": password})
        return
    out.print(done, markup=False)
    out.print(f"password, shown this once: {password}", style="bold", markup=False, soft_wrap=True)
