"""The way from the dashboards to the notebooks that Voila serves, which is a server of its own."""

from __future__ import annotations

import socket

from components.core.settings import Settings
from dashboards.frame import notice
from dashboards.sign_in import DashboardHandler

_WITHIN = 1.0


class VoilaHandler(DashboardHandler):
    """Leads on to Voila's own port. Behind a proxy that knows both servers nobody comes here."""

    async def get(self) -> None:
        if await self.porter.gate.viewer(self) is None:
            return
        settings = self.porter.settings
        if not await self.porter.lookups.run(lambda: _is_served(settings)):
            self.set_status(503)
            self.finish(notice("Not served now", "“helpdesk up --workbench” serves these pages: ask an operator."))
            return
        address = f"{self.request.protocol}://{self.request.host_name}:{settings.resolved_voila_port}{self.request.uri}"
        # No redirect: whoever comes from the form to sign in may not be led to another origin by one (form-action).
        self.set_header("Refresh", f"0; url={address}")
        self.finish(notice("Notebooks as pages", "They open in a moment."))


def _is_served(settings: Settings) -> bool:
    try:
        with socket.create_connection((settings.host, settings.resolved_voila_port), timeout=_WITHIN):
            return True
    except OSError:
        return False
