"""Tests on one costly fixture stay together, and a report names a test as everybody else does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.sharing_out import TOGETHER, TOO, group_of, turn_of

ROOT = Path(__file__).resolve().parents[1]
# Of two rooms with three files each: it leaves word of the worker that it ran on, and one fails.
TEST = """
import os

def test_it():
    with open({said!r}, "a") as said:
        print(os.environ["PYTEST_XDIST_WORKER"], {room!r}, file=said)
    assert {good}
"""


def test_every_room_and_file_that_is_named_is_there() -> None:
    assert [room for room in TOGETHER if not (ROOT / "tests" / room).is_dir()] == []
    assert [file for file in TOO if len(list((ROOT / "tests").rglob(file))) != 1] == []


def test_a_room_is_one_group_and_another_rooms_file_is_its_own() -> None:
    first, second = (f"tests/apps_api/test_apps_api_{name}.py::test_it[a::b@c]" for name in ("desk", "chat"))
    assert group_of(first) == group_of(second) == "apps_api"
    assert group_of("tests/nlu/test_nlu_rasa_real.py::test_it") == "apps_api"
    assert group_of("tests/vectors/test_a.py::test_it") != group_of("tests/vectors/test_b.py::test_it")
    assert turn_of(first) < turn_of("tests/agents/test_a.py::test_it")


def test_workers_share_by_groups_and_keep_the_ids(tmp_path: Path) -> None:
    said = tmp_path / "said"
    (tmp_path / "conftest.py").write_text(
        "from tests.conftest import pytest_collection_modifyitems, pytest_xdist_make_scheduler\n"
    )
    for room in ("apps_api", "apps_chat"):
        (tmp_path / room).mkdir()
        for number in range(3):
            text = TEST.format(said=str(said), room=room, good=room == "apps_chat" or number > 0)
            (tmp_path / room / f"test_{room}_{number}.py").write_text(text)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "-q"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert "1 failed, 5 passed" in done.stdout, done.stdout + done.stderr
    ran = set(said.read_text().split("\n")) - {""}
    assert len(ran) == len({line.split()[0] for line in ran}) == 2
    failed = json.loads((tmp_path / ".pytest_cache" / "v" / "cache" / "lastfailed").read_text())
    assert failed == {"apps_api/test_apps_api_0.py::test_it": True}
