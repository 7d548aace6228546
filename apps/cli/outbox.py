"""`helpdesk outbox`: what waits to be sent out, what was given up and why, and one more try for it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated
from uuid import UUID

import typer

from apps.cli.console import out, plain_table, print_json
from apps.cli.context import AsJson, open_registry
from apps.cli.tenant import Domain

app = typer.Typer(help="Messages and webhooks on their way out of a tenant's helpdesk.", no_args_is_help=True)


@app.command("list")
def list_rows(
    domain: Domain,
    all_rows: Annotated[bool, typer.Option("--all", help="What was sent too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Most rows.")] = 100,
    as_json: AsJson = False,
) -> None:
    """What waits or was given up, oldest first.

    Example: helpdesk outbox list shop.example
    """
    from components.helpdesk.outbox.outbox import Outbox

    with open_registry() as registry:
        tenant = registry.tenants.get_by_domain(domain)
        rows = Outbox(registry.database).list(tenant.context, all_rows=all_rows, limit=limit)
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    table = plain_table("id", "kind", "key", "state", "tries", "reason", "next")
    table.columns[0].no_wrap = True
    for row in rows:
        at = f"{row.next_at:%Y-%m-%d %H:%M:%S}" if row.state == "waiting" else ""
        table.add_row(str(row.outbox_id), row.kind, row.key, row.state, str(row.attempts), row.last_error or "", at)
    out.print(table if rows else "nothing waits, and nothing was given up")


@app.command()
def retry(
    domain: Domain,
    outbox_id: Annotated[UUID | None, typer.Argument(metavar="[ID]", help="Only this row.")] = None,
    as_json: AsJson = False,
) -> None:
    """Have what was given up, and what waits, tried at once.

    Example: helpdesk outbox retry shop.example
    """
    from components.core.errors import NotFound
    from components.helpdesk.outbox.outbox import Outbox

    with open_registry() as registry:
        tenant = registry.tenants.get_by_domain(domain)
        count = Outbox(registry.database).retry(tenant.context, outbox_id)
    if outbox_id is not None and not count:
        raise NotFound(
            f"no row {outbox_id} waits or was given up: `helpdesk outbox list {domain}` shows those there are"
        )
    if as_json:
        print_json({"rows": count})
        return
    out.print(f"{count} tried as soon as a server runs")
