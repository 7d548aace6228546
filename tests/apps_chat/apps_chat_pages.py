"""The chat's page in a real browser: how the tests open it, write in it and read it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from components.core.tenant import Tenant

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from components.bootstrap import Workbench

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = ["--no-sandbox", "--headless=new", "--disable-gpu", "--disable-background-networking"]
SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
DESK, PHONE = (1280, 800), (375, 812)
PATIENCE = 60_000
BOX = ".hd-box textarea"

_ANSWERED = """wanted => {
    const frames = [...document.querySelectorAll('.hd-message[data-sequence]')];
    const customers = frames.filter((frame) => frame.dataset.author === 'customer');
    return customers.length >= wanted && frames.at(-1).dataset.author !== 'customer'
        && !document.querySelector('.hd-provisional');
}"""


@dataclass(frozen=True)
class Served:
    """Where the chat is."""

    url: str

    def chat(self, domain: str) -> str:
        """The address of a tenant's chat."""
        return f"{self.url}/chat/{domain}/"


@contextmanager
def serving(workbench: Workbench, port: int = 0) -> Iterator[str]:
    """The whole API in a thread, at the address it gives. Its bounds are not those of one customer a test."""
    from apps.api.app import Limits, create_app
    from apps.api.chat_app import ChatBounds
    from apps.api.server import ApiServer

    started = threading.Event()
    server = ApiServer("127.0.0.1", port)
    app = create_app(workbench, Limits(chat=ChatBounds(messages=1_000, sessions=1_000)))
    thread = threading.Thread(target=server.run, args=(app,), kwargs={"on_started": lambda _: started.set()})
    thread.start()
    while not started.wait(0.05):
        assert thread.is_alive()
    yield server.url
    server.stop()
    thread.join()
    server.close()


@dataclass
class Visits:
    """Pages opened by one test. asked: every address asked for, by WebSocket too; failures: scripts that failed,
    refusals but those that the test has said it expects."""

    browser: Browser
    served: Served
    expected: frozenset[int] = frozenset()
    asked: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def expect(self, *statuses: int) -> None:
        """These are part of the test."""
        self.expected = frozenset(statuses)

    def customer(self, size: tuple[int, int] = DESK, scheme: str = "light") -> BrowserContext:
        """A browser of its own, as another customer has one."""
        viewport = {"width": size[0], "height": size[1]}
        context = self.browser.new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        context.on("request", lambda request: self.asked.append(request.url))
        context.on("page", lambda page: page.on("websocket", lambda socket: self.asked.append(socket.url)))
        context.on("weberror", lambda error: self.failures.append(str(error.error)))
        context.on("response", lambda response: self._check(response.status, response.url))
        self.contexts.append(context)
        return context

    def open(self, tenant: Tenant, context: BrowserContext | None = None) -> Page:
        """The tenant's chat, ready."""
        page = (context or self.customer()).new_page()
        page.goto(self.served.chat(tenant.domain))
        ready(page)
        return page

    def close(self) -> None:
        """Every request has stayed on the host, and nothing has failed that was not expected."""
        for context in self.contexts:
            context.close()
        hosts = {urlsplit(url).netloc for url in self.asked if not url.startswith(("data:", "blob:"))}
        assert self.failures == []
        assert hosts == {urlsplit(self.served.url).netloc}

    def _check(self, status: int, url: str) -> None:
        if status >= 400 and status not in self.expected:
            self.failures.append(f"{status} {url}")


def ready(page: Page) -> None:
    """The script has run."""
    page.wait_for_selector(".hd-welcome, .hd-message", state="attached")


def say(page: Page, text: str) -> None:
    """Writes and sends, and waits for the replies."""
    before = page.locator('[data-author="customer"][data-sequence]').count()
    page.fill(BOX, text)
    page.press(BOX, "Enter")
    answered(page, before + 1)


def answered(page: Page, messages: int) -> None:
    """Waits until so many of the customer's messages have their replies."""
    page.wait_for_function(_ANSWERED, arg=messages)


def transcript(page: Page) -> list[tuple[str, str]]:
    """Who said what, in the order it is shown."""
    shown: list[tuple[str, str]] = []
    for frame in page.locator(".hd-message[data-sequence]").all():
        text = frame.locator(".hd-bubble").inner_text().partition("\nSources")[0]
        shown.append((frame.get_attribute("data-author") or "", text.strip()))
    return shown


def last(page: Page) -> str:
    """The last message's text."""
    return transcript(page)[-1][1]


def save(page: Page, name: str) -> None:
    """For people to look at."""
    SCREENSHOTS.mkdir(exist_ok=True)
    page.wait_for_timeout(150)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
