"""A process for each tenant: a simulated clock is the whole process's, and two of them use two processors."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import TYPE_CHECKING

from apps.cli.traffic.script import read_script
from apps.cli.traffic.simulation import Made, Order, Progress, simulate
from components.core.errors import HelpdeskError, Unavailable

if TYPE_CHECKING:
    from types import FrameType

_ENDS_WITHIN = 30.0
_Children = dict[Connection, SpawnProcess]


@dataclass(frozen=True)
class Wanted:
    """What a process is told to make: Order, with the script's file for the script."""

    file: Path
    examples: Path
    days: int
    until: datetime
    seed: int
    per_day: int

    def order(self) -> Order:
        """Raises InvalidSetting."""
        return Order(
            script=read_script(self.file),
            folder=self.file.parent,
            examples=self.examples,
            days=self.days,
            until=self.until.date(),
            seed=self.seed,
            per_day=self.per_day,
        )


def simulate_each(domains: Sequence[str], wanted: Wanted, tell: Callable[[Progress], None]) -> list[Made]:
    """All of them at once. Ctrl-C ends the arrivals, and those who are there finish; the second one ends it all. Raises
    the first HelpdeskError that stopped one of them, once the others are done."""
    context = get_context("spawn")
    children: _Children = {}
    # Each of them hears of Ctrl-C by itself; who waits for them must not leave them alone.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for domain in domains:
            here, there = context.Pipe(duplex=False)
            process = context.Process(target=_child, args=(domain, wanted, there), name=f"traffic-{domain}")
            process.start()
            there.close()
            children[here] = process
        made, failed = _heard(children, tell)
    finally:
        for process in children.values():
            process.join(_ENDS_WITHIN)
            if process.is_alive():
                process.kill()
        signal.signal(signal.SIGINT, before)
    if failed:
        raise failed[0]
    return made


def _heard(children: _Children, tell: Callable[[Progress], None]) -> tuple[list[Made], list[HelpdeskError]]:
    made: list[Made] = []
    failed: list[HelpdeskError] = []
    waiting = dict(children)
    while waiting:
        for pipe in wait(list(waiting)):
            assert isinstance(pipe, Connection)
            try:
                said = pipe.recv()
            except EOFError:
                process = waiting.pop(pipe)
                process.join(_ENDS_WITHIN)
                if process.exitcode:
                    failed.append(Unavailable(f"{process.name} ended with status {process.exitcode}"))
                continue
            match said:
                case Progress():
                    tell(said)
                case Made():
                    made.append(said)
                case HelpdeskError():
                    failed.append(said)
    return made, failed


def _child(domain: str, wanted: Wanted, pipe: Connection) -> None:
    stops: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stops.append(number)
        if len(stops) > 1:
            os._exit(130)

    signal.signal(signal.SIGINT, stop)
    from apps.cli.context import open_workbench

    try:
        with open_workbench(clock=_now) as workbench:
            tenant = workbench.tenants.get_by_domain(domain)
            pipe.send(simulate(workbench, tenant, wanted.order(), tell=pipe.send, stopped=lambda: bool(stops)))
    except HelpdeskError as error:
        pipe.send(error)
    finally:
        pipe.close()


def _now() -> datetime:
    return datetime.now(UTC)
