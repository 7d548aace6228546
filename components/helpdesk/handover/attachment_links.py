"""Links to attachments that whoever sees a message may follow, and nobody for long: signed, and good for minutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt

from components.core.errors import NotFound
from components.core.tenant import TenantContext
from components.helpdesk.session_tokens import LONGEST_TOKEN

GOOD_FOR = timedelta(minutes=15)
# Nobody makes a new one for a message that has gone out by mail or SMS.
SENT_OUT_FOR = timedelta(days=7)
PATH = "/attachments"

_ALGORITHM = "HS256"
# No token of a customer or an agent is a link, nor the other way round.
_AUDIENCE = "attachment"


@dataclass(frozen=True)
class LinkedAttachment:
    """What a link leads to."""

    tenant: TenantContext
    attachment_id: UUID


class AttachmentLinks:
    """Makes and reads links: JSON Web Tokens (RFC 7519) signed with HMAC-SHA-256, in the path of a relative URL."""

    def __init__(self, secret: bytes) -> None:
        """secret: the key of chat tokens, components.helpdesk.session_tokens.key_from."""
        self._secret = secret

    def url(self, tenant: TenantContext, attachment_id: UUID, good_for: timedelta = GOOD_FOR) -> str:
        """A new link, good for 15 minutes by default."""
        claims = {
            "aud": _AUDIENCE,
            "tenant": str(tenant.tenant_id),
            "sub": str(attachment_id),
            "exp": datetime.now(UTC) + good_for,
        }
        return f"{PATH}/{jwt.encode(claims, self._secret, algorithm=_ALGORITHM)}"

    def read(self, token: str) -> LinkedAttachment:
        """token: what follows the path. Raises NotFound where it is altered or has expired."""
        try:
            if len(token) > LONGEST_TOKEN:
                raise ValueError("too long")
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": ["aud", "tenant", "sub", "exp"], "verify_signature": True},
            )
            return LinkedAttachment(TenantContext(UUID(claims["tenant"])), UUID(claims["sub"]))
        except (jwt.PyJWTError, ValueError, AttributeError, TypeError) as error:
            raise NotFound(
                "this link to an attachment is altered or has expired: read the message again for a new one",
                field="token",
            ) from error
