"""Whose token it is decides what a socket may do, at the connection and at every event; the rest is bounded."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import aiohttp
import jwt
import pytest
import socketio
from apps_api_serving import running
from apps_api_sockets import NAMESPACE, Desks, line, make_desks
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st

from apps.api.app import Limits
from apps.api.chat_app import ChatBounds
from apps.api.handover.entrance import SocketBounds
from components.bootstrap import Workbench
from components.core.settings import Settings
from components.helpdesk.session_tokens import key_from

OF_AGENTS: dict[str, dict[str, Any]] = {
    "join": {"after": 0},
    "leave": {},
    "claim": {"request_id": "r1"},
    "release": {"request_id": "r1"},
    "give_back": {"request_id": "r1"},
    "resolve": {"request_id": "r1"},
    "transfer": {"request_id": "r1", "to_team": "billing"},
    "agent_to_user": {"client_message_id": "m1", "text": "hi"},
    "note": {"client_note_id": "n1", "text": "hi"},
    "typing": {"typing": True},
    "read": {"sequence": 1},
}


async def refusal(url: str, auth: Any) -> dict[str, Any]:
    """What a connection is refused with."""
    client = socketio.AsyncClient(reconnection=False)
    told: list[Any] = []
    client.on("connect_error", told.append, namespace=NAMESPACE)
    try:
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.connect(url, auth=auth, namespaces=[NAMESPACE], transports=["websocket"], wait_timeout=5)
    finally:
        await client.disconnect()
    data: dict[str, Any] = told[0]["data"]
    return data


def test_only_a_good_token_of_that_very_session_or_agent_lets_in(
    url: str, desks: Desks, workbench: Workbench, settings: Settings
) -> None:
    async def talk() -> None:
        anna, session = desks.agent(), desks.opened()
        customers, agents = desks.customers_auth(session), desks.agents_auth(anna)
        old = jwt.encode(
            {"aud": "agent", "tenant": str(desks.tenant.tenant_id), "sub": str(anna.agent_id), "iat": 1, "exp": 2},
            key_from(settings),
        )
        refused = {
            "invalid_session_token": [
                customers | {"token": customers["token"] + "x"},
                customers | {"session_id": str(desks.opened())},
                agents | {"session_id": str(session)},
            ],
            "invalid_credentials": [{"token": old}, {"token": "x"}, {"token": customers["token"]}],
            "invalid_input": [{}, None, "x", {"token": "x" * 3000}, agents | {"role": "supervisor"}, {"token": 7}],
        }
        for code, auths in refused.items():
            for auth in auths:
                assert (await refusal(url, auth))["code"] == code, auth
        workbench.agents.deactivate(desks.tenant.context, anna.agent_id)
        assert (await refusal(url, agents))["code"] == "invalid_credentials"
        workbench.tenants.delete(desks.tenant.tenant_id)
        assert (await refusal(url, customers))["code"] == "invalid_session_token"

    asyncio.run(talk())


def test_a_customer_calls_no_agents_event_and_an_agent_no_customers(url: str, desks: Desks) -> None:
    async def talk() -> None:
        anna, session = desks.agent(), desks.waiting()
        async with line(url, desks.customers_auth(session)) as customer, line(url, desks.agents_auth(anna)) as agent:
            for event, values in OF_AGENTS.items():
                answer = await customer.call(event, session_id=str(session), **values)
                assert answer["ok"] is False
                # Theirs of the same name has no session_id: it is their own conversation's.
                expected = "invalid_input" if event in ("typing", "read") else "access_denied"
                assert answer["code"] == expected, event
            for event in ("message", "replay"):
                assert (await agent.call(event, client_message_id="m1", text="x"))["code"] == "access_denied"
            for line_ in (customer, agent):
                answer = await line_.call("connect", token="x")
                assert (answer["code"], answer["field"]) == ("invalid_input", "event")
                assert (await line_.call("disconnect", reason="x"))["code"] == "invalid_input"
                assert (await line_.call("no such event"))["code"] == "invalid_input"
            # They are connected still, and the conversation is as it was.
            assert (await customer.done("replay", after=0))["conversation"]["status"] == "waiting"
            assert (await agent.done("join", session_id=str(session)))["conversation"]["last_sequence"] == 3

    asyncio.run(talk())


def test_another_tenants_session_is_not_found_by_any_event(url: str, desks: Desks, workbench: Workbench) -> None:
    async def talk() -> None:
        ours, theirs = desks.agent(), make_desks(workbench)
        session = theirs.claimed(theirs.agent())
        async with line(url, desks.agents_auth(ours)) as agent, line(url, theirs.customers_auth(session)) as customer:
            for event, values in OF_AGENTS.items():
                for asked in (session, uuid4()):
                    answer = await agent.call(event, session_id=str(asked), **values)
                    if event == "leave":
                        assert answer["ok"], "there is nothing to leave, which does no harm"
                    else:
                        assert (answer["ok"], answer["code"]) == (False, "not_found"), event
            theirs.workbench.desk.read(theirs.tenant.context, session, "agent", 4)
            await customer.heard("conversation", agent_read=4)
            assert agent.all("queue") == []
            assert agent.all("conversation") == []

    asyncio.run(talk())


@pytest.mark.parametrize(
    ("event", "sent", "field"),
    [
        ("message", {"client_message_id": "m 1", "text": "x"}, "client_message_id"),
        ("message", {"client_message_id": "m1", "text": " "}, "text"),
        ("message", {"client_message_id": "m1", "text": "x" * 4001}, "text"),
        ("message", {"client_message_id": "m1", "text": "a\0b"}, "text"),
        ("message", {"client_message_id": "m1", "text": "\ud800"}, "text"),
        ("message", {"client_message_id": "m1"}, "text"),
        ("message", {"client_message_id": "m1", "text": "x", "more": 1}, "more"),
        ("message", {"client_message_id": "m1", "text": "x", "attachments": ["7"]}, "attachments.0"),
        ("message", {"client_message_id": "m1", "text": "x", "attachments": [str(uuid4())]}, "attachments"),
        ("read", {"sequence": -1}, "sequence"),
        ("read", {"sequence": 2**40}, "sequence"),
        ("replay", {"after": "x"}, "after"),
        ("typing", {"typing": "perhaps"}, "typing"),
        ("typing", [1, 2], None),
        ("replay", None, None),
    ],
)
def test_what_does_not_fit_is_refused_by_its_name(
    url: str, desks: Desks, event: str, sent: Any, field: str | None
) -> None:
    async def talk() -> None:
        session = desks.claimed(desks.agent())
        async with line(url, desks.customers_auth(session)) as customer:
            answer = await customer.client.call(event, sent, namespace=NAMESPACE, timeout=5)
            assert (answer["ok"], answer["code"], answer["field"]) == (False, "invalid_input", field), answer
            assert (await customer.done("replay"))["conversation"]["last_sequence"] == 4

    asyncio.run(talk())


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [
        "session_id",
        "after",
        "request_id",
        "text",
        "client_message_id",
        "client_note_id",
        "sequence",
        "typing",
        "to_team",
    ]
)


def test_whatever_is_sent_is_answered_and_never_with_a_fault(workbench: Workbench, desks: Desks) -> None:
    runner = asyncio.Runner()
    anna = desks.agent()
    session = desks.claimed(anna)
    bounds = SocketBounds(events=100_000, fleeting=100_000, messages=100_000)

    with running(workbench, Limits(chat=ChatBounds(messages=100_000), sockets=bounds)) as url, runner:
        opened = [line(url, desks.customers_auth(session)), line(url, desks.agents_auth(anna))]
        lines = [runner.run(each.__aenter__()) for each in opened]

        @settings_of(max_examples=120, deadline=None)
        @given(
            who=st.sampled_from([0, 1]),
            event=st.sampled_from([*OF_AGENTS, "message", "replay", "presence", "connect", "disconnect", "?"]),
            values=st.dictionaries(NAMES, VALUES | st.just(str(session)), max_size=4) | VALUES,
        )
        def send(who: int, event: str, values: object) -> None:
            answer = runner.run(lines[who].client.call(event, values, namespace=NAMESPACE, timeout=5))
            assert answer["ok"] or answer["code"] not in ("internal_error", "unavailable"), answer

        try:
            send()
        finally:
            for each in opened:
                runner.run(each.__aexit__(None, None, None))


def test_an_agent_who_has_left_does_nothing_more(url: str, desks: Desks, workbench: Workbench) -> None:
    async def talk() -> None:
        anna = desks.agent()
        session = desks.claimed(anna)
        async with line(url, desks.agents_auth(anna)) as agent:
            await agent.done("join", session_id=str(session))
            workbench.agents.deactivate(desks.tenant.context, anna.agent_id)
            await asyncio.sleep(1.1)
            values = {"session_id": str(session), "client_message_id": "a1", "text": "still here"}
            assert (await agent.call("agent_to_user", **values))["code"] == "invalid_credentials"
            # And hears nothing more, once somebody has looked.
            await agent.until(lambda: not agent.client.connected, 15)

    asyncio.run(talk())


def test_who_says_too_much_is_told_to_wait(workbench: Workbench, desks: Desks) -> None:
    async def talk(url: str) -> None:
        anna = desks.agent()
        session = desks.claimed(anna)
        async with line(url, desks.customers_auth(session)) as customer, line(url, desks.agents_auth(anna)) as agent:
            await agent.done("join", session_id=str(session))
            for number in range(3):
                await customer.done("message", client_message_id=f"c{number}", text="x")
                values = {"session_id": str(session), "client_message_id": f"a{number}", "text": "x"}
                await agent.done("agent_to_user", **values)
            refused = await customer.call("message", client_message_id="c4", text="x")
            assert (refused["code"], "3 messages a minute" in refused["message"]) == ("rate_limited", True)
            refused = await agent.call("agent_to_user", session_id=str(session), client_message_id="a4", text="x")
            assert refused["code"] == "rate_limited"
            await customer.done("typing", typing=True)
            assert (await customer.call("typing", typing=False))["code"] == "rate_limited"
            answers = [await customer.call("read", sequence=1) for _ in range(12)]
            assert {each.get("code") for each in answers[-3:]} == {"rate_limited"}

    bounds = SocketBounds(events=15, fleeting=1, messages=3)
    with running(workbench, Limits(chat=ChatBounds(messages=3), sockets=bounds)) as url:
        asyncio.run(talk(url))


def test_no_more_sockets_than_allowed_and_none_without_a_name(workbench: Workbench, desks: Desks) -> None:
    async def talk(url: str) -> None:
        session = desks.opened()
        auth = desks.customers_auth(session)
        async with line(url, auth):
            assert (await refusal(url, auth))["code"] == "unavailable"
        async with aiohttp.ClientSession() as browser:
            socket = await browser.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket")
            opened = await socket.receive_str()
            assert opened.startswith("0")
            await socket.send_str("40")  # the library's own namespace
            assert (await socket.receive_str()).startswith("44")
            # Who has not entered the namespace is cut off after a while.
            assert (await asyncio.wait_for(socket.receive(), 30)).type in (
                aiohttp.WSMsgType.CLOSE,
                aiohttp.WSMsgType.CLOSED,
            )

    with running(workbench, Limits(sockets=SocketBounds(sockets=1, look_every=0.5))) as url:
        asyncio.run(talk(url))


def test_a_packet_past_the_bound_ends_the_connection(url: str, desks: Desks) -> None:
    async def talk() -> None:
        anna = desks.agent()
        async with line(url, desks.agents_auth(anna)) as agent:
            await agent.client.emit("note", {"text": "x" * 500_000}, namespace=NAMESPACE)
            await agent.until(lambda: not agent.client.connected)
        async with aiohttp.ClientSession() as browser:
            sid = (await (await browser.get(f"{url}/socket.io/?EIO=4&transport=polling")).text()).split('"')[3]
            posted = await browser.post(f"{url}/socket.io/?EIO=4&transport=polling&sid={sid}", data="4" + "x" * 500_000)
            assert posted.status == 413

    asyncio.run(talk())


def test_a_page_of_another_origin_gets_no_connection(url: str) -> None:
    async def talk() -> None:
        async with aiohttp.ClientSession() as browser:
            for transport in ("polling", "websocket"):
                address = f"{url}/socket.io/?EIO=4&transport={transport}"
                foreign = {"Origin": "https://evil.example"}
                if transport == "polling":
                    answer = await browser.get(address, headers=foreign)
                    assert answer.status == 400
                    assert "Access-Control-Allow-Origin" not in answer.headers
                else:
                    with pytest.raises(aiohttp.WSServerHandshakeError):
                        await browser.ws_connect(address, headers=foreign)
                own = await browser.get(f"{url}/socket.io/?EIO=4&transport=polling", headers={"Origin": url})
                assert own.status == 200

    asyncio.run(talk())
