"""Each channel as its customers and its provider use it: what the contract of all channels is tested through."""

from __future__ import annotations

import time
from dataclasses import replace
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

from components.core.channels import ChannelName, WebhookRequest
from components.core.tenant import Tenant
from tests.channels import slack_test_server as slack
from tests.channels import twilio_test_server as twilio
from tests.channels import whatsapp_test_server as whatsapp
from tests.channels.channel_helpdesk import Helpdesk
from tests.channels.mail_test_server import PASSWORD, USER, MailServer
from tests.channels.provider_test_server import Delivered, ProviderServer, Reply


class WebhookLine:
    """A channel whose provider calls. secret: what it signs with, unless told otherwise."""

    name: ChannelName
    secret: str
    server: ProviderServer

    def config(self, helpdesk: Helpdesk, secret: str | None = None) -> dict[str, Any]:
        raise NotImplementedError

    def request(self, text: str, message_id: str, sender: str, secret: str, domain: str) -> WebhookRequest:
        raise NotImplementedError

    def replies(self, sender: str) -> list[Delivered]:
        raise NotImplementedError

    def write(
        self,
        helpdesk: Helpdesk,
        tenant: Tenant,
        text: str,
        *,
        message_id: str | None = None,
        sender: str = "ann",
        secret: str | None = None,
    ) -> WebhookRequest:
        """A customer writes, and the provider calls."""
        secret = self.secret if secret is None else secret
        request = self.request(text, message_id or uuid4().hex, sender, secret, tenant.domain)
        helpdesk.inbox.receive(tenant, self.name, request)
        return request

    def texts(self, sender: str = "ann") -> list[str]:
        return [each.text for each in self.replies(sender)]

    def fail(self) -> None:
        self.server.down = Reply(500, {"error": "down"})

    def recover(self) -> None:
        self.server.down = None

    def cut_next(self) -> None:
        """The next message arrives, and the answer to us does not."""
        self.server.cut = 1

    def close(self) -> None:
        self.server.close()


class SlackLine(WebhookLine):
    name: ChannelName = "slack"
    secret = "8f742231b10e8888abcd99yyyzzz85a5"

    def __init__(self) -> None:
        self.server = slack.SlackServer()
        self.threads: dict[str, str] = {}
        self._at = time.time()

    def config(self, helpdesk: Helpdesk, secret: str | None = None) -> dict[str, Any]:
        return {
            "signing_secret": helpdesk.secret(secret or self.secret),
            "bot_token": helpdesk.secret(slack.TOKEN),
            "rate": 1000,
        }

    def request(self, text: str, message_id: str, sender: str, secret: str, domain: str) -> WebhookRequest:
        # Slack's id is a time: here one that is made of the id.
        ts = f"{int(self._at)}.{int(message_id, 16) % 10**6:06d}"
        key = f"{domain}/{sender}"
        first = self.threads.setdefault(key, ts)
        more = {} if first == ts else {"type": "message", "thread_ts": first}
        return slack.signed(slack.message_event(text, ts=ts, channel=f"C0{sender.upper()}", **more), secret)

    def replies(self, sender: str) -> list[Delivered]:
        return [each for each in self.server.delivered if each.to == f"C0{sender.upper()}"]


class WhatsAppLine(WebhookLine):
    name: ChannelName = "whatsapp"
    secret = "app-secret-of-meta"
    verify_token = "verify-me"

    def __init__(self) -> None:
        self.server = whatsapp.WhatsAppServer()

    def config(self, helpdesk: Helpdesk, secret: str | None = None) -> dict[str, Any]:
        return {
            "phone_number_id": whatsapp.NUMBER,
            "verify_token": helpdesk.secret(self.verify_token),
            "app_secret": helpdesk.secret(secret or self.secret),
            "access_token": helpdesk.secret(whatsapp.TOKEN),
            "rate": 1000,
        }

    def number(self, sender: str) -> str:
        return f"43660{sum(sender.encode()):08d}"

    def request(self, text: str, message_id: str, sender: str, secret: str, domain: str) -> WebhookRequest:
        value = whatsapp.message_value(text, f"wamid.{message_id}", self.number(sender))
        return whatsapp.signed(whatsapp.change(value), secret)

    def replies(self, sender: str) -> list[Delivered]:
        return [each for each in self.server.delivered if each.to == self.number(sender)]

    def receipt(self, helpdesk: Helpdesk, tenant: Tenant, sent: Delivered, status: str, **more: Any) -> None:
        value = whatsapp.status_value(sent.provider_id, status, sent.key, **more)
        helpdesk.inbox.receive(tenant, "whatsapp", whatsapp.signed(whatsapp.change(value), self.secret))


