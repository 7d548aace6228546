"""`helpdesk flow`, as a knowledge manager uses it from a shell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from apps.cli.main import main
from tests.apps_cli.conftest import Helpdesk, Outcome
from tests.dialogue.botpress_bot import CONTENT, FLOWS

HEAVY = ("torch", "haystack", "dagster", "gradio", "lancedb", "transformers", "openai", "redis", "onnxruntime")
GOOD = "nodes:\n  - id: hello\n    type: message\n    text: Hello from us\n"
BAD = "nodes:\n  - id: hello\n    type: mesage\n    text: Hello\n"
DEMO = Path(__file__).resolve().parents[2] / "deploy" / "demo"


@pytest.fixture(scope="module")
def domain(helpdesk: Helpdesk) -> str:
    domain = f"{uuid4().hex}.example"
    assert helpdesk("tenant", "create", "Shop", domain).status == 0
    return domain


@pytest.fixture
def flow(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Helpdesk]:
    """Runs `helpdesk flow ARGUMENTS` in this process: for commands that need no database."""
    mask = os.umask(0o022)

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["helpdesk", "flow", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), printed.out, printed.err)

    yield run
    os.umask(mask)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.yaml").write_text(GOOD)
    return tmp_path


def test_every_command_has_help_without_a_heavy_library() -> None:
    commands = ("validate", "show", "schema", "import", "save", "list", "activate", "rollback", "simulate")
    script = (
        "import sys\n"
        "from apps.cli.main import main\n"
        f"for command in {commands!r}:\n"
        "    sys.argv = ['helpdesk', 'flow', command, '--help']\n"
        "    try: main()\n"
        "    except SystemExit as end: assert end.code == 0\n"
        f"print('loaded:', [name for name in ('sqlalchemy', 'jinja2', *{HEAVY!r}) if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.endswith("loaded: []\n")
    assert done.stdout.count("Usage") == len(commands)


def test_flows_are_validated_without_a_heavy_library_or_a_database(folder: Path) -> None:
    script = (
        "import sys\n"
        "from apps.cli.main import main\n"
        f"sys.argv = ['helpdesk', 'flow', 'validate', {str(folder)!r}]\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        f"print('loaded:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == ["1 file, 0 errors, 0 warnings", "loaded: []"]


@pytest.mark.parametrize("name", ["northtrail", "cumulo"])
def test_the_demo_tenants_flows_are_valid(flow: Helpdesk, name: str) -> None:
    checked = flow("validate", str(DEMO / name / "flows"), "--json")
    assert checked.status == 0, checked.out
    assert checked.value == {"valid": True, "errors": 0, "warnings": 0, "problems": []}


def test_a_fault_is_named_with_file_line_and_node(flow: Helpdesk, tmp_path: Path) -> None:
    file = tmp_path / "main.yaml"
    file.write_text(BAD)
    checked = flow("validate", str(file))
    assert checked.status == 2
    assert f"error: {file}, line 3, node hello: type is 'mesage': did you mean message?" in checked.out
    as_json = flow("validate", str(file), "--json")
    assert (as_json.status, as_json.value["valid"]) == (2, False)
    assert {key: as_json.value["problems"][0][key] for key in ("line", "node", "severity")} == {
        "line": 3,
        "node": "hello",
        "severity": "error",
    }


def test_an_intent_that_nobody_has_is_an_error(flow: Helpdesk, tmp_path: Path) -> None:
    (tmp_path / "main.yaml").write_text("nodes: [{id: a, type: nlu, next: [intent: refnd → a, default → end]}]")
    checked = flow("validate", str(tmp_path))
    assert checked.status == 2
    assert "did you mean refund?" in checked.out


def test_flows_are_drawn(flow: Helpdesk, folder: Path) -> None:
    drawn = flow("show", str(folder))
    assert drawn.status == 0, drawn.err
    assert 'hello · message "Hello from us"' in drawn.out
    assert "start_refund_flow" not in drawn.out
    assert flow("show", "--format", "mermaid").out.startswith("flowchart TD")
    assert "main" in flow("show", "--json").value["flows"]


def test_the_schema_is_printed(flow: Helpdesk) -> None:
    assert flow("schema").value["$schema"].endswith("2020-12/schema")


def test_save_activate_show_and_back(helpdesk: Helpdesk, domain: str, folder: Path) -> None:
    saved = helpdesk("flow", "save", str(folder), "--tenant", domain, "--note", "ours", "--author", "ann")
    assert saved.status == 0, saved.err
    assert f"helpdesk flow activate 1 --tenant {domain}" in saved.out
    assert helpdesk("flow", "activate", "1", "--tenant", domain, "--json").value == {"active": 1}
    assert "Hello from us" in helpdesk("flow", "show", "--tenant", domain).out
    assert "ann" in helpdesk("flow", "list", "--tenant", domain).out
    assert "version 0 is active" in helpdesk("flow", "rollback", "--tenant", domain).out


def test_a_botpress_bot_is_imported_and_what_is_left_is_listed(flow: Helpdesk, tmp_path: Path) -> None:
    for name, text in FLOWS.items():
        (tmp_path / "bot" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "bot" / name).write_text(text)
    options = []
    for name, text in CONTENT.items():
        (tmp_path / name).write_text(text)
        options += ["--content", str(tmp_path / name)]
    into = tmp_path / "ours"
    done = flow("import", str(tmp_path / "bot"), *options, "--out", str(into))
    assert done.status == 1, done.err
    assert "left over: main.give_up: the action" in done.err
    assert "node listen: the intent 'stop': allowed are" in done.err
    assert done.err.count("error:") == flow("validate", str(into)).out.count("error:") == 1
    assert f"next: helpdesk flow validate {into}" in done.err
    assert {file.name for file in into.iterdir()} == {"main.yaml", "refund.yaml"}
    assert "Hi {{ user.name }}!" in flow("show", str(into)).out
    assert "is there already" in flow("import", str(tmp_path / "bot"), "--out", str(into)).err
    as_json = flow("import", str(tmp_path / "bot"), *options, "--json").value
    assert set(as_json["files"]) == {"main.yaml", "refund.yaml"}
    assert as_json["leftovers"][0]["flow"] == "main"


@pytest.mark.parametrize("given", ["bot", "bot/flows"])
def test_the_content_in_or_beside_a_folder_is_found(flow: Helpdesk, tmp_path: Path, given: str) -> None:
    texts = {f"bot/content-elements/{name}": text for name, text in CONTENT.items()}
    for name, text in {**texts, **{f"bot/{name}": text for name, text in FLOWS.items()}}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    done = flow("import", str(tmp_path / given))
    assert "Hi {{ user.name }}!" in done.out
    assert "content 'builtin_text-hello'" not in done.err


def test_an_imported_flow_that_cannot_run_yet_names_its_nodes(flow: Helpdesk, tmp_path: Path) -> None:
    node = {"name": "a", "type": "standard", "onEnter": [], "next": [{"condition": "true", "node": "a"}]}
    (tmp_path / "main.flow.json").write_text(json.dumps({"startNode": "a", "nodes": [node]}))
    done = flow("import", str(tmp_path / "main.flow.json"))
    assert done.status == 1
    assert "1 flow, 0 left over" in done.err
    assert "id: main" in done.out
    assert "node a: main.a → main.a goes round" in done.err


@pytest.mark.parametrize(
    ("arguments", "status", "what"),
    [
        (["validate", "/no/such/file.yaml"], 2, "/no/such/file.yaml"),
        (["validate", "{folder}", "{folder}/sub"], 2, "No such file"),
        (["show", "{folder}", "--tenant", "shop.example"], 2, "one of them is allowed"),
        (["show", "--version", "1"], 2, "--tenant is needed"),
        (["save", "{folder}", "--tenant", "shop.example"], 2, "--note"),
        (["import", "{folder}"], 2, "ends in .flow.json"),
        (["import", "{folder}/main.yaml"], 2, "not JSON"),
    ],
)
def test_an_error_is_one_line_that_names_what_is_wrong(
    flow: Helpdesk, folder: Path, arguments: list[str], status: int, what: str
) -> None:
    refused = flow(*(argument.format(folder=folder) for argument in arguments))
    assert refused.status == status, refused.out + refused.err
    assert what in refused.err
    assert len(refused.err.strip().splitlines()) == 1


def test_flows_that_cannot_run_are_not_saved(helpdesk: Helpdesk, domain: str, tmp_path: Path) -> None:
    (tmp_path / "main.yaml").write_text(BAD)
    refused = helpdesk("flow", "save", str(tmp_path), "--tenant", domain, "--note", "n", "--json")
    assert refused.status == 2
    assert json.loads(refused.err)["error"]["code"] == "invalid_flow"
    unknown = helpdesk("flow", "activate", "9", "--tenant", domain)
    assert (unknown.status, "no version 9" in unknown.err) == (1, True)
