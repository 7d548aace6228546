"""One visit to an MCP server: opened, asked one thing, and closed, within a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    Implementation,
    RequestParamsMeta,
    Tool,
)

from components.core.errors import AddressNotAllowed, AnswerLost, InvalidInput, Unreachable
from components.outbound.addresses import checked_addresses
from components.tools.mcp.declaration import KEY_META
from components.tools.mcp.transport import CheckedTransport

LARGEST_ANSWER = 2_000_000
MOST_PAGES = 20
_NOT_DONE = frozenset({INVALID_PARAMS, METHOD_NOT_FOUND})
_US = Implementation(name="helpdesk", version="0.1.0")


async def list_tools(url: str, *, token: str | None, private: bool, seconds: float) -> list[Tool]:
    """All tools of the server. Raises AddressNotAllowed, Unreachable."""
    tools: list[Tool] = []
    async with _visit(url, token=token, private=private, seconds=seconds) as (client, _):
        cursor: str | None = None
        for _page in range(MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            tools += page.tools
            cursor = page.next_cursor
            if cursor is None:
                break
    return tools


async def call_tool(
    url: str,
    tool: str,
    arguments: Mapping[str, Any],
    *,
    key: str,
    token: str | None,
    private: bool,
    seconds: float,
) -> CallToolResult:
    """What the tool says, failures of its own too.

    Raises AddressNotAllowed, InvalidInput where the server does not take the call, Unreachable where it was not asked,
    AnswerLost where it was.
    """
    meta = cast(RequestParamsMeta, {KEY_META: key})
    params = CallToolRequestParams(name=tool, arguments=dict(arguments), _meta=meta)
    async with _visit(url, token=token, private=private, seconds=seconds) as (client, visit):
        visit.asked = True
        # Not Client.call_tool: that lists the server's tools anew to check a result that is as it is.
        return await client.session.send_request(CallToolRequest(params=params), CallToolResult)


class _Visit:
    """asked: what is not to be done twice has been sent."""

    asked = False


@asynccontextmanager
async def _visit(url: str, *, token: str | None, private: bool, seconds: float) -> AsyncIterator[tuple[Client, _Visit]]:
    visit, target = _Visit(), httpx2.URL(url)
    headers = {"User-Agent": "helpdesk-tools"} | ({"Authorization": f"Bearer {token}"} if token else {})
    patience = httpx2.Timeout(seconds, connect=seconds / 2)
    transport = CheckedTransport(url, private=private, largest=LARGEST_ANSWER)
    try:
        async with asyncio.timeout(seconds):
            # Said here, since the protocol's client would tell of it as a connection that closed.
            await checked_addresses(target.raw_host.decode(), target.port or 443, private=private)
            async with httpx2.AsyncClient(
                transport=transport, headers=headers, timeout=patience, trust_env=False
            ) as http:
                way = streamable_http_client(url, http_client=http)
                async with Client(way, client_info=_US, cache=None, read_timeout_seconds=seconds) as client:
                    yield client, visit
    except TimeoutError as error:
        raise _failed(visit, f"{target.host} did not answer within {seconds:g} s") from error
    except (Exception, BaseExceptionGroup) as error:
        cause = _first(error)
        if isinstance(cause, AddressNotAllowed):
            raise cause from error
        if isinstance(cause, MCPError) and visit.asked and cause.code in _NOT_DONE:
            raise InvalidInput(f"{target.host} does not take the call: {cause.message[:300]}") from error
        told = str(cause)[:300] if not isinstance(cause, MCPError) else cause.message[:300]
        status = f" (HTTP {transport.status})" if transport.status >= 300 else ""
        raise _failed(visit, f"{target.host}{status}: {told or type(cause).__name__}") from error


def _failed(visit: _Visit, told: str) -> Unreachable:
    return AnswerLost(told) if visit.asked else Unreachable(told)


def _first(error: BaseException) -> BaseException:
    """What went wrong first, inside the groups that tasks wrap it in."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
