"""A tool's call as a step of a run: made once, waited for where a person is asked, paced where it comes too often."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from components.agents.journal import Journal, StepKey
from components.agents.pausing import AwaitsApproval, AwaitsMoment
from components.core.errors import RateLimited
from components.helpdesk.actions_config import CallerKind
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller

KIND = "tool"
_LONGEST_PAUSE = 60.0


def call_tool(
    registry: ToolRegistry, journal: Journal, step: str, tool: str, arguments: Mapping[str, Any], *, caller: CallerKind
) -> Mapping[str, Any]:
    """What the tool gave, the first time or before. Raises StepFailed with what the tool or the registry has against
    it, and Paused."""

    def call(key: StepKey) -> Mapping[str, Any]:
        began = time.monotonic()
        try:
            made = registry.invoke(
                journal.tenant,
                tool,
                arguments,
                Caller(caller, str(journal.run.run_id)),
                key=key.key,
                run_id=journal.run.run_id,
                conversation_id=journal.run.conversation_id,
            )
        except RateLimited as error:
            raise AwaitsMoment(min(error.retry_after, _LONGEST_PAUSE)) from error
        if made.status == "waiting":
            raise AwaitsApproval(made.invocation_id)
        taken = time.monotonic() - began
        return {"result": dict(made.result or {}), "invocation_id": str(made.invocation_id), "seconds": taken}

    given = {"tool": tool, "arguments": dict(arguments)}
    ended = journal.step(step, KIND, given, call)
    result: Mapping[str, Any] = ended["result"]
    return result
