"""Conversations on channels: an agent takes over, what is closed begins anew, and files come along."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert

from components.core.channels import RemoteFile
from components.core.errors import InvalidInput
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.database.tables import AttachmentRow
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.handover.agents import Agent, Agents
from components.helpdesk.handover.desk import Desk
from tests.channels import slack_test_server as slack
from tests.channels import twilio_test_server as twilio
from tests.channels import whatsapp_test_server as whatsapp
from tests.channels.channel_helpdesk import CHANNEL_NAMES, Helpdesk
from tests.channels.channel_lines import Line, SlackLine, SmsLine, WhatsAppLine
from tests.channels.conftest import MakeHelpdesk

PICTURE = b"\x89PNG\r\n\x1a\n and so on"
any_channel = pytest.mark.parametrize("line", CHANNEL_NAMES, indirect=True)


def agent_of(helpdesk: Helpdesk, tenant: Tenant) -> tuple[Desk, Agent]:
    agents = Agents(helpdesk.database)
    anna = agents.create(tenant.context, email="anna@example.com", name="Anna", password="correct horse battery")
    return Desk(helpdesk.database, agents), anna


@any_channel
def test_an_agent_takes_over_and_the_bot_is_silent(line: Line, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({line.name: line.config(helpdesk)})
    desk, anna = agent_of(helpdesk, tenant)
    line.write(helpdesk, tenant, "question")
    helpdesk.work(tenant)
    (conversation_id,) = helpdesk.conversations(tenant)
    desk.claim(tenant.context, anna, conversation_id)
    line.write(helpdesk, tenant, "are you there?")
    helpdesk.work(tenant)
    desk.say(tenant.context, anna, conversation_id, client_message_id="a1", text="Yes, I am *here*.")
    desk.say(tenant.context, anna, conversation_id, client_message_id="a1", text="Yes, I am *here*.")
    helpdesk.work(tenant)
    assert line.texts() == [
        "About question",
        "Anna has joined the conversation and reads what you write from now on.",
        "Anna: Yes, I am *here*.",
    ]


@any_channel
def test_who_writes_long_after_the_end_begins_a_new_conversation(line: Line, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({line.name: line.config(helpdesk)}, handover={"reopen_hours": 2})
    desk, anna = agent_of(helpdesk, tenant)
    line.write(helpdesk, tenant, "question 1")
    helpdesk.work(tenant)
    (first,) = helpdesk.conversations(tenant)
    desk.claim(tenant.context, anna, first)
    desk.resolve(tenant.context, anna, first)
    helpdesk.work(tenant)
    helpdesk.let_pass(tenant, 3600)
    line.write(helpdesk, tenant, "question 2")
    helpdesk.work(tenant)
    assert helpdesk.conversations(tenant) == [first]
    assert Conversations(helpdesk.database).get(tenant.context, first).status != "closed"
    desk.claim(tenant.context, anna, first)
    desk.resolve(tenant.context, anna, first)
    helpdesk.work(tenant)
    helpdesk.let_pass(tenant, 2 * 3600 + 1)
    line.write(helpdesk, tenant, "question 3")
    helpdesk.work(tenant)
    assert len(helpdesk.conversations(tenant)) == 2
    assert line.texts()[-1] == "About question 3"
    assert helpdesk.waiting(tenant) == []


@any_channel
def test_what_a_flow_opens_with_is_sent_where_the_tenant_wants_it(line: Line, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({line.name: {**line.config(helpdesk), "greeting": True}})
    line.write(helpdesk, tenant, "question")
    helpdesk.work(tenant)
    assert line.texts() == ["Hi, how can I help?", "About question"]


@any_channel
def test_a_text_that_is_too_long_for_a_turn_is_cut_and_kept_whole(line: Line, make_helpdesk: MakeHelpdesk) -> None:
    helpdesk = make_helpdesk(line)
    tenant = helpdesk.tenant({line.name: line.config(helpdesk)})
    line.write(helpdesk, tenant, "long " * 2000)
    helpdesk.work(tenant)
    assert helpdesk.inbound(tenant)[0].outcome == "taken"
    assert len(helpdesk.inbound(tenant)[0].payload["text"]) == 9999
    (conversation_id,) = helpdesk.conversations(tenant)
    said = [each.text for each in Conversations(helpdesk.database).messages(tenant.context, conversation_id)]
    assert said[1].endswith("[…]")
    assert len(said[1]) == 4000


def test_a_long_reply_comes_in_parts_in_order_and_a_part_that_failed_alone_is_sent_again(
    make_helpdesk: MakeHelpdesk,
) -> None:
    line = SmsLine()
    try:
        helpdesk = make_helpdesk(line)
        tenant = helpdesk.tenant({"sms": line.config(helpdesk)})
        line.write(helpdesk, tenant, "This is a sentence about it. " * 60)
        helpdesk.work(tenant)
        whole = " ".join(line.texts())
        assert len(line.texts()) == 2
        assert whole == "About " + ("This is a sentence about it. " * 60).strip()
        line.server.delivered.clear()
        line.server.cut = 1
        line.write(helpdesk, tenant, "This is a sentence about it. " * 60 + "Or not.")
        helpdesk.work_through(tenant, minutes=3)
        assert " ".join(line.texts()) == whole + " Or not."
    finally:
        line.close()


class Rows:
    """Keeps FileKeeper: rows without bytes."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.kept: dict[str, bytes] = {}

    def keep(
        self, tenant: TenantContext, conversation_id: UUID, *, name: str, media_type: str, content: bytes, key: str
    ) -> UUID:
        self.kept[name] = content
        values = {
            "attachment_id": uuid4(),
            "tenant_id": tenant.tenant_id,
            "conversation_id": conversation_id,
            "author": "customer",
            "name": name,
            "media_type": media_type,
            "size_bytes": len(content),
            "checksum": hashlib.sha256(content).hexdigest(),
        }
        with self.database.tenant(tenant) as session:
            session.execute(insert(AttachmentRow).values(values))
        attachment_id: UUID = values["attachment_id"]  # type: ignore[assignment]
        return attachment_id


