"""The outbox: each row sent once and in order, whoever dies, whoever is slow, however many dispatchers there are."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from components.core.outbox import Delivery, Failed, Later, Outgoing, Sent
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.database.tables import OutboxRow
from components.helpdesk.outbox.dispatcher import Dispatcher, back_off
from components.helpdesk.outbox.outbox import Outbox
from components.helpdesk.outbox.pace import Pace
from components.helpdesk.outbox.rows import lease_due, mark_sent, queue
from components.helpdesk.outbox.senders import Senders


@dataclass
class Recorder:
    """Keeps Sender. answer: what is said to a row; by default it is sent."""

    answer: Callable[[Outgoing], Delivery] = lambda outgoing: Sent({"id": outgoing.key})
    seconds: float = 0.0
    sent: list[tuple[TenantContext, str]] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, tenant: TenantContext, outgoing: Outgoing) -> Delivery:
        with self.lock:
            self.tried.append(outgoing.key)
        time.sleep(self.seconds)
        delivery = self.answer(outgoing)
        if isinstance(delivery, Sent):
            with self.lock:
                self.sent.append((tenant, outgoing.key))
        return delivery


@pytest.fixture
def kind() -> str:
    """One that no other test's rows have."""
    return f"test-{uuid4().hex[:8]}"


def senders_of(kind: str, recorder: Recorder, **options: Any) -> Senders:
    senders = Senders()
    senders.add(kind, recorder, **options)
    return senders


def put(database: Database, tenant: Tenant, kind: str, key: str, lane: str = "lane") -> bool:
    with database.tenant(tenant.context) as session:
        return queue(session.connection(), tenant.context, key=key, lane=lane, kind=kind, payload={"key": key})


def rows(database: Database, tenant: Tenant) -> dict[str, OutboxRow]:
    with database.tenant(tenant.context) as session:
        return {row.key: row for row in session.scalars(select(OutboxRow))}


def let_pass(database: Database, tenant: Tenant, seconds: float) -> None:
    moved = "next_at = next_at - :s, created_at = created_at - :s, leased_until = leased_until - :s"
    with database.tenant(tenant.context) as session:
        session.execute(text(f"UPDATE outbox SET {moved}".replace(":s", "make_interval(secs => :s)")), {"s": seconds})


@contextmanager
def running(*dispatchers: Dispatcher) -> Iterator[None]:
    for each in dispatchers:
        each.start()
    try:
        yield
    finally:
        for each in dispatchers:
            each.close()


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def test_a_key_is_queued_once(database: Database, make_tenant: Callable[..., Tenant], kind: str) -> None:
    tenant = make_tenant()
    assert put(database, tenant, kind, "a")
    assert not put(database, tenant, kind, "a")
    assert put(database, make_tenant(), kind, "a")


def test_two_dispatchers_send_each_row_once_and_each_lane_in_order(
    database: Database, make_tenant: Callable[..., Tenant], kind: str
) -> None:
    recorder = Recorder(seconds=0.002)
    tenants = [make_tenant() for _ in range(3)]
    expected = Counter()
    dispatchers = [Dispatcher(database, senders_of(kind, recorder), threads=2) for _ in range(2)]
    with running(*dispatchers):
        for number in range(20):
            for tenant in tenants:
                for lane in ("x", "y"):
                    put(database, tenant, kind, f"{lane}-{number:02}", lane)
                    expected[tenant.context, f"{lane}-{number:02}"] += 1
        wait_for(lambda: len(recorder.sent) >= sum(expected.values()))
    assert Counter(recorder.sent) == expected
    for tenant in tenants:
        for lane in ("x", "y"):
            keys = [key for owner, key in recorder.sent if owner == tenant.context and key.startswith(lane)]
            assert keys == sorted(keys)


def test_a_row_is_sent_as_soon_as_it_is_queued(
    database: Database, make_tenant: Callable[..., Tenant], kind: str
) -> None:
    recorder, tenant = Recorder(), make_tenant()
    with running(Dispatcher(database, senders_of(kind, recorder), sweep=60.0)):
        time.sleep(0.5)
        started = time.monotonic()
        put(database, tenant, kind, "a")
        wait_for(lambda: bool(recorder.sent))
        assert time.monotonic() - started < 2.0


