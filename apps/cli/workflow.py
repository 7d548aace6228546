"""`helpdesk workflow`: workflows in n8n's JSON."""

from __future__ import annotations

import typer

from apps.cli.workflow_export import add_export_command

app = typer.Typer(help="Workflows in n8n's JSON.", no_args_is_help=True)


@app.callback()
def _commands() -> None:
    """So that one command is still a command."""


add_export_command(app)
