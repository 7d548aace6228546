"""E-mail's own: threads by Message-ID, quoted text left out, robots left alone, mailboxes read once and in order."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from components.channels.email_account import EmailAccount, MailServer, tagged, token_in
from components.channels.email_reading import read_email
from components.core.channels import Ignored, InboundMessage, Receipt, RemoteFile
from components.core.errors import InvalidInput
from components.core.tenant import Tenant, TenantContext
from tests.channels.channel_helpdesk import Helpdesk
from tests.channels.channel_lines import EmailLine
from tests.channels.conftest import MakeHelpdesk
from tests.channels.mail_test_server import USER

ACCOUNT = EmailAccount(USER, MailServer("127.0.0.1", 993), MailServer("127.0.0.1", 465))


@pytest.fixture
def line() -> Iterator[EmailLine]:
    line = EmailLine()
    yield line
    line.close()


def set_up(line: EmailLine, make_helpdesk: MakeHelpdesk, **parts: Any) -> tuple[Helpdesk, Tenant]:
    helpdesk = make_helpdesk(line, **parts)
    return helpdesk, helpdesk.tenant({"email": line.config(helpdesk)})


def bring(helpdesk: Helpdesk, tenant: Tenant, line: EmailLine, *mails: EmailMessage | bytes) -> None:
    for mail in mails:
        line.server.put(mail if isinstance(mail, bytes) else mail.as_bytes())
    assert helpdesk.mailboxes.read(tenant)
    helpdesk.work(tenant)


def read(mail: EmailMessage) -> InboundMessage:
    found = read_email(mail.as_bytes(), ACCOUNT, "1/1")
    assert isinstance(found, InboundMessage), found
    return found


def test_an_answer_stands_in_its_thread_and_says_that_it_is_automatic(
    line: EmailLine, make_helpdesk: MakeHelpdesk
) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    mail = line.mail("question")
    bring(helpdesk, tenant, line, mail)
    (sent,) = line.replies("ann")
    (conversation_id,) = helpdesk.conversations(tenant)
    assert sent.raw["In-Reply-To"] == sent.raw["References"] == mail["Message-ID"]
    assert sent.raw["Subject"] == f"Re: My order [#{conversation_id.hex[:12]}]"
    assert sent.raw["From"] == f"Shop <{USER}>"
    assert sent.raw["Auto-Submitted"] == "auto-replied"


@pytest.mark.parametrize("kept", ["references", "in_reply_to", "subject"])
def test_any_one_trace_of_the_thread_is_enough(line: EmailLine, make_helpdesk: MakeHelpdesk, kept: str) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    bring(helpdesk, tenant, line, line.mail("question 1"))
    (sent,) = line.replies("ann")
    ours = sent.provider_id
    headers = {"In_Reply_To": "", "References": "", "Subject": "Re: something"}
    headers |= {
        "references": {"References": f"<x@y.example> {ours}"},
        "in_reply_to": {"In_Reply_To": ours},
        "subject": {"Subject": f"AW: {sent.raw['Subject']}"},
    }[kept]
    bring(helpdesk, tenant, line, line.mail("question 2", **headers))
    assert line.texts() == ["About question 1", "About question 2"]
    assert len(helpdesk.conversations(tenant)) == 1


def test_who_knows_a_threads_ids_does_not_get_into_it(line: EmailLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    bring(helpdesk, tenant, line, line.mail("question"))
    (sent,) = line.replies("ann")
    stolen = {"In_Reply_To": sent.provider_id, "References": sent.provider_id, "Subject": sent.raw["Subject"]}
    bring(helpdesk, tenant, line, line.mail("what did she ask?", sender="eve", **stolen))
    assert len(helpdesk.conversations(tenant)) == 2
    assert line.texts("eve") == ["About what did she ask?"]


def test_another_tenants_thread_is_never_gone_on_with(line: EmailLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, ours = set_up(line, make_helpdesk)
    bring(helpdesk, ours, line, line.mail("question"))
    other = EmailLine()
    try:
        theirs = helpdesk.tenant({"email": other.config(helpdesk)})
        (sent,) = line.replies("ann")
        bring(helpdesk, theirs, other, other.mail("more", In_Reply_To=sent.provider_id, Subject=sent.raw["Subject"]))
        assert len(helpdesk.conversations(ours)) == len(helpdesk.conversations(theirs)) == 1
    finally:
        other.close()


QUOTED = [
    ("New words.\n\nOn Mon, 3 May 2026 at 10:00, Shop <help@shop.example> wrote:\n> old words\n> more\n", "New words."),
    ("Neue Worte.\n\nAm 3. Mai 2026 um 10:00 schrieb Shop <help@shop.example>:\n\n> alte Worte\n", "Neue Worte."),
    ("New.\n\n-----Original Message-----\nFrom: Shop\nSent: Monday\n\nold words\n", "New."),
    ("New words.\n\n-- \nAnn Example\nCEO\n", "New words."),
    ("> your question?\n\nMy answer is below.\n", "My answer is below."),
    ("Only words.", "Only words."),
]


@pytest.mark.parametrize(("body", "said"), QUOTED)
def test_what_is_quoted_is_left_out(line: EmailLine, body: str, said: str) -> None:
    text = read(line.mail(body)).text
    assert said in text
    assert "old words" not in text
    assert "alte Worte" not in text
    assert "CEO" not in text


def test_a_page_is_read_as_text_without_what_it_quotes(line: EmailLine) -> None:
    mail = line.mail("")
    mail.set_content(
        "<html><head><style>p {}</style></head><body><p>Where is my <b>parcel</b>?</p><p>Ann</p>"
        '<div class="gmail_quote">On Monday somebody wrote: <blockquote>old words</blockquote></div></body></html>',
        subtype="html",
    )
    assert read(mail).text == "Where is my parcel?\n\nAnn"


ROBOTS = [
    {"Auto_Submitted": "auto-replied"},
    {"Auto_Submitted": "auto-generated; owner-email=x"},
    {"Precedence": "bulk"},
    {"List_Id": "<news.example>"},
    {"X_Autoreply": "yes"},
    {"Return_Path": "<>"},
    {"From": "MAILER-DAEMON@mx.example"},
    {"From": f"Shop <{USER}>"},
    {"X_Helpdesk_Loop": USER},
    {"From": "nobody"},
]


@pytest.mark.parametrize("headers", ROBOTS)
def test_robots_are_not_answered(line: EmailLine, headers: dict[str, str]) -> None:
    found = read_email(line.mail("I am on holiday", **headers).as_bytes(), ACCOUNT, "1/1")
    assert isinstance(found, Ignored)
    assert found.reason


def test_a_robot_that_does_not_say_so_is_stopped_within_the_hour(line: EmailLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    found = [read(line.mail(f"thanks for your mail {number}", sender="bot")) for number in range(40)]
    helpdesk.inbox.store(tenant.context, "email", found)
    outcomes = [row.outcome for row in helpdesk.inbound(tenant)]
    assert (outcomes.count(None), outcomes.count("ignored")) == (30, 10)


def test_a_bounce_is_told_to_agents_and_answered_to_nobody(line: EmailLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    bring(helpdesk, tenant, line, line.mail("question"))
    (sent,) = line.replies("ann")
    report = (
        f"From: MAILER-DAEMON@mx.example\r\nTo: {USER}\r\nSubject: Undelivered\r\nMessage-ID: <b1@mx.example>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nNo such user.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        "Final-Recipient: rfc822; ann@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 user unknown\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {sent.provider_id}\r\n\r\n--b--\r\n"
    ).encode()
    assert read_email(report, ACCOUNT, "1/1") == Receipt(sent.provider_id, "failed", "smtp; 550 5.1.1 user unknown")
    bring(helpdesk, tenant, line, report)
    (event,) = [each for each in helpdesk.events(tenant) if each.kind == "undelivered"]
    assert event.details["reason"] == "smtp; 550 5.1.1 user unknown"
    assert len(line.server.delivered) == 1


def test_mail_is_marked_as_seen_once_it_is_stored_and_old_mail_is_left_alone(
    line: EmailLine, make_helpdesk: MakeHelpdesk
) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    line.server.put(line.mail("read years ago", sender="old").as_bytes(), seen=True)
    line.server.put(line.mail("question 1").as_bytes())
    line.server.put(line.mail("also read", sender="old").as_bytes(), seen=True)
    bring(helpdesk, tenant, line)
    assert [line.texts("ann"), line.texts("old")] == [["About question 1"], []]
    assert line.server.unseen() == 0
    # Later it counts by number: what another program has read meanwhile is not missed.
    line.server.put(line.mail("question 2").as_bytes(), seen=True)
    bring(helpdesk, tenant, line)
    assert line.texts() == ["About question 1", "About question 2"]
    bring(helpdesk, tenant, line)
    assert len(helpdesk.inbound(tenant)) == 2


def test_one_process_reads_a_mailbox_at_a_time(line: EmailLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    assert helpdesk.mailboxes.read(tenant, every=30)
    assert not helpdesk.mailboxes.read(tenant, every=30)
    helpdesk.let_pass(tenant, 31)
    assert helpdesk.mailboxes.read(tenant, every=30)


def test_a_mailbox_that_is_away_keeps_its_reason_and_is_read_later(
    line: EmailLine, make_helpdesk: MakeHelpdesk
) -> None:
    helpdesk = make_helpdesk(line)
    config = line.config(helpdesk)
    wrong = {**config, "imap": {**config["imap"], "password": helpdesk.secret("wrong")}}
    tenant = helpdesk.tenant({"email": wrong})
    line.server.put(line.mail("question").as_bytes())
    assert helpdesk.mailboxes.read(tenant)
    assert line.server.unseen() == 1
    tenant = helpdesk.tenants.update_config(tenant.tenant_id, {"channels": {"email": config}})
    bring(helpdesk, tenant, line)
    assert line.texts() == ["About question"]


class Folder:
    """Keeps FileKeeper: what comes is a file of a folder; programs are not taken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(
        self, tenant: TenantContext, conversation_id: UUID, *, name: str, media_type: str, content: bytes, key: str
    ) -> UUID:
        if name.endswith(".exe"):
            raise InvalidInput("programs are not allowed", field="file")
        (self.folder / name).write_bytes(content)
        return uuid4()


