"""AutoGen's workbench over our tool registry: what the tenant permits, each call a step of the run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

from autogen_core import CancellationToken
from autogen_core.tools import ParametersSchema, TextResultContent, ToolResult, ToolSchema, Workbench

from components.agents.journal import Journal, StepFailed
from components.agents.orchestrator.allowance import Allowance
from components.agents.orchestrator.halting import Halting
from components.agents.pausing import HandsOver
from components.agents.tool_steps import call_tool
from components.core.chat_model import ToolDefinition
from components.core.errors import InvalidInput, OutcomeUnknown
from components.tools.registry import ToolRegistry

LONGEST_TOLD = 12_000


class Toolbox(Workbench):
    """For one goal; its calls come one after another."""

    def __init__(
        self,
        registry: ToolRegistry,
        journal: Journal,
        prefix: str,
        offered: Sequence[ToolDefinition],
        reads: frozenset[str],
        allowance: Allowance,
        halting: Halting,
    ) -> None:
        """reads: the names of tools that change nothing: asking one again is sensible after something was changed."""
        self._registry, self._journal, self._prefix = registry, journal, prefix
        self._offered, self._reads, self._allowance, self._halting = offered, reads, allowance, halting
        self._seen: set[tuple[str, str]] = set()
        self._calls = 0

    async def list_tools(self) -> list[ToolSchema]:
        return [
            ToolSchema(
                name=tool.name, description=tool.description, parameters=cast(ParametersSchema, dict(tool.parameters))
            )
            for tool in self._offered
        ]

    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
        call_id: str | None = None,
    ) -> ToolResult:
        """What came of it, for the model. A mistake of the model's is an error; a refusal is an answer."""
        return await self._halting.held(partial(self._call, name, {} if arguments is None else arguments))

    async def start(self) -> None:
        """Nothing is opened."""

    async def stop(self) -> None:
        """Nothing is closed."""

    async def reset(self) -> None:
        """What was called stays called."""

    async def save_state(self) -> Mapping[str, Any]:
        """The journal is the state."""
        return {}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """The journal is the state."""

    def _call(self, name: str, arguments: Any) -> ToolResult:
        if not isinstance(arguments, Mapping):
            return _mistake(name, f"the arguments of {name} are to be a JSON object")
        call = (name, json.dumps(arguments, sort_keys=True))
        if call in self._seen:
            return _mistake(name, f"{name} was called with these arguments before: go on from what it gave then")
        self._seen.add(call)
        self._calls += 1
        step = f"{self._prefix}call {self._calls}: {name}"
        self._allowance.admit(step)
        try:
            given = call_tool(self._registry, self._journal, step, name, arguments, caller="orchestrator")
        except StepFailed as failed:
            return _failed(name, failed)
        if name not in self._reads:
            self._seen = {each for each in self._seen if each[0] not in self._reads}
        return _answer(name, {"result": given})


def _failed(name: str, failed: StepFailed) -> ToolResult:
    error = failed.error
    if isinstance(error, OutcomeUnknown):
        raise HandsOver(error.message) from failed
    if isinstance(error, InvalidInput):
        return _mistake(name, error.message)
    return _answer(name, {"not_done": {"code": error.code, "reason": error.message}})


def _mistake(name: str, message: str) -> ToolResult:
    return ToolResult(name=name, result=[TextResultContent(content=f"Error: {message[:2000]}")], is_error=True)


def _answer(name: str, value: Mapping[str, Any]) -> ToolResult:
    text = json.dumps(value, ensure_ascii=False)
    if len(text) > LONGEST_TOLD:
        text = json.dumps({"cut_off": text[:LONGEST_TOLD]}, ensure_ascii=False)
    return ToolResult(name=name, result=[TextResultContent(content=text)])
