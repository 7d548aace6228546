"""GET /metrics: the API's figures in the format that Prometheus scrapes."""

from __future__ import annotations

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from apps.api.evaluation_gauges import EvaluationGauges
from apps.api.measurements import Measurements


def metrics_router(measurements: Measurements, evaluations: EvaluationGauges) -> APIRouter:
    """Open to whoever reaches the port, as scrapers expect: it names tenants by id and nothing else of theirs."""
    router = APIRouter(tags=["operations"])

    @router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
    async def read_metrics() -> Response:
        await evaluations.refresh()
        return Response(generate_latest(measurements.registry), media_type=CONTENT_TYPE_LATEST)

    return router
