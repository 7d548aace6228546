"""A tenant's e-mail address: the servers its mail comes from and goes to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Security = Literal["tls", "starttls", "none"]

# In the subject, for programs that lose the headers that say what a message answers.
TOKEN_LENGTH = 12
_TOKEN = re.compile(rf"\[#([0-9a-f]{{{TOKEN_LENGTH}}})\]")


@dataclass(frozen=True)
class MailServer:
    """One server. security: `tls` from the first byte, `starttls` before the password is sent. user: "" = without
    signing in."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    security: Security = "tls"


@dataclass(frozen=True)
class EmailAccount:
    """name: as customers see the sender. folder: of the IMAP server."""

    address: str
    imap: MailServer
    smtp: MailServer
    name: str = ""
    folder: str = "INBOX"

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


def token_in(subject: str) -> str:
    """The token that a subject carries, "" where it has none."""
    found = _TOKEN.search(subject)
    return found[1] if found else ""


def tagged(subject: str, token: str) -> str:
    """The subject of an answer."""
    plain = " ".join(_TOKEN.sub("", subject).split())
    if not re.match(r"(?i)re\s*:", plain):
        plain = f"Re: {plain}" if plain else "Re: your message"
    return f"{plain} [#{token}]" if token else plain
