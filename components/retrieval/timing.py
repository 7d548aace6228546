"""How long each stage of a pipeline run took, through Haystack's own tracing hook."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import Any

from haystack.tracing.tracer import Span, Tracer, enable_tracing, tracer

_seconds: ContextVar[dict[str, float] | None] = ContextVar("seconds_by_stage", default=None)


class _StageSpan(Span):
    """A span that keeps nothing: only its duration is wanted."""

    def set_tag(self, key: str, value: Any) -> None:
        """Ignored."""


class StageTimer(Tracer):
    """Adds each component's duration to the measurement that is open in this context, if one is."""

    @contextmanager
    def trace(
        self, operation_name: str, tags: dict[str, Any] | None = None, parent_span: Span | None = None
    ) -> Iterator[Span]:
        started = perf_counter()
        try:
            yield _StageSpan()
        finally:
            seconds, stage = _seconds.get(), (tags or {}).get("haystack.component.name")
            if seconds is not None and stage:
                seconds[stage] = seconds.get(stage, 0.0) + perf_counter() - started

    def current_span(self) -> Span | None:
        return None


@contextmanager
def stage_seconds() -> Iterator[dict[str, float]]:
    """Seconds by component name of the pipeline runs inside the block.

    Example:
        with stage_seconds() as seconds:
            pipeline.run({"query": "..."})
        seconds["query_embedder"]
    """
    if not isinstance(tracer.actual_tracer, StageTimer):
        enable_tracing(StageTimer())
    seconds: dict[str, float] = {}
    token = _seconds.set(seconds)
    try:
        yield seconds
    finally:
        _seconds.reset(token)
