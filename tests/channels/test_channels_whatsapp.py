"""WhatsApp's own: the window of a day, templates, receipts, media, and what is no message."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from components.core.errors import InvalidInput
from components.core.tenant import Tenant
from components.database.tables import InboundMessageRow
from components.helpdesk.handover.agents import Agents
from components.helpdesk.handover.desk import Desk
from tests.channels import whatsapp_test_server as whatsapp
from tests.channels.channel_helpdesk import Helpdesk
from tests.channels.channel_lines import WhatsAppLine
from tests.channels.conftest import MakeHelpdesk

DAY = 24 * 3600.0


@pytest.fixture
def line() -> Iterator[WhatsAppLine]:
    line = WhatsAppLine()
    yield line
    line.close()


def bring(helpdesk: Helpdesk, tenant: Tenant, line: WhatsAppLine, value: dict[str, Any], **more: Any) -> None:
    helpdesk.inbox.receive(tenant, "whatsapp", whatsapp.signed(whatsapp.change(value, **more), line.secret))


def agent_says(helpdesk: Helpdesk, tenant: Tenant, text: str) -> None:
    agents = Agents(helpdesk.database)
    agent = agents.create(tenant.context, email="anna@example.com", name="Anna", password="correct horse battery")
    desk = Desk(helpdesk.database, agents)
    (conversation_id,) = helpdesk.conversations(tenant)
    desk.claim(tenant.context, agent, conversation_id)
    desk.say(tenant.context, agent, conversation_id, client_message_id="a1", text=text)


def test_after_a_day_a_message_fails_with_the_reason_and_agents_see_it(
    line: WhatsAppLine, make_helpdesk: MakeHelpdesk
) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({"whatsapp": line.config(helpdesk)})
    line.write(helpdesk, tenant, "question")
    helpdesk.work(tenant)
    helpdesk.let_pass(tenant, DAY + 1)
    agent_says(helpdesk, tenant, "We have found it")
    helpdesk.work(tenant)
    assert line.texts() == ["About question"]
    undelivered = [each for each in helpdesk.events(tenant) if each.kind == "undelivered"]
    assert "24 hours" in undelivered[-1].details["reason"]
    line.write(helpdesk, tenant, "hello again")
    agent_texts = "Anna: Welcome back"
    agents = Agents(helpdesk.database)
    (anna,) = agents.list(tenant.context)
    helpdesk.work(tenant)
    desk, (conversation_id,) = Desk(helpdesk.database, agents), helpdesk.conversations(tenant)
    desk.say(tenant.context, anna, conversation_id, client_message_id="a2", text="Welcome back")
    helpdesk.work(tenant)
    assert line.texts()[-1] == agent_texts


def test_after_a_day_the_template_is_sent_where_there_is_one(line: WhatsAppLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    template = {"name": "we_have_news", "language": "en_US", "with_text": True}
    tenant = helpdesk.tenant({"whatsapp": {**line.config(helpdesk), "template": template}})
    line.write(helpdesk, tenant, "question")
    helpdesk.work(tenant)
    helpdesk.let_pass(tenant, DAY + 1)
    agent_says(helpdesk, tenant, "We have found it.\n\nIt is on its way.")
    helpdesk.work(tenant)
    assert line.texts()[1:] == ["<template we_have_news>", "<template we_have_news>"]
    sent = line.server.delivered[-1].raw["template"]
    assert sent["language"] == {"code": "en_US"}
    parameter = {"type": "text", "text": "Anna: We have found it. It is on its way."}
    assert sent["components"] == [{"type": "body", "parameters": [parameter]}]


def test_receipts_say_how_far_a_message_has_come(line: WhatsAppLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({"whatsapp": line.config(helpdesk)})
    line.write(helpdesk, tenant, "question")
    helpdesk.work(tenant)
    (conversation_id,) = helpdesk.conversations(tenant)
    (sent,) = line.replies("ann")
    states = []
    for status in ("sent", "delivered", "read", "delivered"):
        line.receipt(helpdesk, tenant, sent, status)
        states.append(helpdesk.deliveries.states(tenant.context, conversation_id)[3])
    assert states == ["sent", "delivered", "read", "read"]


def test_a_message_that_whatsapp_takes_and_then_loses_is_told_to_agents_once(
    line: WhatsAppLine, make_helpdesk: MakeHelpdesk
) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({"whatsapp": line.config(helpdesk)})
    line.write(helpdesk, tenant, "question")
    helpdesk.work(tenant)
    (sent,) = line.replies("ann")
    errors = [{"code": 131026, "title": "Message undeliverable"}]
    for _ in range(2):
        line.receipt(helpdesk, tenant, sent, "failed", errors=errors)
    (event,) = [each for each in helpdesk.events(tenant) if each.kind == "undelivered"]
    assert event.details == {"sequence": 3, "channel": "whatsapp", "reason": "131026 Message undeliverable"}


def test_messages_of_one_call_are_taken_in_the_order_in_which_they_were_written(
    line: WhatsAppLine, make_helpdesk: MakeHelpdesk
) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({"whatsapp": line.config(helpdesk)})
    value = whatsapp.message_value("second", "wamid.2", line.number("ann"))
    first = whatsapp.message_value("first", "wamid.1", line.number("ann"))["messages"][0]
    value["messages"].append({**first, "timestamp": str(int(time.time()) - 60)})
    bring(helpdesk, tenant, line, value)
    helpdesk.work(tenant)
    assert line.texts() == ["About first", "About second"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"title": "Yes"}}}, "Yes"),
        ({"type": "button", "button": {"text": "Show me", "payload": "x"}}, "Show me"),
        ({"type": "image", "image": {"id": "m1", "mime_type": "image/png", "caption": "this one"}}, "this one"),
    ],
)
def test_what_a_customer_taps_or_writes_under_a_picture_is_read(
    line: WhatsAppLine, make_helpdesk: MakeHelpdesk, more: dict[str, Any], said: str
) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({"whatsapp": line.config(helpdesk)})
    bring(helpdesk, tenant, line, whatsapp.message_value("", "wamid.1", line.number("ann"), **more))
    helpdesk.work(tenant)
    assert line.texts()[0] == f"About {said}"


@pytest.mark.parametrize("kind", ["audio", "location", "contacts"])
def test_what_cannot_be_read_is_answered_in_words(line: WhatsAppLine, make_helpdesk: MakeHelpdesk, kind: str) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({"whatsapp": line.config(helpdesk)})
    media = {"id": "m1", "mime_type": "audio/ogg; codecs=opus"}
    value = whatsapp.message_value("", "wamid.1", line.number("ann"), type=kind, **{kind: media})
    bring(helpdesk, tenant, line, value)
    helpdesk.work(tenant)
    assert line.texts() == ["I could not read this message. Please write it in words."]
    assert [row.outcome for row in helpdesk.inbound(tenant)] == ["told"]


def test_reactions_edits_and_other_numbers_are_ignored_with_a_reason(
    line: WhatsAppLine, make_helpdesk: MakeHelpdesk
) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({"whatsapp": line.config(helpdesk)})
    reaction = {"type": "reaction", "reaction": {"message_id": "wamid.0", "emoji": "👍"}}
    bring(helpdesk, tenant, line, whatsapp.message_value("", "wamid.1", line.number("ann"), **reaction))
    bring(helpdesk, tenant, line, whatsapp.message_value("hi", "wamid.2", line.number("ann")), number="99999999")
    helpdesk.work(tenant)
    assert [(row.outcome, row.reason) for row in helpdesk.inbound(tenant)] == [
        ("ignored", "a message of type 'reaction'")
    ]
    assert line.texts() == []


def test_one_odd_message_of_a_call_does_not_cost_the_others(line: WhatsAppLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({"whatsapp": line.config(helpdesk)})
    value = whatsapp.message_value("question", "wamid.1", line.number("ann"))
    value["messages"].append({**value["messages"][0], "id": "wamid.2", "text": None})
    bring(helpdesk, tenant, line, value)
    helpdesk.work(tenant)
    assert line.texts() == ["About question"]
    assert sorted(row.outcome or "" for row in helpdesk.inbound(tenant)) == ["ignored", "taken"]


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"entry": 3}', b'{"entry": [{"changes": [{"field": "messages", "value": []}]}]}', b"\0"]
)
def test_a_signed_call_that_is_not_of_the_format_is_refused(
    line: WhatsAppLine, make_helpdesk: MakeHelpdesk, body: bytes
) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({"whatsapp": line.config(helpdesk)})
    with pytest.raises(InvalidInput):
        helpdesk.inbox.receive(tenant, "whatsapp", whatsapp.signed(body, line.secret))
    assert helpdesk.count(tenant, InboundMessageRow) == 0


def test_the_rate_to_one_customer_is_heeded(line: WhatsAppLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({"whatsapp": line.config(helpdesk)})
    line.server.planned.append(whatsapp.too_many_to_one())
    line.write(helpdesk, tenant, "question")
    helpdesk.work(tenant)
    (row,) = helpdesk.waiting(tenant)
    assert row.last_error is not None
    assert "131056" in row.last_error
    helpdesk.let_pass(tenant, 8)
    helpdesk.work(tenant)
    assert line.texts() == ["About question"]
