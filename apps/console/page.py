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
    *((name, PACKAGE) for name in ("console.css", "queue.css", "conversation.css", "details.css", "actions.css")),
)
# Each file holds one noun, and what stands later uses what stands earlier.
_NOUNS = (
    "clock desk_api agent_memory toasts dialogs panes sign_in queue_list queue_reader typing_line "
    "heading lineage desk_transcript slash_menu reply_box unsent actions context_panel suggestions_panel "
    "canned_panel notes_panel customer_panel tickets_panel tool_call calls_panel approvals_pane read_mark desk "
    "shortcuts console"
)
SCRIPTS = (
    *((name, "apps.pages") for name in ("http.js", "elements.js", "live.js")),
    *((f"{noun}.js", PACKAGE) for noun in _NOUNS.split()),
)


def build_page() -> Blocks:
    """The Blocks of all tenants' console."""
    return build_blocks(asset("console.html", PACKAGE), [asset(*script) for script in SCRIPTS])


def page_css() -> str:
    """What the page is painted with, beside the tenant's colours."""
    return "".join(asset(*style) for style in STYLES)
