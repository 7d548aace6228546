"""No message is lost, doubled or out of order, whatever breaks between the database and a socket."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any
from uuid import UUID

import aiohttp
import psycopg
import pytest
from apps_api_serving import running
from apps_api_sockets import NAMESPACE, Desks, Line, line

from apps.api.app import Limits
from apps.api.chat_app import ChatBounds
from apps.api.handover_entrance import SocketBounds
from components.bootstrap import Workbench
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.handover.agents import Agent

GENEROUS = Limits(chat=ChatBounds(messages=100_000), sockets=SocketBounds(messages=100_000, events=100_000))


@pytest.fixture(scope="module")
def generous(workbench: Workbench) -> Iterator[str]:
    with running(workbench, GENEROUS) as url:
        yield url


def stored(desks: Desks, session: UUID) -> list[Any]:
    return list(Conversations(desks.workbench.database).messages(desks.tenant.context, session))


def test_what_one_process_stores_reaches_the_sockets_of_another(generous: str, url: str, desks: Desks) -> None:
    async def talk() -> None:
        anna = desks.agent()
        session = desks.claimed(anna)
        async with (
            line(url, desks.customers_auth(session)) as customer,
            line(generous, desks.agents_auth(anna)) as agent,
        ):
            await agent.done("join", session_id=str(session), after=4)
            began = monotonic()
            await agent.done("agent_to_user", session_id=str(session), client_message_id="a1", text="Hello")
            await customer.heard("agent_to_user", text="Hello")
            await customer.done("message", client_message_id="c1", text="Hello yourself")
            await agent.heard("message", text="Hello yourself")
            # By notification: the sweep alone would take a second each way.
            assert monotonic() - began < 1.0
            await agent.done("note", session_id=str(session), client_note_id="n1", text="of the other process")
            await agent.heard("note")

    asyncio.run(talk())


def test_without_notifications_the_sweep_delivers(generous: str, desks: Desks, workbench: Workbench) -> None:
    async def talk() -> None:
        anna = desks.agent()
        session = desks.claimed(anna)
        arguments = workbench.database.app_arguments()
        async with line(generous, desks.customers_auth(session)) as customer:
            await customer.heard("conversation")
            with psycopg.connect(**arguments, autocommit=True) as killer:
                for number in range(5):
                    killer.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user "
                        "AND query LIKE 'LISTEN %' OR query = 'SELECT 1' AND state = 'idle' AND pid <> pg_backend_pid()"
                    )
                    desks.say(anna, session, f"number {number}")
                    await customer.heard("agent_to_user", 5, text=f"number {number}")
            assert customer.sequences == [5, 6, 7, 8, 9]
            # It listens again by itself.
            await asyncio.sleep(2)
            with psycopg.connect(**arguments) as looking:
                query = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN %' AND state = 'idle'"
                assert looking.execute(query).fetchone() >= (1,)  # type: ignore[operator]

    asyncio.run(talk())


class Listener:
    """A customer or agent whose sockets are cut again and again, and who comes back for what they missed."""

    def __init__(self, url: str, desks: Desks, session: UUID, agent: Agent | None, dice: random.Random) -> None:
        self.url, self.desks, self.session, self.agent, self.dice = url, desks, session, agent, dice
        self.seen: list[int] = []
        self.line: Line | None = None
        self.cuts = 0

    async def listen(self, until: asyncio.Event) -> None:
        while not until.is_set():
            async with self._connected() as current:
                self.line = current
                end = monotonic() + self.dice.uniform(0.05, 0.6)
                while monotonic() < end and not until.is_set() and current.client.connected:
                    await asyncio.sleep(0.01)
                if not until.is_set():
                    self.cuts += 1
                    if current.client.eio.ws is not None:
                        await current.client.eio.ws.close(code=1006)
            self.line = None

    async def say(self, number: int) -> None:
        """Said until it is acknowledged, whatever becomes of the sockets meanwhile."""
        while True:
            current = self.line
            try:
                if current is not None:
                    if self.agent is None:
                        answer = await current.client.call(
                            "message",
                            {"client_message_id": f"c{number}", "text": f"c {number}"},
                            namespace=NAMESPACE,
                            timeout=2,
                        )
                    else:
                        answer = await current.client.call(
                            "agent_to_user",
                            {"session_id": str(self.session), "client_message_id": f"a{number}", "text": f"a {number}"},
                            namespace=NAMESPACE,
                            timeout=2,
                        )
                    assert answer["ok"], answer
                    return
            except Exception as error:
                if isinstance(error, AssertionError):
                    raise
            await asyncio.sleep(0.02)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Line]:
        after = self.seen[-1] if self.seen else 0
        if self.agent is None:
            auth = self.desks.customers_auth(self.session, after=after)
        else:
            auth = self.desks.agents_auth(self.agent)
        async with line(self.url, auth) as current:
            # What was told on this connection is heard in the order in which it came.
            current.hear = self._hear  # type: ignore[attr-defined]
            current.client.on("*", self._hear, namespace=NAMESPACE)
            for event, data in current.told:
                self._hear(event, data)
            if self.agent is not None:
                joined = await current.done("join", session_id=str(self.session), after=after)
                for message in joined["messages"]:
                    self._hear("message", message)
            yield current

    def _hear(self, event: str, data: dict[str, Any]) -> None:
        if event in ("message", "agent_to_user"):
            self.seen.append(data["sequence"])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_sockets_cut_at_random_everybody_hears_everything_once_and_in_order(
    generous: str, url: str, desks: Desks, seed: int
) -> None:
    async def talk() -> None:
        dice, over, each = random.Random(seed), asyncio.Event(), 15
        people: list[tuple[Listener, Listener]] = []
        for _ in range(4):
            anna = desks.agent()
            session = desks.claimed(anna)
            people.append(
                (Listener(generous, desks, session, None, dice), Listener(generous, desks, session, anna, dice))
            )
        listening = [asyncio.create_task(each.listen(over)) for pair in people for each in pair]
        saying = [asyncio.create_task(one_by_one(person, each)) for pair in people for person in pair]
        await asyncio.gather(*saying)
        for customer, agent in people:
            wanted = [each.sequence for each in stored(desks, customer.session)]
            end = monotonic() + 20
            while (customer.seen, agent.seen) != (wanted, wanted):
                assert monotonic() < end, f"wanted {wanted}: customer {customer.seen}, agent {agent.seen}"
                await asyncio.sleep(0.05)
        over.set()
        await asyncio.gather(*listening)
        assert sum(each.cuts for pair in people for each in pair) > 8
        for customer, _ in people:
            said = stored(desks, customer.session)
            assert [each.sequence for each in said] == list(range(1, len(said) + 1))
            for author, prefix in (("customer", "c "), ("agent", "a ")):
                texts = [each.text for each in said if each.author == author and each.text.startswith(prefix)]
                assert texts == [f"{prefix}{number}" for number in range(each)]

    async def one_by_one(person: Listener, count: int) -> None:
        for number in range(count):
            await person.say(number)

    asyncio.run(talk())


def test_who_does_not_read_is_cut_off_and_has_everything_when_they_are_back(workbench: Workbench, desks: Desks) -> None:
    count = 1200

    async def talk(url: str) -> None:
        anna = desks.agent()
        session = desks.claimed(anna)
        auth = desks.customers_auth(session, after=4)
        async with aiohttp.ClientSession() as browser:
            lazy = await browser.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket", max_msg_size=0)
            await lazy.receive_str()
            await lazy.send_str(f"40{NAMESPACE}," + json_of(auth))
            transport = lazy._response.connection.transport  # type: ignore[union-attr]
            transport.pause_reading()
            loop = asyncio.get_running_loop()
            for number in range(count):
                await loop.run_in_executor(None, desks.say, anna, session, f"{number} " + "x" * 9_000)
            await asyncio.sleep(4)
            transport.resume_reading()
            heard = 0
            while (got := await asyncio.wait_for(lazy.receive(), 30)).type is aiohttp.WSMsgType.TEXT:
                heard += '"agent_to_user"' in got.data
            assert heard < count, "the server kept all of it for somebody who did not read"
        async with line(url, auth) as customer:
            await customer.until(lambda: len(customer.sequences) == count, 60)
            assert customer.sequences == list(range(5, count + 5))

    with running(workbench, Limits(sockets=SocketBounds(backlog=20, patience=1.0))) as url:
        asyncio.run(talk(url))


def json_of(value: Any) -> str:
    import json

    return json.dumps(value)


def test_a_server_that_stops_does_not_wait_for_open_sockets(workbench: Workbench, desks: Desks) -> None:
    async def connect(url: str) -> Line:
        opened = Line()
        await opened.client.connect(
            url, auth=desks.customers_auth(desks.opened()), namespaces=[NAMESPACE], transports=["websocket"]
        )
        return opened

    loop = asyncio.new_event_loop()
    try:
        with running(workbench) as url:
            opened = loop.run_until_complete(connect(url))
            began = monotonic()
        assert monotonic() - began < 5
        loop.run_until_complete(opened.until(lambda: not opened.client.connected))
        loop.run_until_complete(opened.close())
    finally:
        loop.close()


def test_a_deleted_tenants_sockets_are_closed(generous: str, desks: Desks, workbench: Workbench) -> None:
    async def talk() -> None:
        anna, session = desks.agent(), desks.opened()
        async with (
            line(generous, desks.customers_auth(session)) as customer,
            line(generous, desks.agents_auth(anna)) as agent,
        ):
            workbench.tenants.delete(desks.tenant.tenant_id)
            await customer.until(lambda: not customer.client.connected, 15)
            await agent.until(lambda: not agent.client.connected, 15)

    asyncio.run(talk())
