"""Child processes of `helpdesk up`: they start together, are restarted when they fall, and never outlive it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from components.core.errors import Unavailable

STOP_SECONDS = 10.0
RESTARTS = 5
RESTART_WINDOW = 60.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    """Runs in the child: a parent that is killed takes its children with it."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One process: how to start it, where it writes, and when it was last restarted."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    restarts: list[float] = field(default_factory=list)

    def start(self) -> None:
        """In a process group of its own, so that Ctrl-C reaches only the parent, which stops all in order."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own commands
                self.command,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self.environment},
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def signal_group(self, number: signal.Signals) -> None:
        """To the process and all that it started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def last_lines(self, count: int = 12) -> str:
        """The end of its log, for an error message."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-count:])


class ProcessGroup:
    """Starts, watches and stops children. Used from the main thread only (a child dies with that thread)."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    def start(self, child: Child) -> Child:
        """Starts it and keeps watch over it from now on."""
        child.start()
        self._children.append(child)
        return child

    def revive(self) -> list[str]:
        """Restarts what has ended; returns the names. Raises Unavailable past five restarts in a minute."""
        revived = []
        for child in self._children:
            if child.process is None or child.process.poll() is None:
                continue
            now = time.monotonic()
            child.restarts = [moment for moment in child.restarts if now - moment < RESTART_WINDOW] + [now]
            if len(child.restarts) > RESTARTS:
                raise Unavailable(
                    f"{child.name} ended {RESTARTS} times within a minute (exit status {child.process.returncode}); "
                    f"end of {child.log}:\n{child.last_lines()}"
                )
            child.signal_group(signal.SIGKILL)
            child.start()
            revived.append(child.name)
        return revived

    def stop(self) -> None:
        """Last started first: a friendly signal to all, ten seconds, then the hard one to whole groups."""
        for child in reversed(self._children):
            if child.process is not None and child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in reversed(self._children):
            if child.process is None:
                continue
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(timeout=max(0.1, deadline - time.monotonic()))
            child.signal_group(signal.SIGKILL)
            child.process.wait(timeout=STOP_SECONDS)
        self._children.clear()
