"""What a notebook is for and what it takes, read from the file itself."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from components.core.errors import InvalidInput, NotFound

SHIPPED = Path(__file__).resolve().parents[3] / "notebooks"
TENANT = "tenant"
PARAMETERS = "parameters"
Value = str | int | float | bool | None


@dataclass(frozen=True)
class Parameter:
    """One value that a notebook takes. meaning: what the comment behind it says."""

    name: str
    default: Value
    meaning: str


@dataclass(frozen=True)
class Notebook:
    """A file of the folder of notebooks. name: the file's, without its ending."""

    name: str
    path: Path

    @cached_property
    def content(self) -> dict[str, Any]:
        """Raises InvalidInput for a file that is no notebook."""
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise InvalidInput(f"{self.path}: {error}", field="notebook") from error
        if not isinstance(found, dict) or not isinstance(found.get("cells"), list):
            raise InvalidInput(f"{self.path}: a notebook needs a list `cells`", field="notebook")
        return found

    @property
    def title(self) -> str:
        """Its first heading."""
        return self._opening()[0].lstrip("# ")

    @property
    def purpose(self) -> str:
        """The first sentence under it: for whom, and what for."""
        return " ".join(" ".join(self._opening()[1:]).split())

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The assignments of the cell tagged `parameters`."""
        found = []
        for cell in self.content["cells"]:
            if PARAMETERS not in cell.get("metadata", {}).get("tags", ()):
                continue
            source = "".join(cell["source"])
            lines = source.splitlines()
            for node in ast.parse(source).body:
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    meaning = lines[node.lineno - 1].partition("  # ")[2].strip()
                    found.append(Parameter(node.targets[0].id, ast.literal_eval(node.value), meaning))
        return tuple(found)

    def read_parameters(self, given: Mapping[str, str]) -> dict[str, Value]:
        """Values as they are written at a command line, each of its default's kind. Raises InvalidInput naming the
        parameter and what is allowed."""
        known = {parameter.name: parameter for parameter in self.parameters}
        read: dict[str, Value] = {}
        for name, text in given.items():
            if name not in known:
                allowed = ", ".join(known) or "none"
                raise InvalidInput(f"{self.name} has no parameter {name!r}: allowed are {allowed}", field=name)
            read[name] = _value(name, text, known[name].default)
        return read

    def _opening(self) -> list[str]:
        first = next((cell for cell in self.content["cells"] if cell["cell_type"] == "markdown"), {"source": "#"})
        block = "".join(first["source"]).split("\n\n")
        return [part for text in block[:2] for part in text.splitlines()] or [""]


def notebooks(folder: Path = SHIPPED) -> list[Notebook]:
    """All of a folder, by name."""
    return [Notebook(path.stem, path) for path in sorted(folder.glob("*.ipynb"))]


def get_notebook(name: str, folder: Path = SHIPPED) -> Notebook:
    """By name, or by the path of a file of one's own. Raises NotFound naming those there are."""
    path = Path(name)
    if path.suffix == ".ipynb" and path.is_file():
        return Notebook(path.stem, path)
    for notebook in notebooks(folder):
        if notebook.name == name:
            return notebook
    known = ", ".join(notebook.name for notebook in notebooks(folder))
    raise NotFound(f"no notebook is called {name!r}: there are {known}; or give the path of an .ipynb", field="name")


def _value(name: str, text: str, default: Value) -> Value:
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise InvalidInput(f"{name}={text!r}: true or false is allowed", field=name)
        return text.lower() == "true"
    if isinstance(default, int | float):
        try:
            return type(default)(text)
        except ValueError as error:
            kind = "a whole number" if isinstance(default, int) else "a number"
            raise InvalidInput(f"{name}={text!r}: {kind} is allowed", field=name) from error
    return text
