"""What costs seconds to import is imported by whoever uses it, and then is what it always was."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "script",
    [
        # All that answers questions is there, and torch is not.
        "import components.bootstrap.building, components.helpdesk.answering, components.retrieval.loading\n"
        "assert 'haystack' in sys.modules and not [name for name in sys.modules if name.partition('.')[0] == 'torch']",
        # A stock component with a device gets it.
        "import components.retrieval\n"
        "from haystack.utils import ComponentDevice\n"
        "device = ComponentDevice.resolve_device(None).to_torch()\n"
        "import torch, torch.nn\n"
        "assert isinstance(device, torch.device) and torch is sys.modules['torch'] and torch.__version__",
        # It stays what it is where somebody else was first.
        "import torch, components.retrieval\nfrom haystack.utils import device\nassert device.torch is torch",
        "from components.core.lean_imports import import_when_asked\n"
        "import_when_asked()\n"
        "from jsonschema import Draft202012Validator\n"
        "assert 'rfc3987_syntax' not in sys.modules",
    ],
)
def test_nothing_is_imported_before_it_is_used(script: str) -> None:
    done = subprocess.run([sys.executable, "-c", f"import sys\n{script}"], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr


def test_an_international_address_is_still_told_from_what_is_none() -> None:
    pytest.importorskip("rfc3987_syntax")
    script = (
        "from components.core.lean_imports import import_when_asked\n"
        "import_when_asked()\n"
        "from jsonschema import Draft202012Validator as Draft\n"
        "valid = Draft({'format': 'iri'}, format_checker=Draft.FORMAT_CHECKER).is_valid\n"
        "print(valid('https://bücher.example/ü'), valid('no address'))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=240, check=True)
    assert done.stdout.split() == ["True", "False"]
