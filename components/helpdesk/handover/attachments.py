"""Files that customers and agents send: taken in pieces, held against what is allowed, kept in the tenant's folder."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, func, insert, select
from sqlalchemy.exc import IntegrityError

from components.core.errors import Conflict, ContentTooLarge, InvalidInput, NotFound
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import AttachmentRow
from components.helpdesk.conversations.conversation import Attachment
from components.helpdesk.conversations.store import read_conversation
from components.helpdesk.handover.attachment_types import media_type_of
from components.helpdesk.ingestion.turns import tenant_folder
from components.helpdesk.storable import storable

MOST_BYTES = 10_000_000
MOST_FILES, MOST_BYTES_TOGETHER = 50, 100_000_000
LONGEST_NAME = 150

_ROWS = AttachmentRow.metadata.tables[AttachmentRow.__tablename__]
_FOLDER = "attachments"

Author = Literal["customer", "agent"]


@dataclass(frozen=True)
class StoredFile:
    """An attachment and where its bytes are."""

    attachment: Attachment
    path: Path


class Upload:
    """A file on its way in. Nothing of it is left where `keep` is not reached: close it in any case."""

    def __init__(self, store: Attachments, tenant: TenantContext, conversation_id: UUID, author: Author, name: str):
        self._store, self._tenant, self._conversation_id = store, tenant, conversation_id
        self._author, self._name = author, name
        self._digest, self._size = sha256(), 0
        self._path = store.folder(tenant) / f".{uuid4().hex}"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("xb")

    def write(self, piece: bytes) -> None:
        """The next bytes. Raises ContentTooLarge past MOST_BYTES."""
        self._size += len(piece)
        if self._size > MOST_BYTES:
            raise ContentTooLarge(f"{self._name} is larger than the {MOST_BYTES} bytes allowed", field="file")
        self._file.write(piece)
        self._digest.update(piece)

    def keep(self, attachment_id: UUID | None = None) -> Attachment:
        """All of it was written: it may be sent from now on. attachment_id: a new one by default. Raises InvalidInput
        for an empty file, UnsupportedMedia, Conflict where the conversation has too many, NotFound where it is gone,
        DatabaseUnavailable."""
        self._file.close()
        if not self._size:
            raise InvalidInput(f"{self._name} is empty", field="file")
        kept = Attachment(attachment_id or uuid4(), self._name, media_type_of(self._path, self._name), self._size)
        self._store.add(
            self._tenant, self._conversation_id, self._author, kept, self._path, checksum=self._digest.hexdigest()
        )
        return kept

    def close(self) -> None:
        """Leaves nothing of a file that was not kept."""
        self._file.close()
        self._path.unlink(missing_ok=True)


class Attachments:
    """Takes and gives files. Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database, data_dir: Path) -> None:
        self._database, self._data_dir = database, data_dir

    def receive(self, tenant: TenantContext, conversation_id: UUID, author: Author, name: str) -> Upload:
        """A new file of this conversation. Raises InvalidInput for a name that is none, NotFound, Conflict where the
        conversation has too many already."""
        checked = _checked_name(name)
        with self._database.tenant(tenant) as session:
            read_conversation(session.connection(), tenant, conversation_id)
            _require_room(session.connection(), tenant, conversation_id, 0)
        return Upload(self, tenant, conversation_id, author, checked)

    def get(self, tenant: TenantContext, attachment_id: UUID) -> StoredFile:
        """Raises NotFound, also where the attachment is another tenant's."""
        query = select(_ROWS).where(_ROWS.c.tenant_id == tenant.tenant_id, _ROWS.c.attachment_id == attachment_id)
        with self._database.tenant(tenant) as session:
            row = session.execute(query).one_or_none()
        path = self.folder(tenant) / str(attachment_id)
        if row is None or not path.is_file():
            raise NotFound(f"no attachment has the id {attachment_id}", field="attachment_id")
        return StoredFile(_attachment(row), path)

    def add(
        self,
        tenant: TenantContext,
        conversation_id: UUID,
        author: Author,
        attachment: Attachment,
        path: Path,
        *,
        checksum: str,
    ) -> None:
        """Takes the file at `path` over. The bytes are there before anybody can read of them."""
        target = self.folder(tenant) / str(attachment.attachment_id)
        values = {
            "attachment_id": attachment.attachment_id,
            "tenant_id": tenant.tenant_id,
            "conversation_id": conversation_id,
            "author": author,
            "name": attachment.name,
            "media_type": attachment.media_type,
            "size_bytes": attachment.size,
            "checksum": checksum,
        }
        try:
            os.replace(path, target)
            with self._database.tenant(tenant) as session:
                connection = session.connection()
                # Locked: of two files at once both would find room for one.
                read_conversation(connection, tenant, conversation_id, locked=True)
                _require_room(connection, tenant, conversation_id, attachment.size)
                connection.execute(insert(_ROWS).values(values))
        except BaseException as error:
            target.unlink(missing_ok=True)
            if isinstance(error, FileNotFoundError | IntegrityError):
                raise NotFound("the conversation is gone", field="session_id") from error
            raise

    def folder(self, tenant: TenantContext) -> Path:
        """Goes with the tenant's other files when the tenant is deleted."""
        return tenant_folder(self._data_dir, tenant) / _FOLDER


def _require_room(connection: Connection, tenant: TenantContext, conversation_id: UUID, size: int) -> None:
    query = select(func.count(), func.coalesce(func.sum(_ROWS.c.size_bytes), 0)).where(
        _ROWS.c.tenant_id == tenant.tenant_id, _ROWS.c.conversation_id == conversation_id
    )
    count, together = connection.execute(query).one()
    if count >= MOST_FILES or together + size > MOST_BYTES_TOGETHER:
        raise Conflict(
            f"the conversation has {count} attachments of {together} bytes together: at most {MOST_FILES} of "
            f"{MOST_BYTES_TOGETHER} bytes are kept",
            field="file",
        )


def _attachment(row: Row[Any]) -> Attachment:
    return Attachment(row.attachment_id, row.name, row.media_type, row.size_bytes)


def _checked_name(name: str) -> str:
    """The last part of it, without what is not seen: such signs make an ending look like another."""
    last = storable(name, "name").replace("\\", "/").rpartition("/")[2]
    seen = "".join(each for each in last if not unicodedata.category(each).startswith("C")).strip()
    if not 1 <= len(seen) <= LONGEST_NAME or seen in (".", ".."):
        raise InvalidInput(
            f"the file's name has {len(seen)} characters: 1 to {LONGEST_NAME} are allowed, such as photo.png",
            field="name",
        )
    return seen
