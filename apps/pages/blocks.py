"""A page as Gradio builds it: one for all tenants, without an event of its own, for its script speaks the server's
HTTP by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradio import Blocks

# Stands in the one page that Gradio builds, for the name that each tenant's copy carries.
TITLE = "helpdesk-page-title"

# As it comes Gradio's queue wakes a thousand times a second, and nothing ever waits in this one.
_LOOKS_FOR_EVENTS_EVERY = 1.0


def build_blocks(html: str, scripts: Sequence[str]) -> Blocks:
    """One piece of HTML and the script that fills it. scripts: one to Gradio; what stands later uses what stands
    earlier."""
    import gradio as gr

    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_height=True, fill_width=True) as blocks:
        gr.HTML(html_template=html, js_on_load="\n".join(scripts), apply_default_css=False, elem_id="hd-page")
    page: Blocks = blocks
    page.queue(api_open=False)
    page._queue.sleep_when_free = _LOOKS_FOR_EVENTS_EVERY
    page._queue.progress_update_sleep_when_free = _LOOKS_FOR_EVENTS_EVERY
    return page
