"""Each address is one tenant's, whatever a client sends, and only what the page needs is open."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from apps_chat_pages import Served

from components.core.tenant import Tenant

if TYPE_CHECKING:
    from components.bootstrap import Workbench

PATIENCE = 60.0


def get(url: str, **more: object) -> httpx.Response:
    return httpx.get(url, timeout=PATIENCE, **more)  # type: ignore[arg-type]


def facts_in(page: str) -> dict[str, Any]:
    """What the page's script is told of the tenant."""
    found = re.search(r'<script type="application/json" id="hd-facts">(.*?)</script>', page)
    assert found is not None
    facts: dict[str, Any] = json.loads(found[1])
    return facts


@pytest.mark.parametrize(
    "domain", ["nobody.example", "NOBODY", "..%2f..%2fetc", "%00.example", "a" * 300, "<b>.example"]
)
def test_an_unknown_domain_gets_a_friendly_page(served: Served, domain: str) -> None:
    response = get(f"{served.url}/chat/{domain}/")
    assert response.status_code == 404
    assert "There is no helpdesk" in response.text
    assert "<b>.example" not in response.text


def test_an_address_without_its_last_slash_leads_to_the_chat(served: Served, shop: Tenant) -> None:
    response = get(f"{served.url}/chat/{shop.domain}", follow_redirects=True)
    assert response.status_code == 200
    assert str(response.url) == served.chat(shop.domain)


def test_a_tenant_made_while_the_server_runs_has_a_chat(served: Served, workbench: Workbench) -> None:
    address = served.chat("fresh.example")
    assert get(address).status_code == 404
    tenant = workbench.tenants.create("Fresh", "fresh.example", {"greeting": "Just opened!"})
    page = get(address).text
    assert "<title>Fresh</title>" in page
    assert "Just opened!" in page
    workbench.tenants.update_config(tenant.tenant_id, {"greeting": "Changed!"})
    assert "Changed!" in get(address).text
    workbench.tenants.delete(tenant.tenant_id)
    assert get(address).status_code == 404


def test_the_page_carries_the_tenants_name_words_and_colours_escaped(
    served: Served, shop: Tenant, cloud: Tenant
) -> None:
    page = get(served.chat(shop.domain)).text
    assert "Boots &amp; &lt;b&gt;Co&lt;/b&gt;" in page
    assert "Hello from the &lt;i&gt;boot&lt;/i&gt; shop!" in page
    assert "<i>boot</i>" not in page
    assert "--hd-brand:#1f5f4a" in page
    assert facts_in(page)["tenant"] == shop.domain
    assert facts_in(page)["words"]["bot"] == f"{shop.name} assistant"
    other = get(served.chat(cloud.domain)).text
    assert "--hd-brand:#ffd400;--hd-on-brand:#000000" in other
    assert facts_in(other)["tenant"] == cloud.domain
    assert "Boots" not in other


def test_a_tenants_words_cannot_end_the_pages_script(served: Served, workbench: Workbench) -> None:
    hostile = "</script><script>alert(1)</script>"
    workbench.tenants.create(hostile, "hostile.example", {"greeting": hostile, "contact": hostile})
    page = get(served.chat("hostile.example")).text
    assert "<script>alert(1)" not in page
    assert hostile in facts_in(page)["words"]["bot"]


def test_the_page_names_no_other_host_and_allows_none(served: Served, shop: Tenant) -> None:
    response = get(served.chat(shop.domain))
    assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!127\.0\.0\.1)', response.text)
    assert "default-src 'self'" in response.headers["content-security-policy"]


def test_headers_cannot_change_the_tenant(served: Served, shop: Tenant, cloud: Tenant) -> None:
    forged = {"X-Forwarded-Prefix": f"/chat/{shop.domain}", "X-Forwarded-Host": shop.domain, "X-Gradio-Server": "x"}
    page = get(served.chat(cloud.domain), headers=forged).text
    assert "Boots" not in page
    assert facts_in(page)["tenant"] == cloud.domain


@pytest.mark.parametrize(
    "path",
    [
        *("config", "gradio_api/info", "gradio_api/openapi.json", "gradio_api/file=/etc/passwd", "monitoring", "login"),
        *("gradio_api/upload", "gradio_api/deep_link?session_hash=x", "gradio_api/heartbeat/x", "dev/reload"),
        *("gradio_api/proxy=https://x.hf.space/", "gradio_api/component_server", "gradio_api/mcp", "manifest.json"),
        *("gradio_api/queue/join", "gradio_api/queue/data?session_hash=x", "gradio_api/run/predict", "gradio_api/call"),
    ],
)
def test_what_the_page_does_not_need_is_not_there(served: Served, shop: Tenant, path: str) -> None:
    assert get(served.chat(shop.domain) + path).status_code == 404
    assert httpx.post(served.chat(shop.domain) + path, json={"data": []}, timeout=PATIENCE).status_code == 404


def test_the_page_has_no_event_of_gradios(served: Served, shop: Tenant) -> None:
    page = get(served.chat(shop.domain)).text
    start = page.index("window.gradio_config = ") + len("window.gradio_config = ")
    assert json.JSONDecoder().raw_decode(page[start:])[0]["dependencies"] == []
