"""Customer and agent talk by socket: what each may do, what the other hears of it, and what nobody may."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from apps_api_serving import running
from apps_api_sockets import Desks, line

from components.bootstrap import Workbench


@pytest.fixture(scope="module")
def url(workbench: Workbench) -> Iterator[str]:
    with running(workbench) as url:
        yield url


def test_an_agent_claims_and_both_hear_each_other(url: str, desks: Desks) -> None:
    async def talk() -> None:
        anna, session = desks.agent(), desks.waiting()
        async with (
            line(url, desks.customers_auth(session)) as customer,
            line(url, desks.agents_auth(anna)) as agent,
        ):
            joined = await agent.done("join", session_id=str(session), after=0)
            assert [each["sequence"] for each in joined["messages"]] == [1, 2, 3]
            assert (joined["conversation"]["status"], joined["conversation"]["position"]) == ("waiting", 1)
            claimed = await agent.done("claim", session_id=str(session), request_id="r1")
            assert claimed["conversation"]["agent_id"] == str(anna.agent_id)
            stands = await customer.heard("conversation", status="agent")
            assert stands["agent"] == "Anna"
            assert not {"agent_id", "team", "priority"} & stands.keys()
            said = await agent.done("agent_to_user", session_id=str(session), client_message_id="a1", text="Hi!")
            heard = await customer.heard("agent_to_user", text="Hi!")
            assert (heard["sequence"], heard["speaker"], heard["author"]) == (said["sequence"], "Anna", "agent")
            answered = await customer.done("message", client_message_id="c1", text="Hello Anna")
            assert answered["status"] == "agent"
            heard = await agent.heard("message", text="Hello Anna")
            assert (heard["sequence"], heard["client_message_id"]) == (answered["sequence"], "c1")
            assert agent.sequences == [4, 5, 6]
            assert customer.sequences == [4, 5, 6]

    asyncio.run(talk())
