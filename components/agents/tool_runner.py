"""A run of one call of a tool, which a flow has ordered: so that it goes on where a person is asked first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.agents.journal import Journal
from components.agents.tool_steps import call_tool
from components.tools.registry import ToolRegistry


class ToolRunner:
    """Keeps components.agents.workshop.Runner. The run's name is the tool's, its input the arguments."""

    def __init__(self, registry: ToolRegistry) -> None:
        self._registry = registry

    def run(self, journal: Journal) -> Mapping[str, Any]:
        """What the tool gives."""
        run = journal.run
        return call_tool(self._registry, journal, run.name, run.name, run.input, caller=run.caller)
