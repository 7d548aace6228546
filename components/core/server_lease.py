"""Who uses a bundled server: each process holds a lease on it, which ends with the process however that ends."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path


class ServerLease:
    """This process's lease: a shared lock on one file. For one thread at a time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        # A bare descriptor: the lease must not end because somebody let the object go.
        self._descriptor: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether it was taken and not dropped."""
        return self._descriptor is not None

    def take(self) -> None:
        """Holds it; nothing changes where it is held."""
        if self._descriptor is None:
            self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def is_last(self) -> bool:
        """Whether it is held, and by no other process."""
        if self._descriptor is None:
            return False
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            # In both cases: an attempt that fails gives up the shared lock too.
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)
        return True

    def drop(self) -> None:
        """Gives it up; nothing changes where it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do themselves: connections that have just ended do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
