"""The bundled Redis: private, shared by the processes of a folder, and never in the way of the next start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from components.core.errors import SharedStateUnavailable
from components.shared_state.embedded_redis import EmbeddedRedis, read_address

Make = Callable[..., EmbeddedRedis]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[EmbeddedRedis] = []

    def make(folder: Path = tmp_path / "redis", memory: str = "256mb") -> EmbeddedRedis:
        made.append(EmbeddedRedis(folder, memory=memory))
        return made[-1]

    yield make
    for server in made:
        server.release()
    assert not any(server.is_running for server in made)


def ping(folder: Path) -> bool:
    address = read_address(folder)
    assert address is not None
    with redis.Redis.from_url(address) as client:
        return bool(client.ping())


def server_pid(folder: Path) -> int:
    return int((folder / "server.pid").read_text())


def test_only_whoever_reads_the_address_file_gets_in(make: Make, tmp_path: Path) -> None:
    make().start()
    folder = tmp_path / "redis"
    address = read_address(folder)
    assert address is not None
    assert ping(folder)
    parts = urlsplit(address)
    assert parts.hostname == "127.0.0.1"
    with (
        redis.Redis(host="127.0.0.1", port=parts.port or 0, retry=Retry(NoBackoff(), 0)) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
    assert (folder / "address").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    shown = psutil.Process(server_pid(folder))
    assert parts.password
    assert parts.password not in " ".join([*shown.cmdline(), *shown.environ().values()])


def test_a_long_folder_with_odd_characters_will_do(make: Make, tmp_path: Path) -> None:
    folder = tmp_path / ('a "quoted" \\ wörd ' + "x" * 120) / "redis"
    make(folder).start()
    assert ping(folder)


def test_the_last_one_out_stops_it(make: Make, tmp_path: Path) -> None:
    first, second = make(), make()
    first.start()
    second.start()
    first.release()
    assert second.is_running
    assert ping(tmp_path / "redis")
    second.release()
    assert not second.is_running
    assert read_address(tmp_path / "redis") is None


def test_a_server_that_was_killed_comes_back_at_the_same_address(make: Make, tmp_path: Path) -> None:
    server, folder = make(), tmp_path / "redis"
    server.start()
    address = read_address(folder)
    os.kill(server_pid(folder), signal.SIGKILL)
    until = time.monotonic() + 10
    while server.is_running and time.monotonic() < until:
        time.sleep(0.01)
    assert not server.is_running
    server.start()
    assert read_address(folder) == address
    assert ping(folder)


def test_a_killed_parent_leaves_nothing_that_stops_the_next_start(make: Make, tmp_path: Path) -> None:
    folder = tmp_path / "redis"
    code = (
        "import sys, time; from pathlib import Path; from components.shared_state.embedded_redis import EmbeddedRedis;"
        "EmbeddedRedis(Path(sys.argv[1])).start(); print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        orphan = psutil.Process(server_pid(folder))
        parent.kill()
    server = make()
    server.start()
    assert ping(folder)
    server.release()
    psutil.wait_procs([orphan], timeout=10)
    assert not orphan.is_running()
    assert not server.is_running


def test_a_server_that_nobody_uses_any_more_is_replaced(make: Make, tmp_path: Path) -> None:
    # As where the system has no way to take children along.
    server, folder = make(), tmp_path / "redis"
    server.start()
    orphan, address = server_pid(folder), read_address(folder)
    server._lease.drop()
    heir = make()
    heir.start()
    assert server_pid(folder) != orphan
    assert read_address(folder) == address
    assert ping(folder)
    heir.release()
    assert not heir.is_running


def test_starting_again_leaves_a_server_that_works_alone(make: Make, tmp_path: Path) -> None:
    server, folder = make(), tmp_path / "redis"
    server.start()
    first = server_pid(folder)
    server.start()
    make().start()
    assert server_pid(folder) == first


def test_a_hung_server_is_replaced(make: Make, tmp_path: Path) -> None:
    server, folder = make(), tmp_path / "redis"
    server.start()
    hung = server_pid(folder)
    os.kill(hung, signal.SIGSTOP)
    server.start()
    assert server_pid(folder) != hung
    assert ping(folder)


def test_a_stale_process_id_misleads_nobody(make: Make, tmp_path: Path) -> None:
    folder = tmp_path / "redis"
    folder.mkdir()
    (folder / "server.pid").write_text(str(os.getpid()))
    (folder / "address").write_text("redis://:secret@127.0.0.1:1/0")
    server = make()
    assert not server.is_running
    server.start()
    assert ping(folder)


def test_a_port_that_was_taken_meanwhile_is_left_alone(make: Make, tmp_path: Path) -> None:
    folder = tmp_path / "redis"
    folder.mkdir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (folder / "address").write_text(f"redis://:secret@127.0.0.1:{port}/0")
        make().start()
        assert urlsplit(read_address(folder) or "").port != port
        assert ping(folder)


def test_a_full_server_drops_what_expires_and_was_not_used_and_keeps_the_rest(make: Make, tmp_path: Path) -> None:
    make(memory="7mb").start()
    with redis.Redis.from_url(read_address(tmp_path / "redis") or "") as client:
        client.xadd("stream", {"event": "kept"})
        for number in range(120):
            client.set(f"old:{number}", b"x" * 40_000, ex=86_400)
        time.sleep(1.2)  # Redis tells ages apart by the second.
        client.set("lock", "held", ex=10)
        for number in range(60):
            client.set(f"new:{number}", b"x" * 40_000, ex=86_400)
        assert client.info("stats")["evicted_keys"] > 0
        assert client.xlen("stream") == 1
        assert client.get("lock") == b"held"


def test_a_server_that_cannot_start_says_why(make: Make, tmp_path: Path) -> None:
    with pytest.raises(SharedStateUnavailable, match=r"did not start(.|\n)*argument must be a memory value"):
        make(memory="plenty").start()
