"""Two notebooks as assets, in definitions that a run's process and a notebook's kernel can each load by name."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg

from components.core.settings import load_settings
from components.helpdesk.notebooks.notebook import notebooks
from dagster_project.assets.notebooks import notebook_assets
from dagster_project.jobs import NOTEBOOKS, notebooks_job

SOURCES = {
    "good": ("print('ran for', tenant, greeting)", "print('partition', context.run.tags['dagster/partition'])"),
    "broken": ("print('before the fault')", "{}['nothing']", "print('never')"),
}


def write_notebooks(folder: Path) -> None:
    """Each with a tenant and a greeting as parameters."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, sources in SOURCES.items():
        cells = [
            {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}
            for source in ("tenant = ''  # whose\ngreeting = 'hello'  # what is said", *sources)
        ]
        cells[0]["metadata"] = {"tags": ["parameters"]}
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        content = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 4}
        (folder / f"{name}.ipynb").write_text(json.dumps(content))


def job() -> dg.JobDefinition:
    """All notebooks of `<data_dir>/test-notebooks`."""
    folder = load_settings().data_dir / "test-notebooks"
    definitions = dg.Definitions(
        assets=notebook_assets(notebooks(folder)), jobs=[notebooks_job], executor=dg.in_process_executor
    )
    return definitions.resolve_job_def(NOTEBOOKS)
