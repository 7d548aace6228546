"""A tenant's console round Gradio's page: its title, its words and the Socket.IO client, before any script has run."""

from __future__ import annotations

from apps.console.page import page_css
from apps.console.wording import page_words
from apps.pages.files import socket_client_path
from apps.pages.frame import facts_script, framed
from components.core.tenant import Tenant
from components.helpdesk.handover.canned_answers import PLACEHOLDERS
from components.helpdesk.handover.desk import LONGEST_TEXT
from components.helpdesk.tenant_config import read_config

# From /console/<tenant domain>/ to the root of the server, wherever a proxy has put that.
_ROOT = "../.."


def personalised(page: str, tenant: Tenant) -> str:
    """Gradio's page as this tenant's agents get it. Everything of the tenant's is escaped."""
    config = read_config(tenant.config)
    facts = {
        "tenant": tenant.domain,
        "name": tenant.name,
        "logo": config.branding.logo_text or tenant.name,
        "longest": LONGEST_TEXT,
        "placeholders": PLACEHOLDERS,
        "words": page_words(),
    }
    return framed(
        page,
        title=f"{tenant.name} console",
        branding=config.branding,
        css=page_css(),
        body="<noscript>This console needs JavaScript. Please turn it on and load the page again.</noscript>"
        + facts_script(facts),
        head=f'<script src="{_ROOT}{socket_client_path()}"></script>',
    )
