"""GET /dashboards…: leads to the dashboards, which another process serves, on the address that the browser came to."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse

from components.core.settings import Settings


def add_dashboards(app: FastAPI, settings: Settings) -> None:
    """Adds the redirect."""

    async def lead(request: Request) -> RedirectResponse:
        port = settings.resolved_dashboards_port
        base = settings.dashboards_url or str(request.base_url.replace(port=port, path="", query=""))
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{base.rstrip('/')}{request.url.path}{query}", 307)

    for path in ("/dashboards", "/dashboards/{page:path}"):
        app.add_api_route(path, lead, methods=["GET"], include_in_schema=False)
