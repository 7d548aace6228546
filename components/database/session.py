"""The one way to the tables: a transaction that belongs to a tenant, or the operator's on the registry."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy import Engine, PoolResetState, QueuePool, create_engine, event, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from components.core.errors import Conflict, DatabaseUnavailable
from components.core.tenant import TenantContext
from components.database.roles import REPORTS
from components.database.told_time import Clock, tell_time

_SET_TENANT = text("SELECT set_config('app.tenant_id', :tenant_id, true)")
_READ_REPORTS = text(
    "SELECT set_config('role', :role, true), set_config('transaction_read_only', 'on', true), "
    "set_config('statement_timeout', :milliseconds, true)"
)
# Much is sorted and joined there, and no statement is repeated often enough to be compiled for.
_READ_AT_LENGTH = text(
    "SELECT set_config('transaction_read_only', 'on', true), set_config('statement_timeout', :milliseconds, true), "
    "set_config('idle_in_transaction_session_timeout', :milliseconds, true), "
    "set_config('work_mem', '64MB', true), set_config('jit', 'off', true)"
)
_FIND_TENANT = text("SELECT tenant_id_for_domain(:domain)")
_RESERVED = "hashtextextended('reserved ' || %s, 0)"
_IS_RESERVED = text(f"SELECT NOT pg_try_advisory_xact_lock_shared({_RESERVED % ':tenant_id'})")
_DUE_RUNS = text("SELECT tenants_with_due_runs()")
_DUE_TENANTS = text("SELECT tenants_with_due_outbox(:kinds)")
# A network that swallows packets is noticed within half a minute.
_NETWORK: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
# SQLAlchemy's form of each, and psycopg's own where its connection is used directly.
_FAILURES = (OperationalError, InterfaceError, PoolTimeout, psycopg.OperationalError, psycopg.InterfaceError)


class Database:
    """Pooled sessions on one database. Thread-safe; opens nothing until it is first used.

    After PostgreSQL was gone, the pool replaces its dead connections by itself.

    >>> database = Database(addresses.app, addresses.operator)
    >>> with database.tenant(context) as session:
    ...     session.add(CannedAnswerRow(tenant_id=context.tenant_id, name="hello", text="Hello!"))
    """

    def __init__(
        self,
        app_url: str,
        operator_url: str,
        *,
        pool_size: int = 10,
        pool_wait: float = 5.0,
        connect_timeout: int = 5,
        statement_timeout: float = 30.0,
        idle_timeout: float = 15.0,
        clock: Clock | None = None,
    ) -> None:
        """pool_size: most connections of the application role; the operator's has 2. The rest are seconds:
        to wait for a free connection, for PostgreSQL to accept one, for one statement to end, and for an
        open transaction to do nothing (do slow work outside of it): less than a statement gets, so that who
        waits for a row outlives a process that was frozen while it held it. clock: a simulation's, which
        statements go by in place of PostgreSQL's."""

        def pool(url: str, size: int) -> Engine:
            options = _options(statement_timeout, idle_timeout)
            return _pool(url, size, pool_wait, {"connect_timeout": connect_timeout, "options": options})

        self._app = pool(app_url, pool_size)
        self._operator = pool(operator_url, 2)
        if clock is not None:
            tell_time(self._app, clock)

    @contextlib.contextmanager
    def tenant(self, context: TenantContext) -> Iterator[Session]:
        """One transaction that sees and writes the rows of this tenant and of no other.

        Commits at the end and rolls back on an error. Rows stay readable afterwards. Raises
        DatabaseUnavailable where PostgreSQL is out of reach, or goes away on the way, or takes too long.
        """
        with _transaction(self._app) as session:
            session.connection().execute(_SET_TENANT, {"tenant_id": str(context.tenant_id)})
            yield session

    @contextlib.contextmanager
    def reports(self, context: TenantContext, seconds: float) -> Iterator[Session]:
        """One transaction that reads this tenant's rows of the views of reports, and can do nothing else. seconds: for
        each statement. Otherwise like `tenant`."""
        with self.tenant(context) as session:
            milliseconds = f"{max(seconds, 0.1) * 1000:.0f}"
            session.execute(_READ_REPORTS, {"role": REPORTS, "milliseconds": milliseconds})
            yield session

    @contextlib.contextmanager
    def snapshot(self, context: TenantContext, seconds: float) -> Iterator[Session]:
        """One transaction that reads this tenant's rows as they stand now, however long it takes, and writes none.
        seconds: for each statement, and for the work between two. Otherwise like `tenant`."""
        frozen = self._app.execution_options(isolation_level="REPEATABLE READ")
        with _transaction(frozen) as session:
            session.execute(_SET_TENANT, {"tenant_id": str(context.tenant_id)})
            session.execute(_READ_AT_LENGTH, {"milliseconds": f"{seconds * 1000:.0f}"})
            yield session

    @contextlib.contextmanager
    def operator(self) -> Iterator[Session]:
        """One transaction on the registry of tenants, the only table it may touch. Otherwise like `tenant`."""
        with _transaction(self._operator) as session:
            yield session

    def find_tenant_id(self, domain: str) -> UUID | None:
        """The tenant with this domain, to the letter; None where there is none. Raises DatabaseUnavailable."""
        with _transaction(self._app) as session:
            return session.execute(_FIND_TENANT, {"domain": domain}).scalar_one_or_none()

    def app_arguments(self) -> dict[str, Any]:
        """What psycopg takes to connect as the application role, for the rare use beside the pool."""
        _, arguments = self._app.dialect.create_connect_args(self._app.url)
        return dict(arguments)

    def due_tenants(self, kinds: Sequence[str]) -> tuple[UUID, ...]:
        """Those whose outbox has something of these kinds that is due, and that nobody sends. Raises
        DatabaseUnavailable."""
        with _transaction(self._app) as session:
            return tuple(session.scalars(_DUE_TENANTS, {"kinds": list(kinds)}))

    def run_tenants(self) -> tuple[UUID, ...]:
        """Those with a run that goes on now, and that nobody works on. Raises DatabaseUnavailable."""
        with _transaction(self._app) as session:
            return tuple(session.scalars(_DUE_RUNS))

    def listen(self, channel: str) -> psycopg.Connection[Any]:
        """A connection of its own, the caller's to close, that hears `channel` from now on (`notifies`). Raises
        DatabaseUnavailable."""
        url = self._app.url.set(drivername="postgresql").render_as_string(hide_password=False)
        try:
            connection: psycopg.Connection[Any] = psycopg.connect(url, autocommit=True, connect_timeout=5, **_NETWORK)
            connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        except psycopg.Error as error:
            raise _unavailable(self._app, error) from error
        return connection

    @contextlib.contextmanager
    def reserve(self, context: TenantContext) -> Iterator[None]:
        """While the block runs, or its process lives, what other processes do by themselves (timers, runs, the outbox)
        leaves this tenant out. Raises Conflict where it is reserved already, DatabaseUnavailable."""
        with contextlib.closing(self.listen("helpdesk_reserved")) as connection:
            connection.execute("SET lock_timeout = '2s'")
            try:
                connection.execute(f"SELECT pg_advisory_lock({_RESERVED % '%s'})", [str(context.tenant_id)])
            except psycopg.errors.LockNotAvailable as error:
                raise Conflict(
                    f"another process has tenant {context.tenant_id} to itself: wait until it ends"
                ) from error
            try:
                yield
            finally:
                # A connection that is closed ends on the server some time later.
                with contextlib.suppress(psycopg.Error):
                    connection.execute("SELECT pg_advisory_unlock_all()")

    def is_reserved(self, context: TenantContext) -> bool:
        """Whether a process has the tenant to itself now. Raises DatabaseUnavailable."""
        with _transaction(self._app) as session:
            return bool(session.scalar(_IS_RESERVED, {"tenant_id": str(context.tenant_id)}))

    def is_ready(self) -> bool:
        """Whether PostgreSQL answers now."""
        try:
            with _transaction(self._app) as session:
                session.execute(text("SELECT 1"))
        except DatabaseUnavailable:
            return False
        return True

    def dispose(self) -> None:
        """Closes all idle connections. Using the database again opens new ones."""
        self._app.dispose()
        self._operator.dispose()


