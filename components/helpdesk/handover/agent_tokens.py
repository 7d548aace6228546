"""What shows that an agent has signed in: a signed token that names tenant and agent, good for one working day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from components.core.errors import InvalidCredentials
from components.core.tenant import TenantContext
from components.helpdesk.signed_claims import Forged, SignedClaims

HOURS = 12

# A customer's token has no audience, and is never taken for an agent's, nor the other way round.
_AUDIENCE = "agent"


@dataclass(frozen=True)
class SignedIn:
    """Whose token it is. Whether the agent is still there is for the caller to look up."""

    tenant: TenantContext
    agent_id: UUID


class AgentTokens:
    """Issues and checks them."""

    def __init__(self, secret: bytes) -> None:
        """secret: the key of chat tokens, components.helpdesk.session_tokens.key_from."""
        self._tokens = SignedClaims(secret, ("tenant", "sub"), _AUDIENCE)

    def issue(self, tenant: TenantContext, agent_id: UUID) -> tuple[str, datetime]:
        """A new token, and when it expires (UTC, whole seconds)."""
        return self._tokens.sign(timedelta(hours=HOURS), tenant=str(tenant.tenant_id), sub=str(agent_id))

    def verify(self, token: str) -> SignedIn:
        """Raises InvalidCredentials, whatever is wrong in the same words."""
        try:
            return self._tokens.read(
                token, lambda claims: SignedIn(TenantContext(UUID(claims["tenant"])), UUID(claims["sub"]))
            )
        except Forged as error:
            raise InvalidCredentials(
                "the agent's token is missing, altered or expired: sign in again", field="Authorization"
            ) from error