def test_what_nobody_was_woken_for_is_found_by_the_sweep(
    database: Database, make_tenant: Callable[..., Tenant], kind: str
) -> None:
    recorder, tenant = Recorder(), make_tenant()
    put(database, tenant, kind, "a")
    with running(Dispatcher(database, senders_of(kind, recorder), sweep=0.2)):
        wait_for(lambda: bool(recorder.sent))


def test_only_the_first_open_row_of_a_lane_is_tried(
    database: Database, make_tenant: Callable[..., Tenant], kind: str
) -> None:
    tenant = make_tenant()
    recorder = Recorder(lambda outgoing: Later(0.0, "not now") if outgoing.key == "a" else Sent({}))
    for key, lane in (("a", "one"), ("b", "one"), ("c", "two")):
        put(database, tenant, kind, key, lane)
    dispatcher = Dispatcher(database, senders_of(kind, recorder))
    while dispatcher.send_due(tenant.context):
        pass
    assert sorted(recorder.tried) == ["a", "c"]
    recorder.answer = lambda outgoing: Failed("never")
    let_pass(database, tenant, 2)
    while dispatcher.send_due(tenant.context):
        pass
    # What is given up stands in nobody's way.
    assert recorder.tried[-2:] == ["a", "b"]


def test_a_lapsed_lease_marks_nothing(database: Database, make_tenant: Callable[..., Tenant], kind: str) -> None:
    tenant = make_tenant()
    put(database, tenant, kind, "a")
    lapsed = lease_due(database, tenant.context, [kind], 5.0)
    assert lapsed is not None
    assert lease_due(database, tenant.context, [kind], 5.0) is None
    let_pass(database, tenant, 6)
    current = lease_due(database, tenant.context, [kind], 5.0)
    assert current is not None
    assert current.outgoing.attempt == 2
    with database.tenant(tenant.context) as session:
        connection = session.connection()
        assert not mark_sent(connection, tenant.context, lapsed, {"by": "the slow one"})
        assert mark_sent(connection, tenant.context, current, {"by": "the other"})
    assert rows(database, tenant)["a"].result == {"by": "the other"}


def test_a_lease_holds_for_as_long_as_its_process_sends(
    database: Database, make_tenant: Callable[..., Tenant], kind: str
) -> None:
    recorder, tenant = Recorder(seconds=2.5), make_tenant()
    dispatchers = [Dispatcher(database, senders_of(kind, recorder), lease=0.8, sweep=0.1) for _ in range(2)]
    put(database, tenant, kind, "a")
    with running(*dispatchers):
        wait_for(lambda: bool(recorder.sent))
    assert recorder.tried == ["a"]


def test_a_fault_in_a_sender_keeps_the_row_and_its_reason(
    database: Database, make_tenant: Callable[..., Tenant], kind: str
) -> None:
    def answer(outgoing: Outgoing) -> Delivery:
        raise ZeroDivisionError("oh dear")

    tenant = make_tenant()
    put(database, tenant, kind, "a")
    Dispatcher(database, senders_of(kind, Recorder(answer))).send_due(tenant.context)
    row = rows(database, tenant)["a"]
    assert (row.last_error, row.sent_at, row.failed_at) == ("ZeroDivisionError: oh dear", None, None)


def test_after_its_time_a_row_is_given_up_and_told(
    database: Database, make_tenant: Callable[..., Tenant], kind: str
) -> None:
    told: list[tuple[str, str]] = []
    tenant, recorder = make_tenant(), Recorder(lambda outgoing: Later(0.0, "it is down"))
    senders = senders_of(
        kind,
        recorder,
        hours=1,
        on_failed=lambda connection, tenant, outgoing, reason: told.append((outgoing.key, reason)),
    )
    dispatcher = Dispatcher(database, senders)
    put(database, tenant, kind, "a")
    dispatcher.send_due(tenant.context)
    let_pass(database, tenant, 1800)
    dispatcher.send_due(tenant.context)
    assert told == []
    let_pass(database, tenant, 1800)
    dispatcher.send_due(tenant.context)
    assert told == [("a", "given up after 1 hours: it is down")]
    assert not dispatcher.send_due(tenant.context)
    outbox = Outbox(database)
    (entry,) = outbox.list(tenant.context)
    assert (entry.state, entry.attempts) == ("failed", 3)
    recorder.answer = lambda outgoing: Sent({})
    assert outbox.retry(tenant.context) == 1
    dispatcher.send_due(tenant.context)
    assert outbox.list(tenant.context) == ()
    assert [each.state for each in outbox.list(tenant.context, all_rows=True)] == ["sent"]


