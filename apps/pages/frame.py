"""What stands round Gradio's page: a tenant's name and colours before any script has run, and plain pages for an
address without a helpdesk."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

from apps.pages.blocks import TITLE
from apps.pages.files import asset
from apps.pages.theme import brand_css
from components.helpdesk.tenant_config import Branding

# Gradio's page runs scripts of its own and compiles templates; nothing may leave the host.
PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'"
)

# Gradio's own advertising and what points outside the page's path.
_NOT_OURS = re.compile(
    r'<meta\s+(?:property="og:|name="twitter:)[^>]*>|<link rel="manifest"[^>]*>'
    r'|<script\s+src="[^"]*iframeResizer[^"]*"\s+async\s*></script>'
)
_BODY = re.compile(r"<body\b[^>]*>")
_NOT_IN_SCRIPT = re.compile(r"[<>&'\u2028\u2029]")
_VIEWPORT = "initial-scale=1, shrink-to-fit=no"
_VIEWPORT_OVER_KEYBOARD = "initial-scale=1, interactive-widget=resizes-content"


def framed(page: str, *, title: str, branding: Branding, css: str, body: str, head: str = "") -> str:
    """Gradio's page under a tenant's name and colours. title: text. css, body, head: as they are to stand there; body
    goes before Gradio's own."""
    page = _NOT_OURS.sub("", page).replace(_VIEWPORT, _VIEWPORT_OVER_KEYBOARD).replace(TITLE, _in_script(title))
    page = page.replace("</head>", _head(title, branding, css) + head + "</head>", 1)
    return _BODY.sub(lambda found: found[0] + body, page, count=1)


def facts_script(facts: dict[str, Any]) -> str:
    """What the page's script knows of the tenant before it has asked the server anything."""
    return f'<script type="application/json" id="hd-facts">{_NOT_IN_SCRIPT.sub(_escaped, json.dumps(facts))}</script>'


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
        f'content="width=device-width, initial-scale=1">{_head(title, Branding(), asset("page.css"))}</head>'
        f'<body class="hd-alone"><main><h1>{escape(title)}</h1><p>{html}</p></main></body></html>'
    )


def _head(title: str, branding: Branding, css: str) -> str:
    return (
        f'<title>{escape(title)}</title><meta name="theme-color" content="{branding.primary_color}">'
        f'<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<style>{brand_css(branding)}{css}</style>"
    )


def _in_script(text: str) -> str:
    """As the inside of a JSON string within a <script>."""
    return _NOT_IN_SCRIPT.sub(_escaped, json.dumps(text)[1:-1])


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
