"""What the last evaluations found, for Prometheus: read when it asks, and not oftener than is worth it."""

from __future__ import annotations

import logging
from time import monotonic

from apps.api.measurements import Measurements
from apps.api.workers import WorkerPool
from components.core.errors import Unavailable
from components.database.session import Database
from components.helpdesk.evaluation.last_scores import last_scores

logger = logging.getLogger("helpdesk.api")


class EvaluationGauges:
    """Belongs to one event loop. Evaluations are made by other processes, so that only the database knows them."""

    def __init__(
        self, measurements: Measurements, database: Database, pool: WorkerPool, *, deadline: float, every: float
    ) -> None:
        """deadline: seconds that a scrape waits for the database at most; what was read last is told then. every:
        seconds that what was read is good for."""
        self._measurements, self._database, self._pool = measurements, database, pool
        self._deadline, self._every = deadline, every
        self._next = 0.0

    async def refresh(self) -> None:
        """Before the figures are told."""
        if monotonic() < self._next:
            return
        self._next = monotonic() + self._every
        try:
            found = await self._pool.run(lambda: last_scores(self._database), deadline=self._deadline)
        except Unavailable as error:
            logger.warning("evaluation scores are those of before: %s", error.message)
        else:
            self._measurements.set_evaluations(found)
