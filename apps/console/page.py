"""The console's Gradio page, put together from its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.pages.blocks import build_blocks
from apps.pages.files import asset

if TYPE_CHECKING:
    from gradio import Blocks

PACKAGE = "apps.console"
STYLES = (
    ("page.css", "apps.pages"),
    ("messages.css", "apps.pages"),
    *((name, PACKAGE) for name in ("console.css", "queue.css", "conversation.css", "details.css")),
)
# Each file holds one noun, and what stands later uses what stands earlier.
SCRIPTS = (
    *((name, "apps.pages") for name in ("http.js", "elements.js", "live.js")),
    *(
        (name, PACKAGE)
        for name in (
            *("clock.js", "desk_api.js", "agent_memory.js", "toasts.js", "dialogs.js"),
            *("sign_in.js", "queue_list.js", "lineage.js", "desk_transcript.js", "slash_menu.js", "reply_box.js"),
            *("unsent.js", "actions.js", "context_panel.js", "suggestions_panel.js", "canned_panel.js"),
            *("notes_panel.js", "customer_panel.js", "tickets_panel.js", "desk.js", "shortcuts.js", "console.js"),
        )
    ),
)


def build_page() -> Blocks:
    """The Blocks of all tenants' console."""
    return build_blocks(asset("console.html", PACKAGE), [asset(*script) for script in SCRIPTS])


def page_css() -> str:
    """What the page is painted with, beside the tenant's colours."""
    return "".join(asset(*style) for style in STYLES)
