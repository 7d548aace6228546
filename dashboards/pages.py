"""The pages there are: where each stands, who may open it, and what builds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from components.helpdesk.access.roles import Permission

if TYPE_CHECKING:
    from dashboards.desk import Desk
    from dashboards.viewer import Viewer

    Build = Callable[[Desk, Viewer], Any]

ROOT = "/dashboards"


@dataclass(frozen=True)
class Page:
    """path: below ROOT, with its slash. about: one sentence for who has not been there. module: has
    `page(desk, viewer)`, which gives what Panel can show; it is imported when somebody opens the page."""

    path: str
    title: str
    about: str
    permission: Permission
    module: str

    @property
    def url(self) -> str:
        """From the root of the server."""
        return ROOT + self.path

    def load(self) -> Build:
        """What builds it."""
        build: Build = import_module(self.module).page
        return build


PAGES: tuple[Page, ...] = (
    Page(
        "/analytics",
        "Analytics",
        "How many customers the bot helped, how long others waited for a person, what they came with and what it cost.",
        "see_analytics",
        "dashboards.analytics.page",
    ),
    Page(
        "/knowledge",
        "Knowledge",
        "How fresh the knowledge is, which checks fail, what is quoted, what contradicts itself, and what is missing.",
        "see_knowledge",
        "dashboards.knowledge.page",
    ),
    Page(
        "/playground",
        "Playground",
        "Try a prompt, a model or a pipeline beside what serves now, and activate what does not answer worse.",
        "use_playground",
        "dashboards.playground.page",
    ),
    Page(
        "/low-code",
        "Low code",
        "What can be changed without a line of Python: where, with which schema, by whom, and an example of each.",
        "see_low_code",
        "dashboards.low_code.page",
    ),
)


def find_page(path: str) -> Page | None:
    """Whose address `path` is, or belongs to, as its WebSocket's does."""
    return next((page for page in PAGES if path == page.url or path.startswith(page.url + "/")), None)
