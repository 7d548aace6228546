"""Slack's own: threads, mentions, direct messages, what is no question, and how a question is spelled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from components.channels.slack_events import plain
from components.core.tenant import Tenant
from tests.channels import slack_test_server as slack
from tests.channels.channel_helpdesk import Helpdesk
from tests.channels.channel_lines import SlackLine
from tests.channels.conftest import MakeHelpdesk

FIRST, SECOND = "1764400000.000100", "1764400001.000100"


@pytest.fixture
def line() -> Iterator[SlackLine]:
    line = SlackLine()
    yield line
    line.close()


def set_up(line: SlackLine, make_helpdesk: MakeHelpdesk, **config: Any) -> tuple[Helpdesk, Tenant]:
    helpdesk = make_helpdesk(line)
    return helpdesk, helpdesk.tenant({"slack": {**line.config(helpdesk), **config}})


def bring(helpdesk: Helpdesk, tenant: Tenant, line: SlackLine, text: str, ts: str, **more: Any) -> None:
    helpdesk.inbox.receive(tenant, "slack", slack.signed(slack.message_event(text, ts=ts, **more), line.secret))
    helpdesk.work(tenant)


def sent(line: SlackLine) -> list[tuple[str, str | None, str]]:
    return [(each.to, each.raw.get("thread_ts"), each.text) for each in line.server.delivered]


def test_a_mention_begins_a_thread_that_goes_on_without_one(line: SlackLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    bring(helpdesk, tenant, line, "question", FIRST)
    bring(helpdesk, tenant, line, "more", SECOND, type="message", thread_ts=FIRST)
    assert sent(line) == [("C0000000001", FIRST, "About question"), ("C0000000001", FIRST, "About more")]
    assert len(helpdesk.conversations(tenant)) == 1


def test_a_mention_that_comes_as_a_message_too_is_one_message(line: SlackLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    bring(helpdesk, tenant, line, "question", FIRST)
    bring(helpdesk, tenant, line, "question", FIRST, type="message")
    assert len(sent(line)) == 1


def test_people_who_talk_among_themselves_are_left_alone(line: SlackLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    bring(helpdesk, tenant, line, "lunch?", FIRST, type="message")
    bring(helpdesk, tenant, line, "yes", SECOND, type="message", thread_ts=FIRST)
    assert sent(line) == []
    assert {row.outcome for row in helpdesk.inbound(tenant)} == {"ignored"}


def test_where_every_message_is_for_the_helpdesk_each_begins_a_thread(
    line: SlackLine, make_helpdesk: MakeHelpdesk
) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk, opens_on="message")
    bring(helpdesk, tenant, line, "one", FIRST, type="message")
    bring(helpdesk, tenant, line, "two", SECOND, type="message")
    assert sent(line) == [("C0000000001", FIRST, "About one"), ("C0000000001", SECOND, "About two")]


def test_a_direct_message_is_one_conversation_below_the_other(line: SlackLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    for text, ts in (("one", FIRST), ("two", SECOND)):
        bring(helpdesk, tenant, line, text, ts, type="message", channel="D0000000001", channel_type="im")
    assert sent(line) == [("D0000000001", None, "About one"), ("D0000000001", None, "About two")]


@pytest.mark.parametrize(
    "more",
    [
        {"bot_id": "B0000000001"},
        {"subtype": "bot_message"},
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"subtype": "channel_join"},
        {"type": "reaction_added"},
        {"user": None},
    ],
)
def test_echoes_edits_deletions_and_notices_are_ignored_with_a_reason(
    line: SlackLine, make_helpdesk: MakeHelpdesk, more: dict[str, Any]
) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk, opens_on="message")
    bring(helpdesk, tenant, line, "question", FIRST, **more)
    (row,) = helpdesk.inbound(tenant)
    assert row.outcome == "ignored"
    assert row.reason
    assert sent(line) == []


def test_a_channel_that_is_gone_fails_for_good(line: SlackLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    bring(helpdesk, tenant, line, "question", FIRST, channel="CGONE000001")
    (row,) = helpdesk.waiting(tenant)
    assert (row.last_error, row.attempts) == ("Slack answered channel_not_found", 1)
    assert [each.kind for each in helpdesk.events(tenant)] == ["undelivered"]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("<@U0000000001> where is it?", "where is it?"),
        ("see <https://a.example/x?y=1&amp;z=2|a.example/x>", "see https://a.example/x?y=1&z=2"),
        ("see <https://a.example|our page>", "see our page (https://a.example)"),
        ("see <https://a.example>", "see https://a.example"),
        ("write to <mailto:a@b.example|a@b.example>", "write to a@b.example"),
        ("in <#C01|general> <!here> &lt;now&gt; &amp;", "in #general  <now> &"),
    ],
)
def test_a_message_is_read_as_it_was_typed(typed: str, read: str) -> None:
    assert plain(typed) == read
