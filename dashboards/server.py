"""The process that serves the dashboards: Panel's server below /dashboards, everything from this machine."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import panel as pn
from bokeh.application.handlers.handler import Handler
from panel.io.application import build_applications
from panel.io.server import Server, get_server

from components.bootstrap import Registry
from components.core.errors import PortInUse
from components.core.settings import Settings
from components.helpdesk.access.people import open_people
from components.helpdesk.reports.reports import Reports
from components.warehouse.warehouse import Warehouse
from dashboards.analytics.conversations_file import ROUTE, ConversationsFile
from dashboards.desk import Desk
from dashboards.gate import Gate, viewer_facts
from dashboards.lookups import Lookups
from dashboards.pages import PAGES, ROOT
from dashboards.rendering import application, failed
from dashboards.sign_in import HealthHandler, HomeHandler, SignInBounds, SignInHandler, SignOutHandler, make_porter
from dashboards.voila_way import VoilaHandler

# Of pages that are made and clicks that are answered at once.
THREADS = 4
# Of sign-ins and of looking people up; a password takes a tenth of a second of one core.
_AT_ONCE, _WAITING, _DEADLINE = 4, 64, 10.0
_LONGEST_MESSAGE = 20 * 1024 * 1024


def open_desk(settings: Settings, registry: Registry) -> Desk:
    """What all pages are made from."""
    warehouse = Warehouse(settings.data_dir)
    return Desk(settings, registry, warehouse, Reports(warehouse))


@contextmanager
def serving(desk: Desk, bounds: SignInBounds | None = None) -> Iterator[Server]:
    """The server on the settings' host and port, listening; its `io_loop` is the caller's to start and stop.
    bounds: of attempts to sign in.

    Raises PortInUse, InvalidSetting.
    """
    settings = desk.settings
    # Tornado's server lives on the thread's own loop.
    asyncio.set_event_loop(loop := asyncio.new_event_loop())
    lookups = Lookups(at_once=_AT_ONCE, waiting=_WAITING, deadline=_DEADLINE)
    server = None
    try:
        server = _listening(desk, lookups, bounds or SignInBounds())
        logging.getLogger("helpdesk.dashboards").info("listening on %s:%s", settings.host, server.port)
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop()
        lookups.close()
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        asyncio.set_event_loop(None)


def _listening(desk: Desk, lookups: Lookups, bounds: SignInBounds) -> Server:
    settings, registry = desk.settings, desk.registry
    session_key = secrets.token_bytes(32)
    people = open_people(settings, registry.tenants, registry.agents)
    outside = urlsplit(settings.dashboards_url or "")
    gate = Gate(people, lookups, session_key, content_policy(settings), frozenset({outside.netloc.lower()} - {""}))
    porter = make_porter(settings, people, gate, lookups, bounds, secure=outside.scheme == "https")
    shared = {"porter": porter}
    pn.extension(
        "tabulator", nthreads=THREADS, notifications=True, exception_handler=failed, sizing_mode="stretch_width"
    )
    # We check where sockets come from ourselves, with the address that the request was sent to.
    logging.getLogger("bokeh.server.util").setLevel(logging.ERROR)
    try:
        return get_server(
            _applications(desk),
            port=settings.resolved_dashboards_port,
            address=settings.host,
            prefix=ROOT,
            use_index=False,
            auth_provider=gate,
            allow_websocket_origin=["*"],
            sign_sessions=True,
            secret_key=session_key,
            include_headers=[],
            include_cookies=[],
            xsrf_cookies=True,
            xsrf_cookie_kwargs={"httponly": True, "samesite": "Lax", "path": ROOT, "secure": porter.secure},
            use_xheaders=settings.dashboards_url is not None,
            websocket_max_message_size=_LONGEST_MESSAGE,
            extra_patterns=[
                ("/?", HomeHandler, shared),
                ("/sign-in", SignInHandler, shared),
                ("/sign-out", SignOutHandler, shared),
                ("/voila/.*", VoilaHandler, shared),
                (ROUTE, ConversationsFile, {**shared, "desk": desk, "sent": set()}),
                ("/health", HealthHandler),
            ],
        )
    except OSError as error:
        port = settings.resolved_dashboards_port
        raise PortInUse(
            f"port {port} on {settings.host} is not to be had ({error.strerror}): HELPDESK_DASHBOARDS_PORT chooses "
            "another",
            field="dashboards_port",
        ) from error


class _Remembering(Handler):
    """Signs into each session who opened it."""

    def modify_document(self, doc: Any) -> None:
        """The page itself is another handler's."""

    def process_request(self, request: Any) -> dict[str, Any]:
        return viewer_facts(request)


def _applications(desk: Desk) -> dict[str, Any]:
    made: dict[str, Any] = build_applications(
        {page.path: application(desk, page) for page in PAGES}, title={page.path: page.title for page in PAGES}
    )
    for each in made.values():
        each.add(_Remembering())
    return made


def content_policy(settings: Settings) -> str:
    """Bokeh compiles small scripts; nothing may leave the host but towards an n8n that is shown."""
    framed = urlsplit(settings.n8n_url or "")
    frames = f"'self' {framed.scheme}://{framed.netloc}" if settings.n8n_url else "'self'"
    return (
        "default-src 'self'; script-src 'self' blob: 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' blob:; worker-src 'self' blob:; "
        f"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; frame-src {frames}"
    )
