"""Links to attachments that whoever sees a message may follow, and nobody for long: signed, and good for minutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from components.core.errors import NotFound
from components.core.tenant import TenantContext
from components.helpdesk.signed_claims import Forged, SignedClaims

GOOD_FOR = timedelta(minutes=15)
# Nobody makes a new one for a message that has gone out by mail or SMS.
SENT_OUT_FOR = timedelta(days=7)
PATH = "/attachments"

# No token of a customer or an agent is a link, nor the other way round.
_AUDIENCE = "attachment"


@dataclass(frozen=True)
class LinkedAttachment:
    """What a link leads to."""

    tenant: TenantContext
    attachment_id: UUID


class AttachmentLinks:
    """Makes and reads links: a signed token in the path of a relative URL."""

    def __init__(self, secret: bytes) -> None:
        """secret: the key of chat tokens, components.helpdesk.session_tokens.key_from."""
        self._tokens = SignedClaims(secret, ("tenant", "sub"), _AUDIENCE)

    def url(self, tenant: TenantContext, attachment_id: UUID, good_for: timedelta = GOOD_FOR) -> str:
        """A new link, good for 15 minutes by default."""
        token, _ = self._tokens.sign(good_for, tenant=str(tenant.tenant_id), sub=str(attachment_id))
        return f"{PATH}/{token}"

    def read(self, token: str) -> LinkedAttachment:
        """token: what follows the path. Raises NotFound where it is altered or has expired."""
        try:
            return self._tokens.read(
                token, lambda claims: LinkedAttachment(TenantContext(UUID(claims["tenant"])), UUID(claims["sub"]))
            )
        except Forged as error:
            raise NotFound(
                "this link to an attachment is altered or has expired: read the message again for a new one",
                field="token",
            ) from error
