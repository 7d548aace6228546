"""What the API counts and times for Prometheus, in a registry of its own so that two apps never share figures."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from components.core.answers import Reason
from components.core.tenant import TenantContext
from components.dialogue.turn_events import TakenTurn
from components.gateway.observer import CacheOutcome, CircuitState
from components.helpdesk.answered_question import AnsweredQuestion
from components.helpdesk.evaluation.last_scores import LastScores
from components.tools.invocation import InvocationStatus
from components.tools.tool import ToolSpec

OTHERS = "other"
_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_CIRCUITS: dict[CircuitState, int] = {"closed": 0, "half_open": 1, "open": 2}


class Measurements:
    """The API's figures; keeps the gateway's GatewayObserver. Thread-safe.

    Every label has few values: route templates, known methods, the catalogue's models, and at most `tenants` tenant
    ids; tenants past that are counted together as `other`.
    """

    def __init__(self, *, tenants: int = 500) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._duration = self._histogram("rag_query_duration_seconds", "Latency of RAG queries", "tenant")
        self._answers = self._counter(
            "rag_answers", "RAG queries by outcome: answered, or refused for weak evidence", "tenant", "outcome"
        )
        self._reasons = self._counter(
            "helpdesk_answers",
            "Answers by channel and by why they were refused or not a language model's (`none` for neither)",
            "tenant",
            "channel",
            "reason",
        )
        self._answer_cache = self._counter(
            "helpdesk_answer_cache", "Look-ups of whole answers: hit, miss, or Redis unavailable", "tenant", "outcome"
        )
        self._calls = self._counter(
            "helpdesk_model_calls", "Calls of models by outcome: ok, or the error's code", "model", "outcome"
        )
        self._call_duration = self._histogram("helpdesk_model_call_duration_seconds", "Duration of calls", "model")
        self._tokens = self._counter(
            "helpdesk_model_tokens", "Tokens read (input) and written (output)", "tenant", "model", "direction"
        )
        self._cost = self._counter("helpdesk_model_cost", "Cost in the catalogue's currency", "tenant", "model")
        self._prompt_cache = self._counter(
            "helpdesk_prompt_cache", "Look-ups of model output: hit, miss, or Redis unavailable", "tenant", "outcome"
        )
        self._circuit = Gauge(
            "helpdesk_model_circuit", "0 closed, 1 half open, 2 open", ["model"], registry=self.registry
        )
        self._turns = self._counter(
            "helpdesk_turns",
            "Turns of chats by outcome: replied, handed_over, repeated, or the error's code",
            "tenant",
            "outcome",
        )
        self._turn_duration = self._histogram("helpdesk_turn_duration_seconds", "Duration of new turns", "tenant")
        self._turn_parts = self._histogram(
            "helpdesk_turn_part_duration_seconds", "Time that a turn spends in each of its parts", "part"
        )
        self._tool_calls = self._counter(
            "helpdesk_tool_calls", "Calls of tools that were made or tried, by status", "tool", "side_effect", "status"
        )
        self._tool_duration = self._histogram("helpdesk_tool_call_duration_seconds", "Duration of calls", "tool")
        self._scores = Gauge(
            "helpdesk_evaluation_score",
            "Figures of the last evaluation of an index or prompt",
            ["tenant", "kind", "metric"],
            registry=self.registry,
        )
        self._blocked = Gauge(
            "helpdesk_promotion_blocked",
            "1 where the last evaluation kept an index or prompt from serving",
            ["tenant"],
            registry=self.registry,
        )
        self._requests = self._counter(
            "http_requests", "HTTP requests by method, route template and status", "method", "route", "status"
        )
        self._lock = threading.Lock()
        self._tenants: set[UUID] = set()
        self._most_tenants = tenants

    def count_answer(self, tenant: TenantContext, channel: str, answered: AnsweredQuestion, seconds: float) -> None:
        """A customer's question ended after `seconds` with an answer, or with an honest refusal."""
        label, answer = self._tenant_label(tenant), answered.answer
        self._duration.labels(label).observe(seconds)
        self._answers.labels(label, "answered" if answer.answered else "refused").inc()
        self._reasons.labels(label, channel, answer.reason or "none").inc()
        if answered.cache != "off":
            self._answer_cache.labels(label, answered.cache).inc()

    def count_unanswered(self, tenant: TenantContext, channel: str, reason: Reason) -> None:
        """A customer's question had no answer at all, for this reason."""
        self._reasons.labels(self._tenant_label(tenant), channel, reason).inc()

    def count_turn(self, tenant: TenantContext, taken: TakenTurn, seconds: float) -> None:
        """A customer's message was answered after `seconds`, or had been before."""
        label = self._tenant_label(tenant)
        if taken.repeated:
            self._turns.labels(label, "repeated").inc()
            return
        handed_over = taken.conversation.status == "waiting"
        self._turns.labels(label, "handed_over" if handed_over else "replied").inc()
        self._turn_duration.labels(label).observe(seconds)
        for part, spent in taken.seconds.items():
            self._turn_parts.labels(part).observe(spent)

    def count_failed_turn(self, tenant: TenantContext, code: str) -> None:
        """A customer's message could not be answered, for an error with this code."""
        self._turns.labels(self._tenant_label(tenant), code).inc()

    def count_tool_call(self, tool: ToolSpec, status: InvocationStatus, seconds: float) -> None:
        """A tool was called. Those that tenants have added are counted together, by where they come from."""
        name = tool.name if tool.source == "built_in" else tool.source
        self._tool_calls.labels(name, tool.side_effect, status).inc()
        self._tool_duration.labels(name).observe(seconds)

    def count_request(self, method: str, route: str, status: int) -> None:
        """One HTTP exchange is over. route: a template, never a path that a caller can invent."""
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()

    def called(
        self,
        tenant: TenantContext,
        model: str,
        provider: str,
        error: str | None,
        seconds: float,
        input_tokens: int,
        output_tokens: int,
        cost: Decimal,
    ) -> None:
        """One call of one model has ended."""
        label = self._tenant_label(tenant)
        self._calls.labels(model, error or "ok").inc()
        self._call_duration.labels(model).observe(seconds)
        self._tokens.labels(label, model, "input").inc(input_tokens)
        self._tokens.labels(label, model, "output").inc(output_tokens)
        self._cost.labels(label, model).inc(float(cost))

    def cached(self, tenant: TenantContext, outcome: CacheOutcome) -> None:
        """The prompt cache was asked."""
        self._prompt_cache.labels(self._tenant_label(tenant), outcome).inc()

    def circuit(self, model: str, state: CircuitState) -> None:
        """A model's circuit has changed."""
        self._circuit.labels(model).set(_CIRCUITS[state])

    def set_evaluations(self, scores: Iterable[LastScores]) -> None:
        """What the last evaluations found; replaces what was known. A tenant is blocked where the last of either kind
        kept something from serving."""
        self._scores.clear()
        self._blocked.clear()
        blocked: dict[str, bool] = {}
        for each in scores:
            label = self._tenant_label(each.tenant)
            if label == OTHERS:
                continue
            blocked[label] = blocked.get(label, False) or each.blocked
            for metric, value in each.metrics.items():
                self._scores.labels(label, each.kind, metric).set(value)
        for label, is_blocked in blocked.items():
            self._blocked.labels(label).set(is_blocked)

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(name, told, labels, registry=self.registry)

    def _histogram(self, name: str, told: str, *labels: str) -> Histogram:
        return Histogram(name, told, labels, buckets=_BUCKETS, registry=self.registry)

    def _tenant_label(self, tenant: TenantContext) -> str:
        tenant_id = tenant.tenant_id
        with self._lock:
            if tenant_id not in self._tenants and len(self._tenants) >= self._most_tenants:
                return OTHERS
            self._tenants.add(tenant_id)
            return str(tenant_id)
