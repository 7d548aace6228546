"""Goes through a workflow as n8n does: depth first, a node's branches in order, each pass of a node a step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.agents.journal import ATTEMPTS, LARGEST_STEP, Journal, StepFailed, StepKey
from components.agents.pausing import AwaitsMoment
from components.agents.workflows.item import Item, Items, Outputs, passed_on, restored, stored
from components.agents.workflows.node_kinds import KINDS
from components.agents.workflows.scope import Execution, Scope, Source
from components.agents.workflows.visit import Services, Visit, failure
from components.agents.workflows.workflow import Node, Workflow
from components.core.errors import InvalidWorkflow, Unavailable

# Of one node, as in a loop; and of all nodes of a run.
MOST_PASSES, MOST_STEPS = 100, 1000
MOST_ITEMS = 1000


@dataclass(frozen=True)
class _Arrival:
    """A node that is to be gone through, with what came into its inputs."""

    node: Node
    inputs: tuple[Items | None, ...]
    sources: tuple[Source | None, ...]


class Traversal:
    """Of one run. Comes to the same each time, since what is not a step depends on steps alone."""

    def __init__(self, workflow: Workflow, journal: Journal, services: Services) -> None:
        self._workflow, self._journal, self._services = workflow, journal, services
        self._past: dict[str, list[Execution]] = {}
        self._ready: list[_Arrival] = []
        self._waiting: dict[str, dict[int, Source]] = {}
        self._last: Execution | None = None
        self._steps = 0

    def go(self, start: Node, given: Items) -> dict[str, Any]:
        """To the end; what came of it. Raises StepFailed, InvalidWorkflow, and Paused."""
        self._ready.append(_Arrival(start, (given,), (None,)))
        while self._ready or self._waiting:
            arrival = self._ready.pop() if self._ready else self._incomplete()
            execution = self._execute(arrival)
            self._past.setdefault(execution.node, []).append(execution)
            self._last = execution
            self._hand_on(execution)
        return self._result()

    def _incomplete(self) -> _Arrival:
        """The first node that waits for several inputs, with those that came: no other will."""
        name = next(node.name for node in self._workflow.nodes if node.name in self._waiting)
        return self._arrival(self._workflow.by_name[name], self._waiting.pop(name))

    def _arrival(self, node: Node, came: Mapping[int, Source]) -> _Arrival:
        count = KINDS[node.type].inputs(node) if node.type in KINDS else 1
        sources = tuple(came.get(number) for number in range(count))
        given = tuple(None if each is None else each.execution.outputs[each.output] for each in sources)
        return _Arrival(node, given, sources)

    def _hand_on(self, execution: Execution) -> None:
        """To what comes next; the first branch is gone through whole before the second."""
        found: list[_Arrival] = []
        for output, items in enumerate(execution.outputs):
            if not items:
                continue
            for link in self._workflow.after(execution.node, output):
                node, source = self._workflow.by_name[link.target], Source(execution, output)
                wanted = self._workflow.inputs(node.name)
                if len(wanted) == 1 and link.input == 0:
                    found.append(self._arrival(node, {0: source}))
                    continue
                came = self._waiting.setdefault(node.name, {})
                came[link.input] = source
                if wanted <= came.keys():
                    found.append(self._arrival(node, self._waiting.pop(node.name)))
        self._ready.extend(reversed(found))

    def _execute(self, arrival: _Arrival) -> Execution:
        node = arrival.node
        passes = len(self._past.get(node.name, ()))
        self._steps += 1
        if passes >= MOST_PASSES or self._steps > MOST_STEPS:
            raise InvalidWorkflow(
                f"node {node.name!r}: at most {MOST_PASSES} passes of a node and {MOST_STEPS} of all are allowed"
            )
        if node.disabled:
            outputs: Outputs = (passed_on(next((each for each in arrival.inputs if each), ())),)
        else:
            outputs = self._step(arrival, node.name if passes == 0 else f"{node.name}#{passes + 1}", passes)
        return Execution(node.name, arrival.inputs, arrival.sources, outputs)

    def _step(self, arrival: _Arrival, name: str, passes: int) -> Outputs:
        node, kind = arrival.node, KINDS[arrival.node.type]
        inputs = tuple(None if each is None else each[:1] if node.once else each for each in arrival.inputs)
        stood = self._journal.find(name)
        interrupted = stood is not None and stood.status == "running"

        def do(key: StepKey) -> dict[str, Any]:
            run = self._journal.run
            past = {name: tuple(passes) for name, passes in self._past.items()}
            scope = Scope(past, inputs, arrival.sources, key.begun, str(run.run_id), self._workflow.name, passes)
            visit = Visit(node, inputs, scope, key, name, self._journal, self._services, interrupted)
            try:
                return stored(_held(node, kind.run(visit)))
            except Unavailable as error:
                if node.tries is not None and key.attempt < node.tries:
                    raise AwaitsMoment(node.pause) from error
                raise

        given = {"inputs": [[dict(item.json) for item in each or ()] for each in inputs]}
        try:
            step = self._journal.step(name, node.type, given, do, attempts=node.tries or ATTEMPTS)
        except StepFailed as failed:
            if node.on_error == "stop":
                raise
            items = tuple(failure(item, failed.error).by(index) for index, item in enumerate(inputs[0] or ()))
            empty: Outputs = ((),) * kind.outputs(node)
            return (*empty, items) if node.on_error == "error_output" else (items, *empty[1:])
        return restored(step)

    def _result(self) -> dict[str, Any]:
        nodes = {name: _first_json(passes[-1]) for name, passes in self._past.items()}
        result = {"json": {} if self._last is None else _first_json(self._last), "nodes": nodes}
        # What is left out here is in the steps.
        while nodes and len(json.dumps(result)) > LARGEST_STEP:
            nodes.pop(max(nodes, key=lambda name: len(json.dumps(nodes[name]))))
        return result


def _first_json(execution: Execution) -> dict[str, Any]:
    first = execution.first
    return dict(first[0].json) if first else {}


def _held(node: Node, outputs: Outputs) -> Outputs:
    """Raises InvalidWorkflow for more items than are carried."""
    if sum(map(len, outputs)) > MOST_ITEMS:
        raise InvalidWorkflow(f"node {node.name!r} gives more than the {MOST_ITEMS} items that are allowed")
    if node.always_output and not any(outputs):
        return ((Item({}),), *outputs[1:])
    return outputs
