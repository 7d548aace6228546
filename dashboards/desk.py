"""What pages are made from: the helpdesk's parts without a model, and the API for what needs one."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from components.bootstrap import Registry
from components.core.settings import Settings
from components.helpdesk.reports.reports import Reports
from components.warehouse.warehouse import Warehouse
from dashboards.viewer import Viewer

API_SECONDS = 60.0
TENANT_HEADER = "X-Tenant"
_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared only


@dataclass(frozen=True)
class Desk:
    """One a process, shared by all its pages."""

    settings: Settings
    registry: Registry
    warehouse: Warehouse
    reports: Reports

    def api(self, viewer: Viewer, seconds: float = API_SECONDS) -> httpx.Client:
        """The API, asked in the viewer's own name; the caller closes it. seconds: of one request, in all its steps.

        The admin's requests name the tenant that is shown, where it is one.
        """
        headers = {"Authorization": f"Bearer {viewer.person.token}"}
        if viewer.person.agent_id is None and viewer.tenant is not None:
            headers[TENANT_HEADER] = viewer.tenant.domain
        return httpx.Client(base_url=api_address(self.settings), headers=headers, timeout=seconds)


def api_address(settings: Settings) -> str:
    """Where the API is reached from here."""
    if settings.api_url is not None:
        return settings.api_url.rstrip("/")
    host = _HERE.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
