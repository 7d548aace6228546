"""GET /docs: the OpenAPI document to read and try out, without the outside where a package has Swagger UI's files."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

_PACKAGE = "fastapi_offline"
_ASSETS = "/docs/assets"
_CDN = "https://cdn.jsdelivr.net"
_OPENAPI = "/openapi.json"


def add_docs(app: FastAPI) -> None:
    """Adds /docs to `app`, whose own must be off. Without the package the browser needs the CDN that
    FastAPI names; the page's content policy allows exactly what is in use."""
    folder = _find_assets()
    if folder is None:
        page = get_swagger_ui_html(openapi_url=_OPENAPI, title=app.title, swagger_favicon_url="data:,")
        origin = _CDN
    else:
        app.mount(_ASSETS, StaticFiles(directory=folder), name="docs-assets")
        page = get_swagger_ui_html(
            openapi_url=_OPENAPI,
            title=app.title,
            swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{_ASSETS}/swagger-ui.css",
            swagger_favicon_url="data:,",
        )
        origin = "'self'"
    page.headers["Content-Security-Policy"] = (
        f"default-src 'self'; script-src 'unsafe-inline' {origin}; style-src 'unsafe-inline' {origin}; "
        "img-src 'self' data:; frame-ancestors 'self'"
    )

    @app.get("/docs", include_in_schema=False)
    async def read_docs() -> HTMLResponse:
        return page


def _find_assets() -> Path | None:
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "static"
    return folder if (folder / "swagger-ui-bundle.js").is_file() else None
