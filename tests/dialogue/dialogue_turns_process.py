"""Processes that take turns and are killed or stopped on the way: forked from one that has imported everything."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from threading import get_ident
from typing import Any
from uuid import UUID

from dialogue_turns_world import Echo, World

from components.core.tenant import Tenant
from components.database.session import Database

# What takes long to import and can be found from the repository's root.
PRELOADED = [
    "components.dialogue.turns",
    "components.agents.workforce",
    "components.agents.orchestrator.executor",
    "components.agents.workflows.runner",
    "psycopg",
    "components.nlu.language",
    "components.dialogue.flow_reading",
]


@dataclass(frozen=True)
class Job:
    """What a process is to send. at, signal: the step at which it sends itself the signal."""

    urls: tuple[str, str]
    tenant: Tenant
    conversation_id: UUID
    messages: tuple[tuple[str, str], ...]
    lease: float = 1.0
    at: str | None = None
    signal: int = signal.SIGKILL
    threads: int = 1
    seconds: float = 0.0


def start(job: Job) -> tuple[Any, Connection]:
    """The process, and where the replies' texts by message come from once it is done."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(job, sending), daemon=True)
    process.start()
    sending.close()
    return process, receiving


def killed(job: Job) -> None:
    """Runs the job until it has killed itself."""
    process, receiving = start(job)
    process.join(60)
    receiving.close()
    assert process.exitcode == -signal.SIGKILL, f"the process was not killed at {job.at}: {process.exitcode}"


def _work(job: Job, sending: Connection) -> None:
    database = Database(*job.urls)
    turns = World(database, knowledge=Echo(job.seconds)).turns(lease=job.lease, on_step=_stopping(job), deadline=60.0)

    def send(message: tuple[str, str]) -> tuple[str, ...]:
        taken = turns.take(job.tenant, job.conversation_id, client_message_id=message[0], text=message[1])
        return tuple(reply.text for reply in taken.replies)

    with ThreadPoolExecutor(job.threads) as pool:
        sending.send(list(pool.map(send, job.messages)))


def _stopping(job: Job) -> Callable[[str], None]:
    def stop(step: str) -> None:
        if step == job.at:
            # To this thread, which takes it at once: one to the process leaves it time to go on.
            signal.pthread_kill(get_ident(), job.signal)

    return stop
