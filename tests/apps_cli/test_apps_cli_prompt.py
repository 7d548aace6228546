"""`helpdesk prompt`, as a prompt engineer uses it from a shell."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from tests.apps_cli.conftest import Helpdesk

HEAVY = ("torch", "haystack", "dagster", "gradio", "lancedb", "transformers", "openai", "redis", "onnxruntime")
USER = "{% for p in passages %}[{{ p.number }}] {{ p.text }}{% endfor %} Question: {{ query }}"
GOOD = f"system: Be brief.\nuser: '{USER}'\n"


@pytest.fixture(scope="module")
def domain(helpdesk: Helpdesk) -> str:
    domain = f"{uuid4().hex}.example"
    assert helpdesk("tenant", "create", "Shop", domain).status == 0
    return domain


def test_every_command_has_help_without_a_heavy_library() -> None:
    script = (
        "import sys\n"
        "from apps.cli.main import main\n"
        "for command in ('list', 'show', 'save', 'activate', 'rollback', 'diff'):\n"
        "    sys.argv = ['helpdesk', 'prompt', command, '--help']\n"
        "    try: main()\n"
        "    except SystemExit as end: assert end.code == 0\n"
        f"print('loaded:', [name for name in ('sqlalchemy', 'jinja2', *{HEAVY!r}) if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.endswith("loaded: []\n")
    assert done.stdout.count("Usage") == 6


def test_a_command_at_work_loads_no_model_library() -> None:
    script = (
        "import sys\n"
        "import components.bootstrap, components.database.provision, components.helpdesk.prompts\n"
        f"print('loaded:', [name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert "loaded: []" in done.stdout


def test_show_edit_save_activate_and_back(helpdesk: Helpdesk, domain: str, tmp_path: Path) -> None:
    shipped = helpdesk("prompt", "show", domain, "answer", "--raw")
    assert shipped.status == 0, shipped.err
    file = tmp_path / "mine.yaml"
    file.write_text(shipped.out.replace("briefly", "in one sentence"))
    saved = helpdesk("prompt", "save", domain, "answer", str(file), "--note", "shorter", "--author", "ann")
    assert saved.status == 0, saved.err
    assert f"helpdesk prompt activate {domain} answer 1" in saved.out
    assert helpdesk("prompt", "show", domain, "answer", "--version", "1", "--raw").out == file.read_text()
    assert helpdesk("prompt", "save", domain, "answer", "-", "--note", "x", "--json", stdin=GOOD).value["version"] == 2

    changed = helpdesk("prompt", "diff", domain, "answer", "0", "1").out
    assert "+  Answer in one sentence" in changed
    assert helpdesk("prompt", "diff", domain, "answer", "--json").value["b"] == 2

    assert helpdesk("prompt", "activate", domain, "answer", "1", "--json").value == {"prompt_id": "answer", "active": 1}
    listed = helpdesk("prompt", "list", domain, "--json").value
    assert [(each["version"], each["active"], each["note"]) for each in listed] == [
        (2, False, "x"),
        (1, True, "shorter"),
        (0, False, "shipped"),
    ]
    assert listed[1]["author"] == "ann"
    assert "shorter" in helpdesk("prompt", "list", domain).out
    assert "version 0 is active" in helpdesk("prompt", "rollback", domain, "answer").out


@pytest.mark.parametrize(
    ("arguments", "stdin", "status", "what"),
    [
        (["show", "{domain}", "nope"], "", 2, "allowed is one of answer"),
        (["show", "{domain}", "answer", "--version", "99"], "", 1, "no version 99"),
        (["show", "{domain}", "answer", "--raw", "--json"], "", 2, "--raw and --json"),
        (["activate", "{domain}", "answer", "-1"], "", 2, "-1"),
        (["save", "{domain}", "answer", "/no/such/file", "--note", "n"], "", 2, "/no/such/file"),
        (["save", "{domain}", "answer", "-"], GOOD, 2, "--note"),
        (["save", "{domain}", "answer", "-", "--note", "n"], "system: [", 2, "standard input, line 1"),
        (["save", "{domain}", "answer", "-", "--note", "n"], "system: s\nuser: '{{ x }}'", 2, "user, line 1: 'x'"),
    ],
)
def test_an_error_is_one_line_that_names_what_is_wrong(
    helpdesk: Helpdesk, domain: str, arguments: list[str], stdin: str, status: int, what: str
) -> None:
    refused = helpdesk("prompt", *(argument.format(domain=domain) for argument in arguments), stdin=stdin)
    assert refused.status == status
    assert what in refused.err
    assert len(refused.err.strip().splitlines()) == 1


def test_an_error_for_machines_is_json_with_a_code(helpdesk: Helpdesk, domain: str) -> None:
    refused = helpdesk("prompt", "save", domain, "answer", "-", "--note", "n", "--json", stdin="system: s\nuser: u")
    assert json.loads(refused.err)["error"]["code"] == "invalid_prompt"


def test_one_tenant_is_not_shown_anothers_prompts(helpdesk: Helpdesk, domain: str) -> None:
    other = f"{uuid4().hex}.example"
    helpdesk("tenant", "create", "Other", other)
    saved = helpdesk("prompt", "save", other, "answer", "-", "--note", "theirs", stdin=GOOD.replace("brief", "theirs"))
    assert saved.status == 0, saved.err
    ours = helpdesk("prompt", "list", domain, "--json")
    assert ours.status == 0
    assert "theirs" not in ours.out
