"""What customers send by other ways than the web chat is kept once, by what it is and not by what it is called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from components.core.errors import InvalidInput, NotFound
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.helpdesk.conversations.opening import store_opening
from components.helpdesk.conversations.turn_records import TurnResult
from components.helpdesk.handover.attachments import Attachments
from components.helpdesk.handover.inbound_files import InboundFiles

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 64


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> TenantContext:
    return make_tenant().context


@pytest.fixture
def attachments(database: Database, tmp_path: Path) -> Attachments:
    return Attachments(database, tmp_path)


def opened(database: Database, tenant: TenantContext) -> UUID:
    opening = TurnResult((), "bot", {})
    conversation, _ = store_opening(database, tenant, uuid4(), opening, channel="whatsapp", customer={}, flow_version=1)
    return conversation.conversation_id


@pytest.mark.parametrize(
    ("name", "media_type", "content", "kept"),
    [
        ("image", "image/jpeg", JPEG, "image.jpg"),
        ("file-1", "image/png; charset=binary", PNG, "file-1.png"),
        ("zip.png", "image/png", PNG, "zip.png"),
    ],
)
def test_a_picture_that_comes_without_a_name_of_its_own_is_kept(
    database: Database, tenant: TenantContext, attachments: Attachments,
    name: str, media_type: str, content: bytes, kept: str,
) -> None:  # fmt: skip
    conversation_id, files = opened(database, tenant), InboundFiles(attachments)

    def keep() -> UUID:
        return files.keep(tenant, conversation_id, name=name, media_type=media_type, content=content, key="m1/0")

    first = keep()
    assert keep() == first
    stored = attachments.get(tenant, first)
    assert (stored.attachment.name, stored.path.read_bytes()) == (kept, content)


def test_a_program_is_refused_whatever_it_says_it_is(
    database: Database, tenant: TenantContext, attachments: Attachments
) -> None:
    conversation_id = opened(database, tenant)
    with pytest.raises(InvalidInput):
        InboundFiles(attachments).keep(
            tenant, conversation_id, name="image", media_type="image/png", content=b"MZ" + b"\0" * 200, key="m1/0"
        )


def test_a_file_for_another_tenants_conversation_finds_none(
    database: Database, tenant: TenantContext, attachments: Attachments, make_tenant: Callable[..., Tenant]
) -> None:
    conversation_id = opened(database, tenant)
    with pytest.raises(NotFound):
        InboundFiles(attachments).keep(
            make_tenant().context, conversation_id, name="image", media_type="image/png", content=PNG, key="m1/0"
        )
