"""Tools of an MCP server: added to a tenant, called over a real socket, and never done twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from mcp_service import McpService, mcp_service
from remote_tools import *  # noqa: F403
from rest_service import TOKEN

from components.core.errors import (
    AddressNotAllowed,
    InvalidInput,
    InvalidSetting,
    InvalidToolDocument,
    OutcomeUnknown,
    ToolRefused,
    ToolUnavailable,
)
from components.core.tenant import Tenant
from components.gateway.event_loop import EventLoopThread
from components.tools.added import AddedTools
from components.tools.mcp.declaration import McpServer
from components.tools.mcp.importing import read_server
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller

API = Caller("api")


@pytest.fixture(scope="module")
def served() -> Iterator[McpService]:
    with mcp_service() as served:
        yield served


@pytest.fixture
def theirs(served: McpService) -> McpService:
    """As it was at the beginning."""
    url = served.url
    served.__init__(url)  # type: ignore[misc]
    return served


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant], added: AddedTools, loop: EventLoopThread, theirs: McpService) -> Tenant:
    """One that has added all that can be, and may use it."""
    server = McpServer(url=theirs.url, private=True)
    read = read_server(server, "theirs", loop)
    tenant = make_tenant(config={"tools": {each.name: {} for each in read.tools}})
    added.add(tenant.context, server.url, read.tools)
    return tenant


def test_every_page_of_a_servers_tools_is_read_and_what_makes_none_is_named(
    loop: EventLoopThread, theirs: McpService
) -> None:
    read = read_server(McpServer(url=theirs.url, private=True), "theirs", loop)
    kinds = {each.name: (each.declaration["side_effect"], each.declaration["repeatable"]) for each in read.tools}
    assert kinds == {
        "theirs_echo_it": ("read", True),
        "theirs_note": ("write", False),
        "theirs_note_once": ("write", True),
        "theirs_tree": ("write", False),
    }
    assert [name for name, _ in read.skipped] == ["reads_files", "round"]
    assert "file:///etc/passwd" in read.skipped[0][1]
    assert "without end" in read.skipped[1][1]
    picked = read_server(McpServer(url=theirs.url, private=True), "x", loop, only=("note",))
    assert [each.name for each in picked.tools] == ["x_note"]
    with pytest.raises(InvalidInput, match="there are Echo-It"):
        read_server(McpServer(url=theirs.url, private=True), "x", loop, only=("nothing",))
    with pytest.raises(InvalidToolDocument, match="file:///etc/passwd"):
        read_server(McpServer(url=theirs.url, private=True), "x", loop, only=("reads_files",))


def test_a_tool_is_called_and_its_answer_told(registry: ToolRegistry, tenant: Tenant, theirs: McpService) -> None:
    made = registry.invoke(tenant, "theirs_echo_it", {"text": "hello"}, API, key="one")
    assert made.result == {
        "text": "said hello",
        "structured": {"said": "hello"},
        "omitted": "what is no text: image",
    }
    again = registry.invoke(tenant, "theirs_echo_it", {"text": "hello"}, API, key="one")
    assert (again.repeated, theirs.calls) == (True, 1)
    with pytest.raises(InvalidInput) as caught:
        registry.invoke(tenant, "theirs_echo_it", {"text": 7}, API, key="two")
    assert caught.value.field == "arguments.text"
    deep: dict[str, object] = {}
    for _ in range(10):
        deep = {"next": deep}
    assert registry.invoke(tenant, "theirs_tree", {"root": deep}, API, key="deep").status == "done"


def test_a_failure_of_the_tool_is_its_own_words(registry: ToolRegistry, tenant: Tenant, theirs: McpService) -> None:
    theirs.behaviour = "fail"
    with pytest.raises(ToolRefused, match="no ink"):
        registry.invoke(tenant, "theirs_note", {"text": "a"}, API, key="fails")


def test_a_server_that_never_answers_is_given_up_and_not_asked_twice(
    registry: ToolRegistry, tenant: Tenant, theirs: McpService
) -> None:
    started = time.monotonic()
    theirs.behaviour = "hang"
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            registry.invoke(tenant, "theirs_note", {"text": "once"}, API, key="slow", seconds=1)
    assert time.monotonic() - started < 2.5
    assert theirs.notes == ["once"]
    theirs.behaviour = "hang"
    with pytest.raises(ToolUnavailable):
        registry.invoke(tenant, "theirs_note_once", {"text": "once"}, API, key="again", seconds=1)
    assert registry.invoke(tenant, "theirs_note_once", {"text": "once"}, API, key="again").status == "done"
    assert theirs.once == {"again": "once"}


def test_a_huge_answer_is_not_read_to_its_end(registry: ToolRegistry, tenant: Tenant, theirs: McpService) -> None:
    theirs.behaviour = "huge"
    with pytest.raises(OutcomeUnknown):
        registry.invoke(tenant, "theirs_note", {"text": "a"}, API, key="huge")
    theirs.behaviour = "huge"
    with pytest.raises(ToolUnavailable):
        registry.invoke(tenant, "theirs_echo_it", {"text": "a"}, API, key="huge read")


def test_a_redirect_is_not_followed(registry: ToolRegistry, tenant: Tenant, theirs: McpService) -> None:
    theirs.behaviour = "redirect"
    with pytest.raises(ToolUnavailable, match="redirects are not followed"):
        registry.invoke(tenant, "theirs_note", {"text": "a"}, API, key="away")
    assert theirs.notes == []


def test_a_secret_is_sent_by_reference_and_never_told(
    registry: ToolRegistry,
    added: AddedTools,
    loop: EventLoopThread,
    make_tenant: Callable[..., Tenant],
    theirs: McpService,
    secret: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs.token = TOKEN
    with pytest.raises(ToolUnavailable, match="HTTP 401"):
        read_server(McpServer(url=theirs.url, private=True), "t", loop)
    server = McpServer(url=theirs.url, secret=secret, private=True)
    read = read_server(server, "t", loop)
    tenant = make_tenant(config={"tools": {"t_note": {}}})
    added.add(tenant.context, server.url, read.tools)
    dry = registry.invoke(tenant, "t_note", {"text": "a"}, API, key="dry", dry_run=True)
    assert dry.result == {
        "would_call": {
            "server": theirs.url,
            "tool": "note",
            "arguments": {"text": "a"},
            "authorization": "Bearer (env:SHOP_TOKEN)",
        }
    }
    assert registry.invoke(tenant, "t_note", {"text": "a"}, API, key="real").status == "done"
    monkeypatch.delenv("SHOP_TOKEN")
    with pytest.raises(ToolUnavailable, match="env:SHOP_TOKEN"):
        registry.invoke(tenant, "t_note", {"text": "b"}, API, key="missing")
    with pytest.raises(InvalidSetting, match="env:SHOP_TOKEN"):
        read_server(server, "t", loop)
    assert theirs.notes == ["a"]


def test_only_public_addresses_are_asked_unless_allowed(loop: EventLoopThread, theirs: McpService, secret: str) -> None:
    port = theirs.url.split(":")[2]
    for host in ("127.0.0.1", "localhost", "[::1]", "169.254.169.254"):
        with pytest.raises(AddressNotAllowed, match="which is not public"):
            read_server(McpServer(url=f"https://{host}:{port}"), "t", loop)
    with pytest.raises(AddressNotAllowed, match="link-local"):
        read_server(McpServer(url="http://169.254.169.254/mcp", private=True), "t", loop)
    with pytest.raises(InvalidInput, match="https only"):
        read_server(McpServer(url="http://mcp.example/mcp", secret=secret), "t", loop)
    with pytest.raises(ToolUnavailable):
        read_server(McpServer(url="http://127.0.0.1:1/mcp", private=True), "t", loop)
    assert theirs.tokens == []