class SmsLine(WebhookLine):
    name: ChannelName = "sms"
    secret = twilio.TOKEN

    def __init__(self) -> None:
        self.server = twilio.TwilioServer()

    def config(self, helpdesk: Helpdesk, secret: str | None = None) -> dict[str, Any]:
        return {
            "account_sid": twilio.SID,
            "auth_token": helpdesk.secret(secret or self.secret),
            "from": twilio.NUMBER,
            "rate": 1000,
        }

    def number(self, sender: str) -> str:
        return f"+43660{sum(sender.encode()):08d}"

    def request(self, text: str, message_id: str, sender: str, secret: str, domain: str) -> WebhookRequest:
        form = twilio.message_form(text, f"SM{message_id}", self.number(sender))
        return twilio.signed(form, secret, twilio.ADDRESS.format(domain=domain))

    def replies(self, sender: str) -> list[Delivered]:
        return [each for each in self.server.delivered if each.to == self.number(sender)]


class EmailLine:
    """Mail comes through a mailbox, and goes through SMTP."""

    name: ChannelName = "email"

    def __init__(self) -> None:
        self.server = MailServer()
        self._last: dict[str, str] = {}

    def config(self, helpdesk: Helpdesk, secret: str | None = None) -> dict[str, Any]:
        return {
            "address": USER,
            "name": "Shop",
            "imap": {
                "host": "127.0.0.1",
                "port": self.server.imap_port,
                "user": USER,
                "password": helpdesk.secret(PASSWORD),
                "security": "none",
            },
            "smtp": {"host": "127.0.0.1", "port": self.server.smtp_port, "security": "none"},
            "rate": 1000,
        }

    def mail(self, text: str, message_id: str | None = None, sender: str = "ann", **headers: str) -> EmailMessage:
        """An answer to the newest mail that the customer has, or wrote."""
        mail = EmailMessage()
        mail["From"] = f"{sender.title()} <{sender}@example.com>"
        mail["To"] = USER
        mail["Subject"] = "My order"
        mail["Message-ID"] = f"<{message_id or uuid4().hex}@example.com>"
        before = (
            [each.provider_id for each in self.replies(sender)] or [self._last[sender]] if sender in self._last else []
        )
        if before:
            mail["In-Reply-To"] = before[-1]
            mail["References"] = " ".join(dict.fromkeys([self._last[sender], before[-1]]))
        for name, value in headers.items():
            del mail[name.replace("_", "-")]
            if value:
                mail[name.replace("_", "-")] = value
        mail.set_content(text)
        self._last[sender] = str(mail["Message-ID"])
        return mail

    def write(
        self, helpdesk: Helpdesk, tenant: Tenant, text: str, *, message_id: str | None = None, sender: str = "ann"
    ) -> None:
        self.server.put(self.mail(text, message_id, sender).as_bytes())
        assert helpdesk.mailboxes.read(tenant)

    def replies(self, sender: str) -> list[Delivered]:
        """By Message-ID: a customer's program shows one that came twice once."""
        found = {each.provider_id: each for each in self.server.delivered if each.to == f"{sender}@example.com"}
        return list(found.values())

    def texts(self, sender: str = "ann") -> list[str]:
        return [each.text for each in self.replies(sender)]

    def fail(self) -> None:
        self.server.answer = "451 4.3.0 try again later"

    def recover(self) -> None:
        self.server.answer = None

    def cut_next(self) -> None:
        self.server.answer_after = "451 4.3.0 try again later"

    def close(self) -> None:
        self.server.close()


Line = WebhookLine | EmailLine
LINES: dict[str, type[Any]] = {"slack": SlackLine, "whatsapp": WhatsAppLine, "sms": SmsLine, "email": EmailLine}


def tampered(request: WebhookRequest) -> WebhookRequest:
    """One letter of the body is another."""
    return replace(request, body=request.body.replace(b"question", b"questiom"))
