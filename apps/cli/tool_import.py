"""`helpdesk tool import`, `add-mcp` and `remove`: what a tenant's helpdesk can do in systems of others."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from apps.cli.console import out, plain_table, print_json, warn
from apps.cli.context import AsJson, open_registry
from components.core.errors import InvalidInput
from components.core.tenant import Tenant

if TYPE_CHECKING:
    from components.gateway.event_loop import EventLoopThread
    from components.tools.added import AddedTools, NewTool

TenantOption = Annotated[str, typer.Option("--tenant", help="Domain of the tenant, such as shop.example.")]
Secrets = Annotated[
    list[str] | None,
    typer.Option(
        "--secret",
        metavar="[SCHEME=]REFERENCE",
        help="What lets us in: env:NAME or file:/path, in the environment of whoever calls; for one scheme or all.",
        show_default="none",
    ),
]
Only = Annotated[
    list[str] | None, typer.Option("--only", help="Only this one; once for each.", show_default="every one")
]
Private = Annotated[
    bool, typer.Option("--allow-private", help="Addresses that are not public may be called, such as 10.0.0.7.")
]
Rehearsal = Annotated[bool, typer.Option("--dry-run", help="Show the tools, and add none.")]


@dataclass(frozen=True)
class _Opened:
    tenant: Tenant
    added: AddedTools
    loop: EventLoopThread


def add_import_commands(app: typer.Typer) -> None:
    """Adds them to `helpdesk tool`."""
    app.command("import")(import_document)
    app.command("add-mcp")(add_mcp)
    app.command("remove")(remove)


def import_document(
    document: Annotated[str, typer.Argument(metavar="DOCUMENT", help="OpenAPI 3.0 or 3.1, JSON or YAML; - = input.")],
    domain: TenantOption,
    prefix: Annotated[str, typer.Option(help="Before each tool's name.", show_default="none")] = "",
    only: Only = None,
    server: Annotated[str | None, typer.Option(help="Base address.", show_default="the document's first")] = None,
    secret: Secrets = None,
    allow_private: Private = False,
    dry_run: Rehearsal = False,
    as_json: AsJson = False,
) -> None:
    """Make tools of a REST service: one of each operation, by its operationId. Tools of the same names from the same
    address are replaced. Nothing is fetched.

    Example: helpdesk tool import openapi.json --tenant shop.example --prefix crm --secret env:CRM_TOKEN
    """
    from components.tools.openapi import importing

    asked = importing.ImportRequest(prefix, tuple(only or ()), server, tuple(secret or ()), allow_private)
    imported = importing.import_document(_read(document), asked)
    with _opened(domain) as opened:
        if not dry_run:
            opened.added.add(opened.tenant.context, imported.origin, imported.tools)
        _show(opened, imported.origin, imported.tools, imported.skipped, dry_run=dry_run, as_json=as_json)


def add_mcp(
    url: Annotated[str, typer.Argument(help="Address of the server's endpoint (streamable HTTP).")],
    domain: TenantOption,
    name: Annotated[str, typer.Option(help="Before each tool's name.")],
    only: Only = None,
    secret: Annotated[
        str | None,
        typer.Option(metavar="REFERENCE", help="The bearer token: env:NAME or file:/path.", show_default="none"),
    ] = None,
    allow_private: Private = False,
    dry_run: Rehearsal = False,
    as_json: AsJson = False,
) -> None:
    """Add the tools that an MCP server offers at this moment; added anew, they are replaced.

    Example: helpdesk tool add-mcp https://crm.example/mcp --tenant shop.example --name crm --secret env:CRM_TOKEN
    """
    from components.tools.mcp.declaration import McpServer
    from components.tools.mcp.importing import read_server

    server = McpServer(url=url, secret=secret, private=allow_private)
    with _opened(domain) as opened:
        read = read_server(server, name, opened.loop, only=tuple(only or ()))
        if not dry_run:
            opened.added.add(opened.tenant.context, url, read.tools)
        _show(opened, url, read.tools, read.skipped, dry_run=dry_run, as_json=as_json)


def remove(
    domain: TenantOption,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Added tools.")] = None,
    origin: Annotated[str | None, typer.Option(help="All that came from this address.", show_default="none")] = None,
    as_json: AsJson = False,
) -> None:
    """Take added tools away; the calls that were made stay on record.

    Example: helpdesk tool remove crm_find_person --tenant shop.example
    """
    with _opened(domain) as opened:
        removed = opened.added.remove(opened.tenant.context, names=names or (), origin=origin)
    if as_json:
        print_json({"removed": list(removed)})
        return
    out.print(f"removed: {', '.join(removed)}")


@contextmanager
def _opened(domain: str) -> Iterator[_Opened]:
    """Raises TenantNotFound."""
    from components.bootstrap.actions import open_added
    from components.gateway.event_loop import EventLoopThread

    with open_registry() as registry:
        tenant, loop = registry.tenants.get_by_domain(domain), EventLoopThread("tools")
        try:
            yield _Opened(tenant, open_added(registry.database, loop), loop)
        finally:
            loop.close()


def _read(document: str) -> str:
    """Raises InvalidInput."""
    from components.tools.openapi.document import LARGEST_DOCUMENT

    try:
        with sys.stdin.buffer if document == "-" else Path(document).open("rb") as file:
            content = file.read(LARGEST_DOCUMENT + 1)
        if len(content) > LARGEST_DOCUMENT:
            raise InvalidInput(f"{document} is larger than {LARGEST_DOCUMENT} bytes", field="document")
        return content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{document} cannot be read: {error}", field="document") from error


def _show(
    opened: _Opened,
    origin: str,
    tools: Sequence[NewTool],
    skipped: Sequence[tuple[str, str]],
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    from components.helpdesk.tenant_config import read_config

    permitted = {name for name, rules in read_config(opened.tenant.config).tools.items() if rules.allowed}
    waiting = [each.name for each in tools if each.name not in permitted]
    if as_json:
        told = [_told(each) | {"allowed": each.name in permitted} for each in tools]
        left = [{"operation": title, "reason": why} for title, why in skipped]
        print_json({"origin": origin, "added": not dry_run, "tools": told, "skipped": left})
        return
    table = plain_table("tool", "does", "is", "description")
    table.columns[0].no_wrap = True
    for each in tools:
        told_of = _told(each)
        # Words of others: brackets in them are no markup of ours.
        table.add_row(each.name, told_of["side_effect"], escape(told_of["calls"]), escape(told_of["description"][:80]))
    out.print(table)
    for title, why in skipped:
        warn(f"left out: {title}: {why}")
    out.print(f"{len(tools)} tools {'would be' if dry_run else 'were'} added from {origin}", markup=False)
    if waiting:
        out.print(
            "To permit them, add to the tenant's configuration (helpdesk tenant config): "
            f"tools: {{{', '.join(f'{name}: {{}}' for name in waiting)}}}",
            markup=False,
            soft_wrap=True,
        )


def _told(tool: NewTool) -> dict[str, Any]:
    said = tool.declaration
    is_http = tool.source == "openapi"
    calls = f"{said['method']} {said['url']}" if is_http else f"{said['tool']} at {said['server']['url']}"
    return {
        "name": tool.name,
        "description": said["description"],
        "side_effect": said["side_effect"],
        "calls": calls,
        "input_schema": said["input_schema"],
    }
