"""`helpdesk tool import`, `add-mcp` and `remove`: other systems' tools from a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.apps_cli.conftest import Helpdesk
from tests.tools.mcp_service import McpService, mcp_service
from tests.tools.rest_service import DOCUMENT

SHOP = DOCUMENT.replace("SERVER", "https://shop.example")
ALL = ["get_order", "delete_order", "create_order", "refund_order"]


@pytest.fixture(scope="module")
def domain(helpdesk: Helpdesk) -> str:
    domain = f"tools-{uuid4().hex[:8]}.example"
    assert helpdesk("tenant", "create", "Tools", domain).status == 0
    return domain


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("api") / "openapi.yaml"
    path.write_text(SHOP)
    return path


@pytest.fixture
def theirs() -> Iterator[McpService]:
    with mcp_service() as service:
        yield service


def test_a_document_is_tried_imported_and_removed(helpdesk: Helpdesk, domain: str, document: Path) -> None:
    command = ("tool", "import", str(document), "--tenant", domain, "--secret", "env:SHOP_TOKEN")
    tried = helpdesk(*command, "--dry-run", "--json")
    assert tried.status == 0, tried.err
    assert (tried.value["added"], [each["name"] for each in tried.value["tools"]]) == (False, ALL)
    gone = helpdesk("tool", "remove", "get_order", "--tenant", domain, "--json")
    assert (gone.status, json.loads(gone.err)["error"]["code"]) == (1, "not_found")
    made = helpdesk(*command, "--prefix", "shop", "--only", "getOrder", "--only", "refundOrder")
    assert made.status == 0, made.err
    assert "2 tools were added from https://shop.example/v1" in made.out
    assert "tools: {shop_get_order: {}, shop_refund_order: {}}" in made.out
    removed = helpdesk("tool", "remove", "shop_get_order", "--tenant", domain, "--json")
    assert removed.value == {"removed": ["shop_get_order"]}
    rest = helpdesk("tool", "remove", "--origin", "https://shop.example/v1", "--tenant", domain)
    assert "shop_refund_order" in rest.out


def test_a_document_comes_from_standard_input_too(helpdesk: Helpdesk, domain: str) -> None:
    made = helpdesk("tool", "import", "-", "--tenant", domain, "--secret", "env:T", "--dry-run", "--json", stdin=SHOP)
    assert [each["name"] for each in made.value["tools"]] == ALL
    assert {each["name"]: each["side_effect"] for each in made.value["tools"]}["refund_order"] == "money"


def test_a_servers_tools_are_added_and_what_makes_none_is_told(
    helpdesk: Helpdesk, domain: str, theirs: McpService
) -> None:
    theirs.token = "t0ken"
    command = ("tool", "add-mcp", theirs.url, "--tenant", domain, "--name", "crm", "--secret", "env:CRM_TOKEN")
    made = helpdesk(*command, "--allow-private", "--json", environment={"CRM_TOKEN": "t0ken"})
    assert made.status == 0, made.err
    assert [each["name"] for each in made.value["tools"]] == ["crm_echo_it", "crm_note", "crm_note_once", "crm_tree"]
    assert [each["operation"] for each in made.value["skipped"]] == ["reads_files", "round"]
    assert "t0ken" not in made.out
    refused = helpdesk(*command, environment={"CRM_TOKEN": "t0ken"})
    assert (refused.status, "https only" in refused.err) == (2, True)
    assert helpdesk("tool", "remove", "--origin", theirs.url, "--tenant", domain).status == 0


def test_what_is_not_allowed_ends_in_one_clear_line(
    helpdesk: Helpdesk, domain: str, document: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(SHOP.replace("'#/components/schemas/Order'", "'file:///etc/passwd'"))
    for wrong, told in (
        (("import", str(tmp_path / "none.json"), "--tenant", domain), "cannot be read"),
        (("import", str(bad), "--tenant", domain, "--secret", "env:T"), "file:///etc/passwd"),
        (("import", str(document), "--tenant", domain), "needs a secret"),
        (("import", str(document), "--tenant", domain, "--secret", "hunter2"), "by reference"),
        (("import", str(document)), "--tenant"),
        (("add-mcp", "ftp://x", "--tenant", domain, "--name", "x"), "is allowed"),
        (("add-mcp", "http://x", "--tenant", domain, "--name", "Not A Name"), "small letters"),
        (("remove", "--tenant", domain), "name the tools"),
    ):
        failed = helpdesk("tool", *wrong)
        assert (failed.status, failed.err.count("\n")) == (2, 1), (wrong, failed.err)
        assert told in failed.err
        assert "hunter2" not in failed.err
    unknown = helpdesk("tool", "import", str(document), "--tenant", "nobody.example", "--secret", "env:T")
    assert unknown.status == 1
