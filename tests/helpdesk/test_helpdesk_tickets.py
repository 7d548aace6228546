"""Tickets: each wish once, each change an event, what is not allowed refused by naming what is, each tenant its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.exc import ProgrammingError
from ticket_times import OFFICE, Clock, monday

from components.core.errors import Conflict, InvalidInput, NotFound
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.database.tables import OutboxRow, TicketEventRow
from components.helpdesk.handover.agents import Agents
from components.helpdesk.tickets.search import TicketQuery
from components.helpdesk.tickets.ticket import Requester, fold
from components.helpdesk.tickets.ticket_event import Actor
from components.helpdesk.tickets.ticket_input import NOBODY, Comment, NewTicket, TicketChange
from components.helpdesk.tickets.tickets import Tickets

API = Actor("api")
WEBHOOK = {"url": "https://tickets.example/in", "secret": "env:WEBHOOK_SECRET"}


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> TenantContext:
    return make_tenant(config=OFFICE).context


@pytest.fixture
def clock() -> Clock:
    return Clock(monday(9))


@pytest.fixture
def tickets(database: Database, clock: Clock) -> Tickets:
    return Tickets(database, clock=clock)


@pytest.fixture
def anna(database: Database, tenant: TenantContext) -> Actor:
    made = Agents(database).create(tenant, email="anna@example.com", name="Anna", password="correct horse battery")
    return Actor("agent", made.agent_id, made.name)


def opened(tickets: Tickets, tenant: TenantContext, subject: str = "Zip", **more: Any) -> int:
    return tickets.create(tenant, NewTicket(subject, **more), actor=API)[0].ticket.number


def test_a_ticket_keeps_what_it_was_opened_with(tickets: Tickets, tenant: TenantContext, anna: Actor) -> None:
    new = NewTicket(
        " The zip is broken ",
        "It came off.",
        priority="urgent",
        requester=Requester("Ada", "Ada@Example.com", "+43 512 1"),
        channel="email",
        session_id=uuid4(),
        assigned_to=anna.actor_id,
        team="returns",
        tags=("VIP", "zip", "zip"),
        details={"order": "NT-1"},
    )
    seen, repeated = tickets.create(tenant, new, actor=API)
    ticket = tickets.get(tenant, seen.ticket.ticket_id).ticket
    assert (ticket, repeated) == (seen.ticket, False)
    assert (ticket.subject, ticket.tags, ticket.requester.email) == (
        "The zip is broken",
        ("vip", "zip"),
        "ada@example.com",
    )
    assert (ticket.status, ticket.priority, ticket.number, ticket.version) == ("open", "urgent", 1, 1)
    assert (ticket.first_response_due, ticket.resolution_due) == (monday(9.25), monday(11))
    assert (ticket.assigned_to, ticket.session_id, ticket.details) == (anna.actor_id, new.session_id, {"order": "NT-1"})


def test_a_change_is_one_event_that_says_who_and_what(
    tickets: Tickets, tenant: TenantContext, anna: Actor, clock: Clock
) -> None:
    number = opened(tickets, tenant)
    clock.to(monday(10))
    change = TicketChange(status="pending", assigned_to=anna.actor_id, tags=["zip"], team="returns", subject="The zip")
    tickets.change(tenant, number, change, actor=anna)
    seen, (_, event) = tickets.history(tenant, number)
    assert (event.number, event.kind, event.actor, event.at) == (2, "changed", anna, monday(10))
    assert event.changes == {
        "status": "pending",
        "assigned_to": str(anna.actor_id),
        "tags": ["zip"],
        "team": "returns",
        "subject": "The zip",
        "paused_since": monday(10).isoformat(),
    }
    assert seen.ticket == fold(tickets.history(tenant, number)[1])
    # What is so already is no event.
    assert tickets.change(tenant, number, change, actor=anna).ticket.version == 2
    unassigned = tickets.change(tenant, number, TicketChange(assigned_to=NOBODY, team=""), actor=anna).ticket
    assert (unassigned.assigned_to, unassigned.team) == (None, "")
    assert tickets.history(tenant, number, after=2)[1][0].number == 3


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ((), "closed", "to pending or resolved is"),
        (("pending",), "closed", "to open or resolved is"),
        (("resolved",), "pending", "to closed or open is"),
        (("resolved", "closed"), "resolved", "to open is"),
    ],
)
def test_a_transition_that_is_not_allowed_is_refused_naming_what_is(
    tickets: Tickets, tenant: TenantContext, path: tuple[str, ...], status: str, said: str
) -> None:
    number = opened(tickets, tenant)
    for each in path:
        tickets.change(tenant, number, TicketChange(status=each), actor=API)
    with pytest.raises(Conflict) as refused:
        tickets.change(tenant, number, TicketChange(status=status, tags=["new"]), actor=API)
    assert said in refused.value.message
    assert tickets.get(tenant, number).ticket.version == 1 + len(path)


def test_an_unknown_status_is_refused_naming_the_known(tickets: Tickets, tenant: TenantContext) -> None:
    with pytest.raises(InvalidInput, match="open, pending, resolved, closed is allowed"):
        tickets.change(tenant, opened(tickets, tenant), TicketChange(status="frozen"), actor=API)


def test_it_opens_again_within_the_window_and_not_after_it(
    tickets: Tickets, tenant: TenantContext, clock: Clock
) -> None:
    number = opened(tickets, tenant)
    tickets.change(tenant, number, TicketChange(status="resolved"), actor=API)
    clock.to(monday(9, days=2))
    again = tickets.comment(tenant, number, Comment("Broken again", True, "customer"), actor=API).ticket
    assert (again.status, again.resolved_at, again.closed_at) == ("open", None, None)
    tickets.change(tenant, number, TicketChange(status="resolved"), actor=API)
    tickets.change(tenant, number, TicketChange(status="closed"), actor=API)
    clock.to(monday(9.01, days=4))
    for act in (
        lambda: tickets.change(tenant, number, TicketChange(status="open"), actor=API),
        lambda: tickets.comment(tenant, number, Comment("Broken again", True, "customer"), actor=API),
    ):
        with pytest.raises(Conflict, match="more than 48 hours ago"):
            act()


def test_what_was_resolved_is_closed_when_its_window_is_over(
    tickets: Tickets, tenant: TenantContext, clock: Clock
) -> None:
    done, open_still = opened(tickets, tenant), opened(tickets, tenant)
    tickets.change(tenant, done, TicketChange(status="resolved"), actor=API)
    clock.to(monday(9, days=2))
    assert tickets.close_settled(tenant) == 0
    clock.to(monday(9.01, days=2))
    assert (tickets.close_settled(tenant), tickets.close_settled(tenant)) == (1, 0)
    seen, events = tickets.history(tenant, done)
    assert (seen.ticket.status, events[-1].actor.kind) == ("closed", "timer")
    assert tickets.get(tenant, open_still).ticket.status == "open"


def test_a_merged_ticket_goes_on_in_the_other(tickets: Tickets, tenant: TenantContext, anna: Actor) -> None:
    first, second = opened(tickets, tenant, "Zip"), opened(tickets, tenant, "Zip again")
    target = tickets.merge(tenant, second, first, actor=anna, request_key="m").ticket
    source = tickets.get(tenant, second)
    assert (source.ticket.status, source.ticket.merged_into) == ("closed", target.ticket_id)
    assert source.clocks.resolution is None
    absorbed = tickets.history(tenant, first)[1][-1]
    assert (absorbed.kind, absorbed.details["ticket_number"]) == ("absorbed", str(second))
    assert tickets.merge(tenant, second, first, actor=anna, request_key="m").ticket.version == target.version
    for act in (
        lambda: tickets.merge(tenant, second, first, actor=anna),
        lambda: tickets.merge(tenant, first, second, actor=anna),
        lambda: tickets.change(tenant, second, TicketChange(status="open"), actor=anna),
        lambda: tickets.comment(tenant, second, Comment("hello?"), actor=anna),
    ):
        with pytest.raises(Conflict, match="was merged into ticket"):
            act()
    with pytest.raises(InvalidInput, match="into itself"):
        tickets.merge(tenant, first, first, actor=anna)


def test_two_who_merge_crosswise_do_not_wait_for_each_other(tickets: Tickets, tenant: TenantContext) -> None:
    for _ in range(5):
        first, second = opened(tickets, tenant), opened(tickets, tenant)

        def merge(pair: tuple[int, int]) -> bool:
            try:
                tickets.merge(tenant, *pair, actor=API)
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(2) as threads:
            assert sorted(threads.map(merge, ((first, second), (second, first)))) == [False, True]


def test_the_same_wish_is_done_once_and_another_with_its_key_is_refused(
    tickets: Tickets, tenant: TenantContext
) -> None:
    new = NewTicket("Zip", "broken")
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda _: tickets.create(tenant, new, actor=API, request_key="k"), range(8)))
    assert len({seen.ticket.ticket_id for seen, _ in results}) == 1
    assert sorted(repeated for _, repeated in results) == [False, *[True] * 7]
    number = results[0][0].ticket.number
    with pytest.raises(Conflict, match="'k'"):
        tickets.create(tenant, NewTicket("Tent"), actor=API, request_key="k")
    said = Comment("hello", public=True)
    with ThreadPoolExecutor(4) as threads:
        done = threads.map(lambda _: tickets.comment(tenant, number, said, actor=API, request_key="c"), range(8))
        assert {seen.ticket.version for seen in done} == {2}
    for act in (
        lambda: tickets.comment(tenant, number, Comment("other"), actor=API, request_key="c"),
        lambda: tickets.comment(tenant, opened(tickets, tenant), said, actor=API, request_key="c"),
        lambda: tickets.change(tenant, number, TicketChange(team="x"), actor=API, request_key="c"),
    ):
        with pytest.raises(Conflict, match="'c'"):
            act()


def test_who_changes_what_has_changed_since_they_saw_it_is_told(tickets: Tickets, tenant: TenantContext) -> None:
    number = opened(tickets, tenant)
    tickets.change(tenant, number, TicketChange(priority="high"), actor=API, version=1)
    with pytest.raises(Conflict, match="is at version 2"):
        tickets.change(tenant, number, TicketChange(priority="low"), actor=API, version=1)


def test_changes_at_once_are_one_after_the_other(tickets: Tickets, tenant: TenantContext) -> None:
    number = opened(tickets, tenant)
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda n: tickets.comment(tenant, number, Comment(f"c{n}"), actor=API), range(30)))
    seen, events = tickets.history(tenant, number)
    assert [event.number for event in events] == list(range(1, 32))
    assert {event.details.get("text") for event in events[1:]} == {f"c{n}" for n in range(30)}
    assert seen.ticket == fold(events)


def test_events_are_queued_for_the_webhook_in_the_same_transaction_in_one_lane(
    tickets: Tickets, database: Database, make_tenant: Callable[..., Tenant]
) -> None:
    tenant = make_tenant(config={**OFFICE, "ticket_webhook": WEBHOOK}).context
    number = opened(tickets, tenant)
    seen = tickets.comment(tenant, number, Comment("hello", public=True), actor=API)
    with pytest.raises(Conflict):
        tickets.change(tenant, number, TicketChange(status="closed"), actor=API)
    with database.tenant(tenant) as session:
        rows = session.scalars(select(OutboxRow).order_by(OutboxRow.position)).all()
    ticket_id = seen.ticket.ticket_id
    assert [(row.kind, row.lane, row.key) for row in rows] == [
        ("webhook", f"ticket/{ticket_id}", f"webhook/{ticket_id}/{number}") for number in (1, 2)
    ]
    assert [row.payload["type"] for row in rows] == ["ticket.created", "ticket.commented"]
    assert rows[1].payload["ticket"]["version"] == 2
    assert rows[1].payload["event"]["details"] == {"text": "hello", "public": True, "side": "staff"}
    assert "env:" not in str(rows[1].payload)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (TicketQuery(q="ZIP broken"), [1]),
        (TicketQuery(q="coffee"), [2]),
        (TicketQuery(q="100%"), [3]),
        (TicketQuery(q="ada"), [3, 1]),
        (TicketQuery(status=("pending", "resolved")), [2]),
        (TicketQuery(priority=("high",)), [3]),
        (TicketQuery(team="returns"), [1]),
        (TicketQuery(tag="VIP"), [3, 1]),
        (TicketQuery(requester="ADA@example.com"), [1]),
        (TicketQuery(requester="adal"), [3]),
        (TicketQuery(requester="+43 1"), [2]),
        (TicketQuery(assigned_to=NOBODY, status=("open",)), [3, 1]),
        (TicketQuery(session_id=UUID(int=7)), [2]),
        (TicketQuery(q="nothing of the kind"), []),
    ],
)
def test_tickets_are_found_by_what_they_say_and_are(
    tickets: Tickets, tenant: TenantContext, query: TicketQuery, found: list[int]
) -> None:
    ada, adalbert = Requester("Ada", "ada@example.com"), Requester("Adalbert")
    opened(tickets, tenant, "Zip", description="It is broken", requester=ada, team="returns", tags=("vip",))
    opened(tickets, tenant, "Stove", requester=Requester(phone="+43 1"), session_id=UUID(int=7))
    opened(tickets, tenant, "100% wool?", priority="high", requester=adalbert, tags=("vip", "wool"))
    tickets.comment(tenant, 2, Comment("for Coffee"), actor=API)
    tickets.change(tenant, 2, TicketChange(status="pending"), actor=API)
    assert [seen.ticket.number for seen in tickets.search(tenant, query).tickets] == found


def test_pages_neither_double_nor_hide_a_ticket_while_others_come_and_change(
    tickets: Tickets, tenant: TenantContext
) -> None:
    for _ in range(7):
        opened(tickets, tenant)
    numbers: list[int] = []
    page = tickets.search(tenant, TicketQuery(limit=3))
    while True:
        numbers += [seen.ticket.number for seen in page.tickets]
        opened(tickets, tenant)
        tickets.change(tenant, 1, TicketChange(subject=f"Zip {len(numbers)}"), actor=API)
        if not page.next:
            break
        page = tickets.search(tenant, TicketQuery(limit=3, cursor=page.next))
    assert numbers == [7, 6, 5, 4, 3, 2, 1]


def test_another_tenants_ticket_is_not_found_in_any_way(
    tickets: Tickets, tenant: TenantContext, anna: Actor, make_tenant: Callable[..., Tenant]
) -> None:
    number = opened(tickets, tenant)
    ticket_id = tickets.get(tenant, number).ticket.ticket_id
    other = make_tenant().context
    own = opened(tickets, other)
    tickets.change(other, own, TicketChange(subject="theirs"), actor=API)
    for act in (
        lambda: tickets.get(other, ticket_id),
        lambda: tickets.history(other, ticket_id),
        lambda: tickets.change(other, ticket_id, TicketChange(team="x"), actor=API),
        lambda: tickets.comment(other, ticket_id, Comment("x"), actor=API),
        lambda: tickets.merge(other, own, ticket_id, actor=API),
        lambda: tickets.merge(other, ticket_id, own, actor=API),
        lambda: tickets.get(other, 10**30),
    ):
        with pytest.raises(NotFound):
            act()
    assert [seen.ticket.subject for seen in tickets.search(other, TicketQuery()).tickets] == ["theirs"]
    with pytest.raises(InvalidInput, match="agent of this tenant"):
        tickets.change(other, own, TicketChange(assigned_to=anna.actor_id), actor=API)
    assert tickets.get(tenant, number).ticket.version == 1


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (NewTicket(" "), "subject"),
        (NewTicket("x" * 301), "subject"),
        (NewTicket("a\0b"), "subject"),
        (NewTicket("Zip", "x" * 10_001), "description"),
        (NewTicket("Zip", priority="asap"), "priority"),
        (NewTicket("Zip", tags=("has space",)), "tags"),
        (NewTicket("Zip", tags=tuple(f"t{n}" for n in range(21))), "tags"),
        (NewTicket("Zip", assigned_to=UUID(int=1)), "assigned_to"),
        (NewTicket("Zip", requester=Requester(email="ada")), "requester.email"),
    ],
)
def test_a_bad_value_is_refused_by_name_and_opens_nothing(
    tickets: Tickets, tenant: TenantContext, bad: NewTicket, field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        tickets.create(tenant, bad, actor=API)
    assert refused.value.field == field
    assert tickets.search(tenant, TicketQuery()).tickets == ()
    assert opened(tickets, tenant) == 1


def test_a_team_that_the_tenant_does_not_have_is_refused(tickets: Tickets, make_tenant: Callable[..., Tenant]) -> None:
    tenant = make_tenant(config={"handover": {"teams": ["billing", "returns"]}}).context
    number = opened(tickets, tenant, team="billing")
    with pytest.raises(InvalidInput, match="billing, returns is allowed"):
        tickets.change(tenant, number, TicketChange(team="sales"), actor=API)


def test_nobody_can_rewrite_what_has_happened(tickets: Tickets, database: Database, tenant: TenantContext) -> None:
    opened(tickets, tenant)
    for statement in (TicketEventRow.__table__.update().values(kind="x"), TicketEventRow.__table__.delete()):  # type: ignore[attr-defined]
        with pytest.raises(ProgrammingError, match="permission denied"), database.tenant(tenant) as session:
            session.execute(statement)
