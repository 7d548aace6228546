"""`helpdesk serve`: the API and the chat alone, as a container runs them."""

from __future__ import annotations

from typing import Annotated

import typer


def serve(
    port: Annotated[int | None, typer.Option(help="Port to listen on; HELPDESK_PORT or 8080 by default.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; HELPDESK_HOST or 127.0.0.1.")] = None,
) -> None:
    """Serve the HTTP API and the customer chat only (`helpdesk up` starts everything)."""
    from apps.api.server import serve as run
    from components.core.settings import load_settings

    run(load_settings(port=port, host=host))
