"""The Rasa of `helpdesk up`: watched, given what was trained, kept to itself, and missed by nobody."""

from __future__ import annotations

import hashlib
import os
import signal
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from apps.cli.bundled_rasa import BundledRasa, address_file, find_rasa_url
from components.core.errors import InvalidSetting
from components.core.settings import Settings
from components.helpdesk.understanding.serving import NluServing, write_serving
from tests.apps_cli.rasa_stand_in import write_pointer, write_stand_in

Make = Callable[..., BundledRasa]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[BundledRasa] = []

    def make(wanted: bool = True, **options: object) -> BundledRasa:
        made.append(BundledRasa(settings_of(tmp_path, **options), wanted))
        return made[-1]

    yield make
    for rasa in made:
        rasa.stop()


def settings_of(folder: Path, **options: object) -> Settings:
    return Settings.model_validate({"data_dir": folder, "rasa_python": folder / "rasa-python", **options})


def await_lines(file: Path, count: int, rasa: BundledRasa) -> list[str]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        rasa.watch()
        lines = file.read_text().splitlines() if file.exists() else []
        if len(lines) >= count:
            return lines
        time.sleep(0.05)
    raise AssertionError(f"fewer than {count} lines in {file}")


def serve(folder: Path, version: str, content: bytes) -> Path:
    """A version with both engines. A local classifier's file is only looked at here, never loaded."""
    models = folder / "nlu" / "customer_service"
    (models / version).mkdir(parents=True, exist_ok=True)
    contents = {"rasa.tar.gz": content, "local.npz": b"local"}
    for name, each in contents.items():
        (models / version / name).write_bytes(each)
    files = {name: hashlib.sha256(each).hexdigest() for name, each in contents.items()}
    write_serving(models, NluServing(version, "rasa", {"rasa": 0.5}, files, {"rasa": 0.91, "local": 0.88}))
    return models / version / "rasa.tar.gz"


def test_its_token_is_for_children_and_this_account_alone(make: Make, tmp_path: Path) -> None:
    write_stand_in(tmp_path)
    rasa = make()
    url = rasa.environment["HELPDESK_RASA_URL"]
    assert find_rasa_url(settings_of(tmp_path)) is None
    rasa.start()
    assert rasa.address == "http://" + url.partition("@")[2]
    assert find_rasa_url(settings_of(tmp_path)) == url
    assert stat.S_IMODE(address_file(settings_of(tmp_path)).stat().st_mode) == 0o600
    rasa.stop()
    assert find_rasa_url(settings_of(tmp_path)) is None


def test_it_starts_with_the_model_that_serves_and_is_given_each_new_one(make: Make, tmp_path: Path) -> None:
    write_stand_in(tmp_path)
    first = serve(tmp_path, "one", b"model 1")
    rasa = make()
    rasa.start()
    assert await_lines(tmp_path / "given", 1, rasa) == [f"start {first}"]
    second = serve(tmp_path, "two", b"model 2")
    assert await_lines(tmp_path / "given", 2, rasa)[1:] == [f"load {second}"]
    assert rasa.describe().startswith("Rasa leads, the local classifier falls in for it")
    assert "rasa 0.910" in rasa.describe()


def test_before_the_first_training_it_runs_without_a_model_and_says_so(make: Make, tmp_path: Path) -> None:
    write_stand_in(tmp_path)
    rasa = make()
    rasa.start()
    assert "nothing was trained yet" in rasa.describe()
    first = serve(tmp_path, "one", b"model 1")
    assert await_lines(tmp_path / "given", 1, rasa) == [f"load {first}"]


def test_what_is_cut_is_said_with_who_understands_then(make: Make, tmp_path: Path) -> None:
    write_stand_in(tmp_path)
    local = serve(tmp_path, "one", b"model 1").with_name("local.npz")
    models = local.parents[1]
    with_rasa, alone = make(), make(False)
    (models / "serving.json").write_text("{")
    assert with_rasa.describe().startswith("Rasa leads")
    local.write_bytes(b"loc")
    assert "Rasa alone understands messages; without it, no message is understood" in with_rasa.describe()
    assert alone.describe().startswith("no message is understood: ")
    (models / "serving.copy.json").write_text("{")
    for each in (with_rasa, alone):
        assert each.describe().startswith("no message is understood: ")
        assert "serving.json cannot be read" in each.describe()


def test_a_model_that_was_altered_is_said_and_not_loaded(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_stand_in(tmp_path)
    write_pointer(tmp_path, "one", b"model cut", hashlib.sha256(b"model whole").hexdigest())
    rasa = make()
    rasa.start()
    assert "was altered" in " ".join(capsys.readouterr().err.split())
    second = serve(tmp_path, "two", b"model 2")
    assert await_lines(tmp_path / "given", 1, rasa) == [f"load {second}"]


def test_a_model_that_rasa_refuses_is_said_and_the_former_serves_on(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_stand_in(tmp_path)
    first = serve(tmp_path, "one", b"model 1")
    rasa = make()
    rasa.start()
    await_lines(tmp_path / "given", 1, rasa)
    serve(tmp_path, "two", b"of another version of Rasa")
    rasa.watch()
    until = time.monotonic() + 60
    said = ""
    while "goes on" not in said and time.monotonic() < until:
        said += capsys.readouterr().err
        time.sleep(0.05)
    assert "does not load" in " ".join(said.split())
    assert (tmp_path / "given").read_text() == f"start {first}\n"


def test_it_comes_back_when_it_dies_until_it_dies_all_the_time(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    python = tmp_path / "rasa-python"
    python.write_text(f"#!/bin/sh\necho $$ >> {tmp_path}/given\nexec sleep 100\n")
    python.chmod(0o755)
    serve(tmp_path, "one", b"model 1")
    rasa = make()
    rasa.start()
    address = rasa.address
    for number in range(1, 7):
        os.kill(int(await_lines(tmp_path / "given", number, rasa)[-1]), signal.SIGKILL)
        time.sleep(0.2)
        rasa.watch()
        assert rasa.address == (address if number < 6 else None)
    rasa.watch()
    said = " ".join(capsys.readouterr().err.split())
    assert said.count("was started again") == 5
    assert said.count("understood by the local classifier") == 1


@pytest.mark.parametrize("wanted", [True, False])
def test_without_its_environment_or_not_wanted_there_is_none(make: Make, tmp_path: Path, wanted: bool) -> None:
    if not wanted:
        write_stand_in(tmp_path)
    rasa = make(wanted)
    rasa.start()
    rasa.watch()
    serve(tmp_path, "one", b"model 1")
    assert (rasa.address, rasa.environment) == (None, {})
    assert rasa.describe().startswith("messages are understood by the local classifier (")
    assert not (tmp_path / "nlu" / "rasa").exists()


def test_with_an_address_of_the_operators_own_none_is_started(make: Make, tmp_path: Path) -> None:
    write_stand_in(tmp_path)
    url = "http://:secret@rasa.example:5005"
    rasa = make(rasa_url=url)
    rasa.start()
    rasa.watch()
    assert (rasa.address, rasa.environment) == ("http://rasa.example:5005", {})
    assert find_rasa_url(settings_of(tmp_path, rasa_url=url)) == url
    assert not (tmp_path / "nlu").exists()
    with pytest.raises(InvalidSetting):
        make(rasa_url="rasa.example")
