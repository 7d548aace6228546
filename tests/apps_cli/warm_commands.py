"""Commands each in a process of its own, forked from one that has read the libraries, which takes longer than most do.

None of our own modules are read beforehand, nor any library that starts a thread: whatever a command does of itself, it
still does.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

LIBRARIES = (
    "alembic.command",
    "haystack.tools",
    "numpy",
    "psycopg_pool",
    "pydantic_settings",
    "rich.table",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.orm",
    "typer",
)
SECONDS = 240
FILES = {"stdin": os.O_RDONLY, "stdout": os.O_WRONLY | os.O_CREAT, "stderr": os.O_WRONLY | os.O_CREAT}


class WarmCommands:
    """Runs `helpdesk ARGUMENTS`, one at a time."""

    def __init__(self, folder: Path) -> None:
        """folder: for what the commands read and write."""
        self._folder, self._count, self._lock = folder, 0, threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.apps_cli.warm_commands"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
        )

    def run(self, arguments: Sequence[str], stdin: str, environment: Mapping[str, str]) -> tuple[int, str, str]:
        """Exit status (negative: the signal that ended it, after 240 s SIGALRM), output and errors."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._count += 1
            folder = self._folder / str(self._count)
            folder.mkdir()
            (folder / "stdin").write_text(stdin, "utf-8")
            told = {"arguments": arguments, "environment": dict(environment), "folder": str(folder)}
            self._process.stdin.write(json.dumps(told) + "\n")
            self._process.stdin.flush()
            status = int(self._process.stdout.readline())
            return status, (folder / "stdout").read_text("utf-8"), (folder / "stderr").read_text("utf-8")

    def close(self) -> None:
        self._process.communicate()


def main() -> None:
    """Until nobody has a command any more."""
    from components.core.settings import quiet_third_parties

    quiet_third_parties()
    for name in LIBRARIES:
        importlib.import_module(name)
    assert threading.active_count() == 1, "a fork would be without these threads"
    while line := sys.stdin.readline():
        child = os.fork()
        if not child:
            return become(json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    return None


def become(told: dict[str, Any]) -> None:
    """What `python -m apps.cli.main` is, and nothing else."""
    signal.alarm(SECONDS)
    for number, (name, flags) in enumerate(FILES.items()):
        os.dup2(os.open(Path(told["folder"]) / name, flags, 0o600), number)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode) for number, mode in enumerate("rww"))
    os.environ.clear()
    os.environ.update(told["environment"])
    sys.argv = ["helpdesk", *told["arguments"]]
    runpy.run_module("apps.cli.main", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
