"""A page is not left without asking while something on it is saved nowhere."""

from __future__ import annotations

from collections.abc import Sequence

import panel as pn

_ASKS, _LETS_GO = "window.onbeforeunload = (event) => event.preventDefault()", "window.onbeforeunload = null"


class Leaving:
    """What is typed counts at once, before the page hears of it; after that, what the page says."""

    def __init__(self, editors: Sequence[pn.widgets.TextAreaInput]) -> None:
        self._heard = 0
        self._told = pn.widgets.TextInput(visible=False)
        self._told.jscallback(value=f"cb_obj.value.startsWith('unsaved') ? ({_ASKS}) : ({_LETS_GO})")
        for each in editors:
            each.jscallback(value_input=_ASKS)
        self.panel = self._told

    def tell(self, *, unsaved: bool) -> None:
        """Each time it is another text, so that the browser hears it again."""
        self._heard += 1
        self._told.value = f"{'unsaved' if unsaved else 'saved'} {self._heard}"
