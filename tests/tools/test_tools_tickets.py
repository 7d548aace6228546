"""Tickets are changed and changed back; customers are told in their conversation and by e-mail, and never twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from shop_world import MAILBOX, PERSON, Shop
from sqlalchemy import update

from components.channels.provider_calls import ProviderCalls
from components.core.errors import Conflict, InvalidInput, NotFound, ToolRefused
from components.core.settings import Settings
from components.core.tenant import Tenant
from components.database.session import Database
from components.database.tables import ConversationRow
from components.helpdesk.handover.apology_mail import MAIL
from components.helpdesk.outbox.dispatcher import Dispatcher
from components.helpdesk.outbox.mail_sender import MailSender
from components.helpdesk.outbox.senders import Senders
from components.helpdesk.tenant_channels import TenantChannels
from components.helpdesk.tenants import TenantRegistry
from components.helpdesk.tickets.tickets import Tickets
from tests.channels.mail_test_server import MailServer


@pytest.fixture
def shop(database: Database, make_tenant: Callable[..., Tenant]) -> Shop:
    return Shop(database, make_tenant, channels={"email": MAILBOX})


@pytest.fixture
def bare_shop(database: Database, make_tenant: Callable[..., Tenant]) -> Shop:
    """Without a mailbox."""
    return Shop(database, make_tenant)


def open_one(shop: Shop, conversation_id: UUID | None = None, **arguments: Any) -> dict[str, Any]:
    wish = {"subject": "Refund", **arguments}
    made = shop.registry.invoke(
        shop.tenant, "create_ticket", wish, PERSON, key=uuid4().hex, conversation_id=conversation_id
    )
    assert made.result is not None
    return dict(made.result)


def ticket(shop: Shop, number: int) -> tuple[str, str, tuple[str, ...]]:
    found = Tickets(shop.database).get(shop.tenant.context, number).ticket
    return found.status, found.priority, found.tags


@pytest.mark.parametrize("name", ["ticket_id", "ticket_number"])
def test_a_ticket_is_changed_and_changed_back(shop: Shop, name: str) -> None:
    opened = open_one(shop, tags=["refund"])
    made = shop.call("update_ticket", ticket=opened[name], status="resolved", priority="high", tags=["b", "a"])
    assert made.result is not None
    assert (made.result["status"], made.result["priority"], made.result["tags"]) == ("resolved", "high", ["a", "b"])
    shop.registry.undo(shop.tenant, made.invocation_id, PERSON)
    assert ticket(shop, 1) == ("open", "normal", ("refund",))


def test_a_ticket_that_was_opened_by_mistake_is_resolved_by_taking_it_back(shop: Shop) -> None:
    made = shop.call("create_ticket", subject="Refund")
    shop.registry.undo(shop.tenant, made.invocation_id, PERSON)
    assert ticket(shop, 1)[0] == "resolved"


def test_a_comment_is_kept_for_people_or_for_the_customer(shop: Shop) -> None:
    open_one(shop)
    made = shop.call("update_ticket", ticket="#1", comment="Looked at it.")
    assert made.undo is None
    shop.call("update_ticket", ticket=1, comment="We are on it.", public=True, priority="low")
    _, events = Tickets(shop.database).history(shop.tenant.context, 1)
    assert [(each.kind, each.actor.kind, each.details.get("public")) for each in events] == [
        ("created", "agent", None),
        ("commented", "bot", False),
        ("changed", "bot", None),
        ("commented", "bot", True),
    ]


def test_what_has_no_way_back_is_not_offered_to_be_taken_back(shop: Shop) -> None:
    open_one(shop)
    shop.call("update_ticket", ticket=1, status="resolved")
    made = shop.call("update_ticket", ticket=1, status="closed")
    with pytest.raises(ToolRefused, match="cannot be taken back"):
        shop.registry.undo(shop.tenant, made.invocation_id, PERSON)


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        ({"ticket": "1"}, InvalidInput, "nothing is to be changed"),
        ({"ticket": "1", "status": "closed"}, Conflict, "to closed is not allowed"),
        ({"ticket": "1", "status": "gone"}, InvalidInput, "arguments.status"),
        ({"ticket": "one", "status": "resolved"}, InvalidInput, "a ticket's id or number"),
        ({"ticket": "2", "status": "resolved"}, NotFound, "no ticket has the number 2"),
        ({"ticket": str(UUID(int=1)), "status": "resolved"}, NotFound, "no ticket has the id"),
        ({"ticket": "9" * 40, "status": "resolved"}, NotFound, "no ticket"),
    ],
)
def test_a_change_that_cannot_be_is_named(
    shop: Shop, arguments: dict[str, Any], error: type[Exception], told: str
) -> None:
    open_one(shop)
    with pytest.raises(error, match=told):
        shop.call("update_ticket", **arguments)
    assert ticket(shop, 1) == ("open", "normal", ())


def test_a_ticket_alone_tells_its_requester_in_the_conversation_and_by_mail(shop: Shop) -> None:
    conversation = shop.converse(language="de")
    opened = open_one(shop, conversation, email="ada@mail.example")
    told = shop.result("notify_user", ticket_id=opened["id"])
    text = "Ihr Anliegen ist als Ticket #1 festgehalten."
    assert told == {
        "message": text,
        "email": "ada@mail.example",
        "conversation_id": str(conversation),
        "channel": "web",
        "left_to": None,
        "untold": None,
    }
    assert shop.said(conversation) == [("system", text)]
    assert shop.outgoing() == [("email", {"to": "ada@mail.example", "subject": "Tenant: #1", "text": text})]


def test_of_a_ticket_that_is_done_that_is_told(shop: Shop) -> None:
    open_one(shop, email="ada@mail.example")
    shop.call("update_ticket", ticket=1, status="resolved")
    assert shop.result("notify_user", ticket_id=1)["message"].startswith("Your ticket #1 is done.")


def test_the_customer_of_the_conversation_is_told_on_its_channel(shop: Shop) -> None:
    slack = shop.converse("slack", email="ada@mail.example")
    shop.call_within(slack, "notify_user", message="Your boots have left.", subject="Boots\r\nBcc: x@y.example")
    kinds = [(kind, payload.get("to"), payload.get("channel")) for kind, payload in shop.outgoing()]
    assert kinds == [("message", None, "slack"), ("email", "ada@mail.example", None)]
    assert shop.outgoing()[1][1]["subject"] == "Boots Bcc: x@y.example"


def test_a_conversation_by_mail_brings_no_second_mail(shop: Shop) -> None:
    by_mail = shop.converse("email", email="ada@mail.example")
    made = shop.call_within(by_mail, "notify_user", message="Your boots have left.")
    assert made.result is not None
    assert made.result["email"] is None
    assert [kind for kind, _ in shop.outgoing()] == ["message"]


def test_a_ticket_that_has_outlived_its_conversation_is_told_of_by_mail(shop: Shop) -> None:
    opened = open_one(shop, uuid4(), email="ada@mail.example")
    assert shop.result("notify_user", ticket_id=opened["id"])["conversation_id"] is None
    assert [kind for kind, _ in shop.outgoing()] == ["email"]


def test_who_cannot_be_reached_is_not_said_to_have_been_told(shop: Shop, bare_shop: Shop) -> None:
    open_one(shop)
    with pytest.raises(ToolRefused, match="no e-mail address is known"):
        shop.call("notify_user", ticket_id=1, message="It is done.")
    told = shop.result("notify_user", ticket_id=1)
    assert (told["email"], told["conversation_id"]) == (None, None)
    assert told["untold"].endswith("no e-mail address is known")
    open_one(bare_shop, email="ada@mail.example")
    with pytest.raises(ToolRefused, match="the tenant has no mailbox"):
        bare_shop.call("notify_user", ticket_id=1, message="It is done.")
    assert bare_shop.result("notify_user", ticket_id=1)["untold"].endswith("the tenant has no mailbox to send from")
    with pytest.raises(ToolRefused, match=r"nothing can be sent to ada@mail\.example"):
        bare_shop.call_within(bare_shop.converse(), "notify_user", message="x", email="ada@mail.example")
    for arguments, error in (({}, InvalidInput), ({"message": "x", "email": "ada"}, InvalidInput)):
        with pytest.raises(error):
            shop.call("notify_user", **arguments)
    assert shop.outgoing() == bare_shop.outgoing() == []


def test_no_tenant_changes_or_tells_of_anothers_ticket(shop: Shop, bare_shop: Shop) -> None:
    conversation = shop.converse()
    opened = open_one(shop, conversation, email="ada@mail.example")
    with pytest.raises(NotFound):
        bare_shop.call("update_ticket", ticket=opened["id"], status="resolved")
    with pytest.raises(NotFound):
        bare_shop.call("notify_user", ticket_id=opened["id"])
    with pytest.raises(NotFound):
        bare_shop.call_within(conversation, "notify_user", message="Hello from the others")
    assert ticket(shop, 1)[0] == "open"
    assert shop.said(conversation) == []


@pytest.fixture
def server() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.close()


def test_a_real_mail_server_receives_a_notice_once(
    database: Database, make_tenant: Callable[..., Tenant], server: MailServer, data_dir: Any
) -> None:
    smtp = {"host": "127.0.0.1", "port": server.smtp_port, "security": "none"}
    shop = Shop(database, make_tenant, channels={"email": {**MAILBOX, "smtp": smtp}})
    open_one(shop, email="ada@mail.example")
    for _ in range(2):
        shop.call("notify_user", key="one", ticket_id=1)
    settings = Settings(data_dir=data_dir, database_url=None)
    tenants = TenantRegistry(database, data_dir)
    senders, calls = Senders(), ProviderCalls()
    senders.add(MAIL, MailSender(tenants, TenantChannels(settings, calls)))
    try:
        dispatcher = Dispatcher(database, senders, lease=timedelta(seconds=5).total_seconds())
        assert dispatcher.send_due(shop.tenant.context)
        assert not dispatcher.send_due(shop.tenant.context)
    finally:
        calls.close()
    (mail,) = server.delivered
    assert (mail.to, mail.text) == ("ada@mail.example", "Your request is kept as ticket #1.")


def test_a_notice_leaves_the_word_to_an_agent_and_to_a_turn_under_way(shop: Shop) -> None:
    conversation = shop.converse(email="ada@mail.example")
    opened = shop.call_within(conversation, "create_ticket", subject="Zip").result
    assert opened is not None
    busy = {"turn_owner": uuid4(), "turn_until": datetime.now(UTC) + timedelta(minutes=1)}
    with shop.database.tenant(shop.tenant.context) as session:
        session.execute(update(ConversationRow).values(busy))
    told = shop.call_within(conversation, "notify_user", ticket_id=opened["id"]).result
    assert told is not None
    assert (told["left_to"], told["conversation_id"], shop.said(conversation)) == ("turn", None, [])
    said = shop.call_within(conversation, "notify_user", message="It is on its way.").result
    assert said is not None
    assert said["left_to"] is None
    owned = {"turn_owner": None, "turn_until": None, "status": "agent"}
    with shop.database.tenant(shop.tenant.context) as session:
        session.execute(update(ConversationRow).values(owned))
    kept = shop.said(conversation)
    told = shop.call_within(conversation, "notify_user", message="It has arrived.").result
    assert told is not None
    assert (told["left_to"], shop.said(conversation)) == ("agent", kept)
