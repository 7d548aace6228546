"""Runs workflows: durable, since each pass of a node is a step of the run's journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.agents.journal import Journal
from components.agents.workflows.checks import require_runnable
from components.agents.workflows.document import read_workflow
from components.agents.workflows.item import Item
from components.agents.workflows.node_kinds import KINDS, MANUAL_TYPE, WEBHOOK_TYPE
from components.agents.workflows.traversal import Traversal
from components.agents.workflows.visit import Services
from components.agents.workflows.workflow import Node, Workflow


class WorkflowRunner:
    """Keeps components.agents.workshop.Runner. A run's result: `json` of the node that came last, and `nodes`, the json
    of each by its name; first items, of last passes."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def run(self, journal: Journal) -> Mapping[str, Any]:
        """Raises InvalidWorkflow, before anything is done, for what cannot run; else as Runner has it."""
        run = journal.run
        workflow = read_workflow(run.document, run.name)
        if not journal.steps:
            require_runnable(workflow, journal.tenant, self._services.tools)
        about = run.state.get("about") or {}
        hooked = about.get("hooked") is True
        start = start_of(workflow, hooked=hooked)
        given = dict(run.input)
        if start.type == WEBHOOK_TYPE and not hooked:
            given = {"headers": {}, "params": {}, "query": {}, "body": given}
        elif hooked:
            # Beside the input, since a call that is sent again has other ones.
            given["headers"] = about.get("headers") or {}
        return Traversal(workflow, journal, self._services).go(start, (Item(given),))


def start_of(workflow: Workflow, *, hooked: bool) -> Node:
    """The node that a run begins with. hooked: it was begun by a call of the webhook."""
    triggers = [node for node in workflow.nodes if node.type in KINDS and KINDS[node.type].is_trigger]
    wanted = WEBHOOK_TYPE if hooked else MANUAL_TYPE
    enabled = [node for node in triggers if not node.disabled] or triggers
    return next((node for node in enabled if node.type == wanted), (enabled or workflow.roots)[0])
