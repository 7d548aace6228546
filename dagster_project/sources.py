"""Knowledge sources as Dagster components, so that a knowledge manager declares one in YAML, without Python."""

from __future__ import annotations

import importlib.util
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg
from dagster.components.core.component_tree import ComponentTree
from pydantic import BaseModel
from pydantic.warnings import PydanticDeprecatedSince20

from components.core.errors import InvalidSetting
from components.knowledge.readable_declarations import UnreadableDeclaration, readable_declarations
from components.knowledge.source_declarations import FILE_NAME, FolderSourceAttributes, declare, declaring_files
from dagster_project.partitions import GROUP, OWNERS


class FolderSourceComponent(dg.Component):
    """A folder of Markdown, HTML, text and PDF files that belongs to one tenant."""

    def __init__(self, attributes: FolderSourceAttributes) -> None:
        self.attributes = attributes

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        """What stands under `attributes`: the same as the command line reads."""
        return FolderSourceAttributes

    @classmethod
    def load(cls, attributes: Any, context: dg.ComponentLoadContext) -> FolderSourceComponent:
        if attributes is None:
            raise InvalidSetting(
                f"{context.path / FILE_NAME}: attributes are missing: tenant, name and folder are needed"
            )
        return cls(attributes)

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The source as an external asset, so that the lineage begins where the knowledge comes from."""
        declared = declare(self.attributes, context.path / FILE_NAME)
        metadata: dict[str, Any] = {
            "tenant": declared.tenant,
            "folder": dg.MetadataValue.path(str(declared.folder)),
            "declared in": dg.MetadataValue.path(str(declared.file)),
        }
        if declared.evaluation is not None:
            metadata["evaluation"] = dg.MetadataValue.path(str(declared.evaluation))
        return dg.Definitions(
            assets=[
                dg.AssetSpec(
                    key=source_key(declared.tenant, declared.name),
                    group_name=GROUP,
                    description=f"The folder {declared.folder}: knowledge of {declared.tenant}.",
                    metadata=metadata,
                    kinds={"folder"},
                    owners=OWNERS,
                )
            ]
        )


def source_key(tenant: str, name: str) -> dg.AssetKey:
    """The asset that stands for a source in the lineage, where its last part is what one reads."""
    return dg.AssetKey(["source", name, tenant])


def load_sources(folders: Sequence[Path]) -> dg.Definitions:
    """Every component declared below the folders; one may be absent or empty.

    A source that cannot be read stands in the lineage with the reason, and stops nobody else's. Raises Dagster's
    error naming file, line and key for a component of another type.
    """
    _, unreadable = readable_declarations(folders)
    roots = [folder for folder in folders if any(folder.rglob(FILE_NAME))]
    if unreadable:
        left_out = {problem.file for problem in unreadable}
        # Dagster loads a folder whole: the good ones are taken one by one, each below no other.
        good = {file.parent for file in declaring_files(folders) if file not in left_out}
        roots = sorted(folder for folder in good if not any(file.is_relative_to(folder) for file in left_out))
        roots = [folder for folder in roots if not any(other in folder.parents for other in roots)]
    problems = dg.Definitions(assets=[_problem_spec(problem) for problem in unreadable])
    return dg.Definitions.merge(problems, *(_without_tree(_load_folder(folder.resolve())) for folder in roots))


def _problem_spec(problem: UnreadableDeclaration) -> dg.AssetSpec:
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", f"{problem.file.parent.parent.name}/{problem.file.parent.name}")
    return dg.AssetSpec(
        key=dg.AssetKey(["source", name, "unreadable"]),
        group_name=GROUP,
        description=problem.error.message,
        metadata={"declared in": dg.MetadataValue.path(str(problem.file))},
        kinds={"folder"},
        owners=OWNERS,
    )


def _load_folder(folder: Path) -> dg.Definitions:
    # Dagster's loader wants a module; a data folder is none, so that one is made to stand for it.
    spec = importlib.util.spec_from_loader(f"helpdesk_sources_of_{folder.parent.name}", loader=None, is_package=True)
    assert spec is not None
    module = ModuleType(spec.name)
    module.__file__ = None
    module.__path__ = [str(folder)]
    with warnings.catch_warnings():  # of the loader's own use of Dagster and pydantic
        for category in (dg.BetaWarning, dg.PreviewWarning, PydanticDeprecatedSince20):
            warnings.simplefilter("ignore", category)
        # Of the folder, not of the root: that one would look through every installed package for components.
        return ComponentTree.from_module(defs_module=module, project_root=folder).build_defs(folder)


def _without_tree(defs: dg.Definitions) -> dg.Definitions:
    """The definitions without the tree of files they came from: Dagster merges no two that have one."""
    return dg.Definitions(
        assets=defs.assets,
        asset_checks=defs.asset_checks,
        jobs=defs.jobs,
        schedules=defs.schedules,
        sensors=defs.sensors,
        resources=defs.resources,
    )
