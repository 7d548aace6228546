"""An external ticket system hears of every event once, in order and signed, however long it fails meanwhile."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from ticket_system import Reply, TicketSystem, ticket_system

from components.core.errors import InvalidInput
from components.core.outbox import Delivery, Failed, Later, Outgoing, Sent
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.database.tables import OutboxRow
from components.gateway.event_loop import EventLoopThread
from components.helpdesk.outbox.dispatcher import Dispatcher
from components.helpdesk.outbox.senders import Senders
from components.helpdesk.tenant_config import validate_config
from components.helpdesk.tickets.ticket_event import Actor
from components.helpdesk.tickets.ticket_input import Comment, NewTicket, TicketChange
from components.helpdesk.tickets.tickets import Tickets
from components.helpdesk.tickets.webhook import WebhookSender, signed_headers

SECRET = "a secret of some length"
API = Actor("api")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    return path


@pytest.fixture
def system() -> Iterator[TicketSystem]:
    with ticket_system(SECRET.encode()) as served:
        yield served


@pytest.fixture(scope="module")
def loop() -> Iterator[EventLoopThread]:
    loop = EventLoopThread("webhooks")
    yield loop
    loop.close()


@pytest.fixture
def sender(database: Database, loop: EventLoopThread) -> WebhookSender:
    return WebhookSender(database, loop, private=True, deadline=1.0)


@pytest.fixture
def make_told(make_tenant: Callable[..., Tenant], secret: Path) -> Callable[[str], TenantContext]:
    """Makes a tenant whose tickets are told to an address."""

    def make(url: str) -> TenantContext:
        return make_tenant(config={"ticket_webhook": {"url": url, "secret": f"file:{secret}"}}).context

    return make


def queued(database: Database, tenant: TenantContext) -> list[Outgoing]:
    with database.tenant(tenant) as session:
        rows = session.scalars(select(OutboxRow).order_by(OutboxRow.position)).all()
    return [Outgoing(row.outbox_id, row.key, row.kind, row.payload, 1) for row in rows]


def some(key: str = "webhook/1/1", **payload: Any) -> Outgoing:
    from uuid import uuid4

    return Outgoing(uuid4(), key, "webhook", payload, 1)


def test_every_event_arrives_signed_with_its_own_id(
    database: Database, sender: WebhookSender, system: TicketSystem, make_told: Callable[[str], TenantContext]
) -> None:
    tenant, tickets = make_told(system.url), Tickets(database)
    tickets.create(tenant, NewTicket("Zip", "kaputt: ä€"), actor=API)
    tickets.comment(tenant, 1, Comment("Hello", public=True), actor=API)
    tickets.change(tenant, 1, TicketChange(status="resolved"), actor=API)
    for outgoing in queued(database, tenant):
        assert sender.send(tenant, outgoing) == Sent({"status": 200})
    told = list(system.events.values())
    assert [each["type"] for each in told] == ["ticket.created", "ticket.commented", "ticket.changed"]
    assert [each["ticket"]["version"] for each in told] == [1, 2, 3]
    assert told[0]["ticket"]["description"] == "kaputt: ä€"
    assert told[2]["event"]["changes"]["status"] == "resolved"
    assert told[0]["tenant_id"] == str(tenant.tenant_id)
    assert (system.forged, system.calls[0]["idempotency-key"]) == (0, system.calls[0]["webhook-id"])


def test_a_system_that_fails_for_a_while_gets_all_of_it_in_order(
    database: Database, sender: WebhookSender, system: TicketSystem, make_told: Callable[[str], TenantContext]
) -> None:
    tenant, tickets = make_told(system.url), Tickets(database)
    tickets.create(tenant, NewTicket("Zip"), actor=API)
    tickets.comment(tenant, 1, Comment("Hello", public=True), actor=API)
    system.replies = [Reply(429, {"Retry-After": "7"}), Reply(500), Reply(503, {"Retry-After": "0"}), Reply(500)]
    waits: list[float] = []
    for outgoing in queued(database, tenant):
        delivery: Delivery = Later(0.0, "")
        while isinstance(delivery, Later):
            delivery = sender.send(tenant, outgoing)
            if isinstance(delivery, Later):
                waits.append(delivery.seconds)
                assert "127.0.0.1 answered HTTP" in delivery.reason
        assert isinstance(delivery, Sent)
    assert waits == [7.0, 0.0, 0.0, 0.0]
    assert [each["ticket"]["version"] for each in system.events.values()] == [1, 2]
    assert len({call["webhook-id"] for call in system.calls}) == 2


def test_the_outbox_tells_the_system_by_itself_in_order_past_a_failure(
    database: Database, sender: WebhookSender, system: TicketSystem, make_told: Callable[[str], TenantContext]
) -> None:
    tenant, tickets, senders = make_told(system.url), Tickets(database), Senders()
    senders.add("webhook", sender)
    system.replies = [Reply(500)]
    dispatcher = Dispatcher(database, senders, threads=2)
    dispatcher.start()
    try:
        tickets.create(tenant, NewTicket("Zip"), actor=API)
        tickets.comment(tenant, 1, Comment("Hello", public=True), actor=API)
        tickets.change(tenant, 1, TicketChange(status="resolved"), actor=API)
        until = time.monotonic() + 60
        while len(system.events) < 3 and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        dispatcher.close()
    assert [each["ticket"]["version"] for each in system.events.values()] == [1, 2, 3]
    assert len(system.calls) == 4


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
def test_what_passes_by_itself_is_tried_again(
    sender: WebhookSender, system: TicketSystem, make_told: Callable[[str], TenantContext], status: int
) -> None:
    system.replies = [Reply(status)]
    assert isinstance(sender.send(make_told(system.url), some()), Later)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 410, 413, 422])
def test_what_does_not_pass_is_given_up_with_its_reason(
    sender: WebhookSender, system: TicketSystem, make_told: Callable[[str], TenantContext], status: int
) -> None:
    system.replies = [Reply(status, {"Location": system.url})]
    delivery = sender.send(make_told(system.url), some())
    assert isinstance(delivery, Failed)
    assert f"HTTP {status}" in delivery.reason
    assert len(system.calls) == 1


def test_a_system_that_does_not_end_its_answer_is_given_up_at_the_deadline(
    sender: WebhookSender, system: TicketSystem, make_told: Callable[[str], TenantContext]
) -> None:
    system.replies = [Reply(pause=0.2)]
    started = time.monotonic()
    delivery = sender.send(make_told(system.url), some())
    assert delivery == Later(0.0, "127.0.0.1 did not answer within 1 s")
    assert time.monotonic() - started < 2


def test_a_system_that_is_down_or_unheard_of_is_tried_again(
    sender: WebhookSender, make_told: Callable[[str], TenantContext]
) -> None:
    for url in ("http://127.0.0.1:1/in", "https://127.0.0.1:1/in", "http://nobody.invalid/in"):
        delivery = sender.send(make_told(url), some())
        assert isinstance(delivery, Later), url
        assert "cannot be reached" in delivery.reason


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "10.1.2.3", "169.254.169.254", "[::1]", "[fe80::1]", "[::ffff:10.0.0.1]", "0", "0x7f.1"],
)
def test_an_address_that_is_not_public_is_not_called(
    database: Database,
    loop: EventLoopThread,
    system: TicketSystem,
    make_told: Callable[[str], TenantContext],
    host: str,
) -> None:
    port = system.url.split(":")[2].split("/")[0]
    strict = WebhookSender(database, loop, deadline=1.0)
    delivery = strict.send(make_told(f"http://{host}:{port}/in"), some())
    assert isinstance(delivery, Failed)
    assert "HELPDESK_WEBHOOK_PRIVATE" in delivery.reason
    assert system.calls == []


def test_without_an_address_it_is_given_up_and_without_the_secret_it_waits_for_it(
    sender: WebhookSender,
    system: TicketSystem,
    make_tenant: Callable[..., Tenant],
    make_told: Callable[[str], TenantContext],
    secret: Path,
) -> None:
    assert isinstance(sender.send(make_tenant().context, some()), Failed)
    assert isinstance(sender.send(TenantContext(some().outbox_id), some()), Failed)
    tenant = make_told(system.url)
    for broken in ("", "whsec_not base64"):
        secret.write_text(broken)
        delivery = sender.send(tenant, some())
        assert isinstance(delivery, Later)
        assert "not base64" not in delivery.reason
    assert system.calls == []
    secret.write_text(f"whsec_{base64.b64encode(SECRET.encode()).decode()}")
    assert isinstance(sender.send(tenant, some()), Sent)


def test_the_signature_is_the_one_of_the_specification() -> None:
    """The example of the Standard Webhooks specification's reference libraries."""
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        at=1614265330,
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("webhook", "field"),
    [
        ({"url": "ftp://x/in", "secret": "env:A"}, "url"),
        ({"url": "https://user:pw@x/in", "secret": "env:A"}, "url"),
        ({"url": "https://x/in"}, "secret"),
        ({"url": "https://x/in", "secret": "hunter2"}, "secret"),
        ({"url": "https://x/in", "secret": "env:A", "retries": 3}, "retries"),
    ],
)
def test_a_bad_webhook_is_refused_without_telling_its_secret(webhook: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        validate_config({"ticket_webhook": webhook})
    assert refused.value.field == f"config.ticket_webhook.{field}"
    assert "hunter2" not in refused.value.message
    assert ("allowed are url, secret" in refused.value.message) == (field == "retries")
