"""/mcp: a tenant's tools for the protocol's own client over a real socket, and another tenant's for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import httpx2
import pytest
from apps_api_customers import Customer
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from components.bootstrap import Workbench
from components.core.errors import ToolUnavailable
from components.helpdesk.tickets.search import TicketQuery
from components.tools.mcp.declaration import KEY_META, McpServer
from components.tools.mcp.importing import read_server

T = TypeVar("T")
Visit = Callable[[Client], Coroutine[Any, Any, T]]


@pytest.fixture
def make_customer(workbench: Workbench) -> Callable[..., Customer]:
    def make(**tools: Any) -> Customer:
        tenant = workbench.tenants.create("Mcp", f"mcp-{uuid4().hex[:12]}.example", {"tools": tools})
        return Customer(tenant, workbench.api_keys.issue(tenant.context, "tests").key)

    return make


def visit(url: str, customer: Customer, do: Visit[T], mode: str = "auto") -> T:
    """What `do` makes of a client that shows the customer's key."""

    async def run() -> T:
        async with (
            httpx2.AsyncClient(headers=customer.headers, timeout=30) as http,
            Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode, cache=None) as client,
        ):
            return await do(client)

    return asyncio.run(run())


def names(url: str, customer: Customer) -> list[str]:
    async def listed(client: Client) -> list[str]:
        return [each.name for each in (await client.list_tools()).tools]

    return visit(url, customer, listed)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_tools_are_listed_and_called(
    url: str, workbench: Workbench, make_customer: Callable[..., Customer], mode: str
) -> None:
    customer = make_customer()

    async def work(client: Client) -> Any:
        tools = {each.name: each for each in (await client.list_tools()).tools}
        made = await client.call_tool("create_ticket", {"subject": "The zip is broken"})
        return tools["create_ticket"], made

    tool, made = visit(url, customer, work, mode)
    assert tool.input_schema["required"] == ["subject"]
    assert (tool.annotations.read_only_hint, tool.annotations.idempotent_hint) == (False, True)
    assert (made.is_error, made.structured_content["ticket_number"]) == (False, 1)
    (call,) = workbench.actions.tools.invocations(customer.tenant)
    assert (call.tool, call.caller.kind, call.status) == ("create_ticket", "mcp", "done")


def test_a_call_with_the_same_key_is_made_once(url: str, make_customer: Callable[..., Customer]) -> None:
    customer = make_customer()

    async def work(client: Client) -> Any:
        meta: Any = {KEY_META: "wish"}
        first, again = [await client.call_tool("create_ticket", {"subject": "Zip"}, meta=meta) for _ in range(2)]
        without = await client.call_tool("create_ticket", {"subject": "Zip"})
        other = await client.call_tool("create_ticket", {"subject": "Tent"}, meta=meta)
        return first.structured_content, again.structured_content, without.structured_content, other

    first, again, without, other = visit(url, customer, work)
    assert first == again != without
    assert (other.is_error, other.structured_content["code"]) == (True, "key_reused")


def test_wrong_arguments_are_named_and_unknown_tools_are_none(url: str, make_customer: Callable[..., Customer]) -> None:
    customer = make_customer(create_ticket={"callers": ["mcp"]})

    async def work(client: Client) -> Any:
        wrong = await client.call_tool("create_ticket", {"subject": 7})
        extra = await client.call_tool("create_ticket", {"subject": "a", "colour": "red"})
        with pytest.raises(MCPError, match="no tool is called") as unknown:
            await client.call_tool("create_tickets", {})
        with pytest.raises(MCPError, match=KEY_META):
            await client.call_tool("create_ticket", {"subject": "a"}, meta={KEY_META: "x" * 201})
        return wrong.structured_content, extra.structured_content, unknown.value.code

    wrong, extra, code = visit(url, customer, work)
    assert (wrong["code"], wrong["field"]) == ("invalid_input", "arguments.subject")
    assert (extra["code"], extra["field"]) == ("invalid_input", "arguments.colour")
    assert code == -32602


