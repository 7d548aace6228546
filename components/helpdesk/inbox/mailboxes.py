"""Looks into tenants' mailboxes every so often: one process at a time, each mail stored before it is marked as seen."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from threading import Event, Lock, Thread
from uuid import UUID, uuid4

from sqlalchemy import func, or_, update
from sqlalchemy.dialects.postgresql import insert

from components.channels.email_account import EmailAccount
from components.channels.email_mailbox import LARGEST_MAIL, Cursor, Mailbox, cursor_of
from components.channels.email_reading import read_email
from components.core.channels import Ignored
from components.core.errors import ChannelUnavailable, DatabaseUnavailable, HelpdeskError
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.helpdesk.channel_config import EmailConfig
from components.helpdesk.inbox.inbox import Inbox
from components.helpdesk.outbox.pace import STATES
from components.helpdesk.tenant_channels import TenantChannels
from components.helpdesk.tenants import TenantRegistry

logger = logging.getLogger("helpdesk.inbox")

LEASE_SECONDS = 120.0
LOOK_SECONDS = 1.0
TENANTS_SECONDS = 15.0
THREADS = 4
_CLOCK = func.clock_timestamp()


class Mailboxes:
    """`start` and `close` it once a process; `read` looks into one mailbox now."""

    def __init__(self, database: Database, tenants: TenantRegistry, channels: TenantChannels, inbox: Inbox) -> None:
        self._database, self._tenants, self._channels, self._inbox = database, tenants, channels, inbox
        self._closed, self._lock = Event(), Lock()
        self._reading: set[UUID] = set()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="mailboxes")
        self._thread = Thread(target=self._run, name="mailboxes", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self, timeout: float = 20.0) -> None:
        """A mailbox that is being read is read to its end, or another process goes on with it."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def read(self, tenant: Tenant, *, every: float = 0.0) -> bool:
        """Stores what is new; False where another process reads the mailbox, or did within `every` seconds. A mailbox
        that cannot be read has the reason kept with its state. Raises NotFound, InvalidSetting, DatabaseUnavailable."""
        account = self._channels.email(tenant)
        owner = uuid4()
        cursor = self._lease(tenant.context, owner, every)
        if cursor is None:
            return False
        problem = None
        try:
            cursor = self._store_new(tenant.context, account, cursor)
        except ChannelUnavailable as error:
            problem = error.message
            logger.warning("%s: %s", tenant.domain, problem)
        self._release(tenant.context, owner, cursor, problem)
        return True

    def _store_new(self, tenant: TenantContext, account: EmailAccount, cursor: Cursor) -> Cursor:
        with Mailbox.opened(account) as mailbox:
            batch = mailbox.batch(cursor)
            for uid in batch.uids:
                if self._closed.is_set():
                    return cursor
                raw = mailbox.mail(uid)
                reference = mailbox.reference(uid)
                event = (
                    Ignored(reference, f"gone, or larger than {LARGEST_MAIL} bytes")
                    if raw is None
                    else read_email(raw, account, reference)
                )
                self._inbox.store(tenant, "email", [event])
                mailbox.mark_seen(uid)
        return batch.end

    def _lease(self, tenant: TenantContext, owner: UUID, every: float) -> Cursor | None:
        this = (STATES.c.tenant_id == tenant.tenant_id, STATES.c.channel == "email")
        statement = (
            update(STATES)
            .where(
                *this,
                or_(STATES.c.leased_until.is_(None), STATES.c.leased_until <= _CLOCK),
                or_(STATES.c.polled_at.is_(None), STATES.c.polled_at <= _CLOCK - _seconds(every)),
            )
            .values(leased_by=owner, leased_until=_CLOCK + _seconds(LEASE_SECONDS))
            .returning(STATES.c.cursor)
        )
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            new = insert(STATES).values(tenant_id=tenant.tenant_id, channel="email")
            connection.execute(new.on_conflict_do_nothing())
            row = connection.execute(statement).one_or_none()
        return None if row is None else cursor_of(row.cursor)

    def _release(self, tenant: TenantContext, owner: UUID, cursor: Cursor, problem: str | None) -> None:
        values = {
            "leased_by": None,
            "leased_until": None,
            "polled_at": _CLOCK,
            "cursor": asdict(cursor),
            "problem": problem,
        }
        mine = (STATES.c.tenant_id == tenant.tenant_id, STATES.c.channel == "email", STATES.c.leased_by == owner)
        with self._database.tenant(tenant) as session:
            session.connection().execute(update(STATES).where(*mine).values(values))

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                with_mailbox = [each for each in self._tenants.list() if self._has_mailbox(each)]
            except DatabaseUnavailable as error:
                logger.warning("the mailboxes are not known: %s", error)
                with_mailbox = []
            for _ in range(int(TENANTS_SECONDS / LOOK_SECONDS)):
                for tenant in with_mailbox:
                    self._begin(tenant)
                if self._closed.wait(LOOK_SECONDS):
                    return

    def _has_mailbox(self, tenant: Tenant) -> bool:
        try:
            return "email" in self._channels.names(tenant)
        except HelpdeskError:
            return False

    def _begin(self, tenant: Tenant) -> None:
        with self._lock:
            if tenant.tenant_id in self._reading:
                return
            self._reading.add(tenant.tenant_id)
        self._pool.submit(self._read_when_due, tenant)

    def _read_when_due(self, tenant: Tenant) -> None:
        try:
            config = self._channels.settings_of(tenant, "email")
            assert isinstance(config, EmailConfig)
            self.read(tenant, every=config.imap.poll_seconds)
        except HelpdeskError as error:
            logger.warning("%s: the mailbox is not read: %s", tenant.domain, error)
        except Exception:
            logger.exception("fault in reading the mailbox of %s", tenant.domain)
        finally:
            with self._lock:
                self._reading.discard(tenant.tenant_id)


def _seconds(seconds: float) -> object:
    return func.make_interval(0, 0, 0, 0, 0, 0, seconds)
