"""What can be changed without a line of Python."""

from __future__ import annotations

import panel as pn

from dashboards.desk import Desk
from dashboards.viewer import Viewer


def page(desk: Desk, viewer: Viewer) -> pn.viewable.Viewable:
    """The page."""
    return pn.Column(
        pn.pane.Markdown(f"Tenants: {', '.join(each.name for each in viewer.tenants)}"), pn.widgets.Tabulator()
    )
