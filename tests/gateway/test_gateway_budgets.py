"""What a tenant has spent is known to the cent, and no crowd of calls runs past its limit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import select

from components.core.model_use import UNTOLD
from components.core.tenant import Tenant, TenantContext
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from components.database.tables import ModelCallRow, ModelSpendingRow
from components.gateway.budgets import Budgets, Reservation
from components.gateway.policy import Budget, ModelPolicy
from components.gateway.pricing import Spent
from components.gateway.spending import ModelCall, SpendingLedger, Totals
from components.gateway.spending_queue import SpendingQueue

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CENT = Decimal("0.01")


def call(money: str = "0.01", at: datetime = NOON, *, call_id: UUID | None = None, model: str = "m") -> ModelCall:
    return ModelCall(call_id or uuid4(), model, "openai", 60, 40, False, Decimal(money), "USD", None, 0.5, at, UNTOLD)


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> TenantContext:
    return make_tenant().context


@pytest.fixture
def ledger(database: Database) -> SpendingLedger:
    return SpendingLedger(database)


@contextmanager
def budgets_on(ledger: SpendingLedger, now: Callable[[], datetime] = lambda: NOON) -> Iterator[Budgets]:
    queue = SpendingQueue(ledger)
    yield Budgets(queue, "USD", now=now)
    queue.close()


def unreachable() -> SpendingLedger:
    address = "postgresql+psycopg://nobody@127.0.0.1:9/none"
    return SpendingLedger(Database(address, address, connect_timeout=1, pool_wait=1))


def test_calls_are_summed_by_day_and_month(ledger: SpendingLedger, tenant: TenantContext, database: Database) -> None:
    for at in (NOON, NOON, NOON - timedelta(days=1), NOON - timedelta(days=30), NOON + timedelta(days=1)):
        assert ledger.record(tenant, call(at=at))
    assert ledger.totals(tenant, NOON.date()) == Totals(Spent(2 * CENT, 200), Spent(3 * CENT, 300))
    with database.tenant(tenant) as session:
        assert session.execute(select(ModelSpendingRow.calls).where(ModelSpendingRow.day == NOON.date())).scalar() == 2


def test_a_call_that_is_recorded_twice_is_paid_once(ledger: SpendingLedger, tenant: TenantContext) -> None:
    same = call()
    assert [ledger.record(tenant, same) for _ in range(3)] == [True, False, False]
    assert ledger.totals(tenant, NOON.date()).day == Spent(CENT, 100)


def test_one_tenants_spending_is_never_anothers(
    ledger: SpendingLedger, make_tenant: Callable[..., Tenant], database: Database
) -> None:
    mine, theirs = make_tenant().context, make_tenant().context
    same = call()
    assert ledger.record(mine, same)
    assert ledger.totals(theirs, NOON.date()) == Totals(Spent(), Spent())
    # Not even by the other's call_id.
    ledger.record(theirs, same)
    assert ledger.totals(mine, NOON.date()).day == Spent(CENT, 100)
    with database.tenant(theirs) as session:
        assert {row.tenant_id for row in session.scalars(select(ModelCallRow))} <= {theirs.tenant_id}

    async def play() -> None:
        policy = ModelPolicy(daily=Budget(money=CENT))
        with budgets_on(ledger) as budgets:
            assert (await budgets.state(mine, policy)).level == "hard"
            assert (await budgets.state(theirs, policy)).daily.spent.money == 0

    asyncio.run(play())


def test_own_calls_count_at_once_and_never_twice(ledger: SpendingLedger, tenant: TenantContext) -> None:
    async def play() -> None:
        policy = ModelPolicy(daily=Budget(money=Decimal(1)))
        clock = [0.0]
        queue = SpendingQueue(ledger)
        budgets = Budgets(queue, "USD", now=lambda: NOON, clock=lambda: clock[0])
        await budgets.state(tenant, policy)
        for count in range(1, 6):
            reservation = budgets.reserve(tenant, policy, Spent(CENT, 100))
            assert reservation is not None
            budgets.settle(reservation, call())
            assert (await budgets.state(tenant, policy)).daily.spent == Spent(count * CENT, count * 100)
        assert await asyncio.to_thread(queue.flush, 10)
        ledger.record(tenant, call("0.50"))
        clock[0] += 10
        await budgets.state(tenant, policy)
        await asyncio.sleep(0.3)
        assert (await budgets.state(tenant, policy)).daily.spent.money == Decimal("0.55")
        await budgets.close()

    asyncio.run(play())


def test_after_a_pause_the_sums_are_read_before_they_are_told(ledger: SpendingLedger, tenant: TenantContext) -> None:
    clock = [0.0]
    queue = SpendingQueue(ledger)
    budgets = Budgets(queue, "USD", now=lambda: NOON, clock=lambda: clock[0])

    async def play() -> list[Decimal]:
        told = []
        for _ in range(2):
            told.append((await budgets.state(tenant, ModelPolicy())).daily.spent.money)
            ledger.record(tenant, call())  # another process
            clock[0] += 60.0
        return told

    assert asyncio.run(play()) == [0, CENT]
    queue.close()


def test_two_hundred_calls_at_once_overshoot_a_hard_limit_by_one_at_most(
    ledger: SpendingLedger, tenant: TenantContext
) -> None:
    async def play() -> None:
        policy = ModelPolicy(daily=Budget(money=10 * CENT))
        with budgets_on(ledger) as budgets:
            await budgets.state(tenant, policy)
            held = [budgets.reserve(tenant, policy, Spent(CENT, 100)) for _ in range(200)]
            granted = [each for each in held if each is not None]
            assert len(granted) == 10
            for each in granted:
                budgets.settle(each, None)
            assert budgets.reserve(tenant, policy, Spent(CENT, 100)) is not None

    asyncio.run(play())


@pytest.mark.parametrize(
    ("policy", "level"),
    [
        (ModelPolicy(), "ok"),
        (ModelPolicy(daily=Budget(money=Decimal(1))), "ok"),
        (ModelPolicy(daily=Budget(money=Decimal("0.6"))), "soft"),
        (ModelPolicy(daily=Budget(money=Decimal("0.5"))), "hard"),
        (ModelPolicy(daily=Budget(tokens=100)), "hard"),
        (ModelPolicy(daily=Budget(tokens=0)), "hard"),
        (ModelPolicy(monthly=Budget(money=Decimal("0.6"))), "soft"),
        (ModelPolicy(monthly=Budget(money=Decimal("0.6")), soft=0.9), "ok"),
        (ModelPolicy(daily=Budget(tokens=120), monthly=Budget(money=Decimal("0.1"))), "hard"),
    ],
)
def test_the_level_follows_the_limit_that_is_nearest(
    ledger: SpendingLedger, tenant: TenantContext, policy: ModelPolicy, level: str
) -> None:
    ledger.record(tenant, call("0.5"))

    async def play() -> None:
        with budgets_on(ledger) as budgets:
            state = await budgets.state(tenant, policy)
            assert state.level == level
            assert state.daily.resets_at == datetime(2026, 11, 23, tzinfo=UTC)
            assert state.monthly.resets_at == datetime(2026, 12, 1, tzinfo=UTC)

    asyncio.run(play())


def test_a_new_day_and_a_new_month_begin_at_midnight_utc(ledger: SpendingLedger, tenant: TenantContext) -> None:
    moment = [datetime(2026, 11, 30, 23, 59, tzinfo=UTC)]
    ledger.record(tenant, call("0.5", at=moment[0]))

    async def play() -> None:
        policy = ModelPolicy(daily=Budget(money=CENT), monthly=Budget(money=CENT))
        with budgets_on(ledger, lambda: moment[0]) as budgets:
            assert (await budgets.state(tenant, policy)).level == "hard"
            moment[0] += timedelta(minutes=2)
            state = await budgets.state(tenant, policy)
            assert (state.level, state.daily.spent, state.monthly.spent) == ("ok", Spent(), Spent())

    asyncio.run(play())


def test_with_postgresql_gone_a_tenth_of_the_limit_may_be_spent() -> None:
    async def play() -> None:
        tenant, policy = TenantContext(uuid4()), ModelPolicy(daily=Budget(money=10 * CENT))
        with budgets_on(unreachable()) as budgets:
            state = await budgets.state(tenant, policy)
            assert (state.certain, state.level) == (False, "ok")
            assert budgets.reserve(tenant, policy, Spent(CENT, 1)) is not None
            assert budgets.reserve(tenant, policy, Spent(CENT, 1)) is None

    asyncio.run(play())


def test_a_call_that_cannot_be_recorded_is_in_the_log_in_full(caplog: pytest.LogCaptureFixture) -> None:
    queue, lost = SpendingQueue(unreachable()), call("0.1234")
    queue.put(TenantContext(uuid4()), lost)
    with caplog.at_level(logging.ERROR):
        queue.close(0.1)
    assert len(caplog.records) == 1
    assert str(lost.call_id) in caplog.text
    assert "0.1234" in caplog.text


def test_a_tenant_that_was_deleted_meanwhile_holds_nobody_up(
    ledger: SpendingLedger, tenant: TenantContext, caplog: pytest.LogCaptureFixture
) -> None:
    queue = SpendingQueue(ledger)
    with caplog.at_level(logging.ERROR):
        queue.put(TenantContext(uuid4()), call())
        queue.put(tenant, call())
        assert queue.flush(10)
    queue.close()
    assert ledger.totals(tenant, NOON.date()).day == Spent(CENT, 100)
    assert "its tenant is gone" in caplog.text


def test_postgresql_that_comes_back_gets_every_call_once(postgres: DatabaseAddresses, tenant: TenantContext) -> None:
    class Flaky(SpendingLedger):
        """The real ledger behind a network that fails twice: once before, once after the commit."""

        def __init__(self, database: Database, away: SpendingLedger) -> None:
            super().__init__(database)
            self.away, self.failing = away, 2

        def record(self, tenant: TenantContext, call: ModelCall) -> bool:
            self.failing -= 1
            if self.failing == 0:
                super().record(tenant, call)
            return super().record(tenant, call) if self.failing < 0 else self.away.record(tenant, call)

    database = Database(postgres.app, postgres.operator)
    ledger = Flaky(database, unreachable())
    queue = SpendingQueue(ledger)
    for _ in range(3):
        queue.put(tenant, call())
    assert queue.flush(30)
    queue.close()
    assert ledger.totals(tenant, NOON.date()).day == Spent(3 * CENT, 300)
    database.dispose()


class AccountMachine(RuleBasedStateMachine):
    """Reservations and settlements in any order: what is shown is what was settled, and nothing stays held."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.tenant, self.policy = TenantContext(uuid4()), ModelPolicy(daily=Budget(money=Decimal(1)))
        self.queue = SpendingQueue(_Quiet())
        self.budgets = Budgets(self.queue, "USD", now=lambda: NOON, clock=lambda: 0.0)
        self.loop.run_until_complete(self.budgets.state(self.tenant, self.policy))
        self.held: list[Reservation] = []
        self.spent = Decimal(0)

    def teardown(self) -> None:
        self.loop.run_until_complete(self.budgets.close())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    @rule(cents=st.integers(0, 40))
    def reserve(self, cents: int) -> None:
        used = self.spent + sum((each.expected.money for each in self.held), Decimal(0))
        reservation = self.budgets.reserve(self.tenant, self.policy, Spent(cents * CENT, 1))
        assert (reservation is None) == (used >= 1)
        if reservation is not None:
            self.held.append(reservation)

    @rule(data=st.data(), cents=st.none() | st.integers(0, 40))
    def settle(self, data: st.DataObject, cents: int | None) -> None:
        if self.held:
            reservation = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
            self.budgets.settle(reservation, None if cents is None else call(str(cents * CENT)))
            self.spent += (cents or 0) * CENT

    @invariant()
    def the_state_adds_up(self) -> None:
        state = self.loop.run_until_complete(self.budgets.state(self.tenant, self.policy))
        assert state.daily.spent.money == self.spent
        assert state.daily.reserved.money == sum((each.expected.money for each in self.held), Decimal(0))


class _Quiet(SpendingLedger):
    """A ledger whose database keeps nothing: what is known is what this process knows."""

    def __init__(self) -> None:
        pass

    def record(self, tenant: TenantContext, call: ModelCall) -> bool:
        return True

    def totals(self, tenant: TenantContext, day: date) -> Totals:
        return Totals(Spent(), Spent())


AccountMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
TestAccounts = AccountMachine.TestCase
