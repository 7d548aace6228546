"""ToolInvoker: a tool of the registry, called once for each item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.agents.pausing import AwaitsApproval, AwaitsMoment
from components.agents.workflows.item import Item, Outputs
from components.agents.workflows.node_kind import NodeKind
from components.agents.workflows.parameters import TIME_LIMIT, as_object, as_text, not_one_of, options_of, unsupported
from components.agents.workflows.visit import Visit
from components.agents.workflows.workflow import Node
from components.core.errors import RateLimited
from components.tools.tool import Caller


def _check(node: Node) -> Iterator[str]:
    yield from unsupported(node.parameters, ("tool", "input", "dryRun", "options"))
    yield from not_one_of(node.parameters, "dryRun", False, (False, True))
    yield from options_of(node.parameters, TIME_LIMIT)
    if not isinstance(node.parameters.get("tool"), str) or not node.parameters["tool"]:
        yield "the parameter 'tool' is missing: the name of a tool is allowed"


def _run(visit: Visit) -> Outputs:
    run = visit.journal.run

    def call(index: int, item: Item) -> Mapping[str, Any]:
        try:
            made = visit.services.tools.invoke(
                visit.tenant,
                as_text(visit.parameter("tool", index), "tool"),
                as_object(visit.parameter("input", index, {}), "input"),
                Caller("workflow", str(run.run_id)),
                key=f"{visit.key.key}/{index}",
                conversation_id=run.conversation_id,
                run_id=run.run_id,
                dry_run=visit.node.parameters.get("dryRun") is True,
            )
        except RateLimited as error:
            raise AwaitsMoment(error.retry_after) from error
        if made.status == "waiting" and not made.dry:
            raise AwaitsApproval(made.invocation_id)
        return made.result or {}

    return visit.each(call)


TOOL_INVOKER = NodeKind(_run, _check)
