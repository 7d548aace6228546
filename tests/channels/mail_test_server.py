"""A tenant's mail provider: a real IMAP server (pymap) and a real SMTP server (aiosmtpd), on one address."""

from __future__ import annotations

import asyncio
import imaplib
import threading
from argparse import Namespace
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session
from proxyprotocol.sock import SocketInfoLocal
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer
from pysasl.hashing import Cleartext

from tests.channels.provider_test_server import Delivered

USER, PASSWORD = "help@shop.example", "mailbox password"


class MailServer:
    """delivered: what customers got. answer: what SMTP says to every message while it is set."""

    def __init__(self) -> None:
        self.delivered: list[Delivered] = []
        self.answer: str | None = None
        self.answer_after: str | None = None
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    def put(self, mail: bytes, *, seen: bool = False) -> None:
        """Into the mailbox, as its provider would."""
        with imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=10) as client:
            client.login(USER, PASSWORD)
            status, said = client.append("INBOX", r"(\Seen)" if seen else "", "", mail)
            assert status == "OK", said

    def unseen(self) -> int:
        with imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=10) as client:
            client.login(USER, PASSWORD)
            client.select("INBOX", readonly=True)
            return len(client.search(None, "UNSEEN")[1][0].split())

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)
        self._loop.close()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._stopped = asyncio.Event()
        self._loop.run_until_complete(self._both())

    async def _both(self) -> None:
        args = Namespace(debug=False, demo_data=False, demo_user=USER, demo_password=PASSWORD, host=["127.0.0.1"])
        for name, value in {"port": "0", "cert": None, "key": None, "tls": False, "proxy_protocol": None}.items():
            setattr(args, name, value)
        args.inherited_sockets, args.passlib_cfg = None, None
        backend, config = await DictBackend.init(args, secure_auth=False, hash_context=Cleartext())
        config.apply_context()
        serve = IMAPServer(backend.login, config)

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await serve(reader, writer, SocketInfoLocal(writer))

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        self.imap_port: int = server.sockets[0].getsockname()[1]
        smtp = await self._loop.create_server(lambda: SMTP(_Handler(self), loop=self._loop), "127.0.0.1", 0)
        self.smtp_port: int = smtp.sockets[0].getsockname()[1]
        async with server, smtp:
            self._ready.set()
            await self._stopped.wait()


class _Handler:
    def __init__(self, mail: MailServer) -> None:
        self._mail = mail

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self._mail.answer is not None:
            return self._mail.answer
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        text = str(message.get_content()).replace("\r\n", "\n").strip()
        for to in envelope.rcpt_tos:
            self._mail.delivered.append(Delivered(to, text, str(message["Message-ID"]), message))
        said, self._mail.answer_after = self._mail.answer_after, None
        return said or "250 OK"
