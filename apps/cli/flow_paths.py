"""The flow files that a command is given, and what there is for them to name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from components.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from components.core.tenant import TenantContext
    from components.core.work import WorkKind
    from components.database.session import Database


def files_by_path(paths: list[Path]) -> dict[str, str]:
    """Texts by the path as it was given, so that a problem names it. Raises InvalidFlow, and InvalidInput where two
    files have one name."""
    from components.dialogue.flow_library import read_flow_file, read_flow_folder

    found: dict[Path, str] = {}
    for path in paths:
        if path.is_dir():
            found |= {path / name: text for name, text in read_flow_folder(path).items()}
        else:
            found[path] = read_flow_file(path)
    names: dict[str, Path] = {}
    for path in found:
        other = names.setdefault(path.name, path)
        if other != path:
            raise InvalidInput(f"{other} and {path} have one name: each flow file needs its own", field="path")
    return {str(path): text for path, text in found.items()}


def files_by_name(paths: list[Path]) -> dict[str, str]:
    """The same by file name, as versions keep them."""
    return {Path(path).name: text for path, text in files_by_path(paths).items()}


def known_intents(tenant: TenantContext | None, data_dir: Path = Path()) -> frozenset[str]:
    """Those of the tenant's NLU project; of the shared one without a tenant. Raises InvalidNluData."""
    from components.helpdesk.understanding.projects import project_of, shared_project
    from components.nlu.rasa_files import read_rasa_project

    project = shared_project(data_dir) if tenant is None else project_of(data_dir, tenant)
    return frozenset(read_rasa_project(project.folder).intents)


def known_work(
    database: Database | None = None, tenant: TenantContext | None = None
) -> Mapping[WorkKind, frozenset[str]]:
    """The workflows and tools that a tenant has; without one, those that every tenant has."""
    from components.agents.workflows.library import shipped_documents
    from components.agents.workflows.store import workflow_names
    from components.tools.added import tool_names
    from components.tools.built_in.built_in_tools import BUILT_IN_NAMES

    if database is None or tenant is None:
        return {"workflow": frozenset(shipped_documents()), "tool": BUILT_IN_NAMES}
    return {
        "workflow": workflow_names(database, tenant),
        "tool": BUILT_IN_NAMES | tool_names(database, tenant),
    }
