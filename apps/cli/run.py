"""`helpdesk run`: goals begun, and runs of goals and workflows followed, looked into and cancelled."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID, uuid4

import typer
from rich.markup import escape

from apps.cli.console import out, plain_table, print_json
from apps.cli.context import AsJson, open_registry, open_workbench
from apps.cli.tenant import Domain
from components.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.agents.run import WorkRun, WorkStep

app = typer.Typer(help="Begin goals, and look into, follow and cancel runs.", no_args_is_help=True)

RunId = Annotated[UUID, typer.Argument(metavar="RUN", help="Id of the run.")]
_KINDS, _STATUSES = ("goal", "workflow"), ("running", "waiting", "done", "failed", "handed_over", "cancelled")


@app.command()
def start(
    domain: Domain,
    goal: Annotated[str, typer.Argument(help="Such as 'Process refund'.")],
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=TEXT|NAME:=JSON]...", help="What is known, such as order_number=NT-1001."),
    ] = None,
    plan: Annotated[str | None, typer.Option(help="The declared plan to follow, also where there is a model.")] = None,
    key: Annotated[str | None, typer.Option(help="The same key again begins no second run.")] = None,
    wait: Annotated[float, typer.Option(min=0, max=3600, help="Most seconds to work on it here.")] = 60.0,
    as_json: AsJson = False,
) -> None:
    """Have the orchestrator reach a goal. What is not done in time, or waits for an approval, a server goes on with.

    Example: helpdesk run start shop.example "Process refund" order_number=NT-1001 amount:=20
    """
    from components.agents.run import NewRun

    given = _values(values or [])
    with open_workbench() as workbench:
        tenant = workbench.tenants.get_by_domain(domain)
        workbench.actions.goals.check(tenant, goal, given, plan)
        document = {} if plan is None else {"plan": plan}
        new = NewRun("goal", goal, f"cli/{key or uuid4()}", document, given, "operator", goal=goal)
        workshop = workbench.actions.workshop
        run = workshop.run(tenant.context, new, seconds=wait) if wait else workshop.runs.start(tenant.context, new)
        run, steps = workshop.runs.get(tenant.context, run.run_id)
    _print(run, steps, as_json)


@app.command("list")
def list_runs(
    domain: Domain,
    kind: Annotated[str | None, typer.Option(help="goal or workflow.")] = None,
    status: Annotated[str | None, typer.Option(help=f"{', '.join(_STATUSES)}.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Most runs.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Runs, the newest first.

    Example: helpdesk run list shop.example --status waiting
    """
    from components.agents.runs import Runs

    wanted: dict[str, Any] = {"kind": _one_of("kind", kind, _KINDS), "status": _one_of("status", status, _STATUSES)}
    with open_registry() as registry:
        tenant = registry.tenants.get_by_domain(domain).context
        runs = Runs(registry.database).search(tenant, limit=limit, **wanted)
    if as_json:
        print_json([asdict(run) for run in runs])
        return
    table = plain_table("id", "began", "kind", "name", "status", "why")
    table.columns[0].no_wrap = True
    for run in runs:
        why = run.fault.message[:80] if run.fault else ""
        began = f"{run.started_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(str(run.run_id), began, run.kind, escape(run.name), run.status, escape(why))
    out.print(table if runs else "no such run")


@app.command()
def show(domain: Domain, run_id: RunId, as_json: AsJson = False) -> None:
    """A run, step by step, and what came of it."""
    from components.agents.runs import Runs

    with open_registry() as registry:
        run, steps = Runs(registry.database).get(registry.tenants.get_by_domain(domain).context, run_id)
    _print(run, steps, as_json)


@app.command()
def cancel(domain: Domain, run_id: RunId, as_json: AsJson = False) -> None:
    """End a run before its next step; what it has done stays done."""
    from components.agents.runs import Runs

    with open_registry() as registry:
        run = Runs(registry.database).cancel(registry.tenants.get_by_domain(domain).context, run_id)
    if as_json:
        print_json(asdict(run))
    else:
        out.print(f"run {run.run_id} is cancelled")


def _values(words: Sequence[str]) -> dict[str, Any]:
    """name=text, or name:=JSON. Raises InvalidInput."""
    read: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        is_json = name.endswith(":")
        name = name.removesuffix(":")
        if not equals or not name or name in read:
            raise InvalidInput(f"{word[:80]!r}: name=text or name:=JSON is allowed, each name once", field="values")
        try:
            read[name] = json.loads(text) if is_json else text
        except (ValueError, RecursionError) as error:
            raise InvalidInput(f"{word[:80]!r}: no JSON stands after := ({error})", field=name) from error
    return read


def _one_of(field: str, value: str | None, allowed: Sequence[str]) -> str | None:
    if value is not None and value not in allowed:
        raise InvalidInput(f"{field}={value!r}: allowed are {', '.join(allowed)}", field=field)
    return value


def _print(run: WorkRun, steps: Sequence[WorkStep], as_json: bool) -> None:
    if as_json:
        print_json({**asdict(run), "steps": [asdict(step) for step in steps]})
        return
    _line(f"{run.kind} {run.name}: {run.status}", style="bold")
    _line(f"{run.run_id}, began {run.started_at:%Y-%m-%d %H:%M:%S} UTC")
    for step in steps:
        tries = f", {step.attempts} tries" if step.attempts > 1 else ""
        why = f": {step.fault.message}" if step.fault else ""
        _line(f"{step.number:>3} {step.name}, {step.status}{tries}{why}", style="dim")
    if run.fault is not None:
        _line(f"why: {run.fault.message}")
    if run.result is not None:
        _line(json.dumps(run.result, ensure_ascii=False, indent=2, default=str))
    if run.status == "waiting":
        _line("it waits; `helpdesk tool approvals` shows what a person is asked")


def _line(text: str, style: str | None = None) -> None:
    out.print(text, markup=False, soft_wrap=True, style=style)
