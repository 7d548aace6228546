"""The files that pages are made of, and the one that browsers fetch by itself: the Socket.IO client."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

KEEP_FOREVER = "public, max-age=31536000, immutable"

_SOCKET_CLIENT = "socket.io.min.js"


def asset(name: str, package: str = "apps.pages") -> str:
    """The text of a file of a page. package: whose `assets` it is among."""
    return files(package).joinpath("assets", name).read_text(encoding="utf-8")


@cache
def socket_client_path() -> str:
    """Where browsers get the Socket.IO client, from the root of the server. The name changes with its content."""
    return f"/assets/socket.io.{sha256(asset(_SOCKET_CLIENT).encode()).hexdigest()[:12]}.js"


def socket_client_route() -> Route:
    """Serves it."""

    async def serve(_: Request) -> Response:
        return Response(asset(_SOCKET_CLIENT), media_type="text/javascript", headers={"Cache-Control": KEEP_FOREVER})

    return Route(socket_client_path(), serve, methods=["GET"])
