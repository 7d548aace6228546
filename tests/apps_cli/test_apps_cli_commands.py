"""What the commands do, called as a person or a script calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.apps_cli.conftest import Helpdesk

HEAVY = ("torch", "haystack", "dagster", "gradio", "lancedb", "sqlalchemy", "onnxruntime")


def test_help_is_shown_without_loading_a_heavy_library() -> None:
    script = (
        "import sys; sys.argv = ['helpdesk', '--help']\n"
        "from apps.cli.main import main\n"
        "try: main()\nexcept SystemExit as end: assert end.code == 0\n"
        f"print('loaded:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert "loaded: []" in done.stdout
    assert "ingest" in done.stdout


@pytest.mark.parametrize(
    "command", [["up"], ["ask"], ["ingest"], ["serve"], ["tenant"], ["tenant", "create"], ["evaluate", "retrieval"]]
)
def test_every_command_has_help(helpdesk: Helpdesk, command: list[str]) -> None:
    shown = helpdesk(*command, "--help")
    assert shown.status == 0
    assert "Usage" in shown.out


def test_a_wrong_option_ends_with_status_2_and_one_clear_line(helpdesk: Helpdesk) -> None:
    shown = helpdesk("tenant", "list", "--jsn")
    assert shown.status == 2
    assert "No such option" in shown.err
    assert "Traceback" not in shown.err


def test_a_tenant_is_created_listed_configured_and_deleted(helpdesk: Helpdesk, tmp_path: Path) -> None:
    made = helpdesk("tenant", "create", "Kayaks", "kayaks.example", "--json").value
    assert made["api_key"].startswith("hd_")
    assert "kayaks.example" in [tenant["domain"] for tenant in helpdesk("tenant", "list", "--json").value]
    config = tmp_path / "config.yaml"
    config.write_text("greeting: Ahoy!\n")
    assert helpdesk("tenant", "config", "kayaks.example", str(config), "--json").value["config"]["greeting"] == "Ahoy!"
    assert "Ahoy!" in helpdesk("tenant", "show", "kayaks.example").out
    assert made["api_key"] not in helpdesk("tenant", "show", "kayaks.example").out
    assert helpdesk("tenant", "delete", "kayaks.example", "--yes", "--json").value["domain"] == "kayaks.example"
    gone = helpdesk("tenant", "show", "kayaks.example", "--json")
    assert gone.status == 1
    assert json.loads(gone.err)["error"]["code"] == "tenant_not_found"


def test_the_next_owner_of_a_domain_inherits_no_source(helpdesk: Helpdesk, knowledge: Path) -> None:
    assert helpdesk("tenant", "create", "Old", "reborn.example", "--knowledge", str(knowledge)).status == 0
    assert helpdesk("tenant", "delete", "reborn.example", "--yes").status == 0
    assert helpdesk("tenant", "create", "New", "reborn.example").status == 0
    without = helpdesk("ingest", "reborn.example")
    assert without.status == 2
    assert "has no source" in without.err


@pytest.mark.parametrize("variable", ["HELPDESK_PORT=65535", "HELPDESK_DATA_DIR=/etc/hostname"])
def test_a_setting_that_cannot_be_is_named_in_one_line(helpdesk: Helpdesk, variable: str) -> None:
    refused = helpdesk("tenant", "list", environment=dict([variable.split("=")]))
    assert refused.status == 2
    assert len(refused.err.splitlines()) == 1
    assert "HELPDESK_" in refused.err


def test_nothing_is_deleted_unasked(helpdesk: Helpdesk) -> None:
    helpdesk("tenant", "create", "Careful", "careful.example")
    refused = helpdesk("tenant", "delete", "careful.example", stdin="y\n")
    assert (refused.status, "--yes" in refused.err) == (2, True)
    assert helpdesk("tenant", "show", "careful.example").status == 0


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["tenant", "create", "X", "Not A Domain"], "domain"),
        (["tenant", "create", " ", "x.example"], "name"),
        (["tenant", "create", "X", "x.example", "--knowledge", "/no/such/folder"], "knowledge"),
    ],
)
def test_a_bad_value_is_named_and_ends_with_status_2(helpdesk: Helpdesk, arguments: list[str], field: str) -> None:
    refused = helpdesk(*arguments)
    assert refused.status == 2
    assert field in refused.err
    assert len(refused.err.strip().splitlines()) == 1


def test_a_bad_colour_in_a_config_file_is_named(helpdesk: Helpdesk, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("branding: {primary_color: reddish}\n")
    refused = helpdesk("tenant", "create", "X", "colour.example", "--config", str(config))
    assert refused.status == 2
    assert "branding.primary_color='reddish'" in refused.err


def test_a_folder_becomes_cited_answers(helpdesk: Helpdesk, knowledge: Path) -> None:
    made = helpdesk("tenant", "create", "Paddle", "paddle.example", "--knowledge", str(knowledge))
    assert made.status == 0, made.err
    ingested = helpdesk("ingest", "paddle.example", "--json")
    assert ingested.status == 0, ingested.err
    assert ingested.value["collected"]["added"] == 2
    again = helpdesk("ingest", "paddle.example", "--json").value
    assert (again["indexed"]["embedded"], again["collected"]["unchanged"]) == (0, 2)
    asked = helpdesk("ask", "paddle.example", "Within how many days can I return a kayak?", "--json")
    assert asked.status == 0, asked.err
    assert "45 days" in asked.value["answer"]["text"]
    assert asked.value["answer"]["citations"][0]["document_id"] == "help/returns.md"


def test_a_question_before_any_knowledge_says_what_to_do(helpdesk: Helpdesk) -> None:
    helpdesk("tenant", "create", "Empty", "empty.example")
    refused = helpdesk("ask", "empty.example", "Anything?")
    assert refused.status == 1
    assert "helpdesk ingest" in refused.err
    assert "Traceback" not in refused.err


def test_debug_shows_the_traceback(helpdesk: Helpdesk) -> None:
    assert "Traceback" in helpdesk("--debug", "tenant", "show", "nobody.example").err
