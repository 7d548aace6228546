"""Hangs the customer chat's page into the API's application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from apps.chat.dispatcher import ChatDispatcher
from apps.chat.page import build_page
from apps.chat.theme import gradio_theme
from components.helpdesk.tenants import TenantRegistry

PATH = "/chat"


def mount_chat(app: FastAPI, tenants: TenantRegistry) -> None:
    """Serves every tenant's chat page at /chat/<tenant domain> while `app`'s lifespan lasts.

    The page speaks the chat API of the same server, whose routes must stand before it. Gradio is imported when the
    lifespan begins: `app` itself is made at once.
    """
    dispatcher = ChatDispatcher(tenants)
    app.mount(PATH, dispatcher)
    outer_lifespan = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        async with outer_lifespan(served) as state:
            async with _running() as dispatcher.gradio:
                yield state
            dispatcher.gradio = None

    app.router.lifespan_context = lifespan


@contextlib.asynccontextmanager
async def _running() -> AsyncIterator[ASGIApp]:
    """The one Gradio app, made within the running event loop: outside of one Gradio opens loops of its
    own and never closes them."""
    import gradio

    app = FastAPI(openapi_url=None)
    gradio.mount_gradio_app(
        app,
        build_page(),
        path="/",
        footer_links=[],
        show_error=False,
        ssr_mode=False,
        mcp_server=False,
        theme=gradio_theme(),
    )
    async with app.router.lifespan_context(app):
        yield app
