"""`helpdesk tool`: what a tenant's helpdesk can do."""

from __future__ import annotations

import typer

from apps.cli.tool_import import add_import_commands

app = typer.Typer(help="What a tenant's helpdesk can do.", no_args_is_help=True)
add_import_commands(app)
