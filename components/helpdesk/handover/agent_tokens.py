"""What shows that an agent has signed in: a signed token that names tenant and agent, good for one working day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt

from components.core.errors import InvalidCredentials
from components.core.tenant import TenantContext
from components.helpdesk.session_tokens import LONGEST_TOKEN

HOURS = 12

_ALGORITHM = "HS256"
# A customer's token has no audience, and is never taken for an agent's, nor the other way round.
_AUDIENCE = "agent"


@dataclass(frozen=True)
class SignedIn:
    """Whose token it is. Whether the agent is still there is for the caller to look up."""

    tenant: TenantContext
    agent_id: UUID


class AgentTokens:
    """Issues and checks tokens: JSON Web Tokens (RFC 7519) signed with HMAC-SHA-256."""

    def __init__(self, secret: bytes) -> None:
        """secret: the key of chat tokens, components.helpdesk.session_tokens.key_from."""
        self._secret = secret

    def issue(self, tenant: TenantContext, agent_id: UUID) -> tuple[str, datetime]:
        """A new token, and when it expires (UTC, whole seconds)."""
        now = datetime.now(UTC).replace(microsecond=0)
        expires_at = now + timedelta(hours=HOURS)
        claims = {
            "aud": _AUDIENCE,
            "tenant": str(tenant.tenant_id),
            "sub": str(agent_id),
            "iat": now,
            "exp": expires_at,
        }
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM), expires_at

    def verify(self, token: str) -> SignedIn:
        """Raises InvalidCredentials, whatever is wrong in the same words."""
        try:
            if len(token) > LONGEST_TOKEN:
                raise ValueError("too long")
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": ["aud", "tenant", "sub", "iat", "exp"], "verify_signature": True},
            )
            return SignedIn(TenantContext(UUID(claims["tenant"])), UUID(claims["sub"]))
        except (jwt.PyJWTError, ValueError, AttributeError, TypeError) as error:
            raise InvalidCredentials(
                "the agent's token is missing, altered or expired: sign in again", field="Authorization"
            ) from error
