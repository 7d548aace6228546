"""The chat's Gradio page, put together from its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.pages.blocks import build_blocks
from apps.pages.files import asset

if TYPE_CHECKING:
    from gradio import Blocks

PACKAGE = "apps.chat"
STYLES = (("page.css", "apps.pages"), ("messages.css", "apps.pages"), ("chat.css", PACKAGE), ("handover.css", PACKAGE))
# Each file holds one noun, and what stands later uses what stands earlier.
SCRIPTS = (
    *((name, "apps.pages") for name in ("http.js", "elements.js", "live.js")),
    *(
        (name, PACKAGE)
        for name in (
            *("chat_api.js", "memory.js", "message_files.js", "transcript.js", "attach_tray.js", "composer.js"),
            *("ratings.js", "rating_card.js", "handover.js", "conversation.js", "chat.js"),
        )
    ),
)


def build_page() -> Blocks:
    """The Blocks of all tenants' chat."""
    return build_blocks(asset("chat.html", PACKAGE), [asset(*script) for script in SCRIPTS])


def page_css() -> str:
    """What the page is painted with, beside the tenant's colours."""
    return "".join(asset(*style) for style in STYLES)
