"""What a tenant may still spend: known in memory, held against every call before it is made."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from components.core.errors import DatabaseUnavailable
from components.core.tenant import TenantContext
from components.gateway.policy import Budget, ModelPolicy
from components.gateway.pricing import Spent
from components.gateway.routing import Level
from components.gateway.spending import ModelCall, Totals
from components.gateway.spending_queue import Recorded, SpendingQueue

FRESH_SECONDS = 5.0
LOAD_SECONDS = 2.0
OVERDRAFT = Decimal("0.1")
_NOTHING = Spent()


@dataclass(frozen=True)
class Allowance:
    """One period. spent: paid for. reserved: held for calls under way. Limits are None where there are none."""

    spent: Spent
    reserved: Spent
    money_limit: Decimal | None
    tokens_limit: int | None
    level: Level
    resets_at: datetime


@dataclass(frozen=True)
class BudgetState:
    """A tenant's budgets as this process sees them. level: the worse of the two. certain: false where PostgreSQL
    could not be read, and so only what this process has spent is known."""

    currency: str
    level: Level
    daily: Allowance
    monthly: Allowance
    soft: float
    certain: bool


@dataclass(frozen=True)
class Reservation:
    """Held for a call until it is settled."""

    tenant: TenantContext
    expected: Spent


@dataclass
class _Account:
    base: Totals | None = None
    base_day: date = date.min
    read_at: float = -FRESH_SECONDS
    own: dict[int, ModelCall] = field(default_factory=dict)
    own_by_day: dict[date, Spent] = field(default_factory=dict)
    reserved: Spent = _NOTHING
    reading: asyncio.Task[None] | None = None

    def add(self, number: int, call: ModelCall) -> None:
        self.own[number] = call
        day = call.at.date()
        self.own_by_day[day] = self.own_by_day.get(day, _NOTHING) + call.spent

    def rebase(self, recorded: Recorded, day: date) -> None:
        """Takes the sums as read; own calls stay that they cannot hold."""
        kept = {n: call for n, call in self.own.items() if n > recorded.last or n in recorded.unwritten}
        self.base, self.base_day, self.own, self.own_by_day = recorded.totals, day, {}, {}
        for number, call in kept.items():
            self.add(number, call)

    def spent(self, today: date) -> Totals:
        """Of the day and of its month: as read, and own calls since."""
        base = self.base or Totals(_NOTHING, _NOTHING)
        day = base.day if self.base_day == today else _NOTHING
        month = base.month if self.base_day.replace(day=1) == today.replace(day=1) else _NOTHING
        for when, spent in self.own_by_day.items():
            day += spent if when == today else _NOTHING
            month += spent if when >= today.replace(day=1) else _NOTHING
        return Totals(day, month)


class Budgets:
    """For one event loop.

    Sums are read from PostgreSQL every few seconds in the background, and own calls are added at once. `reserve`
    holds the expected cost of a call from before it is made, so that many at once overshoot a limit by one call and
    not by all of them; each further process may add one call and what it spends within FRESH_SECONDS.

    PostgreSQL gone: the last sums go on to be used. Where there are none yet, a tenth of each limit (OVERDRAFT) may
    be spent by this process until they can be read.

    now: the time of day, aware. clock: seconds that only go forward.
    """

    def __init__(
        self,
        spending: SpendingQueue,
        currency: str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spending, self._currency, self._now, self._clock = spending, currency, now, clock
        self._accounts: dict[UUID, _Account] = {}
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="budgets")

    async def state(self, tenant: TenantContext, policy: ModelPolicy) -> BudgetState:
        """Waits for PostgreSQL only where the tenant's sums were never read or not lately, and then for 2 s at most."""
        account = self._accounts.setdefault(tenant.tenant_id, _Account())
        age = self._clock() - account.read_at
        if age >= FRESH_SECONDS and account.reading is None:
            account.reading = asyncio.create_task(self._read(tenant, account))
        if account.reading is not None and (account.base is None or age >= 2 * FRESH_SECONDS):
            await asyncio.wait([account.reading], timeout=LOAD_SECONDS)
        return self._state(account, policy)

    def reserve(self, tenant: TenantContext, policy: ModelPolicy, expected: Spent) -> Reservation | None:
        """Holds the cost of a call that is about to be made; None where a hard limit is reached. Never waits."""
        account = self._accounts.setdefault(tenant.tenant_id, _Account())
        if policy.limited and self._state(account, policy).level == "hard":
            return None
        account.reserved += expected
        return Reservation(tenant, expected)

    def settle(self, reservation: Reservation, call: ModelCall | None) -> None:
        """Ends the reservation with what the call came to; None where there is nothing to pay."""
        account = self._accounts[reservation.tenant.tenant_id]
        account.reserved -= reservation.expected
        if call is not None:
            account.add(self._spending.put(reservation.tenant, call), call)

    async def close(self) -> None:
        """Ends reads under way, and records what waits."""
        reading = [account.reading for account in self._accounts.values() if account.reading is not None]
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        await asyncio.to_thread(self._spending.close)
        self._reader.shutdown(wait=False, cancel_futures=True)

    async def _read(self, tenant: TenantContext, account: _Account) -> None:
        day = self._now().date()
        try:
            loop = asyncio.get_running_loop()
            recorded = await loop.run_in_executor(self._reader, self._spending.totals, tenant, day)
            account.rebase(recorded, day)
        except DatabaseUnavailable:
            # Health and readiness say that PostgreSQL is gone; here the last sums go on.
            return
        finally:
            account.read_at, account.reading = self._clock(), None

    def _state(self, account: _Account, policy: ModelPolicy) -> BudgetState:
        now = self._now().astimezone(UTC)
        today = now.date()
        spent = account.spent(today)
        certain = account.base is not None
        tomorrow = datetime(today.year, today.month, today.day, tzinfo=UTC) + timedelta(days=1)
        next_month = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        first = datetime(next_month.year, next_month.month, 1, tzinfo=UTC)
        daily = _allowance(spent.day, account.reserved, policy.daily, policy.soft, certain, tomorrow)
        monthly = _allowance(spent.month, account.reserved, policy.monthly, policy.soft, certain, first)
        level = max(daily.level, monthly.level, key=_ORDER.__getitem__)
        return BudgetState(self._currency, level, daily, monthly, policy.soft, certain)


_ORDER: Mapping[Level, int] = {"ok": 0, "soft": 1, "hard": 2}


def _allowance(
    spent: Spent, reserved: Spent, budget: Budget, soft: float, certain: bool, resets_at: datetime
) -> Allowance:
    scale = Decimal(1) if certain else OVERDRAFT
    used = spent + reserved
    level: Level = "ok"
    for amount, limit in ((used.money, budget.money), (Decimal(used.tokens), budget.tokens)):
        if limit is None:
            continue
        most = limit * scale
        reached: Level = "hard" if amount >= most else "soft" if amount >= most * Decimal(str(soft)) else "ok"
        level = max(level, reached, key=_ORDER.__getitem__)
    return Allowance(spent, reserved, budget.money, budget.tokens, level, resets_at)
