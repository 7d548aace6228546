"""E-mail: replies in the thread they answer, over SMTP; what comes in is read from the mailbox."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Collection
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate

from components.channels.email_account import EmailAccount, tagged
from components.channels.email_mailbox import Mailbox
from components.channels.email_reading import attachment_of
from components.core.channels import OutboundMessage, Received, RemoteFile, Unsure, WebhookRequest
from components.core.errors import InvalidInput, NotFound
from components.core.outbox import Delivery, Failed, Later, Sent

TIMEOUT = 15.0
_CREDENTIALS_SECONDS = 60.0


class EmailChannel:
    """Keeps components.core.channels.Channel."""

    def __init__(self, account: EmailAccount) -> None:
        self.account = account

    def receive(self, request: WebhookRequest) -> Received:
        """Nobody calls: mail is fetched."""
        raise NotFound("e-mail has no webhook: its mailbox is read")

    def deliver(self, message: OutboundMessage) -> Delivery:
        """The Message-ID is made of the key: whatever is sent twice is one message to the customer's program."""
        mail = written(message, self.account)
        server = self.account.smtp
        where = f"{server.host}:{server.port}"
        handed_over = False
        try:
            with _connected(self.account) as smtp:
                if server.user:
                    smtp.login(server.user, server.password)
                handed_over = True
                smtp.send_message(mail)
        except smtplib.SMTPAuthenticationError as error:
            return Later(_CREDENTIALS_SECONDS, f"{where} refuses the password: {_said(error.smtp_error)}")
        except (smtplib.SMTPConnectError, smtplib.SMTPHeloError, smtplib.SMTPSenderRefused) as error:
            # It says nothing of this message.
            return Later(_CREDENTIALS_SECONDS, f"{where} answered {error.smtp_code} {_said(error.smtp_error)}")
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            return _refused(where, code, _said(said))
        except smtplib.SMTPResponseException as error:
            return _refused(where, error.smtp_code, _said(error.smtp_error))
        except (smtplib.SMTPException, OSError) as error:
            reason = f"{where} cannot be reached: {str(error)[:200] or type(error).__name__}"
            return Unsure(0.0, reason) if handed_over else Later(0.0, reason)
        except (ValueError, UnicodeError) as error:
            return Failed(f"the address or subject cannot be written: {error}")
        return Sent({"provider_id": str(mail["Message-ID"])})

    def find(self, message: OutboundMessage, begun_at: datetime, others: Collection[str]) -> Sent | None:
        """SMTP cannot tell; a second copy has the same Message-ID."""
        return None

    def fetch(self, file: RemoteFile, most: int) -> bytes:
        """An attachment, out of the mailbox."""
        reference, _, number = file.reference.rpartition("/")
        with Mailbox.opened(self.account) as mailbox:
            raw = mailbox.fetched(reference)
        content = attachment_of(raw, int(number))
        if content is None:
            raise InvalidInput("the message is not in the mailbox any more", field="file")
        if len(content) > most:
            raise InvalidInput(f"the file has {len(content)} bytes: at most {most} are allowed", field="file")
        return content


def written(message: OutboundMessage, account: EmailAccount) -> EmailMessage:
    """As it goes out. Raises ValueError for an address that is none."""
    address = message.address
    mail = EmailMessage()
    mail["From"] = Address(account.name, addr_spec=account.address)
    mail["To"] = Address(addr_spec=address["to"])
    mail["Subject"] = tagged(address.get("subject", ""), message.token)
    mail["Date"] = formatdate()
    mail["Message-ID"] = message_id(message.key, account.domain)
    if address.get("message_id"):
        mail["In-Reply-To"] = address["message_id"]
        mail["References"] = " ".join([*address.get("references", "").split(), address["message_id"]])
    if message.automatic:
        mail["Auto-Submitted"] = "auto-replied"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Helpdesk-Loop"] = account.address
    mail.set_content(message.text)
    return mail


def message_id(key: str, domain: str) -> str:
    """The same for the same key."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"


def _connected(account: EmailAccount) -> smtplib.SMTP:
    server = account.smtp
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=ssl.create_default_context())
    smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
    if server.security == "starttls":
        try:
            smtp.starttls(context=ssl.create_default_context())
        except BaseException:
            smtp.close()
            raise
    return smtp


def _refused(where: str, code: int, said: str) -> Delivery:
    reason = f"{where} answered {code} {said}"
    return Failed(reason) if 500 <= code < 600 else Later(0.0, reason)


def _said(words: bytes | str) -> str:
    return (words.decode("utf-8", "replace") if isinstance(words, bytes) else words)[:200]
