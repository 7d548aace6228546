"""`helpdesk demo traffic`: life in the demo tenants, made through the real engine with a simulated clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import yaml
from rich.table import Table

from apps.cli.console import err, out, print_json, progress_bar
from apps.cli.context import PROJECT, AsJson, open_registry, open_workbench
from components.core.errors import InvalidInput

if TYPE_CHECKING:
    from apps.cli.traffic.made import Left
    from apps.cli.traffic.simulation import Made, Progress
    from components.bootstrap import Registry
    from components.core.tenant import Tenant

app = typer.Typer(help="What the demo tenants are shown with.", no_args_is_help=True)

DEMO = PROJECT / "deploy" / "demo"


@app.callback()
def _group() -> None:
    """Keeps `traffic` a command of its own name."""


@app.command()
def traffic(
    days: Annotated[int, typer.Option(min=1, max=400, help="So many whole days.")] = 30,
    seed: Annotated[int, typer.Option(help="The same one makes the same conversations.")] = 1,
    tenant: Annotated[list[str] | None, typer.Option(help="Domain, may be repeated; all demo tenants.")] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day after the last one; today by default.")
    ] = None,
    per_day: Annotated[int, typer.Option(min=1, max=5000, help="Conversations of a tenant on an average day.")] = 60,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Remove what traffic has made before, and make it anew.")
    ] = False,
    anyway: Annotated[bool, typer.Option("--anyway", help="Also for tenants that are not the demo's.")] = False,
    script: Annotated[Path, typer.Option(help="Who talks to them, and when.")] = DEMO / "traffic.yaml",
    as_json: AsJson = False,
) -> None:
    """Make conversations of the demo tenants through the real engine: customers who ask, rephrase, give up and rate,
    agents who answer, timers, tickets and refunds, in a simulated past.

    What is there already is not made again, so that a later call adds the days that are missing. Beside a running
    `helpdesk up` its timers and deliveries leave the tenant alone meanwhile. Ctrl-C lets no more customers in and
    finishes with those who are there.

    Example: helpdesk demo traffic --days 30 --seed 1
    """
    from apps.cli.traffic.made import count_left
    from apps.cli.traffic.processes import Wanted, simulate_each
    from apps.cli.traffic.removal import remove_simulated

    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    end = until.replace(tzinfo=UTC) if until else today
    if end > today:
        raise InvalidInput(f"until={end:%Y-%m-%d}: today, {today:%Y-%m-%d}, or a day before is allowed", field="until")
    wanted = Wanted(script, PROJECT / "apps" / "rasa" / "data", days, end, seed, per_day)
    order = wanted.order()
    with open_registry() as registry:
        tenants = [registry.tenants.get_by_domain(each) for each in tenant or sorted(demo_domains())]
        for each in tenants:
            _check(registry, each, anyway)
            order.script.of(each.domain)
            if fresh:
                removed = remove_simulated(registry.database, each.context)
                err.print(f"[dim]{each.domain}:[/] {removed} conversations of earlier traffic removed")
        with progress_bar(as_json=as_json, stays=True) as bar:
            tasks = {each.domain: bar.add_task(f"{each.domain}: starting", total=days) for each in tenants}

            def show(progress: Progress) -> None:
                rate = progress.turns / max(progress.seconds, 0.001)
                day = end - timedelta(days=max(days - progress.day, 0))
                said = f"{progress.tenant}: {day:%Y-%m-%d}, {progress.turns} turns, {rate:.0f} a second"
                bar.update(tasks[progress.tenant], completed=min(progress.day, days), description=said)

            made = simulate_each([each.domain for each in tenants], wanted, show)
        left = {each.domain: count_left(registry.database, each.context) for each in tenants}
    if any(each.conversations for each in made):
        with err.status("telling the dashboards"):
            _tell_dashboards(tenants)
    if as_json:
        print_json({"made": made, "left": left})
    else:
        _print(made, left)


def _tell_dashboards(tenants: list[Tenant]) -> None:
    """What Dagster's schedules would do within hours: facts, and what the knowledge lacks and contradicts."""
    from components.helpdesk.reports.knowledge.conflict_search import look_for_conflicts
    from components.helpdesk.reports.knowledge.gap_search import look_for_gaps
    from components.helpdesk.reports.refreshing import FactRefresh
    from components.warehouse.warehouse import Warehouse

    with open_workbench() as workbench:
        facts = FactRefresh(workbench.database, Warehouse(workbench.settings.data_dir))
        for tenant in tenants:
            facts.refresh(tenant)
            known = (workbench.database, tenant.context, workbench.ingestion.index(tenant), workbench.embedder)
            look_for_conflicts(*known)
            look_for_gaps(*known, writer=workbench.writer)


def demo_domains() -> set[str]:
    """Of the tenants that `helpdesk up --demo` makes."""
    files = DEMO.glob("*/tenant.yaml")
    return {yaml.safe_load(file.read_text(encoding="utf-8"))["domain"] for file in files}


def _check(registry: Registry, tenant: Tenant, anyway: bool) -> None:
    demo = demo_domains()
    if tenant.domain not in demo and not anyway:
        raise InvalidInput(
            f"{tenant.domain} is not a tenant of the demo ({', '.join(sorted(demo))}): its figures would be invented; "
            "--anyway makes them all the same",
            field="tenant",
        )
    if not registry.serves(tenant):
        raise InvalidInput(
            f"{tenant.domain} serves no knowledge yet: `helpdesk up --demo` or `helpdesk ingest {tenant.domain}` first",
            field="tenant",
        )


def _print(made: list[Made], left: dict[str, Left]) -> None:
    for each in made:
        if not each.conversations:
            out.print(f"{each.tenant}: all {each.there} conversations are there already; --fresh makes them anew")
    turns, longest = sum(each.turns for each in made), max((each.seconds for each in made), default=0.0)
    if turns:
        out.print(f"{turns} turns in {longest:.0f} s: {turns / longest:.0f} turns a second", style="bold")
    for domain, has in left.items():
        table = Table(show_header=False, title=f"{domain}: {has.conversations} simulated conversations")
        waits = "nobody" if has.wait_seconds is None else _minutes(*has.wait_seconds)
        table.add_row("by result", _counted(has.results))
        table.add_row("waited for a person", waits)
        table.add_row("stars", _counted(has.ratings))
        table.add_row("answers refused", _counted(has.refusals))
        table.add_row("tickets", _counted(has.tickets))
        out.print(table)


def _minutes(median: float, most: float) -> str:
    return f"half of them up to {median / 60:.1f} minutes, nine in ten up to {most / 60:.1f}"


def _counted(many: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in many.items()) or "none"
