"""Rasa's own command line as a child process: quiet, in a process group of its own, gone with its parent."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from components.core.errors import NluUnavailable

_STOP_SECONDS = 5.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
# The token comes through standard input: arguments and, for a moment, those of `env` stand in the process list.
_LAUNCHER = """
import sys
token = sys.stdin.readline().strip()
sys.argv = ["rasa", *sys.argv[1:], *(["--auth-token", token] if token else [])]
from rasa.__main__ import main
main()
"""
_QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "CUDA_VISIBLE_DEVICES": "",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONWARNINGS": "ignore",
}


class RasaProcess:
    """One run of `rasa …`. On Linux it goes when the thread that started it ends, so start it from one that stays."""

    def __init__(
        self,
        python: Path,
        arguments: Sequence[str],
        *,
        folder: Path,
        output: IO[bytes] | int,
        token: str = "",
        niceness: int = 0,
    ) -> None:
        """python: of the environment that Rasa is installed in. folder: where it runs and leaves its caches. output: a
        file, or subprocess.PIPE. token: what `rasa run` then demands of every request. niceness: how far it stands
        back for others. Raises NluUnavailable where there is no such Python."""
        settings = [f"{name}={value}" for name, value in _QUIET.items()]
        command = ["env", *settings, str(python), "-c", _LAUNCHER, *arguments]
        if not os.access(python, os.X_OK):
            raise NluUnavailable(f"no Python of Rasa's environment at {python}: `make environment` builds it")
        folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: _prepare(niceness),
        )
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError), self._process.stdin as pipe:
                pipe.write(f"{token}\n".encode())

    @property
    def pid(self) -> int:
        """Number of the process, and of its group."""
        return self._process.pid

    @property
    def output(self) -> IO[bytes] | None:
        """What it writes, where a pipe was asked for."""
        return self._process.stdout

    def poll(self) -> int | None:
        """The exit status, None while it runs."""
        return self._process.poll()

    def wait(self, seconds: float) -> int | None:
        """The exit status; None where it still runs after `seconds`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(max(0.0, seconds))
        return None

    def stop(self) -> None:
        """A friendly signal, then the hard one, to the whole group; returns when it is gone."""
        self._signal(signal.SIGTERM)
        self.wait(_STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Ends the whole group at once."""
        self._signal(signal.SIGKILL)
        self.wait(_STOP_SECONDS)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


def _prepare(niceness: int) -> None:
    os.nice(niceness)
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
