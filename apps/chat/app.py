"""Hangs the customer chat's page into the API's application."""

from __future__ import annotations

from fastapi import FastAPI

from apps.chat.page import build_page
from apps.chat.shell import personalised
from apps.pages.dispatcher import PageDispatcher
from apps.pages.mounting import mount_page
from components.helpdesk.tenants import TenantRegistry

PATH = "/chat"


def mount_chat(app: FastAPI, tenants: TenantRegistry) -> None:
    """Serves every tenant's chat page at /chat/<tenant domain> while `app`'s lifespan lasts."""
    mount_page(app, PATH, PageDispatcher(tenants, personalised), build_page)
