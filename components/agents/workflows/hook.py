"""What whoever called a workflow's webhook is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.agents.run import WorkRun
from components.agents.workflows.parameters import dig
from components.agents.workflows.workflow import Node


@dataclass(frozen=True)
class HookAnswer:
    """json or text; neither, and there is no body."""

    status: int = 200
    json: Any = None
    text: str | None = None


def answers_at_once(hook: Node) -> bool:
    """Whether nothing that the run comes to is told."""
    return str(hook.parameters.get("responseMode", "onReceived")) == "onReceived"


def answer_for(hook: Node, run: WorkRun) -> HookAnswer:
    """As the run stands."""
    if answers_at_once(hook):
        said = dig(hook.parameters, "options", "responseCode")
        status = said if isinstance(said, int) and 200 <= said < 600 else 200
        return HookAnswer(status, {"message": "Workflow was started", "run_id": str(run.run_id)})
    answer: Mapping[str, Any] | None = run.state.get("answer")
    if answer is not None:
        return HookAnswer(answer["status"], answer.get("json"), answer.get("text"))
    if not run.ended:
        return HookAnswer(202, {"message": "Workflow goes on", "run_id": str(run.run_id)})
    if run.status != "done" or hook.parameters.get("responseMode") == "responseNode":
        return HookAnswer(500, {"message": "Error in workflow", "run_id": str(run.run_id)})
    said = hook.parameters.get("responseData", "firstEntryJson")
    last = (run.result or {}).get("json", {})
    return HookAnswer() if said == "noData" else HookAnswer(json=[last] if said == "allEntries" else last)