@contextlib.contextmanager
def _transaction(engine: Engine) -> Iterator[Session]:
    try:
        # Code inside that commits by itself gets an error: past a commit no tenant would be set.
        with Session(engine, expire_on_commit=False) as session, session.begin():
            session.connection()
            yield session
    except _FAILURES as error:
        raise _unavailable(engine, error) from error
    except DBAPIError as error:
        # The one lost connection that psycopg files under another class of errors.
        if isinstance(error.orig, psycopg.errors.IdleInTransactionSessionTimeout):
            raise _unavailable(engine, error) from error
        raise


def _unavailable(engine: Engine, error: Exception) -> DatabaseUnavailable:
    reason = str(getattr(error, "orig", None) or error).strip()
    return DatabaseUnavailable(f"PostgreSQL at {engine.url.host}:{engine.url.port}: {reason}")


def _options(statement_timeout: float, idle_timeout: float) -> str:
    settings = {
        "timezone": "UTC",
        "statement_timeout": f"{statement_timeout * 1000:.0f}",
        "idle_in_transaction_session_timeout": f"{idle_timeout * 1000:.0f}",
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def _pool(url: str, size: int, wait: float, connect: dict[str, object]) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=wait,
        pool_pre_ping=True,
        pool_reset_on_return=None,
        connect_args=connect | _NETWORK,
    )
    event.listen(engine, "reset", _forget)
    return engine


def _forget(connection: psycopg.Connection[Any], _record: object, state: PoolResetState) -> None:
    """Ends the transaction and undoes every setting, so that the next user of a connection starts clean."""
    if state.terminate_only:
        return
    connection.rollback()
    connection.autocommit = True
    connection.execute("RESET ALL")
    connection.autocommit = False
