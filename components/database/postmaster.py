"""Which server processes a data folder really has, whatever its process-id file claims after a crash."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from components.core.errors import DatabaseUnavailable
from components.core.server_lease import is_free

# Below the ports that Linux hands to outgoing connections (32768 and up), so that none of those
# sits on ours while the server is down.
_PORTS = range(15432, 32768)


@dataclass(frozen=True)
class Postmaster:
    """A live server: the process that all its others descend from, and the TCP port it listens on."""

    pid: int
    port: int


def find_postmaster(cluster: Path) -> Postmaster | None:
    """The live postmaster of a cluster folder; None where postmaster.pid is absent, unfinished or stale.

    A process counts only where it works in that folder, so a number that another program has got since
    the crash, or a zombie, misleads nobody.
    """
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if len(lines) < 4 or not lines[0].strip().isdigit() or not lines[3].strip().isdigit():
        return None
    pid = int(lines[0])
    return Postmaster(pid, int(lines[3])) if _works_in(pid, cluster) else None


def clear_remains(cluster: Path, *, patience: float) -> None:
    """After a crash: waits `patience` seconds for the dead server's children to leave, kills those that
    stay, and removes the process-id file. Does nothing while a postmaster lives."""
    deadline = time.monotonic() + patience
    while (children := _processes(cluster)) and time.monotonic() < deadline:
        if find_postmaster(cluster) is not None:
            return
        time.sleep(0.05)
    for child in children:
        child.kill()
    psutil.wait_procs(children, timeout=5)
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def choose_port(preferred: int | None) -> int:
    """`preferred` where it is free on 127.0.0.1, else another free port. Raises DatabaseUnavailable."""
    candidates = random.SystemRandom().sample(_PORTS, 50)
    for port in (preferred, *candidates) if preferred else candidates:
        if is_free(port):
            return port
    raise DatabaseUnavailable(f"no free port found on 127.0.0.1 between {_PORTS.start} and {_PORTS.stop - 1}")


def _processes(cluster: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _works_in(process.pid, cluster)]


def _works_in(pid: int, cluster: Path) -> bool:
    try:
        process = psutil.Process(pid)
        return process.name() == "postgres" and Path(process.cwd()) == cluster
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
