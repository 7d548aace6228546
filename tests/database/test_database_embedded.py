"""The embedded server starts whatever the last one left behind, and stops when nobody uses it any more."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from components.core.errors import DatabaseUnavailable
from components.database.embedded import EmbeddedPostgres
from components.database.postmaster import find_postmaster

HOLD = """
import os, sys
from pathlib import Path
import psycopg
from components.database.embedded import EmbeddedPostgres
if len(sys.argv) > 2:
    os.setgroups([]), os.setgid(int(sys.argv[2])), os.setuid(int(sys.argv[2]))
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.url, flush=True)
sys.stdin.read()
server.release()
"""
ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(bare_folder: Path) -> Path:
    return bare_folder


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder)
    server.start()
    yield server
    server.stop()


def ask(server: EmbeddedPostgres, query: str) -> object:
    with psycopg.connect(server.url, autocommit=True) as connection:
        cursor = connection.execute(query)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def hold(folder: Path, *, user: int | None = None) -> subprocess.Popen[str]:
    """Another process that starts or joins the server, and leaves it when its standard input ends."""
    # The account is changed inside: another one may not be allowed to start root's own Python.
    arguments = [str(folder), *([] if user is None else [str(user)])]
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=60)
    assert process.returncode == 0


def kill_postmaster(folder: Path) -> None:
    running = find_postmaster(folder / "cluster")
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)


def test_it_is_version_18_on_loopback_with_passwords_and_no_socket(server: EmbeddedPostgres) -> None:
    assert str(ask(server, "SHOW server_version")).startswith("18")
    assert ask(server, "SHOW listen_addresses") == "127.0.0.1"
    assert ask(server, "SHOW unix_socket_directories") == ""
    assert ask(server, "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules") == "scram-sha-256"
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.url.replace("postgres:", "postgres:x", 1))


def test_its_secrets_are_readable_by_the_owner_only(server: EmbeddedPostgres, folder: Path) -> None:
    assert stat.S_IMODE((folder / "superuser-password").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "cluster").stat().st_mode) == 0o700


def test_what_was_written_survives_a_stop_and_the_address_stays(server: EmbeddedPostgres) -> None:
    address = server.url
    ask(server, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS x")
    server.stop()
    assert not server.is_running
    server.start()
    assert server.url == address
    assert ask(server, "SELECT x FROM kept") == 42


def test_a_second_start_finds_the_running_server(server: EmbeddedPostgres, folder: Path) -> None:
    began = ask(server, "SELECT pg_postmaster_start_time()")
    other = EmbeddedPostgres(folder)
    other.start()
    assert other.url == server.url
    assert ask(other, "SELECT pg_postmaster_start_time()") == began
    other.release()
    assert server.is_running, "the first still uses it"
    server.release()
    assert not server.is_running, "the last one out stops it"


def test_a_killed_postmaster_is_replaced_at_once(server: EmbeddedPostgres, folder: Path) -> None:
    ask(server, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 43 AS x")
    for _ in range(3):
        busy = psycopg.connect(server.url)
        busy.pgconn.send_query(b"SELECT pg_sleep(60)")
        kill_postmaster(folder)
        server.start()
        assert ask(server, "SELECT x FROM kept") == 43
        busy.close()


def test_a_stale_process_id_file_that_names_a_living_stranger_misleads_nobody(
    server: EmbeddedPostgres, folder: Path
) -> None:
    file = folder / "cluster" / "postmaster.pid"
    lines = file.read_text().splitlines()
    kill_postmaster(folder)
    lines[0] = str(os.getpid())
    file.write_text("\n".join(lines))
    assert not server.is_running
    server.start()
    assert ask(server, "SELECT 1") == 1


def test_a_port_that_was_taken_meanwhile_is_replaced(server: EmbeddedPostgres) -> None:
    taken = int(server.url.rsplit(":", 1)[1].split("/")[0])
    server.stop()
    with socket.create_server(("127.0.0.1", taken)):
        server.start()
    assert f":{taken}/" not in server.url
    assert ask(server, "SELECT 1") == 1


def test_processes_that_start_at_once_share_one_server(folder: Path) -> None:
    processes = [hold(folder) for _ in range(3)]
    assert len({first_line(process) for process in processes}) == 1
    leave(processes[0])
    leave(processes[1])
    assert EmbeddedPostgres(folder).is_running
    leave(processes[2])
    assert not EmbeddedPostgres(folder).is_running


def test_a_killed_process_holds_no_lease(folder: Path) -> None:
    killed = hold(folder)
    address = first_line(killed)
    killed.kill()
    killed.communicate()
    orphan = EmbeddedPostgres(folder)
    assert orphan.is_running
    orphan.start()
    assert orphan.url == address
    orphan.release()
    assert not orphan.is_running


def test_a_refused_password_is_named_and_stops_nobody(server: EmbeddedPostgres, folder: Path) -> None:
    file = folder / "superuser-password"
    password = file.read_text()
    file.write_text("forgotten")
    other = EmbeddedPostgres(folder)
    try:
        with pytest.raises(DatabaseUnavailable, match="superuser-password is refused"):
            other.start()
    finally:
        file.write_text(password)
    assert server.is_running


def test_a_start_that_fails_shows_the_servers_last_words(folder: Path) -> None:
    settings = folder / "cluster" / "postgresql.conf"
    good = settings.read_text()
    settings.write_text(good + "\nwork_mem = 'a lot'\n")
    server = EmbeddedPostgres(folder)
    try:
        with pytest.raises(DatabaseUnavailable, match='invalid value for parameter "work_mem"'):
            server.start()
    finally:
        settings.write_text(good)
    assert not server.is_running
    server.start()
    server.release()


def test_a_folder_that_cannot_be_made_is_named(folder: Path) -> None:
    file = folder.parent / "file"
    file.touch()
    with pytest.raises(DatabaseUnavailable, match="file/postgres"):
        EmbeddedPostgres(file / "postgres").start()


def test_before_the_first_start_there_is_no_address(make_folder: Callable[[], Path]) -> None:
    server = EmbeddedPostgres(make_folder() / "postgres")
    assert not server.is_running
    server.stop()
    server.release()
    with pytest.raises(DatabaseUnavailable, match="start it"):
        _ = server.url


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as an ordinary user already")
def test_an_ordinary_user_can_have_one_too_and_an_interrupted_first_start_is_made_good(
    make_folder: Callable[[], Path],
) -> None:
    home = make_folder()
    nobody = 65534
    os.chown(home, nobody, nobody)
    (home / "postgres" / "cluster.unfinished").mkdir(parents=True)
    for path in (home / "postgres", home / "postgres" / "cluster.unfinished"):
        os.chown(path, nobody, nobody)
    process = hold(home / "postgres", user=nobody)
    address = first_line(process)
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert (home / "postgres" / "cluster").stat().st_uid == nobody
    leave(process)
    assert not EmbeddedPostgres(home / "postgres").is_running
