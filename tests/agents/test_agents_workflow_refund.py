"""The refund workflow, as section 7.1 of the design prints it."""

from __future__ import annotations

from components.agents.workflows.library import SHIPPED_FOLDER
from tests.agents.workflow_world import World, items


def test_the_printed_document_runs_as_it_is_written(workflows: World) -> None:
    assert "{ /* sequential flow */ }" in (SHIPPED_FOLDER / "refund.json").read_text()
    run = workflows.begin("refund", order="4711")
    assert run.status == "done", run.fault
    steps = workflows.steps(run)
    assert list(steps) == ["Start", "Start/look", "Start/conclude", "Create Ticket", "Notify User"]
    (ticket,) = items(steps["Create Ticket"])
    assert ticket["ticket_number"] == 1
    assert [dict(each) for each in workflows.notify.acted] == [{"ticket_id": ticket["id"]}]
    assert run.result is not None
    assert run.result["json"] == {"ticket_id": ticket["id"], "number": 1}
    assert run.result["nodes"]["Create Ticket"] == ticket
    (made,) = workflows.registry.invocations(workflows.tenant, tool="create_ticket")
    assert (made.arguments, made.run_id) == ({"subject": "Process refund: order 4711"}, run.run_id)
