"""The audit log: who did what to a tenant, written in the transaction that did it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from components.database.tables import AuditLogRow


def record_action(session: Session, tenant_id: UUID, action: str, details: dict[str, Any]) -> None:
    """Adds one line. action: subject and verb, such as `tenant.created`. details: never a secret."""
    now = datetime.now(UTC).replace(tzinfo=None)
    session.add(AuditLogRow(id=uuid4(), tenant_id=tenant_id, action=action, details=details, timestamp=now))
