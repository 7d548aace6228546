"""One goal pursued by AutoGen's AssistantAgent, whose every turn and call is a step of a run's journal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

import yaml
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.messages import TextMessage

from components.agents.journal import Journal
from components.agents.orchestrator.allowance import Allowance
from components.agents.orchestrator.gateway_client import GatewayClient
from components.agents.orchestrator.halting import Halting
from components.agents.orchestrator.model_turns import Models, ModelTurns
from components.agents.orchestrator.toolbox import Toolbox
from components.agents.pausing import HandsOver
from components.core.chat_model import ToolDefinition
from components.helpdesk.actions_config import ActionsConfig
from components.tools.registry import ToolRegistry

LONGEST_SUMMARY = 2_000
_PROMPT = Path(__file__).parent / "prompt.yaml"


def pursue(
    models: Models,
    registry: ToolRegistry,
    journal: Journal,
    prefix: str,
    goal: str,
    given: Mapping[str, Any],
    *,
    offered: Sequence[ToolDefinition],
    reads: frozenset[str],
    limits: ActionsConfig,
) -> dict[str, Any]:
    """What the model reports: `summary`, and `toolArgs` where it gives them. Called anew it takes the same way as far
    as the journal goes. Raises StepFailed where no model answers, and Paused."""
    allowance = Allowance(journal, prefix, limits)
    turns = ModelTurns(models, journal, prefix, allowance)

    async def drive() -> Any:
        halting = Halting()
        agent = AssistantAgent(
            "orchestrator",
            GatewayClient(turns, halting),
            workbench=Toolbox(registry, journal, prefix, offered, reads, allowance, halting),
            system_message=_prompt()["system"],
            max_tool_iterations=limits.steps + 1,
        )
        task = Template(_prompt()["user"]).substitute(goal=quoted(goal), context=quoted(given))
        return await halting.finished(agent.run(task=task))

    ended = asyncio.run(drive())
    if isinstance(ended, BaseException):
        raise ended
    last = ended.messages[-1]
    if not isinstance(last, TextMessage) or not last.content.strip():
        raise HandsOver("the model ended without a word")
    return report_of(last.content)


def quoted(value: Any) -> str:
    """As JSON that holds no mark of the prompt."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def report_of(text: str) -> dict[str, Any]:
    """The report in a model's last words; where they are no JSON object, they are the summary.

    >>> report_of('Here: {"summary": "Done.", "toolArgs": {"subject": "A"}}')
    {'summary': 'Done.', 'toolArgs': {'subject': 'A'}}
    """
    start = text.find("{")
    value: Any = None
    if start >= 0:
        try:
            value, _ = json.JSONDecoder().raw_decode(text, start)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, dict) or not isinstance(value.get("summary"), str):
        return {"summary": text.strip()[:LONGEST_SUMMARY]}
    report: dict[str, Any] = {"summary": value["summary"].strip()[:LONGEST_SUMMARY]}
    if isinstance(value.get("toolArgs"), dict):
        report["toolArgs"] = value["toolArgs"]
    return report


@cache
def _prompt() -> Mapping[str, str]:
    texts: Mapping[str, str] = yaml.safe_load(_PROMPT.read_text("utf-8"))
    return texts