@pytest.fixture
def lines() -> Iterator[tuple[SlackLine, WhatsAppLine, SmsLine]]:
    made = SlackLine(), WhatsAppLine(), SmsLine()
    yield made
    for each in made:
        each.close()


def test_pictures_come_along_as_attachments(
    lines: tuple[SlackLine, WhatsAppLine, SmsLine], make_helpdesk: MakeHelpdesk, database: Database
) -> None:
    on_slack, on_whatsapp, on_sms = lines
    rows = Rows(database)
    helpdesk = make_helpdesk(*lines, files=rows)
    tenant = helpdesk.tenant({each.name: each.config(helpdesk) for each in lines})
    on_slack.server.files["/files-pri/T1-F1/slack.png"] = PICTURE
    on_whatsapp.server.media["M1"] = PICTURE
    on_sms.server.media["/media/ME1"] = PICTURE
    file = {
        "name": "slack.png",
        "mimetype": "image/png",
        "url_private": on_slack.server.origin + "/files-pri/T1-F1/slack.png",
    }
    event = slack.message_event("", ts="1764400000.000100", subtype="file_share", files=[file])
    helpdesk.inbox.receive(tenant, "slack", slack.signed(event, on_slack.secret))
    image = {"type": "image", "image": {"id": "M1", "mime_type": "image/png"}}
    value = whatsapp.message_value("", "wamid.1", "4366012345678", **image)
    helpdesk.inbox.receive(tenant, "whatsapp", whatsapp.signed(whatsapp.change(value), on_whatsapp.secret))
    media = {"NumMedia": "1", "MediaUrl0": on_sms.server.url + "/media/ME1", "MediaContentType0": "image/png"}
    form = twilio.message_form("look", "SM1", "+4366012345678", **media)
    url = twilio.ADDRESS.format(domain=tenant.domain)
    helpdesk.inbox.receive(tenant, "sms", twilio.signed(form, on_sms.secret, url))
    helpdesk.work(tenant)
    assert rows.kept == {"slack.png": PICTURE, "image": PICTURE, "file-1": PICTURE}
    carried = [
        each.name
        for conversation_id in helpdesk.conversations(tenant)
        for message in Conversations(database).messages(tenant.context, conversation_id)
        for each in message.details.attachments
    ]
    assert sorted(carried) == ["file-1", "image", "slack.png"]


def test_credentials_go_to_nobody_but_the_provider(
    lines: tuple[SlackLine, WhatsAppLine, SmsLine], make_helpdesk: MakeHelpdesk
) -> None:
    helpdesk = make_helpdesk(*lines)
    tenant = helpdesk.tenant({each.name: each.config(helpdesk) for each in lines})
    elsewhere = WhatsAppLine()
    try:
        for name in ("slack", "sms"):
            file = RemoteFile(f"{elsewhere.server.origin}/files-pri/x.png", "x.png", "image/png")
            with pytest.raises(InvalidInput, match="the file is at"):
                helpdesk.channels.get(tenant, name).fetch(file, 1000)  # type: ignore[arg-type]
        assert elsewhere.server.calls == []
    finally:
        elsewhere.close()


def test_a_file_larger_than_allowed_is_not_read_to_its_end(
    lines: tuple[SlackLine, WhatsAppLine, SmsLine], make_helpdesk: MakeHelpdesk
) -> None:
    on_slack, on_whatsapp, on_sms = lines
    helpdesk = make_helpdesk(*lines)
    tenant = helpdesk.tenant({each.name: each.config(helpdesk) for each in lines})
    large = b"x" * 2_000_000
    on_slack.server.files["/f.png"] = on_sms.server.media["/media/ME1"] = on_whatsapp.server.media["M1"] = large
    places = {"slack": f"{on_slack.server.origin}/f.png", "whatsapp": "M1", "sms": f"{on_sms.server.url}/media/ME1"}
    for name, reference in places.items():
        with pytest.raises(InvalidInput, match="bytes"):
            helpdesk.channels.get(tenant, name).fetch(RemoteFile(reference, "f", "image/png"), 1_000_000)  # type: ignore[arg-type]
