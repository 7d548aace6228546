"""The console's page in a real browser: how the tests sign agents in, and read what they see."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING

from components.core.tenant import Tenant
from components.helpdesk.handover.agents import Agent
from tests.apps_api.apps_api_sockets import Desks
from tests.apps_chat.apps_chat_pages import DESK, Visits
from tests.staff import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

    from components.bootstrap import Workbench

PHONE = (390, 844)
REPLY = ".hd-reply textarea"
ENTRY = ".hd-entry"

__all__ = ["DESK", "ENTRY", "PASSWORD", "PHONE", "REPLY", "Desks", "Shifts", "choose", "eventually", "press", "said"]


@dataclass
class Shifts(Visits):
    """Consoles opened by one test, beside its customers' chats."""

    workbench: Workbench | None = None

    def console(self, tenant: Tenant, agent: Agent, size: tuple[int, int] = DESK, scheme: str = "light") -> Page:
        """The tenant's console in a browser of its own, in which this agent has signed in before, connected."""
        assert self.workbench is not None
        token, expires_at = self.workbench.agent_tokens.issue(tenant.context, agent.agent_id)
        told = {"agent_id": str(agent.agent_id), "name": agent.name, "email": agent.email}
        kept = json.dumps({"token": token, "expires_at": expires_at.isoformat(), "agent": told})
        context = self.customer(size, scheme)
        remember = f"localStorage.setItem({json.dumps(f'helpdesk-console/{tenant.domain}/agent')}, {json.dumps(kept)})"
        page = self.at_console(tenant, context)
        page.evaluate(remember)
        page.reload()
        page.wait_for_selector('.hd-desk[data-state="in"][data-connected="yes"]')
        return page

    def at_console(self, tenant: Tenant, context: BrowserContext) -> Page:
        """The console, nobody being signed in."""
        page = context.new_page()
        page.goto(f"{self.served.url}/console/{tenant.domain}/")
        page.wait_for_selector(".hd-desk")
        return page


def sign_in(page: Page, email: str, password: str) -> None:
    page.fill("[name=email]", email)
    page.fill("[name=password]", password)
    page.click(".hd-sign-in [type=submit]")


def choose(page: Page, text: str) -> None:
    """Opens the conversation in the queue that shows this."""
    page.click(f"{ENTRY}:has-text({text!r})")
    page.wait_for_selector(".hd-about:visible")


def eventually(true: Callable[[], bool], within: float = 15.0) -> None:
    """Waits until it is."""
    end = monotonic() + within
    while not true():
        assert monotonic() < end, "it did not become true in time"
        sleep(0.05)


def press(page: Page, action: str, sure: bool = False) -> None:
    """One of the buttons over the conversation, and what it asks back."""
    page.click(f"[data-action={action}]")
    if sure:
        page.click(".hd-confirm [value=yes]")


def said(page: Page) -> list[tuple[str, str]]:
    """Who said what in the open conversation, stored messages only."""
    return [
        (
            frame.get_attribute("data-author") or "",
            frame.locator(".hd-bubble").inner_text().partition("\nSources")[0].strip(),
        )
        for frame in page.locator(".hd-conversation .hd-message[data-sequence]").all()
    ]
