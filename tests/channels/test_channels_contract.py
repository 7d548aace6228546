"""What holds for every channel: each message is taken once, in order, and each reply arrives once, whatever fails."""

from __future__ import annotations

from uuid import uuid4

import pytest

from components.database.tables import InboundMessageRow
from tests.channels.channel_helpdesk import CHANNEL_NAMES, Killed
from tests.channels.channel_lines import Line
from tests.channels.conftest import MakeHelpdesk

pytestmark = pytest.mark.parametrize("line", CHANNEL_NAMES, indirect=True)
STEPS = ("leased", "opened", "taken", "begun", "delivered", "sent", "marked")


def test_a_customers_message_is_answered_where_it_was_written(line: Line, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({line.name: line.config(helpdesk)})
    line.write(helpdesk, tenant, "where is my parcel?")
    helpdesk.work(tenant)
    assert line.texts() == ["About where is my parcel?"]
    assert [row.outcome for row in helpdesk.inbound(tenant)] == ["taken"]
    assert helpdesk.waiting(tenant) == []


def test_what_follows_goes_into_the_same_conversation_in_order(line: Line, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({line.name: line.config(helpdesk)})
    for number in range(4):
        line.write(helpdesk, tenant, f"question {number}")
    helpdesk.work(tenant)
    line.write(helpdesk, tenant, "question 4")
    helpdesk.work(tenant)
    assert line.texts() == [f"About question {number}" for number in range(5)]
    assert len(helpdesk.conversations(tenant)) == 1


def test_two_customers_have_two_conversations(line: Line, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({line.name: line.config(helpdesk)})
    for sender in ("ann", "ben"):
        line.write(helpdesk, tenant, f"question of {sender}", sender=sender)
    helpdesk.work(tenant)
    assert line.texts("ann") == ["About question of ann"]
    assert line.texts("ben") == ["About question of ben"]
    assert len(helpdesk.conversations(tenant)) == 2


def test_what_the_provider_brings_again_is_taken_once(line: Line, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({line.name: line.config(helpdesk)})
    first, second = uuid4().hex, uuid4().hex
    line.write(helpdesk, tenant, "question 1", message_id=first)
    line.write(helpdesk, tenant, "question 1", message_id=first)
    line.write(helpdesk, tenant, "question 2", message_id=second)
    helpdesk.work(tenant)
    line.write(helpdesk, tenant, "question 1", message_id=first)
    helpdesk.work(tenant)
    assert line.texts() == ["About question 1", "About question 2"]
    assert helpdesk.count(tenant, InboundMessageRow) == 2


def test_five_minutes_of_trouble_delay_replies_with_the_reason_and_lose_none(
    line: Line, make_helpdesk: MakeHelpdesk
) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({line.name: line.config(helpdesk)})
    line.fail()
    for number in range(3):
        line.write(helpdesk, tenant, f"question {number}")
        helpdesk.work(tenant)
    helpdesk.work_through(tenant, minutes=5)
    assert line.texts() == []
    waiting = helpdesk.waiting(tenant)
    assert len(waiting) == 3
    assert waiting[0].attempts >= 3
    assert waiting[0].last_error is not None
    assert "500" in waiting[0].last_error or "451" in waiting[0].last_error
    # Only the first of the lane is tried: the others must not overtake it.
    assert [row.attempts for row in waiting[1:]] == [0, 0]
    line.recover()
    helpdesk.work_through(tenant, minutes=3)
    assert line.texts() == [f"About question {number}" for number in range(3)]
    assert helpdesk.waiting(tenant) == []


def test_an_answer_that_was_cut_off_sends_nothing_twice(line: Line, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({line.name: line.config(helpdesk)})
    line.cut_next()
    line.write(helpdesk, tenant, "question 1")
    helpdesk.work(tenant)
    assert len(helpdesk.waiting(tenant)) == 1
    if line.name == "whatsapp":
        # The Cloud API lists no messages: the receipt tells.
        line.receipt(helpdesk, tenant, line.replies("ann")[0], "delivered")
    line.write(helpdesk, tenant, "question 2")
    helpdesk.work_through(tenant, minutes=3)
    assert line.texts() == ["About question 1", "About question 2"]
    assert helpdesk.waiting(tenant) == []


@pytest.mark.parametrize("step", STEPS)
def test_a_process_that_dies_anywhere_loses_and_doubles_nothing(
    line: Line, make_helpdesk: MakeHelpdesk, step: str
) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({line.name: line.config(helpdesk)})
    for number in range(2):
        line.write(helpdesk, tenant, f"question {number}")
    helpdesk.deaths.step = step
    with pytest.raises(Killed):
        helpdesk.work(tenant)
    helpdesk.start_anew()
    if line.name == "whatsapp" and line.replies("ann"):
        line.receipt(helpdesk, tenant, line.replies("ann")[0], "sent")
    helpdesk.work_through(tenant, minutes=4)
    assert line.texts() == ["About question 0", "About question 1"]
    assert len(helpdesk.conversations(tenant)) == 1
    assert helpdesk.waiting(tenant) == helpdesk.waiting(tenant, "inbound") == []


def test_a_reply_that_never_arrives_is_given_up_aloud(line: Line, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({line.name: line.config(helpdesk)})
    line.fail()
    line.write(helpdesk, tenant, "question 1")
    helpdesk.work(tenant)
    helpdesk.let_pass(tenant, 24 * 3600)
    helpdesk.work_through(tenant, minutes=3)
    (row,) = helpdesk.waiting(tenant)
    assert row.failed_at is not None
    assert row.last_error is not None
    (event,) = [each for each in helpdesk.events(tenant) if each.kind == "undelivered"]
    assert event.details["channel"] == line.name
    assert event.details["reason"] == row.last_error
    assert event.status_before == event.status_after == "bot"
