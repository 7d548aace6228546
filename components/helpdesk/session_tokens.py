"""Who a customer is without an account: a signed token that opens one conversation of one tenant and nothing else."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from components.core.atomic_file import write_once
from components.core.errors import InvalidSessionToken, InvalidSetting
from components.core.settings import Settings, resolve_secret
from components.core.tenant import TenantContext
from components.helpdesk.signed_claims import Forged, SignedClaims

SHORTEST_KEY = 32
KEY_FILE = "chat.key"
TOKEN_FIELD = "Authorization"  # noqa: S105 - the header's name

# One text for all of them: it must not tell whether the session exists, or whose it is.
_REFUSED = (
    "the session token is missing, altered, expired or another session's: send the token that POST /chat/sessions "
    "gave for this session as 'Authorization: Bearer <token>', or begin a new session"
)


class SessionTokens:
    """Issues and checks tokens bound to tenant and session."""

    def __init__(self, secret: bytes, hours: float) -> None:
        """secret: at least 32 bytes. hours: how long a token is good. Raises InvalidSetting."""
        if len(secret) < SHORTEST_KEY:
            raise InvalidSetting(
                f"the key of chat tokens has {len(secret)} bytes: at least {SHORTEST_KEY} are needed", field="chat_key"
            )
        self._tokens = SignedClaims(secret, ("tenant", "session"), None)
        self._good_for = timedelta(seconds=int(hours * 3600))

    def issue(self, tenant_id: UUID, session_id: UUID) -> tuple[str, datetime]:
        """A new token, and when it expires (UTC, whole seconds)."""
        return self._tokens.sign(self._good_for, tenant=str(tenant_id), session=str(session_id))

    def verify(self, token: str, session_id: UUID) -> TenantContext:
        """Whose session it is. Whether the tenant still exists is for the caller to look up.

        Raises InvalidSessionToken, whatever is wrong in the same words.
        """
        try:
            named, tenant_id = self._tokens.read(
                token, lambda claims: (UUID(claims["session"]), UUID(claims["tenant"]))
            )
        except Forged as error:
            raise refused() from error
        if named != session_id:
            raise refused()
        return TenantContext(tenant_id)


def refused() -> InvalidSessionToken:
    """What every refused token is told."""
    return InvalidSessionToken(_REFUSED, field=TOKEN_FIELD)


def key_from(settings: Settings) -> bytes:
    """The key that signs tokens: settings.chat_key, or one in data_dir that the first process to ask makes.

    Every process that serves a chat needs the same one. Raises InvalidSetting where it is out of reach or too short.
    """
    if settings.chat_key is not None:
        return _long_enough(resolve_secret(settings.chat_key).encode(), settings.chat_key)
    file = settings.data_dir / KEY_FILE
    try:
        if not file.exists():
            # Where two processes are first at once, the one whose file is there is right.
            write_once(file, secrets.token_urlsafe(SHORTEST_KEY).encode())
        key = file.read_bytes().strip()
    except OSError as error:
        raise InvalidSetting(f"the key of chat tokens in {file}: {error.strerror}", field="data_dir") from error
    return _long_enough(key, str(file))


def _long_enough(key: bytes, place: str) -> bytes:
    if len(key) < SHORTEST_KEY:
        raise InvalidSetting(
            f"{place} has {len(key)} bytes: a key of chat tokens has at least {SHORTEST_KEY}; "
            "`openssl rand -base64 48` makes one",
            field="chat_key",
        )
    return key
