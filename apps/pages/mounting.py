"""Hangs a page into the API's application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from apps.pages.dispatcher import PageDispatcher
from apps.pages.theme import gradio_theme

if TYPE_CHECKING:
    from gradio import Blocks


def mount_page(app: FastAPI, path: str, dispatcher: PageDispatcher, build: Callable[[], Blocks]) -> None:
    """Serves every tenant's page at {path}/<tenant domain> while `app`'s lifespan lasts. build: its Blocks.

    The page speaks the API of the same server, whose routes must stand before it. Gradio is imported when the lifespan
    begins: `app` itself is made at once.
    """
    app.mount(path, dispatcher)
    outer_lifespan = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        async with outer_lifespan(served) as state:
            async with _running(build) as dispatcher.gradio:
                yield state
            dispatcher.gradio = None

    app.router.lifespan_context = lifespan


@contextlib.asynccontextmanager
async def _running(build: Callable[[], Blocks]) -> AsyncIterator[ASGIApp]:
    """The one Gradio app, made within the running event loop: outside of one Gradio opens loops of its
    own and never closes them."""
    import gradio

    app = FastAPI(openapi_url=None)
    gradio.mount_gradio_app(
        app,
        build(),
        path="/",
        footer_links=[],
        show_error=False,
        ssr_mode=False,
        mcp_server=False,
        theme=gradio_theme(),
    )
    async with app.router.lifespan_context(app):
        yield app
