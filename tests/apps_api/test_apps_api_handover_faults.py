"""Customers and agents while everything fails in turn: the benchmark of tests/benchmarks, small enough for each run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmarks.bench_handover import run
from tests.benchmarks.handover_world import FAULTS, world
from tests.session_database import trust_the_power


@pytest.mark.timeout(600)
def test_cuts_kills_and_restarts_lose_double_and_swap_nothing_and_the_bot_stays_silent(
    make_folder: Callable[[], Path],
) -> None:
    with world(make_folder()) as place:
        trust_the_power(place.addresses)
        found = asyncio.run(run(place, conversations=12, each=12, agents=3, think=1.5, faults=True))
    assert all(found.faults[kind] for kind in FAULTS), found.faults
    assert found.faults["sockets cut"] > 0
    assert found.stored == 12 * (12 + 12 + 1)
    assert (found.lost, found.doubled, found.swapped, found.bot_over_agent) == ([], [], [], [])
