"""A tenant's chat round Gradio's page: header, words, greeting and the Socket.IO client before any script has run."""

from __future__ import annotations

from html import escape

from apps.chat.page import page_css
from apps.chat.rendering import render_welcome
from apps.chat.wording import notices, page_words, refusals
from apps.pages.files import socket_client_path
from apps.pages.frame import facts_script, framed
from components.core.tenant import Tenant
from components.dialogue.turns import LONGEST_TEXT
from components.helpdesk.conversations.attached import MOST_ATTACHMENTS
from components.helpdesk.feedback import LONGEST_COMMENT
from components.helpdesk.handover.attachments import MOST_BYTES
from components.helpdesk.tenant_config import Branding, TenantConfig, read_config

# From /chat/<tenant domain>/ to the root of the server, wherever a proxy has put that.
_ROOT = "../.."


def personalised(page: str, tenant: Tenant) -> str:
    """Gradio's page as this tenant's customers get it. Everything of the tenant's is escaped."""
    config = read_config(tenant.config)
    return framed(
        page,
        title=tenant.name,
        branding=config.branding,
        css=page_css(),
        body=_header(tenant, config.branding) + _facts(tenant, config),
        head=f'<script src="{_ROOT}{socket_client_path()}"></script>',
    )


def _header(tenant: Tenant, branding: Branding) -> str:
    logo = branding.logo_text or tenant.name
    beside = f'<span class="hd-name">{escape(tenant.name)}</span>' if logo != tenant.name else ""
    return (
        f'<header class="hd-header"><span class="hd-mark" aria-hidden="true">{escape(logo[:1])}</span>'
        f'<span class="hd-names"><span class="hd-logo">{escape(logo)}</span>{beside}</span>'
        '<button type="button" class="hd-new" title="New conversation" hidden><svg viewBox="0 0 24 24" width="18" '
        'height="18" aria-hidden="true"><path fill="none" stroke="currentColor" stroke-width="2" '
        'stroke-linecap="round" d="M12 5v14M5 12h14"/></svg><span>New conversation</span></button></header>'
        "<noscript>This chat needs JavaScript. Please turn it on and load the page again.</noscript>"
    )


def _facts(tenant: Tenant, config: TenantConfig) -> str:
    facts = {
        "tenant": tenant.domain,
        "longest": LONGEST_TEXT,
        "largest": MOST_BYTES,
        "most_files": MOST_ATTACHMENTS,
        "longest_comment": LONGEST_COMMENT,
        "words": page_words(tenant),
        "notices": notices(config),
        "refusals": refusals(),
    }
    return f'{facts_script(facts)}<template id="hd-greeting">{render_welcome(config)}</template>'
