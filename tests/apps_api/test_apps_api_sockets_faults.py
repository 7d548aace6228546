"""No message is lost, doubled or out of order, whatever breaks between the database and a socket."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any
from uuid import UUID

import aiohttp
import psycopg
import pytest
from apps_api_chat import QUESTION
from apps_api_customers import Customer
from apps_api_serving import running
from apps_api_sockets import NAMESPACE, Desks, Line, line

from apps.api.app import Limits
from apps.api.chat_app import ChatBounds
from apps.api.handover.entrance import SocketBounds
from components.bootstrap import Workbench
from components.core.settings import Settings
from components.database.addresses import DatabaseAddresses
from components.database.notifications import NAME
from components.helpdesk.conversations.claiming import accept_message
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.handover.agents import Agent
from components.shared_state.embedded_redis import EmbeddedRedis

ANYTHING = 100_000
LISTENING = f"FROM pg_stat_activity WHERE application_name = '{NAME}'"
GENEROUS = Limits(
    chat=ChatBounds(messages=ANYTHING), sockets=SocketBounds(messages=ANYTHING, events=ANYTHING, look_every=1.0)
)


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


def test_a_lost_notification_costs_a_second_and_no_message(
    generous: str, desks: Desks, addresses: DatabaseAddresses
) -> None:
    async def talk() -> None:
        anna = desks.agent()
        session = desks.claimed(anna)
        assert addresses.server is not None
        async with (
            line(generous, desks.customers_auth(session)) as customer,
            line(generous, desks.agents_auth(anna)) as agent,
        ):
            await customer.heard("conversation")
            with psycopg.connect(addresses.server.url, autocommit=True) as owner:
                owner.execute("ALTER TABLE conversations DISABLE TRIGGER tell_changed_conversation")
                try:
                    desks.say(anna, session, "unheard of")
                    await customer.heard("agent_to_user", 5, text="unheard of")
                    other = desks.waiting()
                    await agent.heard("bot_to_agent", 5, session_id=str(other))
                finally:
                    owner.execute("ALTER TABLE conversations ENABLE TRIGGER tell_changed_conversation")

    asyncio.run(talk())


def test_where_the_listening_connection_is_killed_again_and_again_everything_arrives(
    generous: str, desks: Desks, workbench: Workbench
) -> None:
    async def talk() -> None:
        anna = desks.agent()
        session = desks.claimed(anna)
        arguments = workbench.database.app_arguments()
        async with line(generous, desks.customers_auth(session)) as customer:
            await customer.heard("conversation")
            with psycopg.connect(**arguments, autocommit=True) as killer:
                for number in range(5):
                    killer.execute(f"SELECT pg_terminate_backend(pid) {LISTENING}")
                    desks.say(anna, session, f"number {number}")
                    await customer.heard("agent_to_user", 5, text=f"number {number}")
            assert customer.sequences == [5, 6, 7, 8, 9]
            # It listens again by itself.
            await asyncio.sleep(2)
            with psycopg.connect(**arguments) as looking:
                (listening,) = looking.execute(f"SELECT count(*) {LISTENING}").fetchone() or (0,)
                assert listening >= 1

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
            current.client.on("*", self._hear, namespace=NAMESPACE)
            for event, data in current.told:
                self._hear(event, data)
            if self.agent is not None:
                await self._join(current, after)
            yield current

    async def _join(self, current: Line, after: int) -> None:
        """What the acknowledgement holds is heard before what follows it."""
        answered: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

        def hear(answer: dict[str, Any]) -> None:
            for message in answer["messages"]:
                self._hear("message", message)
            answered.set_result(answer)

        values = {"session_id": str(self.session), "after": after}
        await current.client.emit("join", values, namespace=NAMESPACE, callback=hear)
        await asyncio.wait_for(answered, 10)

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


def test_a_turn_that_a_dead_process_left_is_taken_when_its_customer_comes_back(
    generous: str, workbench: Workbench, shop: Customer
) -> None:
    async def talk() -> None:
        desks, session = Desks(workbench, shop.tenant), workbench.turns.open(shop.tenant).conversation_id
        accepted = accept_message(workbench.database, shop.tenant.context, session, "c1", QUESTION, 0.1)
        assert accepted.now is not None
        await asyncio.sleep(0.2)
        async with line(generous, desks.customers_auth(session)) as customer:
            assert "45 days" in (await customer.heard("message", 30, author="bot"))["text"]

    asyncio.run(talk())


def test_who_does_not_read_is_cut_off_and_has_everything_when_they_are_back(workbench: Workbench, desks: Desks) -> None:
    count = 1000

    async def talk(url: str) -> None:
        anna = desks.agent()
        session = desks.claimed(anna)
        auth = desks.customers_auth(session, after=4)
        async with aiohttp.ClientSession() as browser:
            lazy = await browser.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket", max_msg_size=0)
            await lazy.receive_str()
            await lazy.send_str(f"40{NAMESPACE}," + json.dumps(auth))
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


def test_who_types_is_seen_across_processes_that_share_a_redis(
    workbench: Workbench, settings: Settings, desks: Desks
) -> None:
    async def talk(one: str, other: str, redis: EmbeddedRedis) -> None:
        anna = desks.agent()
        session = desks.claimed(anna)
        async with line(one, desks.customers_auth(session)) as customer, line(other, desks.agents_auth(anna)) as agent:
            await agent.done("join", session_id=str(session), after=4)

            async def typing_is_seen() -> None:
                seen = len(customer.all("typing"))
                # It takes a moment until each process listens.
                end = monotonic() + 10
                while len(customer.all("typing")) == seen:
                    assert monotonic() < end
                    await agent.done("typing", session_id=str(session), typing=True)
                    await asyncio.sleep(0.1)

            await typing_is_seen()
            # Without Redis messages go on, and answers are as quick as before.
            redis.release()
            began = monotonic()
            await agent.done("typing", session_id=str(session), typing=True)
            await agent.done("agent_to_user", session_id=str(session), client_message_id="a1", text="no Redis")
            await customer.heard("agent_to_user", text="no Redis")
            assert monotonic() - began < 2
            redis.start()
            await typing_is_seen()

    redis = EmbeddedRedis(settings.data_dir / "redis")
    redis.start()
    try:
        with running(workbench, GENEROUS) as one, running(workbench, GENEROUS) as other:
            asyncio.run(talk(one, other, redis))
    finally:
        redis.release()


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
