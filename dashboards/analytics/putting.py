"""What threads have made, put on the page."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn


def soon(put: Callable[[], object]) -> None:
    """`put` changes what is shown: on the loop that draws the page, where one runs, and else at once.

    Panel would lose a change that a thread makes while the loop draws the same part, as a tab that is just opened.
    """

    def putting() -> None:
        put()

    pn.state.execute(putting, schedule=True)
