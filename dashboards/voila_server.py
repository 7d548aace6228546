"""`python -m dashboards.voila_server`: the notebooks of this folder as pages, for people who have signed in."""

from __future__ import annotations

import asyncio
import logging
import sys
from html import escape
from pathlib import Path
from typing import Any

from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError, RequestHandler
from traitlets.config import Config
from voila.app import Voila

from components.bootstrap import open_registry
from components.core.errors import AccessDenied, HelpdeskError, InvalidCredentials, Unavailable
from components.core.settings import Settings, load_settings, quiet_third_parties
from components.helpdesk.access.people import People, open_people
from dashboards.frame import SIGN_IN, VOILA
from dashboards.kernel_page import admitted
from dashboards.viewer import COOKIE

# Below the cookie's path, so that whoever has signed in at the dashboards is known here too.
BASE = VOILA
MOST_KERNELS = 8
# Nothing from elsewhere: Voila's templates name fonts and scripts of others, which no page of ours needs.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self' ws: wss:; worker-src 'self' blob:; frame-ancestors 'self'"
)
_NOTICE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Helpdesk</title></head>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem">
<h1>Not this page</h1><p>{said}</p><p><a href="{base}">The pages there are</a></p></body></html>"""
IDLE_SECONDS, LOOK_SECONDS, CELL_SECONDS = 600, 60, 120


class Identity(IdentityProvider):
    """Knows people by the dashboards' cookie; there is no other way in."""

    people: People

    @property
    def auth_enabled(self) -> bool:
        return True

    @property
    def login_available(self) -> bool:
        return False

    @property
    def logout_available(self) -> bool:
        return False

    async def get_user(self, handler: RequestHandler) -> User | None:
        """None where nobody has signed in; answers 403 whoever may not see the page, or not of the tenant asked for."""
        token = handler.get_cookie(COOKIE) or ""
        try:
            person = await asyncio.to_thread(self.people.get, token)
            admitted(person, handler.get_query_argument("tenant", ""))
        except InvalidCredentials:
            return None
        except AccessDenied as error:
            _answer(handler, 403, error.message)
            return None
        except Unavailable:
            _answer(handler, 503, "The helpdesk's database cannot be reached right now: try again in a moment.")
            return None
        return User(username=person.account, name=person.name)


def _answer(handler: RequestHandler, status: int, said: str) -> None:
    """Given now: Tornado does not go on to the page then."""
    handler.set_status(status)
    handler.set_header("Content-Type", "text/html; charset=utf-8")
    handler.finish(_NOTICE.format(said=escape(said[0].upper() + said[1:]), base=BASE))


class BoundedKernels(AsyncMappingKernelManager):
    """One kernel a page that somebody looks at, and so many at once."""

    async def start_kernel(self, kernel_name: str | None = None, **given: Any) -> str:
        """Raises HTTPError where as many run as may."""
        if len(self) >= MOST_KERNELS:
            raise HTTPError(503, f"{MOST_KERNELS} pages are open already: close one, or try again in some minutes")
        return await super().start_kernel(kernel_name=kernel_name, **given)


class Pages(Voila):  # type: ignore[misc]
    """Voila whose sign-in is the dashboards'."""

    sign_in: str

    def init_settings(self) -> dict[str, Any]:
        return {**super().init_settings(), "login_url": self.sign_in}


def configuration(settings: Settings) -> Config:
    """How Voila serves; it listens where the settings say, and nowhere else where that is taken."""
    config = Config()
    config.Voila.ip = settings.host
    config.Voila.port = settings.resolved_voila_port
    config.Voila.port_retries = 0
    config.Voila.base_url = BASE
    config.Voila.root_dir = str(Path(__file__).parent)
    config.Voila.open_browser = False
    config.Voila.identity_provider_class = Identity
    config.Voila.config_file_paths = []
    config.Voila.tornado_settings = {"headers": {"Content-Security-Policy": POLICY}}
    pages = config.VoilaConfiguration
    pages.multi_kernel_manager_class = BoundedKernels
    pages.http_header_envs = ["Cookie"]
    pages.allow_template_override = pages.allow_theme_override = "NO"
    pages.file_allowlist = []
    pages.show_tracebacks = False
    pages.classic_tree = True
    config.VoilaExecutor.timeout = CELL_SECONDS
    kernels = config.BoundedKernels
    kernels.cull_idle_timeout, kernels.cull_interval, kernels.cull_connected = IDLE_SECONDS, LOOK_SECONDS, True
    # The list of pages shows notebooks only.
    here = Path(__file__).parent
    config.ContentsManager.hide_globs = [each.name for each in here.iterdir() if each.suffix != ".ipynb"]
    return config


def main() -> None:
    """Serves until SIGTERM. Exits with 1 and one line where that cannot begin."""
    quiet_third_parties()
    try:
        settings = load_settings()
        registry = open_registry()
        Identity.people = open_people(registry.settings, registry.tenants, registry.agents)
    except HelpdeskError as error:
        sys.exit(f"the Voila pages cannot be served: {error.message}")
    logging.getLogger("tornado.access").setLevel(logging.WARNING)
    outside = settings.dashboards_url or f"http://{settings.host}:{settings.resolved_dashboards_port}"
    Pages.sign_in = outside.rstrip("/") + SIGN_IN
    Pages.launch_instance(argv=[], config=configuration(settings))


if __name__ == "__main__":
    main()
