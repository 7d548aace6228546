"""The notebooks to work in: copies in the data folder, so that a run by hand changes no file of the project."""

from __future__ import annotations

import shutil
from pathlib import Path

from components.helpdesk.notebooks.notebook import SHIPPED, notebooks


def working_copies(data_dir: Path, shipped: Path = SHIPPED) -> Path:
    """The folder `<data_dir>/notebooks`. A copy that is there is somebody's work and stays as it is; one that was
    deleted or is new comes again as it ships."""
    folder = data_dir / "notebooks"
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in notebooks(shipped):
        copy = folder / notebook.path.name
        if not copy.exists():
            shutil.copyfile(notebook.path, copy)
    return folder
