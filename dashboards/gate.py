"""Who may open what: asked anew for every page, and for the WebSocket that keeps it alive."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from bokeh.server.auth_provider import AuthProvider
from bokeh.util.token import check_token_signature, get_token_payload
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler

from components.core.errors import AccessDenied, InvalidCredentials, Unavailable
from components.helpdesk.access.people import People, Person
from dashboards.frame import SIGN_IN, header, notice, refused
from dashboards.lookups import Lookups
from dashboards.pages import find_page
from dashboards.viewer import COOKIE, Viewer, viewer_of

# What names another's session of Bokeh's: our own pages never send it.
_FOREIGN = ("bokeh-session-id", "bokeh-token")

logger = logging.getLogger("helpdesk.dashboards")


class Gate(AuthProvider):
    """Finds the viewer of each request, and puts them on it as `request.viewer`; answers itself whoever may not."""

    def __init__(self, people: People, lookups: Lookups, secret: bytes, policy: str, origins: frozenset[str]) -> None:
        """secret: signs Bokeh's sessions. policy: the Content-Security-Policy of pages. origins: host and port of
        further addresses that pages are reached at."""
        self._people, self._lookups, self._secret = people, lookups, secret
        self._policy, self._origins = policy, origins
        super().__init__()

    @property
    def login_url(self) -> str | None:
        return "/sign-in"

    @property
    def get_user_async(self) -> Callable[[Any], Awaitable[Any]]:
        return self._admit

    async def viewer(self, handler: RequestHandler) -> Viewer | None:
        """For a page without WebSocket: None where an answer has been given already."""
        self.protect(handler)
        person = await self._find(handler)
        return None if person is None else self._choose(handler, person, handler.get_query_argument("tenant", ""))

    async def _admit(self, handler: RequestHandler) -> str | None:
        if isinstance(handler, WebSocketHandler):
            return await self._admit_socket(handler)
        self.protect(handler)
        person = await self._find(handler)
        page = find_page(handler.request.path)
        if person is None or page is None:
            return None
        if (
            any(handler.get_query_argument(name, None) for name in _FOREIGN)
            or "Bokeh-Session-Id" in handler.request.headers
        ):
            _answer(handler, 403, notice("Not this way", "Pages are opened by their address alone."))
            return None
        viewer = self._choose(handler, person, handler.get_query_argument("tenant", ""))
        if viewer is None:
            return None
        if not viewer.may(page.permission):
            _answer(handler, 403, refused(viewer, page, _xsrf(handler)))
            return None
        return _enter(handler, viewer)

    async def _admit_socket(self, handler: RequestHandler) -> str | None:
        """The page's own person, from the page's own address; anything else is refused without a word."""
        request = handler.request
        origin = urlsplit(request.headers.get("Origin", "")).netloc.lower()
        if origin not in {request.host.lower(), *self._origins}:
            logger.warning("WebSocket refused: the page at %r is not one of ours", origin)
            return None
        page, token = find_page(request.path), _session_token(request.headers.get("Sec-WebSocket-Protocol", ""))
        try:
            if page is None or not check_token_signature(token, secret_key=self._secret, signed=True):
                return None
            opened = get_token_payload(token)["viewer"]
            person = await self._lookups.run(lambda: self._people.get(handler.get_cookie(COOKIE) or ""))
            if person.account != opened["account"] or not person.may(page.permission):
                return None
            return _enter(handler, viewer_of(person, opened["tenant"]))
        except (AccessDenied, Unavailable, KeyError, ValueError, TypeError) as error:
            logger.info("WebSocket refused: %s", error)
            return None

    async def _find(self, handler: RequestHandler) -> Person | None:
        try:
            return await self._lookups.run(lambda: self._people.get(handler.get_cookie(COOKIE) or ""))
        except InvalidCredentials:
            if handler.request.method == "GET":
                handler.redirect(f"{SIGN_IN}?{urlencode({'next': handler.request.uri})}")
            else:
                _answer(handler, 401, notice("Signed out", "Sign in and try again."))
        except Unavailable as error:
            logger.warning("nobody can be let in: %s", error)
            _answer(handler, 503, notice("Back in a moment", "The helpdesk's database cannot be reached right now."))
        return None

    def _choose(self, handler: RequestHandler, person: Person, asked: str) -> Viewer | None:
        try:
            return viewer_of(person, asked)
        except AccessDenied as error:
            top = header(Viewer(person, person.tenants), _xsrf(handler))
            _answer(handler, 403, notice("Not your tenant", error.message, top))
            return None

    def protect(self, handler: RequestHandler) -> None:
        """What every page says to the browser beside itself."""
        handler.set_header("Content-Security-Policy", self._policy)
        handler.set_header("X-Content-Type-Options", "nosniff")
        handler.set_header("Referrer-Policy", "same-origin")
        handler.set_header("Cache-Control", "no-store")


def viewer_facts(request: Any) -> dict[str, Any]:
    """What a session of Bokeh's keeps of who opened it, signed."""
    viewer: Viewer = request.viewer
    return {"viewer": {"account": viewer.person.account, "tenant": viewer.choice}}


def _enter(handler: RequestHandler, viewer: Viewer) -> str:
    request: Any = handler.request
    request.viewer = viewer
    if not isinstance(handler, WebSocketHandler):
        request.xsrf = _xsrf(handler)
    return viewer.person.account


def _answer(handler: RequestHandler, status: int, html: str) -> None:
    """Given now: Tornado does not go on to the page then."""
    handler.set_status(status)
    handler.set_header("Content-Type", "text/html; charset=utf-8")
    handler.finish(html)


def _xsrf(handler: RequestHandler) -> str:
    return handler.xsrf_token.decode()


def _session_token(protocols: str) -> str:
    """Bokeh's client sends it as the second subprotocol."""
    return protocols.partition(",")[2].strip()
