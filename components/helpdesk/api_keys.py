"""A tenant's keys to the API: shown once, stored as a hash, and enough to know whose they are."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from sqlalchemy import bindparam, func, select

from components.core.errors import InvalidApiKey, InvalidInput, NotFound
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import ApiKeyRow
from components.helpdesk.audit import record_action
from components.helpdesk.storable import storable

KEY_PREFIX = "hd_"
SHAPE = re.compile(r"hd_([0-9a-f]{32})_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
LONGEST_LABEL = 200
KEY_FIELD = "Authorization"

# Composed once, since every request asks it.
_KEYS = ApiKeyRow.__table__.c
_VALID_HASH = select(_KEYS.key_hash).where(_KEYS.key_id == bindparam("key_id"), _KEYS.revoked_at.is_(None))


@dataclass(frozen=True)
class IssuedKey:
    """A new key. `key` is nowhere else: who loses it asks for another."""

    key_id: str
    key: str = field(repr=False)


class ApiKeys:
    """Issues and checks keys of the form hd_<tenant>_<key id>_<secret>.

    The tenant is part of the key, so that a key is looked up inside its own tenant's rows and row-level
    security holds from the first query on. The secret has 256 random bits: a plain SHA-256 keeps it, and a
    slow password hash would add its cost to every request and nothing to its strength.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def issue(self, tenant: TenantContext, label: str) -> IssuedKey:
        """A new key for the tenant, with a label that says what uses it. Raises InvalidInput for a bad label."""
        if not storable(label, "label").strip() or len(label) > LONGEST_LABEL:
            raise InvalidInput(f"label={label!r}: 1 to {LONGEST_LABEL} characters are allowed", field="label")
        key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        with self._database.tenant(tenant) as session:
            session.add(ApiKeyRow(key_id=key_id, tenant_id=tenant.tenant_id, key_hash=_hash(secret), label=label))
            record_action(session, tenant.tenant_id, "api_key.issued", {"key_id": key_id, "label": label})
        return IssuedKey(key_id, f"hd_{tenant.tenant_id.hex}_{key_id}_{secret}")

    def revoke(self, tenant: TenantContext, key_id: str) -> None:
        """The key opens nothing from now on; its row stays as evidence. Raises NotFound for a key that is not
        this tenant's."""
        with self._database.tenant(tenant) as session:
            row = session.get(ApiKeyRow, key_id)
            if row is None:
                raise NotFound(f"no API key has the id {key_id!r}", field="key_id")
            if row.revoked_at is None:
                row.revoked_at = func.now()
                record_action(session, tenant.tenant_id, "api_key.revoked", {"key_id": key_id})

    def verify(self, key: str) -> TenantContext:
        """Whose key it is. Raises InvalidApiKey without saying which part was wrong."""
        match = SHAPE.fullmatch(key)
        if match is None:
            raise InvalidApiKey(
                "the API key is not of the form hd_…: `helpdesk tenant create` shows a tenant's key", field=KEY_FIELD
            )
        tenant = TenantContext(UUID(match[1]))
        with self._database.tenant(tenant) as session:
            stored = session.connection().execute(_VALID_HASH, {"key_id": match[2]}).scalar() or _hash("")
        if not hmac.compare_digest(stored, _hash(match[3])):
            raise InvalidApiKey("the API key is unknown or revoked", field=KEY_FIELD)
        return tenant


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
