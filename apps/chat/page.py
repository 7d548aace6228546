"""The chat's Gradio page: one for all tenants, without an event of its own, for its script speaks the chat API."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradio import Blocks

# Stands in the one page that Gradio builds, for the name that each tenant's copy carries.
TITLE = "helpdesk-chat-title"

# One script to Gradio; each file holds one noun, and what stands later uses what stands earlier.
SCRIPTS = ("chat_api.js", "memory.js", "transcript.js", "composer.js", "conversation.js", "chat.js")
# As it comes Gradio's queue wakes a thousand times a second, and nothing ever waits in this one.
_LOOKS_FOR_EVENTS_EVERY = 1.0


def build_page() -> Blocks:
    """The Blocks: one piece of HTML and the script that fills it."""
    import gradio as gr

    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_height=True, fill_width=True) as blocks:
        gr.HTML(
            html_template=asset("chat.html"),
            js_on_load="\n".join(map(asset, SCRIPTS)),
            apply_default_css=False,
            elem_id="hd-conversation",
        )
    page: Blocks = blocks
    page.queue(api_open=False)
    page._queue.sleep_when_free = _LOOKS_FOR_EVENTS_EVERY
    page._queue.progress_update_sleep_when_free = _LOOKS_FOR_EVENTS_EVERY
    return page


def asset(name: str) -> str:
    """The text of a file of the page."""
    return files("apps.chat").joinpath("assets", name).read_text(encoding="utf-8")
