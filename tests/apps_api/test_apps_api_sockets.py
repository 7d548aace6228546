"""Customer and agent talk by socket: what each may do, what the other hears of it, and what nobody may."""

from __future__ import annotations

import asyncio
from uuid import UUID

import httpx
from apps_api_chat import QUESTION, begin
from apps_api_customers import Customer
from apps_api_serving import running
from apps_api_sockets import Desks, line

from apps.api.app import Limits
from apps.api.handover.entrance import SocketBounds
from components.bootstrap import Workbench
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.outbox.undelivered import tell_agents


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
            await customer.heard("message", text="Hello Anna")
            assert agent.sequences == [4, 5, 6]
            assert customer.sequences == [4, 5, 6]

    asyncio.run(talk())


def test_an_agent_hears_at_once_of_a_reply_that_did_not_arrive_and_the_customer_does_not(
    url: str, desks: Desks
) -> None:
    async def talk() -> None:
        anna, session = desks.agent(), desks.waiting()
        async with (
            line(url, desks.customers_auth(session)) as customer,
            line(url, desks.agents_auth(anna)) as agent,
        ):
            joined = await agent.done("join", session_id=str(session), after=0)
            context = desks.tenant.context
            with desks.workbench.database.tenant(context) as database:
                tell_agents(database.connection(), context, session, 2, "slack", "channel_not_found")
            await agent.heard("conversation", changed=joined["conversation"]["changed"] + 1)
            stands = (await customer.done("replay", after=0))["conversation"]
            assert "changed" not in stands

    asyncio.run(talk())


def test_the_bot_answers_by_socket_what_it_answers_by_http(url: str, workbench: Workbench, shop: Customer) -> None:
    async def talk() -> None:
        with httpx.Client(base_url=url, timeout=30) as http:
            opened = begin(http, shop.tenant.domain)
        auth = {"token": opened.token, "session_id": opened.session}
        anna = Desks(workbench, shop.tenant).agent()
        async with line(url, auth) as customer, line(url, Desks(workbench, shop.tenant).agents_auth(anna)) as agent:
            await agent.done("join", session_id=opened.session, after=0)
            answered = await customer.done("message", client_message_id="c1", text=QUESTION)
            reply = await customer.heard("message", 30, author="bot")
            assert reply["sequence"] == answered["sequence"] + 1
            assert "45 days" in reply["text"]
            assert reply["citations"][0]["quote"]
            assert 'class="hd-bubble"' in reply["html"]
            assert (await customer.heard("typing", who="bot"))["typing"] is True
            await customer.heard("typing", who="bot", typing=False)
            assert (await agent.heard("message", author="bot"))["text"] == reply["text"]
            # The same id again is the same message.
            again = await customer.done("message", client_message_id="c1", text=QUESTION)
            assert again["sequence"] == answered["sequence"]
            conflict = await customer.call("message", client_message_id="c1", text="something else")
            assert (conflict["ok"], conflict["code"], conflict["field"]) == (False, "conflict", "client_message_id")
            assert customer.sequences == sorted(set(customer.sequences))

    asyncio.run(talk())


def test_a_wait_is_told_to_the_agents_whose_queue_it_is_in(url: str, desks: Desks) -> None:
    async def talk() -> None:
        anna, ben = desks.agent(), desks.agent("Ben", team="billing")
        dan = desks.agent("Dan", team="technology")
        async with (
            line(url, desks.agents_auth(anna)) as everyones,
            line(url, desks.agents_auth(ben)) as billing,
            line(url, desks.agents_auth(dan)) as technology,
        ):
            first = desks.opened()
            desks.ask(first)
            for agent in (everyones, billing, technology):
                asked = await agent.heard("bot_to_agent", session_id=str(first))
                assert asked["tenant_id"] == str(desks.tenant.tenant_id)
                assert (asked["context"]["reason"], asked["context"]["summary"]) == (
                    "asked_by_customer",
                    "wants a person",
                )
                await agent.heard("queue", session_id=str(first), status="waiting")
            await everyones.done("claim", session_id=str(first), request_id="r1")
            await everyones.done("transfer", session_id=str(first), request_id="r2", to_team="billing", reason="a bill")
            await billing.until(lambda: len(billing.all("bot_to_agent")) == 2)
            # Changes that follow each other closely may be told as one.
            await technology.until(lambda: len(technology.all("queue", session_id=str(first), status="waiting")) == 2)
            assert len(technology.all("bot_to_agent")) == 1

    asyncio.run(talk())


