"""People of every role at two tenants, and browsers in which they have signed in."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from components.core.tenant import Tenant
from components.helpdesk.access.admin import admin_password
from components.helpdesk.access.roles import STAFF_ROLES, Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

    from components.bootstrap import Registry
    from dashboards.desk import Desk

DESKTOP, TABLET, PHONE = (1280, 800), (820, 1180), (390, 844)
PASSWORD = "correct horse battery"
PATIENCE = 30_000
# Evaluated on a page: what cannot be read on its ground.
LOW_CONTRAST = Path(__file__).with_name("low_contrast.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Staff:
    """ours, theirs: two tenants, each with one person of each role, `<role>@<domain>`."""

    ours: Tenant
    theirs: Tenant
    admin: str

    def form(self, role: Role, tenant: Tenant | None = None) -> dict[str, str]:
        """What somebody of this role fills in."""
        if role == "admin":
            return {"tenant": "", "account": "admin", "password": self.admin}
        at = tenant or self.ours
        return {"tenant": at.domain, "account": f"{role}@{at.domain}", "password": PASSWORD}


def hire(registry: Registry) -> Staff:
    """One person of each role at each of two tenants."""
    tenants = [registry.tenants.create(name, domain) for name, domain in _TENANTS]
    for tenant in tenants:
        for role in STAFF_ROLES:
            registry.agents.create(
                tenant.context,
                email=f"{role}@{tenant.domain}",
                name=f"{role.replace('_', ' ').title()} of {tenant.name}",
                password=PASSWORD,
                role=role,
            )
    return Staff(tenants[0], tenants[1], admin_password(registry.settings))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def served(desk: Desk) -> Iterator[str]:
    """The dashboards, in a thread, at this address."""
    from dashboards.server import serving
    from dashboards.sign_in import SignInBounds

    started, loops = threading.Event(), []

    def serve() -> None:
        # More than one person signs in from here within a minute.
        with serving(desk, SignInBounds(of_address=10_000)) as server:
            loops.append(server.io_loop)
            server.io_loop.add_callback(started.set)
            server.io_loop.start()

    thread = threading.Thread(target=serve)
    thread.start()
    while not started.wait(0.05):
        assert thread.is_alive()
    try:
        yield f"http://127.0.0.1:{desk.settings.resolved_dashboards_port}"
    finally:
        loops[0].add_callback(loops[0].stop)
        thread.join()


@contextmanager
def signed_in(url: str, form: dict[str, str]) -> Iterator[httpx.Client]:
    """A browser without a screen, in which somebody has signed in."""
    with httpx.Client(base_url=url, timeout=20.0) as client:
        client.get("/dashboards/sign-in")
        answer = client.post("/dashboards/sign-in", data={**form, "next": "", "_xsrf": client.cookies["_xsrf"]})
        assert answer.status_code == 303, answer.text
        yield client


@contextmanager
def opened(browser: Browser, url: str, form: dict[str, str], size: tuple[int, int] = DESKTOP) -> Iterator[Page]:
    """A page in a real browser, where somebody has signed in through the form. At the end no script must have failed,
    and nothing must have left the host."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    asked: list[str] = []
    failures: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.on("weberror", lambda error: failures.append(str(error.error)))
    context.on("console", lambda said: failures.append(said.text) if _is_failure(said) else None)
    page = context.new_page()
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.goto(f"{url}/dashboards/sign-in?tenant={form['tenant']}")
    page.fill("[name=account]", form["account"])
    page.fill("[name=password]", form["password"])
    page.click("text=Sign in >> nth=-1")
    page.wait_for_selector(".hd-top")
    yield page
    context.close()
    assert not failures, failures
    assert {urlsplit(each).netloc for each in asked if not each.startswith(("data:", "blob:"))} == {
        urlsplit(url).netloc
    }


def _is_failure(said: ConsoleMessage) -> bool:
    """A page that is refused is part of what is tested."""
    return said.type == "error" and "status of 403" not in said.text


_TENANTS = (("Jackets & Co", "jackets.example"), ("Cloudlet", "cloudlet.example"))
