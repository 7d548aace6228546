"""`helpdesk nlu`, as a knowledge manager uses it from a shell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from filelock import FileLock

from tests.apps_cli.conftest import Helpdesk
from tests.helpdesk.nlu_project import EXAMPLES, write_project

HEAVY = (
    "torch",
    "haystack",
    "dagster",
    "gradio",
    "lancedb",
    "transformers",
    "openai",
    "redis",
    "onnxruntime",
    "sklearn",
)


@pytest.fixture(scope="module")
def domain(helpdesk: Helpdesk) -> str:
    domain = f"{uuid4().hex}.example"
    assert helpdesk("tenant", "create", "Shop", domain).status == 0
    return domain


@pytest.fixture(scope="module")
def trained(helpdesk: Helpdesk, domain: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = write_project(tmp_path_factory.mktemp("own") / "nlu")
    assert helpdesk("nlu", "import", str(folder), "--tenant", domain).status == 0
    done = helpdesk("nlu", "train", "--tenant", domain, "--no-rasa")
    assert done.status == 0, done.err
    assert "local leads with macro-F1" in done.out
    return domain


def test_every_command_has_help_without_a_heavy_library() -> None:
    script = (
        "import sys\n"
        "from apps.cli.main import main\n"
        "for command in ('train', 'status', 'parse', 'import'):\n"
        "    sys.argv = ['helpdesk', 'nlu', command, '--help']\n"
        "    try: main()\n"
        "    except SystemExit as end: assert end.code == 0\n"
        f"print('loaded:', [name for name in ('sqlalchemy', 'numpy', *{HEAVY!r}) if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.endswith("loaded: []\n")


def test_an_import_says_what_came_and_what_is_next(helpdesk: Helpdesk, domain: str, tmp_path: Path) -> None:
    folder = write_project(tmp_path / "nlu", {**EXAMPLES, "again": ("hello", "once more")})
    done = helpdesk("nlu", "import", str(folder), "--tenant", domain)
    assert done.status == 0, done.err
    assert "6 intents, 42 examples" in done.out
    assert f"next: helpdesk nlu train --tenant {domain}" in done.out
    assert "'hello' is an example of 'again'" in " ".join(done.err.split())
    assert helpdesk("nlu", "import", str(folder), "--tenant", domain, "--json").value["messages"] == 42


def test_bad_files_unknown_tenants_and_missing_options_are_one_line_each(
    helpdesk: Helpdesk, domain: str, tmp_path: Path
) -> None:
    bad = write_project(tmp_path / "bad")
    (bad / "nlu.yml").write_text("nlu:\n  - intent: alone\n    examples: |\n      - one\n")
    for status, *arguments in (
        (2, "import", str(bad), "--tenant", domain),
        (2, "import", str(tmp_path / "nowhere"), "--tenant", domain),
        (1, "import", str(bad), "--tenant", "nowhere.example"),
        (1, "train", "--tenant", "nowhere.example"),
        (1, "parse", "hi", "--tenant", "nowhere.example"),
        (2, "parse", "hi"),
    ):
        done = helpdesk("nlu", *arguments)
        assert done.status == status, (arguments, done.err)
        assert done.err.startswith("error:")
        assert "Traceback" not in done.err


def test_a_message_is_understood_by_the_tenants_own_project(helpdesk: Helpdesk, trained: str) -> None:
    found = helpdesk("nlu", "parse", "please refund my order 104432", "--tenant", trained, "--json").value
    assert (found["intent"], found["engine"], found["fallback"]) == ("refund", "local", None)
    assert found["entities"][0]["value"] == "104432"
    said = helpdesk("nlu", "parse", "please refund my order 104432", "--tenant", trained)
    assert said.out.startswith("refund (")
    assert "order_number = '104432'" in said.out


def test_status_shows_who_leads_for_whom(helpdesk: Helpdesk, trained: str) -> None:
    found = {each["project"]: each for each in helpdesk("nlu", "status", "--json").value}
    own = found[trained]
    assert (own["leader"], own["is_outdated"], own["rasa"]) == ("local", False, "no server is set up")
    assert own["tenants"] == [{"domain": trained, "first": "local"}]
    assert 0 <= own["macro_f1"]["local"] <= 1
    assert "customer_service" in found
    assert trained in helpdesk("nlu", "status").out.replace("\n", "")


def test_a_training_beside_another_says_at_once_that_it_waits(helpdesk: Helpdesk, trained: str, data_dir: Path) -> None:
    (own,) = (each for each in helpdesk("tenant", "list", "--json").value if each["domain"] == trained)
    with FileLock(data_dir / "nlu" / own["tenant_id"] / "training.lock"):
        done = helpdesk("nlu", "train", "--tenant", trained, "--no-rasa", "--wait", "1")
    assert done.status == 1
    said = done.err.splitlines()
    assert "another training goes on: waiting for it, at most 1 s" in said[0]
    assert "running for over 1 s" in said[-1]


def test_a_second_training_has_nothing_to_do(helpdesk: Helpdesk, trained: str) -> None:
    (done,) = helpdesk("nlu", "train", "--tenant", trained, "--no-rasa", "--json").value
    assert done["trained"] == []
    assert done["promoted"] is True
