"""Clocks run in business hours only, stand still while a ticket is pending, and say how much is left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ticket_times import OFFICE, monday

from components.core.errors import InvalidInput
from components.helpdesk.business_hours import BusinessHours
from components.helpdesk.tenant_config import read_config, validate_config
from components.helpdesk.tickets.changing import Rules, changed, commented, opened
from components.helpdesk.tickets.priorities import PRIORITIES
from components.helpdesk.tickets.sla import ClockReading, TicketClocks, read_clocks
from components.helpdesk.tickets.ticket import Ticket
from components.helpdesk.tickets.ticket_input import Comment, NewTicket, TicketChange

CONFIG = read_config(OFFICE)
HOURS = BusinessHours(CONFIG.handover)
ALWAYS_OPEN = read_config({"slas": {"normal": {"first_response": 60, "resolution": 480}}})


def rules(at: datetime) -> Rules:
    return Rules(CONFIG, at)


def ticket(at: datetime, priority: str = "normal") -> Ticket:
    return opened(NewTicket("Zip", priority=priority), rules(at), uuid4(), 1)


def clocks(of: Ticket, at: datetime) -> tuple[ClockReading, ClockReading]:
    read = read_clocks(of, HOURS, at)
    assert read.first_response is not None
    assert read.resolution is not None
    return read.first_response, read.resolution


def moved(of: Ticket, status: str, at: datetime) -> Ticket:
    return changed(of, TicketChange(status=status), rules(at))


def test_a_clock_runs_in_business_hours_only() -> None:
    late = ticket(monday(16.5))
    first, resolution = clocks(late, monday(16.75))
    assert first.due_at == monday(9.5, days=1)
    assert resolution.due_at == monday(16.5, days=1)
    assert (first.state, first.seconds_left) == ("running", 45 * 60)
    at_night, _ = clocks(late, monday(22))
    assert (at_night.state, at_night.seconds_left) == ("paused", 30 * 60)
    missed, _ = clocks(late, monday(10, days=1))
    assert (missed.state, missed.seconds_left) == ("breached", -30 * 60)


def test_a_weekend_and_a_holiday_count_for_nothing() -> None:
    config = read_config({**OFFICE, "handover": {**OFFICE["handover"], "holidays": ["2026-11-30"]}})
    on_friday = opened(NewTicket("Zip"), Rules(config, monday(16.5, days=4)), uuid4(), 1)
    assert on_friday.first_response_due == monday(9.5, days=8)


def test_clocks_stand_still_while_a_ticket_is_pending() -> None:
    asked = moved(ticket(monday(9)), "pending", monday(9.5))
    first, resolution = clocks(asked, monday(15))
    assert (first.state, first.due_at, first.seconds_left) == ("paused", None, 30 * 60)
    assert (resolution.state, resolution.seconds_left) == ("paused", 7.5 * 3600)
    answered = moved(asked, "open", monday(15))
    assert answered.first_response_due == monday(15.5)
    assert answered.resolution_due == monday(14.5, days=1)
    assert (answered.paused_since, answered.paused_seconds) == (None, 5.5 * 3600)


def test_the_first_public_answer_of_staff_meets_the_first_clock() -> None:
    new = ticket(monday(9))
    noted = commented(new, Comment("a note"), rules(monday(9.1)))
    said = commented(noted, Comment("it zips?", public=True, side="customer"), rules(monday(9.2)))
    assert said.first_response_at is None
    answered = commented(said, Comment("Hello!", public=True), rules(monday(9.25)))
    first, _ = clocks(answered, monday(12))
    assert (first.state, first.met_at, first.seconds_left) == ("met", monday(9.25), 45 * 60)
    assert commented(answered, Comment("And?", public=True), rules(monday(11))).first_response_at == monday(9.25)


def test_an_answer_after_the_time_is_a_breach_for_good() -> None:
    answered = commented(ticket(monday(9)), Comment("Sorry!", public=True), rules(monday(10.5)))
    first, _ = clocks(answered, monday(12))
    assert (first.state, first.seconds_left) == ("breached", -30 * 60)


def test_what_is_resolved_while_pending_is_measured_by_the_time_it_was_not() -> None:
    asked = moved(ticket(monday(9)), "pending", monday(10))
    done = moved(asked, "resolved", monday(12, days=3))
    first, resolution = clocks(done, monday(12, days=9))
    assert (first.state, first.seconds_left) == ("met", 0)
    assert (resolution.state, resolution.seconds_left) == ("met", 7 * 3600)


def test_reopened_it_has_the_time_that_was_left() -> None:
    done = moved(ticket(monday(9)), "resolved", monday(12))
    again = moved(done, "open", monday(10, days=1))
    assert again.resolution_due == monday(15, days=1)
    first, resolution = clocks(again, monday(10, days=1))
    assert (first.state, first.met_at) == ("breached", monday(12))
    assert (resolution.state, resolution.seconds_left, again.resolved_at) == ("running", 5 * 3600, None)


def test_another_priority_sets_other_targets_from_the_beginning_on() -> None:
    new = ticket(monday(9))
    urgent = changed(new, TicketChange(priority="urgent"), rules(monday(10)))
    assert urgent.resolution_due == monday(11)
    # Its 15 minutes were over already: due at once, and no earlier.
    assert urgent.first_response_due == monday(10)
    low = changed(urgent, TicketChange(priority="low"), rules(monday(10.5)))
    assert (low.first_response_minutes, low.first_response_due) == (None, None)
    assert read_clocks(low, HOURS, monday(11)).first_response is None
    assert low.resolution_due == monday(17, days=4)


def test_a_missed_target_is_not_made_good_by_a_stricter_one() -> None:
    missed = changed(ticket(monday(9)), TicketChange(priority="urgent"), rules(monday(12)))
    assert missed.first_response_due == monday(10)


def test_without_targets_there_are_no_clocks() -> None:
    none = opened(NewTicket("Zip"), Rules(read_config({}), monday(9)), uuid4(), 1)
    assert read_clocks(none, HOURS, monday(10)) == TicketClocks(None, None)


def test_every_priority_may_have_targets_and_nothing_else_may() -> None:
    assert set(type(CONFIG.slas).model_fields) == set(PRIORITIES)
    for bad, said in (
        ({"asap": {}}, "allowed are low, normal, high, urgent"),
        ({"normal": {"reply": 5}}, "allowed are first_response, resolution"),
        ({"normal": {"first_response": 0}}, "config.slas.normal.first_response"),
        ({"normal": {"resolution": 1e9}}, "config.slas.normal.resolution"),
    ):
        with pytest.raises(InvalidInput, match="slas") as refused:
            validate_config({"slas": bad})
        assert said in refused.value.message


MINUTES = st.integers(0, 6000)
STEPS = st.lists(st.tuples(st.integers(0, 3000), st.sampled_from(["pending", "open"])), max_size=8)


@settings(max_examples=200, deadline=None)
@given(steps=STEPS, last=MINUTES)
def test_time_that_it_was_open_and_the_helpdesk_too_is_all_that_counts(steps: list[tuple[int, str]], last: int) -> None:
    """Counted minute by minute, the slow way."""
    of, at, target = ticket(monday(9)), monday(9), 480
    used = 0
    for minutes, status in [*steps, (last, "")]:
        if of.paused_since is None:
            used += sum(HOURS.is_open(at + timedelta(minutes=each)) for each in range(minutes))
        at += timedelta(minutes=minutes)
        if status and status != of.status:
            of = moved(of, status, at)
    _, resolution = clocks(of, at)
    if used > target:
        assert resolution.state == "breached"
        assert resolution.seconds_left < 0
    elif used < target:
        assert resolution.state in ("running", "paused")
        assert resolution.seconds_left == (target - used) * 60


@pytest.mark.parametrize("priority", PRIORITIES)
def test_an_old_ticket_keeps_its_clocks(priority: str) -> None:
    """Further back than business hours are looked through."""
    new = opened(NewTicket("Zip", priority=priority), Rules(ALWAYS_OPEN, datetime(2024, 1, 1, tzinfo=UTC)), uuid4(), 1)
    asked = changed(new, TicketChange(status="pending"), Rules(ALWAYS_OPEN, new.created_at + timedelta(minutes=30)))
    back = changed(asked, TicketChange(status="open"), Rules(ALWAYS_OPEN, datetime(2026, 1, 1, tzinfo=UTC)))
    read = read_clocks(back, BusinessHours(ALWAYS_OPEN.handover), datetime(2026, 1, 1, tzinfo=UTC))
    if priority == "normal":
        assert read.resolution is not None
        assert (read.resolution.state, read.resolution.seconds_left) == ("running", 7.5 * 3600)
