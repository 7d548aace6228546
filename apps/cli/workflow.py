"""`helpdesk workflow`: workflows in n8n's JSON, imported, checked, run and drawn."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid4

import typer

from apps.cli.console import out, plain_table, print_json, warn
from apps.cli.context import AsJson, open_registry, open_workbench
from apps.cli.tenant import Domain
from apps.cli.workflow_export import add_export_command
from components.core.errors import InvalidInput

if TYPE_CHECKING:
    from components.agents.run import WorkRun, WorkStep
    from components.agents.workflows.store import Workflows
    from components.agents.workflows.workflow import Problem
    from components.bootstrap import Registry
    from components.core.tenant import Tenant

app = typer.Typer(help="Import, check, run and draw workflows in n8n's JSON.", no_args_is_help=True)

add_export_command(app)

File = Annotated[Path, typer.Argument(metavar="FILE", help="A workflow as n8n exports it.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of a workflow, such as refund.")]
_LOOKS_EVERY = 0.2


@app.command("import")
def import_workflow(
    domain: Domain,
    file: File,
    name: Annotated[str, typer.Option(help="In place of the name that the file has.")] = "",
    as_json: AsJson = False,
) -> None:
    """Save a workflow as a new version, which runs from now on. What cannot run is refused, with all that is wrong.

    Example: helpdesk workflow import shop.example refund.json --name refund
    """
    from components.agents.workflows.checks import check_credentials

    document = _document(file)
    with _workflows_of(domain) as (_, workflows, tenant):
        stored = workflows.save(tenant.context, document, name)
        lacking = check_credentials(stored.read(), tenant)
    if as_json:
        print_json({"name": stored.name, "version": stored.version, "webhook": stored.webhook, "lacking": lacking})
        return
    for problem in lacking:
        warn(str(problem))
    out.print(f"workflow {stored.name}, version {stored.version}", markup=False)
    if stored.webhook is not None:
        out.print(f"called at /workflow-hooks/{domain}/{stored.webhook}", markup=False, soft_wrap=True)


@app.command()
def validate(
    file: File,
    tenant: Annotated[str | None, typer.Option("--tenant", metavar="DOMAIN", help="Its tools and credentials.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say all that keeps a workflow from running, node by node. Exit status 2 where there is something.

    Example: helpdesk workflow validate refund.json --tenant shop.example
    """
    from components.agents.workflows.checks import find_problems

    document = _document(file)
    if tenant is None:
        problems = find_problems(document)
    else:
        with open_workbench() as workbench:
            found = workbench.tenants.get_by_domain(tenant)
            problems = workbench.actions.workflows.problems(document, tenant=found)
    _print_problems(problems, as_json)
    if problems:
        raise typer.Exit(2)


@app.command()
def run(
    domain: Domain,
    name: Name,
    given: Annotated[
        str, typer.Option("--input", metavar="JSON|FILE", help="The json of the item that the first node gets.")
    ] = "{}",
    key: Annotated[str | None, typer.Option(help="The same key again begins no second run.")] = None,
    wait: Annotated[float, typer.Option(min=0, max=3600, help="Most seconds to work on it here.")] = 60.0,
    as_json: AsJson = False,
) -> None:
    """Run a workflow, and print its steps as they end. What is not done in time, or waits for a person, a server goes
    on with. Exit status 1 where it failed.

    Example: helpdesk workflow run shop.example refund --input '{"order_number": "NT-1001"}'
    """
    values = _object(given)
    with open_workbench() as workbench:
        tenant, actions = workbench.tenants.get_by_domain(domain), workbench.actions
        stored = actions.workflows.get(tenant.context, name)
        new = actions.workflows.new_run(tenant, stored, values, key=f"cli/{key or uuid4()}", caller="operator")
        begun = actions.workshop.runs.start(tenant.context, new)
        with ThreadPoolExecutor(1) as threads:
            working = threads.submit(actions.workshop.run, tenant.context, new, seconds=wait)
            told: set[str] = set()
            while True:
                is_over = working.done() or not wait
                ended, steps = actions.workshop.runs.get(tenant.context, begun.run_id)
                if not as_json:
                    _print_new(steps, told)
                if is_over:
                    break
                time.sleep(_LOOKS_EVERY)
            working.result()
    _print_run(ended, steps, as_json)
    if ended.status in ("failed", "cancelled"):
        raise typer.Exit(1)


