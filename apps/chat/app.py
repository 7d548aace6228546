"""Hangs the customer chat into the API's application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from fastapi import FastAPI

from apps.chat.dispatcher import ChatDispatcher, RunningChat
from apps.chat.housekeeping import calm_queue, has_session, tidied
from apps.chat.page import ANSWERS_AT_ONCE, AnswerCounts, Chat, build_page
from apps.chat.streaming import TextStreams
from apps.chat.theme import gradio_theme
from components.bootstrap import Workbench

PATH = "/chat"
# A call that is past its deadline may hold its thread a little longer.
_SPARE_THREADS = 2


def mount_chat(app: FastAPI, workbench: Workbench, counts: AnswerCounts | None = None) -> None:
    """Serves every tenant's chat at /chat/<tenant domain> while `app`'s lifespan lasts.

    counts: hears of every answer. Gradio is imported when that begins: `app` itself is made at once.
    """
    dispatcher = ChatDispatcher(workbench.tenants)
    app.mount(PATH, dispatcher)
    outer_lifespan = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        async with outer_lifespan(served) as state:
            with contextlib.closing(TextStreams(ANSWERS_AT_ONCE + _SPARE_THREADS)) as streams:
                async with _running(Chat(workbench, streams, counts)) as dispatcher.running:
                    yield state
                dispatcher.running = None

    app.router.lifespan_context = lifespan


@contextlib.asynccontextmanager
async def _running(chat: Chat) -> AsyncIterator[RunningChat]:
    """The one Gradio app, made within the running event loop: outside of one Gradio opens loops of its
    own and never closes them."""
    import gradio

    page = build_page(chat)
    calm_queue(page)
    app = FastAPI(openapi_url=None)
    gradio.mount_gradio_app(
        app, page, path="/", footer_links=[], show_error=False, ssr_mode=False, mcp_server=False, theme=gradio_theme()
    )
    async with app.router.lifespan_context(app), tidied(page):
        yield RunningChat(app, partial(has_session, page))
