"""A real PostgreSQL 18 for those who have none: made, started, found again and stopped by us."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
from filelock import FileLock, Timeout

from components.core.errors import DatabaseUnavailable
from components.core.server_lease import ServerLease
from components.database.account import Account, choose_account, open_way, run_command
from components.database.files import write_private
from components.database.postmaster import choose_port, clear_remains, find_postmaster

DATABASE = "helpdesk"
_SUPERUSER = "postgres"
_ATTEMPTS = 3
_LOG_LIMIT = 10_000_000


class _NotOurs(DatabaseUnavailable):
    """Something answers that is not to be stopped: another server, or ours with another password."""


class EmbeddedPostgres:
    """The server of one data folder, shared by all processes that use it.

    Every process that has called `start` holds a lease on the server, which ends with the process however
    that ends. `release` gives the lease back, and the last one out stops the server; `stop` stops it for all.
    Safe to call from several processes at once; one object belongs to one thread at a time.

    >>> server = EmbeddedPostgres(Path(".helpdesk/postgres"))
    >>> server.start()
    >>> server.url  # 'postgresql://postgres:…@127.0.0.1:23456/helpdesk'
    >>> server.release()
    """

    def __init__(self, data_dir: Path, *, start_timeout: float = 60.0) -> None:
        """data_dir: the server's own folder, made where absent. start_timeout: seconds, recovery included."""
        self._home = data_dir.resolve()
        self._cluster = self._home / "cluster"
        self._password_file = self._home / "superuser-password"
        self._port_file = self._home / "port"
        self._log = self._home / "server.log"
        self._start_timeout = start_timeout
        self._account: Account | None = None
        self._lease = ServerLease(self._home / "leases")

    @property
    def url(self) -> str:
        """Address of the database `helpdesk` for its superuser. Raises DatabaseUnavailable before the first start."""
        return self._url(DATABASE)

    @property
    def is_running(self) -> bool:
        """Whether the folder has a live server, whoever started it."""
        return find_postmaster(self._cluster) is not None

    def start(self) -> None:
        """Makes the cluster where there is none, starts the server where it is not running, and returns once
        it has answered a query. Costs little where it runs, so that whoever serves may call it again to
        heal a crash. Raises DatabaseUnavailable with the server's last log lines."""
        try:
            self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._locked():
                self._lease.take()
                try:
                    self._start()
                except BaseException:
                    self._lease.drop()
                    raise
        except OSError as error:
            raise DatabaseUnavailable(f"the embedded PostgreSQL cannot use {self._home}: {error}") from error

    def release(self) -> None:
        """Gives this object's lease back; stops the server where no other process holds one."""
        if not self._lease.is_held:
            return
        with self._locked():
            if self._lease.is_last():
                self._stop()
            self._lease.drop()

    def stop(self) -> None:
        """Stops the server for every process; nothing happens where it is not running."""
        if not self._home.exists():
            return
        with self._locked():
            self._stop()
            self._lease.drop()

    def _start(self) -> None:
        self._account = choose_account(self._home)
        if not self._cluster.exists():
            self._initialise()
        failure: DatabaseUnavailable | None = None
        for attempt in range(_ATTEMPTS):
            try:
                self._launch()
                self._await_answer()
            except _NotOurs:
                raise
            except DatabaseUnavailable as error:
                failure = error
                self._stop()
                time.sleep(0.5 * (attempt + 1))
            else:
                return
        raise DatabaseUnavailable(f"{failure}\nlast lines of {self._log}:\n{self._log_tail()}") from failure

    def _initialise(self) -> None:
        # Made beside its place and moved there at the end: a start that is killed leaves no half-made cluster.
        open_way(self._account, self._home)
        unfinished = self._home / "cluster.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        write_private(self._password_file, secrets.token_urlsafe(32))
        with tempfile.NamedTemporaryFile("w", dir=self._home) as password:
            password.write(self._password_file.read_text())
            password.flush()
            if self._account:
                os.chown(password.name, self._account.uid, self._account.gid)
            arguments = ["-D", str(unfinished), "-U", _SUPERUSER, "-A", "scram-sha-256", f"--pwfile={password.name}"]
            arguments += ["-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            run_command("initdb", arguments, home=self._home, account=self._account, timeout=120)
        unfinished.rename(self._cluster)

    def _launch(self) -> None:
        if running := find_postmaster(self._cluster):
            write_private(self._port_file, str(running.port))
            return
        open_way(self._account, self._home)
        clear_remains(self._cluster, patience=5)
        port = choose_port(self._known_port())
        write_private(self._port_file, str(port))
        if self._log.exists() and self._log.stat().st_size > _LOG_LIMIT:
            self._log.replace(self._log.with_suffix(".log.1"))
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "shared_buffers": "64MB",
            "max_connections": 100,
            "lc_messages": "C",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        settings = " ".join(f"-c {name}='{value}'" for name, value in options.items())
        wait = f"{self._start_timeout:.0f}"
        arguments = ["start", "-w", "-t", wait, "-D", str(self._cluster), "-l", str(self._log), "-o", settings]
        run_command("pg_ctl", arguments, home=self._home, account=self._account, timeout=self._start_timeout + 15)

    def _await_answer(self) -> None:
        deadline = time.monotonic() + self._start_timeout
        while True:
            try:
                return self._ask()
            except psycopg.OperationalError as error:
                if "password authentication failed" in str(error):
                    raise _NotOurs(f"the password in {self._password_file} is refused: {error}") from error
                if not self.is_running or time.monotonic() > deadline:
                    raise DatabaseUnavailable(f"the embedded PostgreSQL does not answer: {error}") from error
            time.sleep(0.1)

    def _ask(self) -> None:
        with psycopg.connect(self._url("postgres"), connect_timeout=2, autocommit=True) as connection:
            found = connection.execute("SHOW data_directory").fetchone()
            if found is None or Path(found[0]) != self._cluster:
                raise _NotOurs(f"port {self._known_port()} belongs to another server: {found}")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE}")
                connection.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")

    def _stop(self) -> None:
        running = find_postmaster(self._cluster)
        if running is None:
            return
        # The same signals as pg_ctl stop sends (fast, immediate), sent by us, who know the true process.
        for request, patience in ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(running.pid, request)
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline:
                if find_postmaster(self._cluster) is None:
                    clear_remains(self._cluster, patience=5)
                    return
                time.sleep(0.02)
        raise DatabaseUnavailable(f"the embedded PostgreSQL, process {running.pid}, does not stop")

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with FileLock(self._home / "start.lock", timeout=self._start_timeout + 60):
                yield
        except Timeout as error:
            raise DatabaseUnavailable(f"another process keeps {self._home / 'start.lock'}") from error

    def _known_port(self) -> int | None:
        text = self._port_file.read_text().strip() if self._port_file.exists() else ""
        return int(text) if text.isdigit() else None

    def _url(self, database: str) -> str:
        port = self._known_port()
        if port is None or not self._password_file.exists():
            raise DatabaseUnavailable(f"the embedded PostgreSQL in {self._home} lacks its port or password; start it")
        password = quote(self._password_file.read_text().strip(), safe="")
        return f"postgresql://{_SUPERUSER}:{password}@127.0.0.1:{port}/{database}"

    def _log_tail(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return "\n".join(lines[-15:])
