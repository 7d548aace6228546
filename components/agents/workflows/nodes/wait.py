"""Wait: for a time, or until a moment; the run is put down meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from components.agents.journal import waited
from components.agents.workflows.expression_moments import moment
from components.agents.workflows.expression_values import Mistake
from components.agents.workflows.item import Outputs, passed_on
from components.agents.workflows.node_kind import NodeKind
from components.agents.workflows.parameters import as_number, as_text, not_one_of, unsupported
from components.agents.workflows.visit import Visit
from components.agents.workflows.workflow import Node
from components.core.errors import InvalidInput

_UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}


def _check(node: Node) -> Iterator[str]:
    yield from unsupported(node.parameters, ("resume", "amount", "unit", "dateTime"))
    yield from not_one_of(node.parameters, "resume", "timeInterval", ("timeInterval", "specificTime"))
    yield from not_one_of(node.parameters, "unit", "hours", tuple(_UNITS))
    if node.parameters.get("resume") == "specificTime" and not node.parameters.get("dateTime"):
        yield "the parameter 'dateTime' is missing"


def _run(visit: Visit) -> Outputs:
    if visit.parameter("resume", default="timeInterval") == "specificTime":
        try:
            until = moment(as_text(visit.parameter("dateTime"), "dateTime")).at
        except Mistake as mistake:
            raise InvalidInput(f"dateTime: {mistake}", field="dateTime") from mistake
        seconds = max((until - visit.key.begun) / timedelta(seconds=1), 0.0)
    else:
        amount, unit = (1, "hours") if visit.node.version < 1.1 else (5, "seconds")
        seconds = as_number(visit.parameter("amount", default=amount), "amount")
        seconds *= _UNITS[str(visit.parameter("unit", default=unit))]
    waited(visit.key, seconds)
    return (passed_on(visit.items),)


WAIT = NodeKind(_run, _check)