@app.command()
def show(
    domain: Domain,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Of a workflow.", show_default="--run's")] = None,
    run_id: Annotated[UUID | None, typer.Option("--run", help="Draw it as this run has it, with its states.")] = None,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a picture there.")] = None,
    as_json: AsJson = False,
) -> None:
    """Draw a workflow in the terminal; ↑ is a node that stands above already.

    Example: helpdesk workflow show shop.example refund --svg refund.svg
    """
    from components.agents.runs import Runs
    from components.agents.workflows.graph import states_of
    from components.agents.workflows.graph_svg import draw_svg
    from components.agents.workflows.graph_text import draw_text
    from components.agents.workflows.store import StoredWorkflow

    if (name is None) == (run_id is None):
        raise InvalidInput("NAME and --run: one of them is allowed")
    with _workflows_of(domain) as (registry, workflows, tenant):
        states, told = None, ""
        if run_id is not None:
            found, steps = Runs(registry.database).get(tenant.context, run_id)
            stored = StoredWorkflow(found.name, found.version, found.document)
            states, told = states_of(stored.read(), found, steps), found.status
        else:
            stored = workflows.get(tenant.context, name or "")
    if svg is not None:
        svg.write_text(draw_svg(stored.read(), states or {}, told), encoding="utf-8")
    if as_json:
        print_json({**asdict(stored), "states": None if states is None else {n: asdict(s) for n, s in states.items()}})
        return
    version = f"version {stored.version}" if stored.version else "shipped"
    out.print(f"{stored.name}, {version}{told and f', {told}'}", markup=False, style="bold")
    out.print(draw_text(stored.read(), states), markup=False, soft_wrap=True, end="")


@app.command("list")
def list_workflows(domain: Domain, as_json: AsJson = False) -> None:
    """A tenant's workflows, the shipped ones among them."""
    with _workflows_of(domain) as (_, workflows, tenant):
        found = workflows.list(tenant.context)
    if as_json:
        print_json([{key: value for key, value in asdict(each).items() if key != "document"} for each in found])
        return
    table = plain_table("name", "version", "nodes", "called at")
    for each in found:
        version = str(each.version) if each.version else "shipped"
        table.add_row(each.name, version, str(len(each.document["nodes"])), each.webhook or "")
    out.print(table)


@app.command()
def remove(domain: Domain, name: Name, as_json: AsJson = False) -> None:
    """Have no version of a workflow run any more. Runs that have begun go on; a shipped one of the name is back."""
    with _workflows_of(domain) as (_, workflows, tenant):
        workflows.remove(tenant.context, name)
    if as_json:
        print_json({"removed": name})
    else:
        out.print(f"workflow {name} is removed", markup=False)


@contextmanager
def _workflows_of(domain: str) -> Iterator[tuple[Registry, Workflows, Tenant]]:
    """Without the tools, which only runs need."""
    from components.agents.workflows.store import Workflows
    from components.tools.registry import ToolRegistry

    with open_registry() as registry:
        database = registry.database
        yield registry, Workflows(database, ToolRegistry(database)), registry.tenants.get_by_domain(domain)


def _document(file: Path) -> dict[str, Any]:
    from components.agents.workflows.document import parse_document

    return parse_document(_text(file))


def _object(given: str) -> dict[str, Any]:
    """Of JSON, or of a file that holds some. Raises InvalidInput."""
    try:
        values = json.loads(given if given.lstrip().startswith("{") else _text(Path(given)))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"--input is no JSON: {error}", field="input") from error
    if not isinstance(values, dict):
        raise InvalidInput("--input is no JSON object", field="input")
    return values


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{file}: {error}", field="file") from error


def _print_problems(problems: tuple[Problem, ...], as_json: bool) -> None:
    if as_json:
        print_json({"valid": not problems, "problems": [asdict(each) for each in problems]})
        return
    for problem in problems:
        out.print("error:", style="red", end=" ")
        out.print(str(problem), markup=False, soft_wrap=True)
    out.print(f"{len(problems)} problems" if problems else "it can run", style="red" if problems else "green")


def _print_new(steps: tuple[WorkStep, ...], told: set[str]) -> None:
    """Those that have ended since the last look."""
    for step in steps:
        if step.name in told or step.status not in ("done", "failed"):
            continue
        told.add(step.name)
        tries = f", {step.attempts} tries" if step.attempts > 1 else ""
        why = f": {step.fault.message}" if step.fault and step.status == "failed" else ""
        style = "red" if step.status == "failed" else "green"
        out.print(f"{step.status:<7}", style=style, end=" ")
        out.print(f"{step.name}{tries}{why}", markup=False, soft_wrap=True)


def _print_run(run: WorkRun, steps: tuple[WorkStep, ...], as_json: bool) -> None:
    if as_json:
        print_json({**asdict(run), "steps": [asdict(step) for step in steps]})
        return
    out.print(f"{run.name}: {run.status}", markup=False, style="bold")
    out.print(f"run {run.run_id}", markup=False)
    if run.fault is not None:
        out.print(f"why: {run.fault.message}", markup=False, soft_wrap=True)
    if run.result is not None:
        shown = json.dumps(run.result.get("json", run.result), ensure_ascii=False, indent=2)
        out.print(shown, markup=False, soft_wrap=True)
    if run.status == "waiting":
        out.print("it waits; `helpdesk tool approvals` shows what a person is asked", markup=False)