def test_who_waits_hears_their_place_move_up(url: str, desks: Desks) -> None:
    async def talk() -> None:
        anna, first, second = desks.agent(), desks.waiting(), desks.waiting()
        async with line(url, desks.customers_auth(second)) as customer, line(url, desks.agents_auth(anna)) as agent:
            assert (await customer.heard("conversation"))["position"] == 2
            await agent.done("claim", session_id=str(first), request_id="r1")
            moved = await customer.heard("conversation", position=1)
            assert moved["status"] == "waiting"
            await agent.done("claim", session_id=str(second), request_id="r2")
            assert (await customer.heard("conversation", status="agent"))["position"] is None

    asyncio.run(talk())


def test_of_two_agents_one_wins_and_the_other_is_told_who(url: str, desks: Desks) -> None:
    async def talk() -> None:
        anna, ben, session = desks.agent(), desks.agent("Ben"), desks.waiting()
        async with line(url, desks.agents_auth(anna)) as one, line(url, desks.agents_auth(ben)) as other:
            answers = await asyncio.gather(
                one.call("claim", session_id=str(session), request_id="r1"),
                other.call("claim", session_id=str(session), request_id="r2"),
            )
            assert sorted(each["ok"] for each in answers) == [False, True]
            winner, loser = (one, other) if answers[0]["ok"] else (other, one)
            lost = next(each for each in answers if not each["ok"])
            assert lost["code"] == "conflict"
            assert ("Anna" if winner is one else "Ben") in lost["message"]
            refused = await loser.call("agent_to_user", session_id=str(session), client_message_id="a1", text="me too")
            assert refused["code"] == "conflict"

    asyncio.run(talk())


def test_a_wish_sent_again_is_the_same_wish(url: str, desks: Desks) -> None:
    async def talk() -> None:
        anna, session = desks.agent(), desks.waiting()
        async with line(url, desks.agents_auth(anna)) as agent:
            once = await agent.done("claim", session_id=str(session), request_id="r1")
            again = await agent.done("claim", session_id=str(session), request_id="r1")
            assert once == again
            values = {"session_id": str(session), "client_message_id": "a1", "text": "Hi"}
            first, second = await agent.done("agent_to_user", **values), await agent.done("agent_to_user", **values)
            assert (first["repeated"], second["repeated"]) == (False, True)
            assert first["sequence"] == second["sequence"]
            noted = {"session_id": str(session), "client_note_id": "n1", "text": "called her"}
            first, second = await agent.done("note", **noted), await agent.done("note", **noted)
            assert first["note"] == second["note"]
            assert (await agent.call("note", **(noted | {"text": "else"})))["field"] == "client_note_id"

    asyncio.run(talk())


def test_a_conversation_goes_back_to_the_queue_to_the_bot_and_to_its_end(url: str, desks: Desks) -> None:
    async def talk() -> None:
        anna, ben, session = desks.agent(), desks.agent("Ben"), desks.waiting()
        async with (
            line(url, desks.customers_auth(session)) as customer,
            line(url, desks.agents_auth(anna)) as one,
            line(url, desks.agents_auth(ben)) as other,
        ):

            async def wish(agent: object, event: str, number: int, **more: str) -> str:
                told = await agent.done(event, session_id=str(session), request_id=f"r{number}", **more)  # type: ignore[attr-defined]
                status: str = told["conversation"]["status"]
                await customer.until(lambda: customer.all("conversation")[-1]["status"] == status)
                return status

            assert await wish(one, "claim", 1) == "agent"
            assert await wish(one, "release", 2) == "waiting"
            assert await wish(one, "claim", 3) == "agent"
            assert await wish(one, "transfer", 4, to_agent=str(ben.agent_id), reason="knows it") == "waiting"
            assert await wish(other, "claim", 5) == "agent"
            assert await wish(other, "give_back", 6) == "bot"
            assert await wish(other, "claim", 7) == "agent"
            assert await wish(other, "resolve", 8) == "closed"
            assert any("Ben" in each["text"] for each in customer.all("message", author="system"))
            stored = [each.sequence for each in messages(desks, session)]
            assert customer.sequences == stored[3:]

    asyncio.run(talk())


