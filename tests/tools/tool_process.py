"""Processes that call a tool and are killed on the way: before it has acted, after, and after it was stored."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from multiprocessing.connection import Connection
from typing import Any, Literal, cast

from shop_world import tools
from sqlalchemy.orm import Session

from components.core.tenant import Tenant
from components.database.session import Database
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller, LocalTool, ToolOutcome, ToolUse, is_remote

Moment = Literal["before", "acted", "stored"]
PRELOADED = ["components.tools.registry", "components.helpdesk.handover.desk", "psycopg"]


@dataclass(frozen=True)
class Job:
    """A call, and when its process kills itself."""

    urls: tuple[str, str]
    tenant: Tenant
    tool: str
    arguments: Mapping[str, Any]
    at: Moment


class Killing:
    """A tool of ours whose process dies before it acts, or when it has acted and nothing is stored."""

    def __init__(self, tool: LocalTool, at: Moment) -> None:
        self._tool, self._at = tool, at
        self.spec = tool.spec

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return self._tool.price(session, use)

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        if self._at == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        outcome = self._tool.act(session, use)
        session.flush()
        if self._at == "acted":
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome


def killed(job: Job) -> None:
    """Runs the call until its process has killed itself."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(job, sending), daemon=True)
    process.start()
    sending.close()
    process.join(60)
    receiving.close()
    assert process.exitcode == -signal.SIGKILL, f"the process was not killed {job.at}: {process.exitcode}"


def _call(job: Job, sending: Connection) -> None:
    database = Database(*job.urls)
    ours = [cast(LocalTool, tool) for tool in tools(database) if not is_remote(tool)]
    registry = ToolRegistry(database, [Killing(tool, job.at) for tool in ours])
    registry.invoke(job.tenant, job.tool, job.arguments, Caller("orchestrator"), key="one")
    # It is stored, and whoever called never hears of it.
    os.kill(os.getpid(), signal.SIGKILL)
