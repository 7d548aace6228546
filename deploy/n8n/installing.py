"""n8n, the Node.js that it needs and the helpdesk's nodes, installed into the data folder, once."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from components.core.errors import InvalidSetting, Unavailable

HERE = Path(__file__).resolve().parent
NODES = "n8n-nodes-helpdesk"
_SERVER, _PACKAGE = HERE / "server", HERE / NODES


def install(home: Path) -> None:
    """Brings the folder `home` up to date; does nothing where it is. 2.8 GB and some minutes the first time.

    Raises InvalidSetting without npm, Unavailable with the last lines of what did not work or took too long.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise InvalidSetting("npm was not found: install Node.js 20 or later with npm, and try again", field="PATH")
    _install_n8n(npm, home)
    _install_nodes(npm, home)


def n8n_command(home: Path) -> tuple[str, ...]:
    """What starts n8n; arguments follow."""
    modules = home / "node_modules"
    return str(modules / "node" / "bin" / "node"), str(modules / "n8n" / "bin" / "n8n")


def _install_n8n(npm: str, home: Path) -> None:
    stamp, want = home / ".n8n-installed", _digest(_SERVER)
    if stamp.exists() and stamp.read_text() == want:
        return
    print("[1/4] n8n and Node.js 24: exactly those of the lock (some minutes and 2.8 GB the first time)", flush=True)
    stamp.unlink(missing_ok=True)
    shutil.copytree(_SERVER, home, dirs_exist_ok=True)
    run([npm, "ci", "--no-progress", "--omit=dev", "--loglevel=error"], home, seconds=1800)
    # No package's scripts are run but this one's, which fetches the binary for this machine.
    run([npm, "rebuild", "node", "--ignore-scripts=false", "--loglevel=error"], home, seconds=600)
    run([*n8n_command(home), "--version"], home, seconds=120)
    stamp.write_text(want)


def _install_nodes(npm: str, home: Path) -> None:
    stamp, want = home / ".nodes-installed", _digest(_PACKAGE)
    if stamp.exists() and stamp.read_text() == want:
        return
    print("[2/4] the helpdesk's nodes: built", flush=True)
    stamp.unlink(missing_ok=True)
    build, installed = home / "nodes-build", home / "extensions" / NODES
    shutil.rmtree(build, ignore_errors=True)
    shutil.rmtree(installed, ignore_errors=True)
    shutil.copytree(_PACKAGE, build, ignore=shutil.ignore_patterns("node_modules", "dist"))
    run([npm, "ci", "--no-progress", "--loglevel=error"], build, seconds=600)
    run([npm, "run", "build"], build, seconds=300)
    # Below `home`, where Node finds n8n's own n8n-workflow.
    shutil.copytree(build / "dist", installed)
    shutil.rmtree(build)
    stamp.write_text(want)


def _digest(folder: Path) -> str:
    left_out = {"node_modules", "dist", "test"}
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        if not left_out & set(path.relative_to(folder).parts):
            digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def run(command: Sequence[str], folder: Path, *, seconds: float, environment: Mapping[str, str] | None = None) -> str:
    """What the command prints. Raises Unavailable where it fails, or is not done in time and is ended with all that it
    started."""
    with subprocess.Popen(  # noqa: S603 - our own commands
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
    ) as process:
        try:
            said, _ = process.communicate(timeout=seconds)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            said, _ = process.communicate()
            raise Unavailable(f"{_shown(command)}: not done after {seconds:.0f} s{_end(said)}") from error
    if process.returncode != 0:
        raise Unavailable(f"{_shown(command)}: exit status {process.returncode}{_end(said)}")
    return said


def _shown(command: Sequence[str]) -> str:
    return " ".join(Path(word).name if "/" in word else word for word in command)


def _end(text: str) -> str:
    told = [line for line in text.strip().splitlines() if not line.lstrip().startswith("at ")]
    return "".join(f"\n    {line}" for line in told[-15:])