def test_a_note_reaches_colleagues_and_never_the_customer(url: str, desks: Desks) -> None:
    async def talk() -> None:
        anna, ben = desks.agent(), desks.agent("Ben")
        session = desks.claimed(anna)
        async with (
            line(url, desks.customers_auth(session)) as customer,
            line(url, desks.agents_auth(anna)) as one,
            line(url, desks.agents_auth(ben)) as other,
        ):
            await other.done("join", session_id=str(session), after=0)
            await one.done("note", session_id=str(session), client_note_id="n1", text="a difficult customer")
            note = await other.heard("note")
            assert (note["name"], note["text"], note["session_id"]) == ("Anna", "a difficult customer", str(session))
            assert one.all("note") == [], "who has not joined is told nothing"
            await one.done("agent_to_user", session_id=str(session), client_message_id="a1", text="Hello")
            await customer.heard("agent_to_user")
            assert "difficult" not in str(customer.told)
            await other.done("leave", session_id=str(session))
            await one.done("note", session_id=str(session), client_note_id="n2", text="a second")
            await one.done("agent_to_user", session_id=str(session), client_message_id="a2", text="Bye")
            await customer.heard("agent_to_user", text="Bye")
            assert len(other.all("note")) == 1
            assert [each.text for each in desks.workbench.notes.list(desks.tenant.context, session)] == [
                "a difficult customer",
                "a second",
            ]

    asyncio.run(talk())


def test_typing_is_seen_by_the_other_side(url: str, desks: Desks) -> None:
    async def talk() -> None:
        anna, ben = desks.agent(), desks.agent("Ben")
        session = desks.claimed(anna)
        async with (
            line(url, desks.customers_auth(session)) as customer,
            line(url, desks.agents_auth(anna)) as owner,
            line(url, desks.agents_auth(ben)) as other,
        ):
            for agent in (owner, other):
                await agent.done("join", session_id=str(session), after=0)
            await customer.done("typing", typing=True)
            for agent in (owner, other):
                assert (await agent.heard("typing"))["name"] == "Ada"
            await owner.done("typing", session_id=str(session), typing=True)
            seen = await customer.heard("typing")
            assert (seen["who"], seen["name"], seen["typing"]) == ("agent", "Anna", True)
            # Who does not own it is seen by colleagues alone.
            await other.done("typing", session_id=str(session), typing=True)
            await owner.heard("typing", name="Ben")
            assert customer.all("typing", name="Ben") == []
            assert customer.all("typing", who="customer") == [], "nobody hears of themselves"

    asyncio.run(talk())


def test_how_far_each_has_read_is_seen_by_the_other(url: str, desks: Desks) -> None:
    async def talk() -> None:
        anna = desks.agent()
        session = desks.claimed(anna)
        async with line(url, desks.customers_auth(session)) as customer, line(url, desks.agents_auth(anna)) as agent:
            await agent.done("join", session_id=str(session), after=0)
            await agent.done("read", session_id=str(session), sequence=3)
            await customer.heard("conversation", agent_read=3)
            await customer.done("read", sequence=10**6)
            await agent.heard("conversation", customer_read=4)

    asyncio.run(talk())


def test_colleagues_see_who_is_there(url: str, desks: Desks) -> None:
    async def talk() -> None:
        anna, ben = desks.agent(), desks.agent("Ben")
        async with line(url, desks.agents_auth(anna)) as one, line(url, desks.agents_auth(ben)) as other:
            came = await one.heard("presence", agent_id=str(ben.agent_id))
            assert (came["name"], came["presence"]) == ("Ben", "online")
            await other.done("presence", presence="away")
            await one.heard("presence", agent_id=str(ben.agent_id), presence="away")
            stored = {each.name: each.presence for each in desks.workbench.agents.list(desks.tenant.context)}
            assert stored == {"Anna": "online", "Ben": "away"}

    asyncio.run(talk())