def test_a_file_that_is_not_taken_is_told_and_the_words_are_read(
    line: EmailLine, make_helpdesk: MakeHelpdesk, tmp_path: Path
) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk, files=Folder(tmp_path))
    mail = line.mail("what is this?")
    mail.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="virus.exe")
    bring(helpdesk, tenant, line, mail)
    assert line.texts() == [
        "About what is this?",
        "I could not take the file that came with your message. Please write what it shows.",
    ]
    (row,) = helpdesk.inbound(tenant)
    assert (row.outcome, row.reason) == ("taken", "virus.exe: programs are not allowed")


def test_an_attachment_is_fetched_out_of_the_mailbox(line: EmailLine, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk, tenant = set_up(line, make_helpdesk)
    mail = line.mail("see the picture")
    mail.add_attachment(b"\x89PNG picture", maintype="image", subtype="png", filename="photo.png")
    bring(helpdesk, tenant, line, mail)
    (row,) = helpdesk.inbound(tenant)
    (file,) = row.payload["files"]
    message = InboundMessage(**{**row.payload, "files": ()})
    assert message.text == "see the picture"
    channel = helpdesk.channels.get(tenant, "email")
    assert channel.fetch(RemoteFile(**file), 100) == b"\x89PNG picture"
    with pytest.raises(InvalidInput, match="at most 3"):
        channel.fetch(RemoteFile(**file), 3)


@pytest.mark.parametrize(
    "raw", [b"", b"\0\xff", b"From: a@b.example\r\nContent-Type: text/plain; charset=x-none\r\n\r\n\xff"]
)
def test_nothing_in_a_mail_is_a_fault(raw: bytes) -> None:
    assert isinstance(read_email(raw, ACCOUNT, "1/1"), Ignored | InboundMessage)


def test_a_subject_keeps_one_token() -> None:
    once = tagged("My order", "0123456789ab")
    assert once == "Re: My order [#0123456789ab]"
    assert tagged(once, "0123456789ab") == once
    assert token_in(f"AW: {once}") == "0123456789ab"
    assert token_in("My order [#42]") == ""
