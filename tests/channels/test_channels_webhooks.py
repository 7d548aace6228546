"""What a provider must show before anything it brings is stored, and what it says when we are too quick."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from components.core.channels import WebhookRequest
from components.core.errors import InvalidInput, InvalidSetting, InvalidSignature, NotFound, Unavailable
from components.database.tables import InboundMessageRow, OutboxRow
from components.helpdesk.inbox.inbox import Inbox
from tests.channels import slack_test_server as slack
from tests.channels.channel_lines import LINES, WebhookLine, WhatsAppLine, tampered
from tests.channels.conftest import MakeHelpdesk
from tests.channels.provider_test_server import Reply

WEBHOOKS = ("slack", "whatsapp", "sms")
signed = pytest.mark.parametrize("line", WEBHOOKS, indirect=True)


@signed
def test_a_forged_or_altered_call_is_refused_and_stores_nothing(line: WebhookLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({line.name: line.config(helpdesk)})
    good = line.request("question", "a1", "ann", line.secret, tenant.domain)
    forged = line.request("question", "a1", "ann", "another secret", tenant.domain)
    bare = replace(good, headers={"content-type": good.headers["content-type"]})
    odd = replace(good, headers=dict.fromkeys(good.headers, "€"))
    for request in (forged, tampered(good), bare, odd, replace(good, body=b"\xff\xfe")):
        with pytest.raises((InvalidSignature, InvalidInput)):
            helpdesk.inbox.receive(tenant, line.name, request)
    assert helpdesk.count(tenant, InboundMessageRow) == helpdesk.count(tenant, OutboxRow) == 0


@signed
def test_a_call_signed_for_one_tenant_is_refused_at_anothers_address(
    line: WebhookLine, make_helpdesk: MakeHelpdesk
) -> None:
    helpdesk = make_helpdesk(line)
    ours = helpdesk.tenant({line.name: line.config(helpdesk)})
    theirs = helpdesk.tenant({line.name: line.config(helpdesk, "the other tenant's secret")})
    request = line.write(helpdesk, ours, "question")
    with pytest.raises(InvalidSignature):
        helpdesk.inbox.receive(theirs, line.name, request)
    assert helpdesk.count(theirs, InboundMessageRow) == 0


@signed
def test_the_same_thread_of_two_tenants_is_two_conversations(line: WebhookLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    tenants = [helpdesk.tenant({line.name: line.config(helpdesk)}) for _ in range(2)]
    for number, tenant in enumerate(tenants):
        line.write(helpdesk, tenant, f"question {number}", message_id="a1")
        helpdesk.work(tenant)
    assert line.texts() == ["About question 0", "About question 1"]
    assert [len(helpdesk.conversations(tenant)) for tenant in tenants] == [1, 1]


@signed
def test_a_provider_that_asks_for_time_gets_it(line: WebhookLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({line.name: line.config(helpdesk)})
    line.server.planned.append(Reply(429, {"error": {"code": 130429, "message": "slow"}}, {"Retry-After": "300"}))
    line.write(helpdesk, tenant, "question 1")
    helpdesk.work(tenant)
    # Others of the tenant wait too: they would be refused as well.
    line.write(helpdesk, tenant, "question 2", sender="ben")
    helpdesk.work_through(tenant, minutes=3)
    sending = [call for call in line.server.calls if line.server.sends(call)]
    assert len(sending) == 1
    waiting = helpdesk.waiting(tenant)
    assert waiting[0].last_error is not None
    assert "answered 429" in waiting[0].last_error or "130429" in waiting[0].last_error
    helpdesk.work_through(tenant, minutes=6)
    assert (line.texts("ann"), line.texts("ben")) == (["About question 1"], ["About question 2"])


@signed
def test_the_same_words_again_are_another_message_though_its_sending_was_cut_off(
    line: WebhookLine, make_helpdesk: MakeHelpdesk
) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({line.name: line.config(helpdesk)})
    line.write(helpdesk, tenant, "question", message_id="a1")
    helpdesk.work(tenant)
    line.server.lost = 1
    line.write(helpdesk, tenant, "question", message_id="a2")
    helpdesk.work_through(tenant, minutes=2)
    assert line.texts() == ["About question", "About question"]


@signed
def test_wrong_credentials_wait_for_an_operator(line: WebhookLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    key = {"slack": "bot_token", "whatsapp": "access_token", "sms": "auth_token"}[line.name]
    config = {**line.config(helpdesk), key: helpdesk.secret("revoked")}
    tenant = helpdesk.tenant({line.name: config})
    line.write(helpdesk, tenant, "question", secret="revoked" if line.name == "sms" else None)
    helpdesk.work(tenant)
    (row,) = helpdesk.waiting(tenant)
    assert row.last_error is not None
    assert "credentials" in row.last_error or "bot token" in row.last_error
    assert "revoked" not in row.last_error
    good = {line.name: {**config, key: line.config(helpdesk)[key]}}
    tenant = helpdesk.tenants.update_config(tenant.tenant_id, {"channels": good})
    helpdesk.work_through(tenant, minutes=2)
    assert line.texts() == ["About question"]


@signed
def test_a_channel_that_is_not_configured_is_not_there(line: WebhookLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({})
    request = line.request("question", "a1", "ann", line.secret, tenant.domain)
    with pytest.raises(NotFound, match=f"no channel {line.name}"):
        helpdesk.inbox.receive(tenant, line.name, request)
    with pytest.raises(NotFound, match="no channel is called 'fax'"):
        helpdesk.inbox.receive(tenant, "fax", request)


@signed
def test_where_too_much_waits_the_provider_is_asked_to_come_again(
    line: WebhookLine, make_helpdesk: MakeHelpdesk
) -> None:
    helpdesk = make_helpdesk(line)
    helpdesk.inbox = Inbox(helpdesk.database, helpdesk.channels, most_waiting=2)
    tenant = helpdesk.tenant({line.name: line.config(helpdesk)})
    for number in range(2):
        line.write(helpdesk, tenant, f"question {number}")
    with pytest.raises(Unavailable, match="2 messages wait"):
        line.write(helpdesk, tenant, "question 2", message_id="a2")
    helpdesk.work(tenant)
    line.write(helpdesk, tenant, "question 2", message_id="a2")
    helpdesk.work(tenant)
    assert line.texts() == [f"About question {number}" for number in range(3)]


def test_a_secret_that_is_not_there_is_named_by_its_reference(make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk()
    tenant = helpdesk.tenant({"slack": {"signing_secret": "env:NOT_SET_ANYWHERE", "bot_token": "env:NEITHER"}})
    with pytest.raises(InvalidSetting, match="env:NOT_SET_ANYWHERE"):
        helpdesk.inbox.receive(tenant, "slack", WebhookRequest("POST", "https://x.example"))


def test_an_old_call_of_slacks_is_refused_though_it_is_signed(
    make_helpdesk: MakeHelpdesk, slack_line: WebhookLine
) -> None:
    helpdesk = make_helpdesk(slack_line)
    tenant = helpdesk.tenant({"slack": slack_line.config(helpdesk)})
    body = slack.message_event("question", ts="1700000000.000001")
    with pytest.raises(InvalidSignature):
        helpdesk.inbox.receive(tenant, "slack", slack.signed(body, slack_line.secret, time.time() - 301))
    helpdesk.inbox.receive(tenant, "slack", slack.signed(body, slack_line.secret, time.time() - 290))
    assert helpdesk.count(tenant, InboundMessageRow) == 1


def test_slacks_address_is_verified_by_its_challenge(make_helpdesk: MakeHelpdesk, slack_line: WebhookLine) -> None:
    helpdesk = make_helpdesk(slack_line)
    tenant = helpdesk.tenant({"slack": slack_line.config(helpdesk)})
    body = b'{"token": "x", "challenge": "3eZbrw1aBm2rZgRN", "type": "url_verification"}'
    received = helpdesk.inbox.receive(tenant, "slack", slack.signed(body, slack_line.secret))
    assert received.answer == "3eZbrw1aBm2rZgRN"
    with pytest.raises(InvalidSignature):
        helpdesk.inbox.receive(tenant, "slack", slack.signed(body, "another"))


def test_whatsapps_handshake_needs_the_tenants_own_token(
    make_helpdesk: MakeHelpdesk, whatsapp_line: WhatsAppLine
) -> None:
    helpdesk = make_helpdesk(whatsapp_line)
    tenant = helpdesk.tenant({"whatsapp": whatsapp_line.config(helpdesk)})

    def greet(token: str) -> str:
        query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1158201444"}
        return helpdesk.inbox.receive(
            tenant, "whatsapp", WebhookRequest("GET", "https://x.example", query=query)
        ).answer

    assert greet(whatsapp_line.verify_token) == "1158201444"
    with pytest.raises(InvalidSignature):
        greet("guessed")


@pytest.fixture
def slack_line() -> Iterator[WebhookLine]:
    line = LINES["slack"]()
    yield line
    line.close()


@pytest.fixture
def whatsapp_line() -> Iterator[WhatsAppLine]:
    line = LINES["whatsapp"]()
    yield line
    line.close()
