"""A page as Panel serves it: the frame at once, its content once it is made, and what went wrong in plain words."""

from __future__ import annotations

import html
import logging
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import panel as pn

from components.core.errors import HelpdeskError
from dashboards.desk import Desk
from dashboards.frame import header, styles
from dashboards.pages import Page
from dashboards.viewer import Viewer

# On the page's content, once it is there.
FILLED = "hd-filled"

logger = logging.getLogger("helpdesk.dashboards")


def application(desk: Desk, page: Page) -> Callable[[], pn.Template]:
    """What Bokeh calls for each browser that opens the page."""

    def render() -> pn.Template:
        document: Any = pn.state.curdoc
        request = document.session_context.request
        viewer: Viewer = request.viewer
        place = pn.Column(_said("Loading…", "status"), sizing_mode="stretch_width", margin=0)

        def fill() -> None:
            place.param.update(objects=[build(desk, page, viewer)], css_classes=[FILLED])

        # In a thread: what one person asks of DuckDB must not keep the others waiting.
        pn.state.onload(fill, threaded=True)
        template = pn.Template(_template(), location=True)
        template.add_panel("page", place)
        template.add_variable("page_title", page.title)
        template.add_variable("page_header", header(viewer, request.xsrf, page))
        template.add_variable("page_styles", styles())
        return template

    return render


def build(desk: Desk, page: Page, viewer: Viewer) -> Any:
    """The page's content, or why there is none."""
    try:
        return page.load()(desk, viewer)
    except HelpdeskError as error:
        logger.warning("%s: %s: %s", page.path, error.code, error.message)
        return _said(f"This page cannot be shown: {error.message}", "alert")
    except Exception:
        # The edge: nothing above could tell the person.
        logger.exception("%s cannot be shown", page.path)
        return _said("This page has failed. What went wrong is in the log of the dashboards.", "alert")


def failed(error: Exception) -> None:
    """For what goes wrong after a click: logged, and told in the corner of the page."""
    if isinstance(error, HelpdeskError):
        logger.warning("%s: %s", error.code, error.message)
        said = error.message
    else:
        logger.error("a click has failed", exc_info=error)
        said = "That has failed. What went wrong is in the log of the dashboards."
    if pn.state.notifications is not None:
        pn.state.notifications.error(said, duration=0)


def _said(text: str, role: str) -> pn.pane.HTML:
    return pn.pane.HTML(f'<p role="{role}">{html.escape(text)}</p>', sizing_mode="stretch_width")


@cache
def _template() -> str:
    return files("dashboards").joinpath("assets", "page.html").read_text(encoding="utf-8")
