"""Hangs the agents' console into the API's application."""

from __future__ import annotations

from fastapi import FastAPI

from apps.console.page import build_page
from apps.console.shell import personalised
from apps.pages.dispatcher import PageDispatcher
from apps.pages.mounting import mount_page
from components.helpdesk.tenants import TenantRegistry

PATH = "/console"


def mount_console(app: FastAPI, tenants: TenantRegistry) -> None:
    """Serves every tenant's console at /console/<tenant domain> while `app`'s lifespan lasts. The page holds nothing
    that only agents may see: that comes by the API, to who has signed in."""
    mount_page(app, PATH, PageDispatcher(tenants, personalised), build_page)