def test_a_provider_gets_the_time_that_it_asks_for(
    database: Database, make_tenant: Callable[..., Tenant], kind: str
) -> None:
    tenant, recorder = make_tenant(), Recorder(lambda outgoing: Later(120.0, "too many"))
    dispatcher = Dispatcher(database, senders_of(kind, recorder))
    put(database, tenant, kind, "a")
    dispatcher.send_due(tenant.context)
    let_pass(database, tenant, 119)
    assert not dispatcher.send_due(tenant.context)
    let_pass(database, tenant, 10)
    assert dispatcher.send_due(tenant.context)


def test_the_wait_doubles_to_a_minute_and_is_never_shorter_than_asked() -> None:
    shortest = [back_off(attempt, 0.0, lambda: 0.0) for attempt in range(1, 10)]
    longest = [back_off(attempt, 0.0, lambda: 1.0) for attempt in range(1, 10)]
    assert shortest == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert longest == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert back_off(1, 90.0, lambda: 0.0) == 90.0
    assert back_off(500, 10**9, lambda: 0.0) == 3600.0


def test_a_database_that_was_away_is_gone_on_with(
    database: Database, make_tenant: Callable[..., Tenant], kind: str
) -> None:
    recorder, tenant = Recorder(), make_tenant()
    with running(Dispatcher(database, senders_of(kind, recorder), sweep=0.2)):
        time.sleep(0.4)
        with database.tenant(tenant.context) as session:
            session.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE query LIKE 'LISTEN%' AND usename = current_user"
                )
            )
        put(database, tenant, kind, "a")
        wait_for(lambda: bool(recorder.sent))


def test_the_pace_is_kept_by_all_processes_together(database: Database, make_tenant: Callable[..., Tenant]) -> None:
    tenant, other = make_tenant().context, make_tenant().context
    waits = [Pace(database).reserve(tenant, "sms", 1.0, 10.0) for _ in range(3)]
    assert [round(wait) for wait in waits] == [0, 1, 2]
    # Who has no patience takes no place.
    assert Pace(database).reserve(tenant, "sms", 1.0, 1.0) > 2.0
    assert round(Pace(database).reserve(tenant, "sms", 1.0, 10.0)) == 3
    assert Pace(database).reserve(other, "sms", 1.0, 0.0) == 0.0
    assert Pace(database).reserve(tenant, "slack", 1.0, 0.0) == 0.0
    assert [Pace(database).reserve(tenant, "whatsapp", 20.0, 0.0) for _ in range(15)] == [0.0] * 15
    Pace(database).block(tenant, "slack", 60.0)
    Pace(database).block(tenant, "slack", 5.0)
    assert 50 < Pace(database).reserve(tenant, "slack", 1.0, 0.0) <= 60


def test_what_a_process_has_reserved_is_sent_once_it_has_ended(
    database: Database, make_tenant: Callable[..., Tenant], kind: str
) -> None:
    reserved, other, recorder = make_tenant(), make_tenant(), Recorder()
    with running(Dispatcher(database, senders_of(kind, recorder), sweep=0.05)):
        with database.reserve(reserved.context):
            put(database, reserved, kind, "mine")
            put(database, other, kind, "another")
            wait_for(lambda: recorder.tried == ["another"])
            # It was woken for both, and its clock has called for the first again since.
            put(database, other, kind, "a third", lane="next")
            wait_for(lambda: len(recorder.tried) == 2)
            assert "mine" not in recorder.tried
        wait_for(lambda: "mine" in recorder.tried)
