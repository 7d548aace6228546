"""`helpdesk workflow export`: what a shell gets to hand to n8n."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apps_cli.conftest import Helpdesk


def test_a_workflow_that_ships_is_written_as_n8n_imports_it(helpdesk: Helpdesk) -> None:
    done = helpdesk("workflow", "export", "refund", "--example", '{"order_number": "NT-1"}')
    assert done.status == 0
    assert done.value["id"] == "helpdesk-refund"
    types = [node["type"] for node in done.value["nodes"]]
    assert types[-3:] == ["CUSTOM.autoGenExecute", "CUSTOM.toolInvoker", "CUSTOM.toolInvoker"]


def test_a_file_is_written_under_its_own_name_for_an_n8n_that_has_the_package(
    helpdesk: Helpdesk, tmp_path: Path
) -> None:
    file = tmp_path / "greet.json"
    file.write_text('{"nodes": [{"name": "Call", "type": "ToolInvoker"} /* one */]}')
    done = helpdesk("workflow", "export", str(file), "--package", "n8n-nodes-helpdesk")
    assert done.value["name"] == "greet"
    assert done.value["nodes"][-1]["type"] == "n8n-nodes-helpdesk.toolInvoker"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nope"], "none of the workflows that ship (refund)"),
        (["refund", "--example", "[1]"], "a JSON object is allowed"),
        (["refund", "--example", "{"], "is no JSON"),
    ],
)
def test_what_cannot_be_written_is_named(helpdesk: Helpdesk, arguments: list[str], told: str) -> None:
    done = helpdesk("workflow", "export", *arguments)
    assert done.status == 2
    assert told in " ".join(done.err.split())


@pytest.mark.parametrize("text", ["[]", '{"nodes": {}}', '{"nodes": [{"type": "ToolInvoker"}]}', '{"nodes": [1]}'])
def test_a_file_that_is_no_workflow_is_named(helpdesk: Helpdesk, tmp_path: Path, text: str) -> None:
    file = tmp_path / "bad.json"
    file.write_text(text)
    done = helpdesk("workflow", "export", str(file))
    assert done.status == 2
    assert "workflow" in done.err
