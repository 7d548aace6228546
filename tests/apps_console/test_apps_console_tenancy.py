"""Each console is one tenant's, tells nothing to who has not signed in, and asks no other host for anything."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from components.core.tenant import Tenant
from tests.apps_chat.apps_chat_pages import Served

if TYPE_CHECKING:
    from components.bootstrap import Workbench

PATIENCE = 60.0


def get(url: str, **more: Any) -> httpx.Response:
    return httpx.get(url, timeout=PATIENCE, **more)


def console(served: Served, tenant: Tenant) -> str:
    return f"{served.url}/console/{tenant.domain}/"


@pytest.mark.parametrize("domain", ["nobody.example", "..%2f..%2fetc", "%00.example", "<b>.example"])
def test_an_unknown_domain_gets_a_friendly_page(served: Served, domain: str) -> None:
    response = get(f"{served.url}/console/{domain}/")
    assert response.status_code == 404
    assert "There is no helpdesk" in response.text
    assert "<b>.example" not in response.text


def test_the_page_carries_the_tenants_name_and_colours_escaped(served: Served, shop: Tenant, cloud: Tenant) -> None:
    page = get(console(served, shop)).text
    assert "<title>Jackets console</title>" in page
    assert "--hd-brand:#1f5f4a" in page
    assert "Jackets & <b>Co</b>" not in page
    found = re.search(r'<script type="application/json" id="hd-facts">(.*?)</script>', page)
    assert found is not None
    facts = json.loads(found[1])
    assert (facts["tenant"], facts["logo"]) == (shop.domain, "Jackets & <b>Co</b>")
    assert "Jackets" not in get(console(served, cloud)).text


def test_a_tenants_words_cannot_end_the_pages_script(served: Served, workbench: Workbench) -> None:
    hostile = "</script><script>alert(1)</script>"
    tenant = workbench.tenants.create(hostile, "hostile.example", {"branding": {"logo_text": hostile[:40]}})
    assert "<script>alert(1)" not in get(console(served, tenant)).text


def test_the_page_names_no_other_host_and_allows_none(served: Served, shop: Tenant) -> None:
    response = get(console(served, shop))
    assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!127\.0\.0\.1)', response.text)
    assert "default-src 'self'" in response.headers["content-security-policy"]


def test_the_socket_client_comes_from_the_same_host_and_is_kept(served: Served, shop: Tenant) -> None:
    found = re.search(r'<script src="\.\./\.\.(/assets/socket\.io\.[0-9a-f]+\.js)">', get(console(served, shop)).text)
    assert found is not None
    response = get(f"{served.url}{found[1]}")
    assert response.headers["content-type"].startswith("text/javascript")
    assert "immutable" in response.headers["cache-control"]
    assert response.text.startswith("/*!\n * Socket.IO v4.8.")
    assert "Released under the MIT License" in response.text


@pytest.mark.parametrize(
    "path", ["config", "gradio_api/info", "gradio_api/file=/etc/passwd", "gradio_api/upload", "gradio_api/queue/join"]
)
def test_what_the_page_does_not_need_is_not_there(served: Served, shop: Tenant, path: str) -> None:
    assert get(console(served, shop) + path).status_code == 404
    assert httpx.post(console(served, shop) + path, json={"data": []}, timeout=PATIENCE).status_code == 404


def test_the_page_has_no_event_of_gradios(served: Served, shop: Tenant) -> None:
    page = get(console(served, shop)).text
    start = page.index("window.gradio_config = ") + len("window.gradio_config = ")
    assert json.JSONDecoder().raw_decode(page[start:])[0]["dependencies"] == []
