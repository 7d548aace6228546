"""A mailbox read over IMAP: each message once by its UID, and marked as seen only when it has been stored."""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.channels.email_account import EmailAccount
from components.core.errors import ChannelUnavailable, InvalidInput

TIMEOUT = 15.0
MOST_AT_ONCE = 50
LARGEST_MAIL = 30 * 1024 * 1024


@dataclass(frozen=True)
class Cursor:
    """What of a mailbox was read: every UID up to `last` under this validity (RFC 3501, 2.3.1.1). validity 0: nothing
    yet."""

    validity: int = 0
    last: int = 0


@dataclass(frozen=True)
class Batch:
    """UIDs that are read at once, in order, and the cursor when all of them have been stored."""

    uids: tuple[int, ...]
    end: Cursor


class Mailbox:
    """One connection, from `opened` on. Every method raises ChannelUnavailable."""

    def __init__(self, connection: imaplib.IMAP4, validity: int) -> None:
        self._connection, self._validity = connection, validity

    @classmethod
    @contextlib.contextmanager
    def opened(cls, account: EmailAccount) -> Iterator[Mailbox]:
        """Signed in, on the account's folder."""
        with _failures(account):
            connection = _connected(account)
            try:
                server = account.imap
                if server.user:
                    connection.login(server.user, server.password)
                _checked(connection.select(_quoted(account.folder)))
                found = connection.response("UIDVALIDITY")[1]
                yield cls(connection, int(found[0] or 0) if found else 0)
            finally:
                with contextlib.suppress(imaplib.IMAP4.error, OSError):
                    connection.logout()

    def batch(self, cursor: Cursor) -> Batch:
        """Those after the cursor. Where the mailbox is new, or was numbered anew: those that nobody has seen, and after
        them whatever comes; what was read before us stays unread by us."""
        known = cursor.validity == self._validity
        after = cursor.last if known else 0
        highest = max(self._search("ALL"), default=0) if not known else 0
        # "n:*" names the last message even where its UID is lower.
        uids = sorted(uid for uid in self._search(f"UID {after + 1}:*" if known else "UNSEEN") if uid > after)
        now = tuple(uids[:MOST_AT_ONCE])
        if known:
            return Batch(now, Cursor(self._validity, now[-1]) if now else cursor)
        return Batch(now, cursor if len(now) < len(uids) else Cursor(self._validity, highest))

    def mail(self, uid: int) -> bytes | None:
        """The whole message, which stays unseen; None where it is too large to be read, or gone."""
        return None if self._size(uid) > LARGEST_MAIL else self.raw(uid) or None

    def reference(self, uid: int) -> str:
        """What `fetched` finds it by."""
        return f"{self._validity}/{uid}"

    def raw(self, uid: int) -> bytes:
        """The whole message; b"" where it is gone."""
        for each in _checked(self._connection.uid("FETCH", str(uid), "(BODY.PEEK[])")):
            if isinstance(each, tuple):
                return bytes(each[1])
        return b""

    def mark_seen(self, uid: int) -> None:
        _checked(self._connection.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)"))

    def fetched(self, reference: str) -> bytes:
        """The message of a `reference`. Raises InvalidInput where the mailbox was numbered anew since."""
        validity, _, uid = reference.partition("/")
        if validity != str(self._validity):
            raise InvalidInput("the mailbox was numbered anew: the message is not found any more", field="file")
        return self.raw(int(uid))

    def _size(self, uid: int) -> int:
        for each in _checked(self._connection.uid("FETCH", str(uid), "(RFC822.SIZE)")):
            line = each[0] if isinstance(each, tuple) else each
            found = re.search(rb"RFC822\.SIZE (\d+)", line or b"")
            if found:
                return int(found[1])
        return 0

    def _search(self, criterion: str) -> list[int]:
        found = _checked(self._connection.uid("SEARCH", criterion))
        return [int(each) for each in (found[0] or b"").split()]


def cursor_of(stored: Mapping[str, int]) -> Cursor:
    """As it is kept."""
    return Cursor(int(stored.get("validity", 0)), int(stored.get("last", 0)))


def _connected(account: EmailAccount) -> imaplib.IMAP4:
    server = account.imap
    if server.security == "tls":
        return imaplib.IMAP4_SSL(server.host, server.port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT)
    connection = imaplib.IMAP4(server.host, server.port, timeout=TIMEOUT)
    if server.security == "starttls":
        connection.starttls(ssl.create_default_context())
    return connection


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _checked(answer: tuple[str, Sequence[Any]]) -> Sequence[Any]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(f"{status} {data!r:.200}")
    return data


@contextlib.contextmanager
def _failures(account: EmailAccount) -> Iterator[None]:
    try:
        yield
    except (imaplib.IMAP4.error, OSError) as error:
        where = f"{account.imap.host}:{account.imap.port}"
        raise ChannelUnavailable(f"the mailbox at {where} cannot be read: {str(error)[:200]}") from error
