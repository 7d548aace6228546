"""Hangs the customer chat into the API's application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from apps.chat.dispatcher import ChatDispatcher
from apps.chat.housekeeping import calm_queue, tidied
from apps.chat.page import ANSWERS_AT_ONCE, Chat, build_page
from apps.chat.streaming import TextStreams
from apps.chat.theme import gradio_theme
from components.bootstrap import Workbench

PATH = "/chat"
# A call that is past its deadline may hold its thread a little longer.
_SPARE_THREADS = 2


def mount_chat(app: FastAPI, workbench: Workbench) -> None:
    """Serves every tenant's chat at /chat/<tenant domain>, from when `app`'s lifespan begins until it ends."""
    import gradio

    streams = TextStreams(ANSWERS_AT_ONCE + _SPARE_THREADS)
    page = build_page(Chat(workbench, streams))
    calm_queue(page)
    inner = FastAPI(openapi_url=None)
    gradio.mount_gradio_app(
        inner, page, path="/", footer_links=[], show_error=False, ssr_mode=False, mcp_server=False, theme=gradio_theme()
    )
    app.mount(PATH, ChatDispatcher(inner, workbench.tenants))
    outer_lifespan = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        async with outer_lifespan(served) as state, inner.router.lifespan_context(inner), tidied(page):
            yield state
        streams.close()

    app.router.lifespan_context = lifespan
