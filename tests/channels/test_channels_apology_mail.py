"""Mail that is no reply in a conversation goes out from the tenant's own address, by the same outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from components.core.outbox import Failed, Later, Outgoing, Sent
from components.helpdesk.outbox.mail_sender import MailSender
from tests.channels.channel_helpdesk import Helpdesk
from tests.channels.channel_lines import EmailLine


@pytest.fixture
def line() -> Iterator[EmailLine]:
    line = EmailLine()
    yield line
    line.server.close()


@pytest.fixture
def helpdesk(make_helpdesk: Callable[..., Helpdesk], line: EmailLine) -> Helpdesk:
    return make_helpdesk(line)


def mail(to: str = "ann@example.com") -> Outgoing:
    payload = {"to": to, "subject": "Shop: #7", "text": "I am sorry, nobody was free in time."}
    return Outgoing(uuid4(), f"apology/{uuid4()}/2", "email", payload, 1)


def test_an_apology_arrives_and_sent_again_is_the_same_mail(helpdesk: Helpdesk, line: EmailLine) -> None:
    tenant = helpdesk.tenant({"email": line.config(helpdesk)})
    sender, apology = MailSender(helpdesk.tenants, helpdesk.channels), mail()
    first, again = sender.send(tenant.context, apology), sender.send(tenant.context, apology)
    assert isinstance(first, Sent)
    assert first == again
    arrived = line.replies("ann")
    assert "nobody was free" in arrived[0].text
    assert len({each.provider_id for each in arrived}) == 1


def test_a_server_that_is_down_is_tried_again(helpdesk: Helpdesk, line: EmailLine) -> None:
    tenant = helpdesk.tenant({"email": line.config(helpdesk)})
    line.server.answer = "451 try again later"
    delivery = MailSender(helpdesk.tenants, helpdesk.channels).send(tenant.context, mail())
    assert isinstance(delivery, Later)
    assert "451" in delivery.reason


def test_without_a_mailbox_it_is_given_up_with_its_reason(helpdesk: Helpdesk) -> None:
    delivery = MailSender(helpdesk.tenants, helpdesk.channels).send(helpdesk.tenant({}).context, mail())
    assert isinstance(delivery, Failed)
    assert "email" in delivery.reason
