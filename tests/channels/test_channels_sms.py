"""Text messages' own: STOP, receipts, pictures, and the address that Twilio signs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from components.core.errors import InvalidSignature
from components.core.tenant import Tenant
from tests.channels import twilio_test_server as twilio
from tests.channels.channel_helpdesk import Helpdesk
from tests.channels.channel_lines import SmsLine
from tests.channels.conftest import MakeHelpdesk
from tests.channels.provider_test_server import Reply


@pytest.fixture
def line() -> Iterator[SmsLine]:
    line = SmsLine()
    yield line
    line.close()


def bring(helpdesk: Helpdesk, tenant: Tenant, line: SmsLine, form: dict[str, str]) -> None:
    url = twilio.ADDRESS.format(domain=tenant.domain)
    helpdesk.inbox.receive(tenant, "sms", twilio.signed(form, line.secret, url))
    helpdesk.work(tenant)


def say(helpdesk: Helpdesk, tenant: Tenant, line: SmsLine, text: str, **more: str) -> str:
    sid = f"SM{uuid4().hex}"
    bring(helpdesk, tenant, line, twilio.message_form(text, sid, line.number("ann"), **more))
    return sid


def set_up(line: SmsLine, make_helpdesk: MakeHelpdesk) -> tuple[Helpdesk, Tenant]:
    helpdesk = make_helpdesk(line)
    return helpdesk, helpdesk.tenant({"sms": line.config(helpdesk)})


def undelivered(helpdesk: Helpdesk, tenant: Tenant) -> list[Any]:
    return [each.details for each in helpdesk.events(tenant) if each.kind == "undelivered"]


def test_after_stop_nothing_is_sent_until_start(line: SmsLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    say(helpdesk, tenant, line, "question 1")
    stopped = say(helpdesk, tenant, line, " Stop ")
    say(helpdesk, tenant, line, "question 2")
    assert line.texts() == ["About question 1"]
    assert "STOP" in undelivered(helpdesk, tenant)[0]["reason"]
    say(helpdesk, tenant, line, "START")
    say(helpdesk, tenant, line, "question 3")
    assert line.texts() == ["About question 1", "About question 3"]
    # Played again, the old word changes nothing.
    bring(helpdesk, tenant, line, twilio.message_form(" Stop ", stopped, line.number("ann")))
    say(helpdesk, tenant, line, "question 4")
    assert line.texts()[-1] == "About question 4"


def test_what_twilio_knows_as_stop_is_stop_in_any_language(line: SmsLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    say(helpdesk, tenant, line, "question 1")
    say(helpdesk, tenant, line, "ARRET", OptOutType="STOP")
    say(helpdesk, tenant, line, "question 2")
    assert line.texts() == ["About question 1"]


def test_a_customer_who_opted_out_at_twilio_is_not_tried_again(line: SmsLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    line.server.planned.append(Reply(400, {"code": 21610, "message": "unsubscribed recipient", "status": 400}))
    say(helpdesk, tenant, line, "question")
    (row,) = helpdesk.waiting(tenant)
    assert row.failed_at is not None
    assert row.attempts == 1
    assert "21610" in undelivered(helpdesk, tenant)[0]["reason"]


def test_a_receipt_says_that_a_message_did_not_arrive(line: SmsLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    say(helpdesk, tenant, line, "question")
    (sent,) = line.replies("ann")
    assert sent.raw["StatusCallback"] == f"https://help.example/channels/{tenant.domain}/sms"
    form = {"MessageSid": sent.provider_id, "AccountSid": twilio.SID, "From": twilio.NUMBER, "To": sent.to}
    for status in ("queued", "sent", "undelivered", "undelivered"):
        bring(helpdesk, tenant, line, {**form, "MessageStatus": status, "ErrorCode": "30003"})
    assert [each["reason"] for each in undelivered(helpdesk, tenant)] == ["undelivered, error 30003"]
    (conversation_id,) = helpdesk.conversations(tenant)
    assert helpdesk.deliveries.states(tenant.context, conversation_id) == {3: "failed"}


def test_the_signature_holds_for_one_address(line: SmsLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    other = helpdesk.tenant({"sms": line.config(helpdesk)})
    request = line.request("question", "a1", "ann", line.secret, tenant.domain)
    elsewhere = replace(request, url=twilio.ADDRESS.format(domain=other.domain))
    # Even where two tenants share an account, a call for one is not taken for the other.
    with pytest.raises(InvalidSignature):
        helpdesk.inbox.receive(other, "sms", elsewhere)


def test_another_account_or_number_is_ignored(line: SmsLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    say(helpdesk, tenant, line, "question", To="+4366099999999")
    say(helpdesk, tenant, line, "question", AccountSid="AC" + "9" * 32)
    assert [row.outcome for row in helpdesk.inbound(tenant)] == ["ignored", "ignored"]
    assert line.texts() == []


def test_a_picture_without_words_is_answered_in_words(line: SmsLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    media = {"NumMedia": "1", "MediaUrl0": f"{line.server.url}/media/ME1", "MediaContentType0": "image/png"}
    say(helpdesk, tenant, line, "", **media)
    assert line.texts() == ["I could not read this message. Please write it in words."]


def test_a_wrong_number_fails_for_good(line: SmsLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    bring(helpdesk, tenant, line, twilio.message_form("question", "SM1", "+10005550000"))
    (row,) = helpdesk.waiting(tenant)
    assert row.last_error == "Twilio answered 400 21211 Invalid 'To' Phone Number"
