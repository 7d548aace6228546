"""An e-mail as what it is for the helpdesk: a customer's words without what they quote, a bounce, or nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr

from bs4 import BeautifulSoup
from email_reply_parser import EmailReplyParser

from components.channels.email_account import EmailAccount, token_in
from components.core.channels import Ignored, InboundEvent, InboundMessage, Receipt, RemoteFile

LONGEST_TEXT = 100_000
MOST_REFERENCES, LONGEST_ID = 50, 500
_ID = re.compile(r"<[^<>\s]{3,498}>")
_QUOTES = "blockquote, .gmail_quote, .gmail_attr, #divRplyFwdMsg, #appendonsend, .yahoo_quoted, .moz-cite-prefix"
# "Am 3. Mai 2026 um 10:00 schrieb …:", "Le … a écrit :", and Outlook's line.
_QUOTE_LEADS = re.compile(
    r"^(?:(?:On|Am|Le|El|Il|Op|Em|Den|W dniu|Dne)\b.{5,200}"
    r"(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|skrev|napisał|napsal)\b.{0,120}:\s*"
    r"|-{2,}\s*(?:Original Message|Ursprüngliche Nachricht|Message d'origine|Mensaje original)\s*-{2,})$",
    re.MULTILINE | re.IGNORECASE | re.DOTALL,
)
_ROBOTS = re.compile(r"(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)(?:[+@-]|$)", re.IGNORECASE)


def read_email(raw: bytes, account: EmailAccount, reference: str) -> InboundEvent:
    """reference: what the mailbox finds the message by, for its attachments. Never raises for what is in it."""
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    message_id = _message_id(mail, raw)
    bounced = _bounced(mail)
    if bounced is not None:
        return bounced
    name, sender = parseaddr(_header(mail, "From"))
    reason = _why_not(mail, sender, account)
    if reason is not None:
        return Ignored(message_id, reason)
    sender, subject = sender.lower(), _header(mail, "Subject")
    references = _ids(f"{_header(mail, 'References')} {_header(mail, 'In-Reply-To')}")[-MOST_REFERENCES:]
    text = _text(mail)
    files = tuple(_files(mail, reference))
    return InboundMessage(
        provider_id=message_id,
        thread=message_id,
        text=text or ("" if files else subject),
        address={
            "to": sender,
            "name": name[:100],
            "subject": subject[:300],
            "message_id": message_id,
            "references": " ".join(references[-20:]),
        },
        kind="text" if text or not files else "document",
        customer={"email": sender[:200]} | ({"name": name[:200]} if name else {}),
        files=files,
        # The newest last: what it answers counts more than how it all began.
        references=tuple(references),
        token=token_in(subject),
    )


def _why_not(mail: EmailMessage, sender: str, account: EmailAccount) -> str | None:
    """Why nobody answers it (RFC 3834): robots would go on for ever."""
    if not re.fullmatch(r"[^@\s]{1,64}@[^@\s]{1,189}", sender):
        return "no sender that can be answered"
    if sender.lower() == account.address.lower():
        return "from the helpdesk's own address"
    submitted = _header(mail, "Auto-Submitted").partition(";")[0].strip().lower()
    if submitted not in ("", "no"):
        return f"automatic: Auto-Submitted is {submitted[:40]!r}"
    if _header(mail, "X-Helpdesk-Loop").lower() == account.address.lower():
        return "the helpdesk's own message came back"
    if _header(mail, "Precedence").strip().lower() in ("bulk", "junk", "list", "auto_reply"):
        return "automatic: its precedence is bulk"
    if any(mail.get(each) is not None for each in ("List-Id", "List-Unsubscribe", "X-Autoreply", "X-Autorespond")):
        return "from a list or a robot"
    if _header(mail, "Return-Path").strip() == "<>" or _ROBOTS.match(sender):
        return "from an address that nobody reads"
    return None


def _bounced(mail: EmailMessage) -> Receipt | Ignored | None:
    """What a delivery report says of a message of ours (RFC 3464)."""
    if mail.get_content_type() != "multipart/report":
        return None
    report = str(mail.get_param("report-type") or "")
    original = reason = action = ""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            text = str(part.as_bytes(), "utf-8", "replace")
            action = (re.search(r"(?im)^Action:\s*(\S+)", text) or ["", ""])[1].lower()
            reason = (re.search(r"(?im)^Diagnostic-Code:\s*(.+)$", text) or ["", ""])[1].strip()
        elif kind in ("message/rfc822", "text/rfc822-headers"):
            text = str(part.as_bytes(), "utf-8", "replace")
            original = (re.search(r"(?im)^Message-ID:\s*(<[^<>\s]+>)", text) or ["", ""])[1]
    if report == "delivery-status" and original and action == "failed":
        return Receipt(original[:LONGEST_ID], "failed", (reason or "it could not be delivered")[:300])
    return Ignored(original[:LONGEST_ID], f"a report of type {report[:40]!r}")


def _text(mail: EmailMessage) -> str:
    """What is new in it."""
    body = mail.get_body(("plain", "html"))
    if body is None:
        return ""
    assert isinstance(body, EmailMessage)
    try:
        content = str(body.get_content())
    except (LookupError, ValueError, KeyError):
        # An encoding that nobody knows.
        payload = body.get_payload(decode=True)
        content = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    if body.get_content_type() == "text/html":
        content = _plain(content)
    content = content[:LONGEST_TEXT].replace("\r\n", "\n").replace("\0", "\ufffd")
    lead = _QUOTE_LEADS.search(content)
    if lead is not None and content[: lead.start()].strip():
        content = content[: lead.start()]
    reply = EmailReplyParser.parse_reply(content).strip()
    # All of it quoted, or all of it looking like a signature: then it is what was written.
    return reply or content.strip()


def _plain(html: str) -> str:
    soup = BeautifulSoup(html[: 4 * LONGEST_TEXT], "html.parser")
    for each in soup.select(f"script, style, head, {_QUOTES}"):
        each.decompose()
    for each in soup.select("br"):
        each.replace_with("\n")
    for each in soup.select("p, div, li, tr, h1, h2, h3, h4"):
        each.append("\n\n" if each.name == "p" else "\n")
    return re.sub(r"\n\s*\n\s*", "\n\n", re.sub(r"[ \t\u00a0]+", " ", soup.get_text())).strip()


def _files(mail: EmailMessage, reference: str) -> Iterator[RemoteFile]:
    for number, part in enumerate(mail.iter_attachments()):
        name = part.get_filename() or ""
        if name:
            yield RemoteFile(f"{reference}/{number}", name[:200], part.get_content_type())


def attachment_of(raw: bytes, number: int) -> bytes | None:
    """The bytes of a message's attachment; None where it has none of that number."""
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    for at, part in enumerate(mail.iter_attachments()):
        if at == number:
            payload = part.get_payload(decode=True)
            return payload if isinstance(payload, bytes) else part.as_bytes()
    return None


def _message_id(mail: EmailMessage, raw: bytes) -> str:
    found = _ids(_header(mail, "Message-ID"))
    return found[0] if found else f"<{hashlib.sha256(raw).hexdigest()}@no-message-id.invalid>"


def _ids(text: str) -> list[str]:
    return list(dict.fromkeys(_ID.findall(text)))


def _header(mail: EmailMessage, name: str) -> str:
    """Decoded, on one line; "" where it is absent or cannot be read."""
    try:
        return " ".join(str(mail.get(name, "")).split()).replace("\0", "")
    except (ValueError, LookupError, AttributeError, IndexError, TypeError):
        return ""
