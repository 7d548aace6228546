"""Clocks that stop when nobody is at work, in the tenant's own time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.errors import InvalidInput
from components.helpdesk.business_hours import BusinessHours
from components.helpdesk.tenant_config import HandoverConfig, read_config

VIENNA = ZoneInfo("Europe/Vienna")
WEEKDAYS = HandoverConfig(
    time_zone="Europe/Vienna",
    hours=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), ("09:00-12:00", "13:00-17:00")),  # type: ignore[misc]
    holidays=(date(2026, 12, 8),),
)
HOURS = BusinessHours(WEEKDAYS)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


def vienna(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=VIENNA)


def test_open_follows_the_tenants_clock() -> None:
    assert HOURS.is_open(vienna(27, 9))
    assert not HOURS.is_open(vienna(27, 12, 30))
    assert not HOURS.is_open(vienna(27, 17))
    assert not HOURS.is_open(vienna(28, 10))
    assert HOURS.is_open(datetime(2026, 11, 27, 8, 0, tzinfo=UTC))


def test_the_next_opening_passes_over_nights_weekends_and_holidays() -> None:
    assert HOURS.next_opening(vienna(27, 18)) == vienna(30, 9)
    assert HOURS.next_opening(vienna(27, 10)) == vienna(27, 10)
    assert HOURS.next_opening(vienna(7, 18, month=12)) == vienna(9, 9, month=12)


def test_open_time_stops_overnight() -> None:
    assert HOURS.after(vienna(27, 16), timedelta(hours=2)) == vienna(30, 10)
    assert HOURS.between(vienna(27, 16), vienna(30, 10)) == timedelta(hours=2)
    assert HOURS.between(vienna(30, 10), vienna(27, 16)) == timedelta()


def test_a_day_whose_clocks_change_is_as_long_as_it_is() -> None:
    nights = BusinessHours(HandoverConfig(time_zone="Europe/Vienna", hours={"sun": ("00:00-24:00",)}))
    assert nights.between(vienna(24, 12, month=10), vienna(26, 12, month=10)) == timedelta(hours=25)


def test_a_tenant_that_never_opens_says_so() -> None:
    never = BusinessHours(HandoverConfig(hours={}))
    assert never.next_opening(vienna(27, 10)) is None
    assert never.after(vienna(27, 10), timedelta(hours=1)) is None


@given(MOMENTS, st.timedeltas(timedelta(seconds=1), timedelta(days=20)))
def test_after_and_between_are_each_others_inverse(at: datetime, open_time: timedelta) -> None:
    due = HOURS.after(at, open_time)
    assert due is not None
    assert HOURS.between(at, due) == open_time


@given(MOMENTS, MOMENTS)
def test_always_open_counts_every_second(one: datetime, other: datetime) -> None:
    start, end = sorted((one, other))
    always = BusinessHours(HandoverConfig())
    assert always.is_open(start)
    if end - start < timedelta(days=390):
        assert always.between(start, end) == end - start


@pytest.mark.parametrize(
    "handover",
    [
        {"time_zone": "Mars/Base"},
        {"hours": {"mon": ["17:00-09:00"]}},
        {"hours": {"mon": ["09:00-12:00", "11:00-13:00"]}},
        {"hours": {"monday": ["09:00-12:00"]}},
        {"hours": {"mon": ["9-12"]}},
        {"wait_minutes": 0},
        {"teams": ["<b>"]},
    ],
)
def test_bad_opening_times_are_refused_by_name(handover: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match=r"config\.handover"):
        read_config({"handover": handover})
