"""The one account that is of no tenant: it sees every tenant's pages, and answers nobody's customers."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from components.core.atomic_file import write_once
from components.core.errors import InvalidCredentials, InvalidSetting
from components.core.settings import Settings, resolve_secret
from components.helpdesk.signed_claims import Forged, SignedClaims

NAME = "admin"
HOURS = 12
SHORTEST_PASSWORD = 12
PASSWORD_FILE = "admin.password"  # noqa: S105 - a file's name


def admin_password(settings: Settings) -> str:
    """The setting's, or one in data_dir that the first process to ask makes, readable by its owner only.

    Raises InvalidSetting where it is out of reach or too short.
    """
    if settings.admin_password is not None:
        password, place = resolve_secret(settings.admin_password), settings.admin_password
    else:
        file = settings.data_dir / PASSWORD_FILE
        place = str(file)
        try:
            if not file.exists():
                write_once(file, secrets.token_urlsafe(18).encode())
            password = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidSetting(f"the admin's password in {file}: {error}", field="data_dir") from error
    if len(password) < SHORTEST_PASSWORD:
        raise InvalidSetting(
            f"{place} has {len(password)} characters: the admin's password has at least {SHORTEST_PASSWORD}",
            field="admin_password",
        )
    return password


class Admin:
    """Signs in, and knows their tokens again; those of an earlier password are worth nothing."""

    def __init__(self, password: str, secret: bytes) -> None:
        """secret: the key of chat tokens, components.helpdesk.session_tokens.key_from."""
        self._password = password.encode()
        self._of_password = hmac.new(secret, self._password, sha256).hexdigest()
        self._tokens = SignedClaims(secret, ("sub",), "admin")

    def sign_in(self, password: str) -> tuple[str, datetime]:
        """A new token, and when it expires. Raises InvalidCredentials."""
        if not hmac.compare_digest(password.encode(), self._password):
            raise InvalidCredentials("e-mail address or password is wrong", field="password")
        return self._tokens.sign(timedelta(hours=HOURS), sub=self._of_password)

    def verify(self, token: str) -> None:
        """Raises InvalidCredentials."""
        try:
            said = self._tokens.read(token, lambda claims: str(claims["sub"]))
        except Forged:
            said = ""
        if not hmac.compare_digest(said, self._of_password):
            raise InvalidCredentials("the token is missing, altered or expired: sign in again", field="Authorization")
