"""What was said and done for a goal, out of the journal: for the person who goes on with it."""

from __future__ import annotations

import json
from typing import Any

from components.agents.journal import Journal
from components.agents.orchestrator.allowance import MODEL
from components.agents.tool_steps import KIND as TOOL

MOST_TOLD = 100
LONGEST_TEXT = 2_000
LONGEST_RESULT = 10_000


def transcript_of(journal: Journal, prefix: str) -> list[dict[str, Any]]:
    """The last hundred turns and calls, in their order, long texts cut."""
    told: list[dict[str, Any]] = []
    for step in journal.steps:
        if not step.name.startswith(prefix):
            continue
        if step.kind == MODEL and step.output is not None:
            asked = [{"tool": call["name"], "arguments": _cut(call["arguments"])} for call in step.output["calls"]]
            told.append({"by": step.output["model"], "said": _cut(step.output["text"]), "asked_for": asked})
        elif step.kind == TOOL:
            outcome = (
                {"error": step.fault.message} if step.fault else {"result": _cut(step.output and step.output["result"])}
            )
            told.append({"by": step.input["tool"], "arguments": _cut(step.input["arguments"]), **outcome})
        elif step.fault is not None:
            told.append({"by": step.kind, "error": step.fault.message})
    return told[-MOST_TOLD:]


def done_by(journal: Journal, prefix: str) -> dict[str, Any]:
    """The last result of each tool that did what it was asked; a long one is cut, and a text then."""
    return {
        step.input["tool"]: _cut(step.output["result"], LONGEST_RESULT)
        for step in journal.steps
        if step.kind == TOOL and step.status == "done" and step.name.startswith(prefix) and step.output is not None
    }


def _cut(value: Any, longest: int = LONGEST_TEXT) -> Any:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return value if len(text) <= longest else text[: longest - 1] + "…"
