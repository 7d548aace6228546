"""How a conversation went is one record, the same whether it is followed or told anew; every figure counts them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from handover_world import HandoverWorld
from hypothesis import given
from hypothesis import strategies as st
from passing_time import let_pass
from sqlalchemy import delete

from components.core.errors import Conflict, InvalidInput, NotFound
from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from components.database.tables import OutcomeRow
from components.helpdesk.conversations.changes import Change, ChangeKind
from components.helpdesk.conversations.conversation import Message, Status
from components.helpdesk.conversations.ownership import TRANSITIONS
from components.helpdesk.handover.queue_position import queue_position
from components.helpdesk.outcome_rules import (
    Outcome,
    OutcomeResult,
    agent_said,
    changed,
    rated,
    retold,
    settled,
)

BEGAN = datetime(2026, 11, 2, 9, tzinfo=UTC)
WINDOW = timedelta(hours=72)
KINDS: tuple[ChangeKind, ...] = get_args(ChangeKind)


def at(minutes: float) -> datetime:
    return BEGAN + timedelta(minutes=minutes)


def change(kind: ChangeKind, before: Status, minutes: float, **details: object) -> Change:
    return Change(1, kind, "timer", None, before, TRANSITIONS[kind].after, details, at(minutes))


@pytest.fixture
def world(database: Database, make_tenant: Callable[..., Tenant]) -> HandoverWorld:
    return HandoverWorld(database, make_tenant())


def test_a_handover_tells_how_long_the_customer_waited_for_what() -> None:
    outcome = Outcome(BEGAN)
    for each in (change("request", "bot", 1, reason="no_answer"), change("claim", "waiting", 4)):
        outcome = changed(outcome, each)
    outcome = agent_said(agent_said(outcome, at(5)), at(9))
    outcome = changed(outcome, change("resolve", "agent", 11))
    assert (outcome.handovers, outcome.handover_reason, outcome.result) == (1, "no_answer", "handed_over")
    assert (outcome.wait_seconds, outcome.first_response_seconds, outcome.resolution_seconds) == (180, 240, 660)
    back = changed(outcome, change("reopen", "closed", 20))
    assert (back.result, back.resolution_seconds, back.handovers) == ("open", None, 1)


def test_a_reply_that_did_not_arrive_changes_no_figure() -> None:
    outcome = changed(changed(Outcome(BEGAN), change("request", "bot", 1)), change("claim", "waiting", 4))
    ended = changed(outcome, change("resolve", "agent", 11))
    undelivered = Change(4, "undelivered", "channel", None, "closed", "closed", {}, BEGAN + timedelta(hours=25))
    assert changed(ended, undelivered) == ended


def test_what_an_agent_takes_unasked_was_handed_over_too() -> None:
    outcome = changed(Outcome(BEGAN), change("claim", "bot", 2))
    assert (outcome.handover_reason, outcome.helped, outcome.wait_seconds) == ("taken_by_agent", True, None)


def test_who_goes_back_to_the_bot_before_anybody_came_was_helped_by_the_bot() -> None:
    outcome = Outcome(BEGAN)
    for each in (change("request", "bot", 1, reason="no_answer"), change("withdraw", "waiting", 2)):
        outcome = changed(outcome, each)
    assert changed(outcome, change("expire", "bot", 3, answered=True)).result == "contained"


@pytest.mark.parametrize(
    ("stars", "later", "result"),
    [(None, False, "contained"), (None, True, "verified"), (5, False, "verified"), (4, False, "verified"),
     (3, False, "contained"), (3, True, "verified"), (2, True, "contained"), (1, True, "contained")],
)  # fmt: skip
def test_what_the_bot_answered_is_verified_by_a_rating_or_by_no_return(
    stars: int | None, later: bool, result: OutcomeResult
) -> None:
    outcome = changed(Outcome(BEGAN), change("expire", "bot", 60, answered=True))
    outcome = outcome if stars is None else rated(outcome, stars, None)
    assert settled(outcome, outcome.ended_at + WINDOW * (1.1 if later else 0.9), WINDOW).result == result  # type: ignore[operator]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Change], list[Message]]:
    """Changes that the state machine allows; messages of whoever owns it, agent or bot."""
    status: Status = "bot"
    changes: list[Change] = []
    messages: list[Message] = []
    minutes = 0.0
    for _ in range(draw(st.integers(0, 25))):
        minutes += draw(st.floats(0.1, 500))
        kind = draw(st.sampled_from([each for each in KINDS if status in TRANSITIONS[each].before] + [None]))
        if kind is not None:
            answered = any(each.author == "bot" for each in messages)
            details = {"answered": answered, "confirmed": draw(st.booleans())} if kind == "expire" else {}
            changes.append(
                Change(len(changes) + 1, kind, "timer", None, status, TRANSITIONS[kind].after, details, at(minutes))
            )
            status = TRANSITIONS[kind].after
        elif status in ("agent", "bot"):
            messages.append(Message(len(messages) + 1, status, "hm", at(minutes), reply_to=1))  # type: ignore[arg-type]
    return changes, messages


@given(histories())
def test_the_outcome_told_anew_is_the_one_that_was_followed(history: tuple[list[Change], list[Message]]) -> None:
    changes, messages = history
    outcome = Outcome(BEGAN)
    happened = sorted([*changes, *messages], key=lambda each: each.at if isinstance(each, Change) else each.created_at)
    for number, each in enumerate(happened, 1):
        if isinstance(each, Change):
            outcome = changed(outcome, each)
        elif each.author == "agent":
            outcome = agent_said(outcome, each.created_at)
        so_far = happened[:number]
        assert outcome == retold(
            BEGAN,
            [each for each in so_far if isinstance(each, Change)],
            [each for each in so_far if isinstance(each, Message)],
        )


@given(histories())
def test_an_outcome_makes_sense_whatever_happened(history: tuple[list[Change], list[Message]]) -> None:
    outcome = retold(BEGAN, *history)
    status = history[0][-1].status_after if history[0] else "bot"
    assert (outcome.result == "open") == (status != "closed")
    seconds = (outcome.wait_seconds, outcome.first_response_seconds, outcome.resolution_seconds)
    assert all(each is None or each >= 0 for each in seconds)
    assert (outcome.resolution_seconds is None) == (outcome.ended_at is None)
    assert (outcome.handovers > 0) == (outcome.handover_reason is not None)
    assert (outcome.waiting_since is not None) == (status == "waiting")
    if outcome.helped:
        assert outcome.result in ("open", "handed_over")


def test_a_conversation_older_than_outcomes_gets_its_record_when_something_happens(world: HandoverWorld) -> None:
    conversation_id, anna = world.waiting(), world.agent("Anna")
    with world.database.tenant(world.context) as session:
        session.execute(delete(OutcomeRow))
    before = world.outcomes.get(world.context, conversation_id)
    assert (before.handovers, before.result) == (1, "open")
    world.desk.claim(world.context, anna, conversation_id)
    world.desk.say(world.context, anna, conversation_id, client_message_id="m", text="Hello")
    followed = world.outcomes.get(world.context, conversation_id)
    assert followed == world.outcomes.retold(world.context, conversation_id, window=WINDOW)
    assert followed.first_response_seconds is not None


def test_a_conversation_is_rated_once_somebody_has_answered(
    world: HandoverWorld, make_tenant: Callable[..., Tenant]
) -> None:
    conversation_id = world.opened()
    with pytest.raises(Conflict, match="nobody has answered"):
        world.outcomes.rate(world.context, conversation_id, 5)
    world.turn(conversation_id, "Forty-five days.")
    with pytest.raises(InvalidInput, match="stars=6"):
        world.outcomes.rate(world.context, conversation_id, 6)
    world.outcomes.rate(world.context, conversation_id, 1, "slow")
    assert world.outcomes.rate(world.context, conversation_id, 5, " ").comment is None
    assert world.outcomes.get(world.context, conversation_id).rating == 5
    with pytest.raises(NotFound):
        world.outcomes.rate(make_tenant().context, conversation_id, 5)


def test_figures_count_what_ended_in_the_time(world: HandoverWorld, postgres: DatabaseAddresses) -> None:
    assert postgres.server is not None
    contained, happy, _left = world.opened(), world.opened(), world.opened()
    for each in (contained, happy):
        world.turn(each, "Forty-five days.")
    world.outcomes.rate(world.context, happy, 5)
    let_pass(postgres.server.url, world.context, hours=25)
    world.timers().sweep(world.tenant)
    handed, anna = world.waiting(), world.agent("Anna")
    world.desk.claim(world.context, anna, handed)
    world.desk.say(world.context, anna, handed, client_message_id="m", text="Hello")
    world.desk.resolve(world.context, anna, handed)
    world.opened()
    now = datetime.now(UTC)
    figures = world.outcomes.figures(world.context, now - timedelta(hours=1), now + timedelta(hours=1))
    assert (figures.total_sessions, figures.open) == (4, 1)
    assert (figures.contained, figures.verified, figures.handed_over, figures.abandoned) == (1, 1, 1, 1)
    assert (figures.bot_resolved, figures.deflection, figures.average_rating) == (2, 0.5, 5.0)
    assert (figures.reasons, figures.handovers) == ({"asked_by_customer": 1}, 1)
    assert figures.wait.average is not None
    assert figures.wait.average == figures.wait.median
    earlier = world.outcomes.figures(world.context, now - timedelta(days=9), now - timedelta(days=8))
    assert (earlier.total_sessions, earlier.deflection, earlier.average_rating) == (0, None, None)
    with pytest.raises(InvalidInput, match="since"):
        world.outcomes.figures(world.context, now, now)


def test_the_urgent_stand_before_those_who_came_earlier(world: HandoverWorld) -> None:
    for priority in ("normal", "urgent", "low"):
        world.waiting(priority=priority)
    with world.database.tenant(world.context) as session:
        places = [
            queue_position(session.connection(), world.context, team="", priority=each)
            for each in ("urgent", "high", "normal", "low")
        ]
        assert places == [2, 2, 3, 4]
        assert queue_position(session.connection(), world.context, team="billing", priority="low") == 1
