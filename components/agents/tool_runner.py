"""A run of one call of a tool, which a flow has ordered: so that it goes on where a person is asked first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.agents.journal import Journal, StepKey
from components.agents.pausing import AwaitsApproval
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller


class ToolRunner:
    """Keeps components.agents.workshop.Runner. The run's name is the tool's, its input the arguments."""

    def __init__(self, registry: ToolRegistry) -> None:
        self._registry = registry

    def run(self, journal: Journal) -> Mapping[str, Any]:
        """What the tool gives."""
        run = journal.run

        def call(step: StepKey) -> Mapping[str, Any]:
            made = self._registry.invoke(
                journal.tenant,
                run.name,
                run.input,
                Caller(run.caller, str(run.run_id)),
                key=step.key,
                conversation_id=run.conversation_id,
                run_id=run.run_id,
            )
            if made.status == "waiting":
                raise AwaitsApproval(made.invocation_id)
            return made.result or {}

        return journal.step(run.name, "tool", run.input, call)
