"""`helpdesk facts`: what dashboards count from, brought up to date, looked at and taken along as a file."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from apps.cli.console import out, plain_table, print_json
from apps.cli.context import AsJson, open_registry
from apps.cli.tenant import Domain

app = typer.Typer(help="The facts that dashboards and notebooks count a tenant's figures from.", no_args_is_help=True)

Since = Annotated[datetime, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="From then on, UTC.")]
Until = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Before then, UTC; now by default.")
]


@app.command()
def refresh(
    domain: Domain,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Tell everything anew, not only what changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the facts up to date with what has happened. Dagster does it every ten minutes.

    Example: helpdesk facts refresh shop.example
    """
    from components.helpdesk.reports.refreshing import FactRefresh
    from components.warehouse.warehouse import Warehouse

    with open_registry() as registry:
        tenant = registry.tenants.get_by_domain(domain)
        report = FactRefresh(registry.database, Warehouse(registry.settings.data_dir)).refresh(tenant, rebuild=rebuild)
    if as_json:
        print_json(asdict(report))
        return
    if report.reason:
        out.print(f"everything was told anew: {report.reason}")
    for dataset, months in report.months.items():
        out.print(f"{dataset}: {report.rows[dataset]:,} rows of {len(months)} months")
    out.print(f"up to date as of {report.refreshed_at:%Y-%m-%d %H:%M:%S} UTC, in {report.seconds:.2f} s")


@app.command()
def status(domain: Domain, as_json: AsJson = False) -> None:
    """What there is, and how old it is.

    Example: helpdesk facts status shop.example
    """
    from components.helpdesk.reports.fact_status import read_status
    from components.warehouse.warehouse import Warehouse

    with open_registry() as registry:
        tenant = registry.tenants.get_by_domain(domain)
        found = read_status(Warehouse(registry.settings.data_dir), tenant.context, datetime.now(UTC))
    if as_json:
        print_json({**asdict(found), "size_bytes": found.size_bytes})
        return
    if found.refreshed_at is None:
        out.print(f"there are none yet: `helpdesk facts refresh {domain}` tells them")
        return
    table = plain_table("dataset", "rows", "months", "from", "to", "kB")
    for each in found.datasets:
        size = f"{each.size_bytes / 1000:,.0f}"
        table.add_row(each.dataset, f"{each.rows:,}", str(each.months), each.first or "", each.last or "", size)
    out.print(table)
    out.print(f"as of {found.refreshed_at:%Y-%m-%d %H:%M:%S} UTC, {found.age_seconds:,.0f} s ago")


@app.command()
def export(
    domain: Domain,
    dataset: Annotated[str, typer.Argument(help="conversations, messages, answers, citations, handovers, …")],
    since: Since,
    file: Annotated[Path, typer.Option("--out", help="The file to write; one that is there is replaced.")],
    until: Until = None,
    file_format: Annotated[str, typer.Option("--format", help="csv or parquet.")] = "csv",
    as_json: AsJson = False,
) -> None:
    """Write a dataset's rows of a span of time to a file, as they were when they were last refreshed.

    Example: helpdesk facts export shop.example answers --since 2026-11-01 --out answers.csv
    """
    from components.helpdesk.reports.fact_export import dataset_named, export_facts
    from components.warehouse.warehouse import Warehouse

    wanted, end = dataset_named(dataset), until.replace(tzinfo=UTC) if until else datetime.now(UTC)
    with open_registry() as registry:
        tenant = registry.tenants.get_by_domain(domain)
        warehouse = Warehouse(registry.settings.data_dir)
        begin = since.replace(tzinfo=UTC)
        rows = export_facts(warehouse, [tenant.context], wanted, begin, end, file_format, file)  # type: ignore[arg-type]
        refreshed_at = warehouse.manifest(tenant.context).refreshed_at
    if as_json:
        print_json({"rows": rows, "file": str(file), "refreshed_at": refreshed_at})
        return
    if refreshed_at is None:
        out.print(f"there are no facts yet: `helpdesk facts refresh {domain}` tells them")
    out.print(f"{rows:,} rows in {file}", markup=False)
