"""What stands round Gradio's page: a tenant's name, colours and header before any script has run, and plain
pages for an address without a helpdesk."""

from __future__ import annotations

import json
import re
from html import escape

from apps.chat.page import TITLE, asset
from apps.chat.rendering import render_welcome
from apps.chat.theme import brand_css
from apps.chat.wording import notices, page_words
from components.core.tenant import Tenant
from components.dialogue.turns import LONGEST_TEXT
from components.helpdesk.tenant_config import Branding, TenantConfig, read_config

# Gradio's page runs scripts of its own and compiles templates; nothing may leave the host.
PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'"
)

# Gradio's own advertising and what points outside the chat's path.
_NOT_OURS = re.compile(
    r'<meta\s+(?:property="og:|name="twitter:)[^>]*>|<link rel="manifest"[^>]*>'
    r'|<script\s+src="[^"]*iframeResizer[^"]*"\s+async\s*></script>'
)
_BODY = re.compile(r"<body\b[^>]*>")
_NOT_IN_SCRIPT = re.compile(r"[<>&'\u2028\u2029]")
_VIEWPORT = "initial-scale=1, shrink-to-fit=no"
_VIEWPORT_OVER_KEYBOARD = "initial-scale=1, interactive-widget=resizes-content"


def personalised(page: str, tenant: Tenant) -> str:
    """Gradio's page as this tenant's customers get it. Everything of the tenant's is escaped."""
    config = read_config(tenant.config)
    page = _NOT_OURS.sub("", page).replace(_VIEWPORT, _VIEWPORT_OVER_KEYBOARD).replace(TITLE, _in_script(tenant.name))
    page = page.replace("</head>", _head(tenant.name, config.branding) + "</head>", 1)
    return _BODY.sub(lambda body: body[0] + _header(tenant, config.branding) + _facts(tenant, config), page, count=1)


def no_helpdesk(domain: str) -> str:
    """For an address that no tenant has."""
    named = f" for <strong>{escape(domain)}</strong>" if domain else ""
    return _notice("No helpdesk here", f"There is no helpdesk{named}. Please check the address in your browser.")


def out_of_order() -> str:
    """For a moment without the database."""
    return _notice("Back in a moment", "The helpdesk cannot be reached right now. Please load this page again shortly.")


def _notice(title: str, html: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1">{_head(title, Branding())}</head>'
        f'<body class="hd-alone"><main><h1>{escape(title)}</h1><p>{html}</p></main></body></html>'
    )


def _head(title: str, branding: Branding) -> str:
    return (
        f'<title>{escape(title)}</title><meta name="theme-color" content="{branding.primary_color}">'
        f'<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<style>{brand_css(branding)}{asset('chat.css')}</style>"
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
    """What the page's script knows of the tenant before it has asked the server anything."""
    facts = {
        "tenant": tenant.domain,
        "longest": LONGEST_TEXT,
        "words": page_words(tenant),
        "notices": notices(config),
    }
    return (
        f'<script type="application/json" id="hd-facts">{_NOT_IN_SCRIPT.sub(_escaped, json.dumps(facts))}</script>'
        f'<template id="hd-greeting">{render_welcome(config)}</template>'
    )


def _in_script(text: str) -> str:
    """As the inside of a JSON string within a <script>."""
    return _NOT_IN_SCRIPT.sub(_escaped, json.dumps(text)[1:-1])


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
