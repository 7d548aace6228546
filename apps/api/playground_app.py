"""The playground on the API: its routes, and the few threads that its work may take."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from apps.api.authentication import Authentication
from apps.api.body_limit import LargerBody
from apps.api.playground import PlaygroundParts, playground_router
from apps.api.tenant_turns import TenantTurns
from apps.api.trials import Trials
from apps.api.workbench_access import WorkbenchAccess
from apps.api.workers import WorkerPool
from components.bootstrap import Workbench
from components.helpdesk.evaluation.prompt_metrics import PromptFigures

LARGER = (LargerBody(re.compile(r"/playground/.*"), 1024 * 1024),)


@dataclass(frozen=True)
class PlaygroundBounds:
    """threads: evaluations at once, of one tenant one. waiting: that may wait for that; more are refused. seconds: of
    one. heartbeat: seconds between signs of life while it works."""

    threads: int = 2
    waiting: int = 8
    seconds: float = 600.0
    heartbeat: float = 10.0


def add_playground(
    app: FastAPI, workbench: Workbench, keys: Authentication, short: WorkerPool, bounds: PlaygroundBounds
) -> None:
    """Adds the routes to `app`. short: threads for reads."""
    pool = WorkerPool("playground", threads=bounds.threads, waiting=bounds.waiting)
    turns = TenantTurns(pool, each=1, waiting=bounds.waiting)
    trials = Trials(turns, deadline=bounds.seconds, heartbeat=bounds.heartbeat)
    figures = PromptFigures(workbench.database, workbench.prompts)
    deadline = workbench.settings.request_deadline
    access = WorkbenchAccess(keys, workbench.people, short, "use_playground", deadline=deadline)
    app.include_router(playground_router(PlaygroundParts(workbench, figures, access, trials, short, deadline)))
    outer = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        async with outer(served) as state:
            yield state
            pool.close()

    app.router.lifespan_context = lifespan
