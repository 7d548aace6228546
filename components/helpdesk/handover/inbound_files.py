"""Files that customers send by other ways than the web chat, kept where the web chat keeps its own."""

from __future__ import annotations

from contextlib import closing
from pathlib import PurePath
from uuid import UUID, uuid5

from components.core.errors import Conflict, InvalidInput, NotFound
from components.core.tenant import TenantContext
from components.helpdesk.handover.attachment_types import ENDINGS
from components.helpdesk.handover.attachments import Attachments


class InboundFiles:
    """Keeps components.helpdesk.inbox.taking.FileKeeper."""

    def __init__(self, attachments: Attachments) -> None:
        self._attachments = attachments

    def keep(
        self, tenant: TenantContext, conversation_id: UUID, *, name: str, media_type: str, content: bytes, key: str
    ) -> UUID:
        """What the content is decides, not what its sender calls it. media_type: as its provider has it, which gives a
        name without an ending one."""
        attachment_id = uuid5(conversation_id, key)
        try:
            return self._attachments.get(tenant, attachment_id).attachment.attachment_id
        except NotFound:
            pass
        try:
            with closing(
                self._attachments.receive(tenant, conversation_id, "customer", _named(name, media_type))
            ) as upload:
                upload.write(content)
                return upload.keep(attachment_id).attachment_id
        except Conflict as error:
            raise InvalidInput(error.message, field="file") from error


def _named(name: str, media_type: str) -> str:
    """WhatsApp and SMS bring pictures without a name."""
    endings = ENDINGS.get(media_type.partition(";")[0].strip().lower())
    return name if PurePath(name).suffix or endings is None else f"{name}.{endings[0]}"
