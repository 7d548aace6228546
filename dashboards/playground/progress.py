"""Work under way, as the person sees it: how far it is, how long it will take, and a button that ends it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from time import monotonic, sleep
from typing import Any

import panel as pn

from components.core.errors import HelpdeskError
from dashboards.desk import Desk
from dashboards.playground.api_work import Work
from dashboards.playground.looks import PLAIN_BUTTON, html, said
from dashboards.viewer import Viewer

Ended = Callable[[Mapping[str, Any]], None]
Failed = Callable[[HelpdeskError], None]
# Seconds. What was written and the click after it come in threads of their own, begun in this order: it lets the first
# be done, so that nothing is asked with the text of before.
SETTLING = 0.1
logger = logging.getLogger("helpdesk.dashboards")


class Progress:
    """One at once on a page, as the API allows one at once to a tenant. It ends when its page is closed."""

    def __init__(self, desk: Desk, viewer: Viewer) -> None:
        self._desk, self._viewer = desk, viewer
        self._document: Any = pn.state.curdoc
        self._work: Work | None = None
        self._begun, self._done, self._total = 0.0, 0, 0
        self._told = html()
        self._cancel = pn.widgets.Button(label="Cancel", stylesheets=[PLAIN_BUTTON], visible=False, width=110)
        self._cancel.on_click(lambda _: self.cancel())
        self._buttons: Sequence[pn.widgets.Button] = ()
        self.panel = pn.Row(self._told, self._cancel, sizing_mode="stretch_width")
        if self._document is not None:
            self._document.on_session_destroyed(lambda _: self.cancel())

    def share(self, buttons: Sequence[pn.widgets.Button]) -> None:
        """Those that start work: none can be pressed while there is some."""
        self._buttons = buttons

    def start(self, path: str, body: Mapping[str, Any], on_done: Ended, on_failed: Failed | None = None) -> None:
        """Asks the API. on_failed: shows why there is no result, in place of the line here."""
        self._begun, self._done, self._total = monotonic(), 0, 0
        self._set_busy(True)
        self._told.object = said("Asking the API…")

        def ended(result: Mapping[str, Any] | HelpdeskError | None) -> None:
            self._later(partial(self._end, result, on_done, on_failed))

        def moved(done: int, total: int) -> None:
            self._later(partial(self._move, done, total))

        self._work = Work(self._desk, self._viewer, path, body, moved, ended)

    def cancel(self) -> None:
        """Ends what is under way."""
        if self._work is not None:
            self._work.cancel()

    def refuse(self, text: str) -> None:
        """Says why nothing was started."""
        self._told.object = said(text, "alert")

    def _move(self, done: int, total: int) -> None:
        if self._work is None:
            return
        self._done, self._total = done, total
        if not total:
            self._told.object = said("Waiting for its turn: another evaluation of this tenant is under way…")
            return
        left = (monotonic() - self._begun) / done * (total - done) if done else None
        more = f", about {_duration(left)} left" if left else ""
        self._told.object = (
            f'<progress max="{total}" value="{done}" aria-label="Answers" style="width:100%"></progress>'
            + said(f"{done} of {total} answers{more}")
        )

    def _end(self, result: Mapping[str, Any] | HelpdeskError | None, on_done: Ended, on_failed: Failed | None) -> None:
        self._work = None
        self._set_busy(False)
        if result is None:
            of = f" after {self._done} of {self._total} answers" if self._total else ""
            self._told.object = said(f"Called off{of}.")
        elif isinstance(result, HelpdeskError):
            logger.info("%s: %s", result.code, result.message)
            self._told.object = said(sentence(result.message), "alert") if on_failed is None else ""
            if on_failed is not None:
                on_failed(result)
        else:
            self._told.object = said(f"Done in {_duration(monotonic() - self._begun)}.")
            on_done(result)

    def _set_busy(self, busy: bool) -> None:
        self._cancel.visible = busy
        for each in self._buttons:
            each.disabled = busy

    def _later(self, show: Callable[[], None]) -> None:
        """The thread's news, on the page's own turn."""
        context = self._document.session_context if self._document is not None else None
        if context is not None and not context.destroyed:
            self._document.add_next_tick_callback(show)


def on_press(button: pn.widgets.Button, act: Callable[[], None]) -> None:
    """Calls `act` at each click, with all that was written before it in place."""

    def pressed(_: object) -> None:
        sleep(SETTLING)
        act()

    button.on_click(pressed)


def sentence(text: str) -> str:
    """An error's message as a sentence."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min"
