"""Tokens that this helpdesk gives out and believes again: signed claims that expire, of one kind each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import jwt

LONGEST_TOKEN = 2048

_ALGORITHM = "HS256"

T = TypeVar("T")


class Forged(Exception):
    """A token that is missing, altered, expired, of another kind, or says what such a token never says."""


class SignedClaims:
    """Signs and reads tokens of one kind: JSON Web Tokens (RFC 7519) with HMAC-SHA-256."""

    def __init__(self, secret: bytes, claims: tuple[str, ...], audience: str | None) -> None:
        """secret: the key of chat tokens, components.helpdesk.session_tokens.key_from. claims: what each token says,
        beside when it was made and when it expires. audience: the kind; none only for customers' tokens, which were
        there first."""
        self._secret, self._claims, self._audience = secret, claims, audience

    def sign(self, good_for: timedelta, **said: str) -> tuple[str, datetime]:
        """A new token, and when it expires (UTC, whole seconds)."""
        now = datetime.now(UTC).replace(microsecond=0)
        expires_at = now + good_for
        kind = {"aud": self._audience} if self._audience else {}
        return jwt.encode(
            {**kind, **said, "iat": now, "exp": expires_at}, self._secret, algorithm=_ALGORITHM
        ), expires_at

    def read(self, token: str, parse: Callable[[Mapping[str, Any]], T]) -> T:
        """What `parse` makes of the claims. Raises Forged, also for a ValueError of `parse`."""
        required = [*self._claims, "iat", "exp", *(["aud"] if self._audience else [])]
        try:
            if len(token) > LONGEST_TOKEN:
                raise ValueError(f"{len(token)} characters")
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                audience=self._audience,
                options={"require": required, "verify_signature": True},
                leeway=0,
            )
            return parse(claims)
        except (jwt.PyJWTError, ValueError, AttributeError, TypeError) as error:
            raise Forged from error
