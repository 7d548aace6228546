"""GET /healthz and /readyz: whether the process lives, and whether it can serve."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from apps.api.openapi import problem_responses
from apps.api.workers import WorkerPool
from components.core.errors import DatabaseUnavailable
from components.database.session import Database


class Health(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """Every part that a question needs answers; where one does not, a problem names it."""

    status: Literal["ready"] = "ready"
    database: Literal["ready"] = "ready"


def health_router(database: Database, pool: WorkerPool, *, deadline: float) -> APIRouter:
    """The two routes, open to whoever reaches the port. `deadline`: seconds until not ready is said."""
    router = APIRouter(tags=["operations"])

    @router.get("/healthz", summary="Is the process alive?", operation_id="healthz")
    async def healthz() -> Health:
        return Health()

    @router.get(
        "/readyz",
        summary="Can it serve?",
        operation_id="readyz",
        responses=problem_responses("database_unavailable", "unavailable"),
    )
    async def readyz() -> Readiness:
        if not await pool.run(database.is_ready, deadline=deadline):
            raise DatabaseUnavailable("the database did not answer the readiness query")
        return Readiness()

    return router
