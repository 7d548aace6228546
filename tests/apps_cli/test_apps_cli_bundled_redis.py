"""The Redis of `helpdesk up`: watched, shown without its password, and missed by nobody when it cannot be had."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from apps.cli.bundled_redis import BundledRedis
from components.core.errors import InvalidSetting
from components.core.settings import Settings
from components.shared_state.embedded_redis import read_address

Make = Callable[..., BundledRedis]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[BundledRedis] = []

    def make(**options: str) -> BundledRedis:
        made.append(BundledRedis(Settings.model_validate({"data_dir": tmp_path, **options})))
        return made[-1]

    yield make
    for redis in made:
        redis.stop()


def kill(folder: Path) -> None:
    process = psutil.Process(int((folder / "server.pid").read_text()))
    process.kill()
    until = time.monotonic() + 10
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < until:
        time.sleep(0.01)


def test_its_address_is_shown_without_the_password(make: Make, tmp_path: Path) -> None:
    redis = make()
    assert redis.address is None
    redis.start()
    whole = read_address(tmp_path / "redis") or ""
    assert redis.address == "redis://" + whole.rpartition("@")[2]
    redis.stop()
    assert redis.address is None


def test_it_comes_back_when_it_dies_until_it_dies_all_the_time(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    redis = make()
    redis.start()
    redis.revive()
    address = redis.address
    for _ in range(5):
        kill(tmp_path / "redis")
        redis.revive()
        assert redis.address == address
    kill(tmp_path / "redis")
    redis.revive()
    assert redis.address is None
    redis.revive()
    said = capsys.readouterr().err
    assert said.count("was started again") == 5
    assert said.count("nothing is cached") == 1


def test_one_that_cannot_start_stops_nothing(make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "redis").write_text("in the way")
    redis = make()
    redis.start()
    assert redis.address is None
    redis.revive()
    assert capsys.readouterr().err.count("nothing is cached") == 1


def test_with_an_address_of_the_operators_own_none_is_started(make: Make, tmp_path: Path) -> None:
    redis = make(redis_url="rediss://helpdesk:secret@cache.example:6380/2?ssl_ca_certs=/etc/ca.pem")
    redis.start()
    redis.revive()
    assert redis.address == "rediss://cache.example:6380/2"
    assert not (tmp_path / "redis").exists()
    with pytest.raises(InvalidSetting):
        make(redis_url="localhost")
