"""`helpdesk plan`: how goals are reached without a language model: checked, shown, kept for a tenant."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from apps.cli.account import account_name
from apps.cli.console import err, out, plain_table, print_json
from apps.cli.context import AsJson, open_registry, open_workbench
from apps.cli.flow import Author, MaybeTenant, OfTenant
from components.core.errors import InvalidInput

if TYPE_CHECKING:
    from components.agents.plans.library import Plans
    from components.agents.plans.plan import Plan
    from components.agents.plans.plan_checks import ToolSchemas
    from components.core.tenant import TenantContext

app = typer.Typer(help="Check, show and keep declared plans for the orchestrator's goals.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A plan in YAML.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the plan, such as process_refund.")]


@app.command()
def validate(file: File, tenant: MaybeTenant = None, as_json: AsJson = False) -> None:
    """Say everything that is wrong with a plan: line, step, and what is allowed. Exit status 2 where it cannot run.

    With --tenant its tools, and what they are told, are held against those that the tenant has.

    Example: helpdesk plan validate refund.yaml --tenant shop.example
    """
    from components.agents.plans.plan_reading import check_plan

    problems = check_plan(str(file), _read(file), None if tenant is None else _tools_of(tenant))
    if as_json:
        print_json({"problems": [asdict(problem) for problem in problems]})
    else:
        for problem in problems:
            err.print(f"error: {problem}", style="red", markup=False, soft_wrap=True)
        if not problems:
            out.print("the plan can be followed")
    if problems:
        raise typer.Exit(2)


@app.command("list")
def list_plans(tenant: OfTenant, as_json: AsJson = False) -> None:
    """The plans that hold for a tenant."""
    with _plans_of(tenant) as (plans, context):
        found = plans.list(context)
    if as_json:
        print_json([_told(plan) for plan in found])
        return
    table = plain_table("name", "goal", "version", "needs", "may use", "tools")
    for plan in found:
        tools = ", ".join(dict.fromkeys(step.tool for step in plan.steps))
        version = str(plan.version or "shipped")
        table.add_row(plan.name, plan.goal, version, ", ".join(plan.needs), ", ".join(plan.may_use), tools)
    out.print(table)


@app.command()
def show(name: Name, tenant: MaybeTenant = None, as_json: AsJson = False) -> None:
    """Print a plan: the one that holds for --tenant, else the shipped one.

    Example: helpdesk plan show process_refund > refund.yaml
    """
    if tenant is None:
        plan = _shipped(name)
    else:
        with _plans_of(tenant) as (plans, context):
            plan = plans.get(context, name)
    if as_json:
        print_json(_told(plan))
    else:
        sys.stdout.write(plan.source)


@app.command("import")
def import_plan(
    file: File,
    tenant: OfTenant,
    name: Annotated[str | None, typer.Option(help="Of the plan.", show_default="the file's")] = None,
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Have a tenant's goal reached this way from now on; runs that have begun go on with what they began with.

    Example: helpdesk plan import refund.yaml --tenant shop.example
    """
    from components.agents.plans.library import tool_schemas

    source = _read(file)
    with open_workbench() as workbench:
        found = workbench.tenants.get_by_domain(tenant)
        tools = tool_schemas(workbench.actions.tools, found)
        by = author or account_name()
        plan = workbench.actions.plans.save(found.context, name or file.stem, source, author=by, tools=tools)
    if as_json:
        print_json(_told(plan))
    else:
        out.print(f"{plan.name}, version {plan.version}, is the plan for {plan.goal!r}", markup=False)


@app.command()
def remove(name: Name, tenant: OfTenant, author: Author = None, as_json: AsJson = False) -> None:
    """Take a tenant's own plan away; a shipped one of its goal holds again."""
    with _plans_of(tenant) as (plans, context):
        plans.remove(context, name, author=author or account_name())
    if as_json:
        print_json({"removed": name})
    else:
        out.print(f"{name} is removed", markup=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema of plans, for editors.

    Example: helpdesk plan schema > plan.schema.json
    """
    from components.agents.plans.plan_reading import SCHEMA_FILE

    sys.stdout.write(SCHEMA_FILE.read_text("utf-8"))


@contextmanager
def _plans_of(domain: str) -> Iterator[tuple[Plans, TenantContext]]:
    from components.agents.plans.library import Plans

    with open_registry() as registry:
        yield Plans(registry.database), registry.tenants.get_by_domain(domain).context


def _tools_of(domain: str) -> ToolSchemas:
    from components.agents.plans.library import tool_schemas

    with open_workbench() as workbench:
        return tool_schemas(workbench.actions.tools, workbench.tenants.get_by_domain(domain))


def _shipped(name: str) -> Plan:
    from components.agents.plans.library import shipped_plans
    from components.core.alternatives import allowed

    plans = {plan.name: plan for plan in shipped_plans()}
    if name not in plans:
        raise InvalidInput(f"no shipped plan is called {name!r}: {allowed(name, plans)}", field="name")
    return plans[name]


def _read(file: Path) -> str:
    from components.agents.plans.plan_reading import LARGEST_PLAN

    try:
        with file.open(encoding="utf-8-sig") as opened:
            return opened.read(LARGEST_PLAN + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file}: {error}", field="file") from error


def _told(plan: Plan) -> dict[str, object]:
    return {
        "name": plan.name,
        "goal": plan.goal,
        "version": plan.version,
        "description": plan.description,
        "needs": plan.needs,
        "may_use": plan.may_use,
        "tools": list(dict.fromkeys(step.tool for step in plan.steps)),
        "source": plan.source,
    }
