"""The rules of the house that a reader can rely on and a linter does not know."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

from components.core.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FILE = 300
CODE = sorted(path for room in ("components", "apps", "dagster_project") for path in (ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("file", CODE, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_module_opens_with_its_reason_and_holds_one_concept(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), f"{file}: say in one sentence why this module exists"
    assert len(text.splitlines()) <= LONGEST_FILE, f"{file}: split it where the second concept begins"


def test_every_setting_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"HELPDESK_{name.upper()}" not in readme] == []


def test_the_environment_is_read_in_one_place() -> None:
    reading = [
        str(file.relative_to(ROOT))
        for file in CODE
        if file.name != "settings.py" and file.parts[-3:-1] != ("apps", "cli") and "os.environ" in file.read_text()
    ]
    handing_on_to_children = {
        "apps/cli/processes.py",
        "apps/cli/filling.py",
        "apps/cli/up.py",
        "dagster_project/__main__.py",
        "components/database/account.py",
    }
    assert set(reading) <= handing_on_to_children


def test_no_address_of_a_package_index_is_in_the_lock() -> None:
    assert "://" not in (ROOT / "requirements.lock").read_text()


def test_generated_state_is_not_tracked() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert not [
        name for name in listed.stdout.splitlines() if name.startswith((".helpdesk/", ".venv/", "screenshots/"))
    ]