def test_what_the_tenant_does_not_permit_to_mcp_is_neither_listed_nor_called(
    url: str, make_customer: Callable[..., Customer]
) -> None:
    customer = make_customer(create_ticket={"callers": ["agent"]})
    assert "create_ticket" not in names(url, customer)

    async def work(client: Client) -> Any:
        return await client.call_tool("create_ticket", {"subject": "a"})

    made = visit(url, customer, work)
    assert (made.is_error, made.structured_content["code"]) == (True, "tool_not_allowed")


def test_who_must_wait_for_a_person_is_told_and_hears_of_it_with_the_same_key(
    url: str, workbench: Workbench, make_customer: Callable[..., Customer]
) -> None:
    customer = make_customer(create_ticket={"approval": "always"})

    async def ask(client: Client) -> Any:
        return await client.call_tool("create_ticket", {"subject": "a"}, meta={KEY_META: "wish"})

    waiting = visit(url, customer, ask)
    assert "A person is asked first" in waiting.content[0].text
    assert waiting.structured_content["status"] == "waiting"
    (asked,) = workbench.actions.approvals.search(customer.tenant.context, status="pending")
    assert waiting.structured_content["invocation_id"] == str(asked.invocation.invocation_id)
    workbench.actions.approvals.decide(customer.tenant.context, asked.approval_id, approve=True, agent_id=None)
    assert visit(url, customer, ask).structured_content["ticket_number"] == 1


def test_without_a_good_key_nobody_is_let_in(url: str) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"Accept": "application/json, text/event-stream"}
    for headers in ({}, {"Authorization": "Bearer hd_wrong"}, {"X-Api-Key": "hd_wrong"}):
        refused = httpx.post(f"{url}/mcp", json=body, headers={**accept, **headers})
        assert (refused.status_code, refused.json()["code"]) == (401, "invalid_api_key")
        assert "WWW-Authenticate" in refused.headers
    for method in ("GET", "DELETE"):
        assert httpx.request(method, f"{url}/mcp", headers=accept).json()["code"] == "method_not_allowed"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"jsonrpc": "2.0"}', b"[" * 50_000, b"\xff"])
def test_what_is_no_message_is_refused(url: str, make_customer: Callable[..., Customer], body: bytes) -> None:
    headers = {**make_customer().headers, "Accept": "application/json, text/event-stream"}
    headers["Content-Type"] = "application/json"
    for more in ({}, {"MCP-Protocol-Version": "2026-07-28"}, {"MCP-Protocol-Version": "1999"}):
        refused = httpx.post(f"{url}/mcp", content=body, headers={**headers, **more})
        assert 400 <= refused.status_code < 500, refused.text


def test_one_tenant_uses_tools_of_another_by_key_only_and_each_sees_its_own(
    url: str, workbench: Workbench, make_customer: Callable[..., Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, mine = make_customer(), make_customer(theirs_create_ticket={})
    with pytest.raises(ToolUnavailable, match="HTTP 401"):
        read_server(McpServer(url=f"{url}/mcp", private=True), "theirs", workbench.loop)
    monkeypatch.setenv("THEIR_KEY", theirs.key)
    server = McpServer(url=f"{url}/mcp", secret="env:THEIR_KEY", private=True)
    read = read_server(server, "theirs", workbench.loop)
    workbench.actions.added.add(mine.tenant.context, server.url, read.tools)
    assert "theirs_create_ticket" in names(url, mine)
    assert "theirs_create_ticket" not in names(url, theirs)

    async def work(client: Client) -> Any:
        return await client.call_tool("theirs_create_ticket", {"subject": "Theirs"})

    assert visit(url, mine, work).structured_content["structured"]["ticket_number"] == 1
    (ticket,) = workbench.tickets.search(theirs.tenant.context, TicketQuery()).tickets
    assert ticket.ticket.subject == "Theirs"
    assert workbench.tickets.search(mine.tenant.context, TicketQuery()).tickets == ()

    async def reach(client: Client) -> None:
        with pytest.raises(MCPError, match="no tool is called"):
            await client.call_tool("theirs_create_ticket", {"subject": "Mine"})

    visit(url, theirs, reach)