def test_who_closes_the_last_page_is_offline_after_a_while(workbench: Workbench, desks: Desks) -> None:
    async def talk(url: str) -> None:
        anna, ben = desks.agent(), desks.agent("Ben")
        async with line(url, desks.agents_auth(anna)) as one:
            async with line(url, desks.agents_auth(ben)), line(url, desks.agents_auth(ben)) as second:
                await second.done("presence", presence="away")
            # A page that is loaded anew is back before anybody hears that it was gone.
            async with line(url, desks.agents_auth(ben)):
                await asyncio.sleep(1.5)
                stored = {each.name: each.presence for each in desks.workbench.agents.list(desks.tenant.context)}
                assert stored["Ben"] == "away"
            assert one.all("presence", agent_id=str(ben.agent_id), presence="offline") == []
            await one.heard("presence", 10, agent_id=str(ben.agent_id), presence="offline")

    with running(workbench, Limits(sockets=SocketBounds(look_every=0.4))) as url:
        asyncio.run(talk(url))


def test_what_was_missed_is_replayed_and_what_follows_is_told_once(url: str, desks: Desks) -> None:
    async def talk() -> None:
        anna = desks.agent()
        session = desks.claimed(anna)
        async with line(url, desks.customers_auth(session)) as customer:
            desks.say(anna, session, "one")
            await customer.heard("agent_to_user", text="one")
        desks.say(anna, session, "two")
        desks.say(anna, session, "three")
        async with line(url, desks.customers_auth(session)) as customer:
            replayed = await customer.done("replay", after=5)
            assert [each["text"] for each in replayed["messages"]] == ["two", "three"]
            assert replayed["conversation"]["last_sequence"] == 7
            desks.say(anna, session, "four")
            await customer.heard("agent_to_user", text="four")
            assert customer.sequences == [8]
        async with line(url, desks.customers_auth(session, after=5)) as customer:
            await customer.until(lambda: customer.sequences == [6, 7, 8])
            # The state follows the messages that it counts.
            told = [(name, data) for name, data in customer.told if name in ("agent_to_user", "conversation")]
            assert [name for name, _ in told[:3]] == ["agent_to_user"] * 3
            await customer.heard("conversation", last_sequence=8)

    asyncio.run(talk())


def test_behind_a_proxy_without_websockets_polling_does_the_same(url: str, desks: Desks) -> None:
    async def talk() -> None:
        anna = desks.agent()
        session = desks.claimed(anna)
        async with (
            line(url, desks.customers_auth(session, after=3), "polling") as customer,
            line(url, desks.agents_auth(anna), "polling") as agent,
        ):
            await agent.done("join", session_id=str(session), after=4)
            values = {"session_id": str(session), "client_message_id": "a1", "text": "x" * 10_000}
            await agent.done("agent_to_user", **values)
            await customer.done("message", client_message_id="c1", text="y" * 4_000)
            await agent.heard("message", client_message_id="c1")
            await customer.until(lambda: customer.sequences == [4, 5, 6])

    asyncio.run(talk())


def test_a_message_in_a_hurry_is_stored_in_the_order_in_which_it_was_sent(url: str, desks: Desks) -> None:
    async def talk() -> None:
        anna = desks.agent()
        session = desks.claimed(anna)
        async with line(url, desks.customers_auth(session)) as customer, line(url, desks.agents_auth(anna)) as agent:
            answers = await asyncio.gather(
                *(customer.done("message", client_message_id=f"c{n}", text=f"customer {n}") for n in range(3)),
                *(
                    agent.done("agent_to_user", session_id=str(session), client_message_id=f"a{n}", text=f"agent {n}")
                    for n in range(10)
                ),
            )
            sequences = [each["sequence"] for each in answers]
            assert sequences[:3] == sorted(sequences[:3])
            assert sequences[3:] == sorted(sequences[3:])
            await customer.until(lambda: len(customer.sequences) == 13)
            assert customer.sequences == list(range(5, 18))

    asyncio.run(talk())


def messages(desks: Desks, session: UUID) -> list:  # type: ignore[type-arg]
    return list(Conversations(desks.workbench.database).messages(desks.tenant.context, session))
