"""What the API counts and times for Prometheus, in a registry of its own so that two apps never share figures."""

from __future__ import annotations

import threading
from uuid import UUID

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector

_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Measurements:
    """The API's figures. Every label has few values: route templates, known methods, and at most
    `tenants` tenant ids; tenants past that are counted together as `other`."""

    def __init__(self, *, tenants: int = 500) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._duration = Histogram(
            "rag_query_duration_seconds",
            "Latency of RAG queries",
            ["tenant"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._answers = Counter(
            "rag_answers",
            "RAG queries by outcome: answered, or refused for weak evidence",
            ["tenant", "outcome"],
            registry=self.registry,
        )
        self._requests = Counter(
            "http_requests",
            "HTTP requests by method, route template and status",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._lock = threading.Lock()
        self._tenants: set[UUID] = set()
        self._most_tenants = tenants

    def count_answer(self, tenant_id: UUID, answered: bool, seconds: float) -> None:
        """One RAG query ended after `seconds` with an answer, or with an honest refusal."""
        tenant = self._tenant_label(tenant_id)
        self._duration.labels(tenant).observe(seconds)
        self._answers.labels(tenant, "answered" if answered else "refused").inc()

    def count_request(self, method: str, route: str, status: int) -> None:
        """One HTTP exchange is over. route: a template, never a path that a caller can invent."""
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()

    def _tenant_label(self, tenant_id: UUID) -> str:
        with self._lock:
            if tenant_id not in self._tenants and len(self._tenants) >= self._most_tenants:
                return "other"
            self._tenants.add(tenant_id)
            return str(tenant_id)
