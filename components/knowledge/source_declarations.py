"""The sources a knowledge manager declares in YAML, one file a source, read alike by Dagster and the command line.

A file is a Dagster component:

    type: dagster_project.sources.FolderSourceComponent
    attributes:
      tenant: northtrail.example          # domain of the tenant
      name: help                          # first part of its documents' ids
      folder: ../../knowledge             # relative to this file, or absolute
      evaluation: ../../evaluation        # optional: questions in BEIR's layout
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from components.core.errors import InvalidSetting
from components.core.sources import KnowledgeSource
from components.knowledge.folder_source import FolderSource

FOLDER_SOURCE_TYPE = "dagster_project.sources.FolderSourceComponent"
FILE_NAME = "defs.yaml"


class FolderSourceAttributes(BaseModel):
    """What a knowledge manager writes under `attributes`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant: str = Field(min_length=1, max_length=253, description="Domain of the tenant that the knowledge belongs to.")
    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="Name of the source: the first part of its documents' ids."
    )
    folder: str = Field(min_length=1, description="Folder of documents, relative to this file or absolute.")
    evaluation: str | None = Field(None, description="Folder of evaluation questions in BEIR's layout.")


def source_schema() -> dict[str, Any]:
    """JSON Schema of a file that declares one, draft 2020-12."""
    attributes = FolderSourceAttributes.model_json_schema()
    return {
        "type": "object",
        "required": ["type", "attributes"],
        "properties": {"type": {"const": FOLDER_SOURCE_TYPE}, "attributes": attributes},
        "additionalProperties": False,
    }


@dataclass(frozen=True)
class SourceDeclaration:
    """One declared source. tenant: its domain. file: where it was declared."""

    tenant: str
    name: str
    folder: Path
    source: KnowledgeSource
    evaluation: Path | None
    file: Path


def declare(attributes: FolderSourceAttributes, file: Path) -> SourceDeclaration:
    """A declaration with its paths resolved against the folder of `file`."""
    base = file.resolve().parent
    folder = (base / attributes.folder).resolve()
    evaluation = (base / attributes.evaluation).resolve() if attributes.evaluation else None
    source = FolderSource(attributes.name, folder)
    return SourceDeclaration(attributes.tenant, attributes.name, folder, source, evaluation, file)


def load_declarations(folders: Sequence[Path]) -> list[SourceDeclaration]:
    """Every declared folder source below `folders`, in path order; files of other component types are passed over.

    Raises InvalidSetting naming file and key, also where one tenant has two sources of one name.
    """
    found: dict[tuple[str, str], SourceDeclaration] = {}
    for file in declaring_files(folders):
        for declaration in declarations_in(file):
            add_declaration(found, declaration)
    return list(found.values())


def declaring_files(folders: Sequence[Path]) -> list[Path]:
    """Every file below `folders` that may declare a source, in path order; a folder may be absent."""
    return sorted(path for folder in folders if folder.is_dir() for path in folder.rglob(FILE_NAME))


def declarations_in(file: Path) -> list[SourceDeclaration]:
    """The folder sources that one file declares. Raises InvalidSetting naming file and key."""
    ours = [document for document in _documents(file) if document.get("type") == FOLDER_SOURCE_TYPE]
    return [declare(_attributes(document.get("attributes"), file), file) for document in ours]


def add_declaration(found: dict[tuple[str, str], SourceDeclaration], declaration: SourceDeclaration) -> None:
    """Into `found`, by tenant and name. Raises InvalidSetting where the tenant has a source of that name."""
    first = found.setdefault((declaration.tenant, declaration.name), declaration)
    if first is not declaration:
        source = f"source {declaration.name!r} of {declaration.tenant}"
        raise InvalidSetting(f"{declaration.file}: {source} is declared already in {first.file}")


def write_declaration(file: Path, attributes: FolderSourceAttributes) -> SourceDeclaration:
    """Writes the YAML of a new source, as a knowledge manager would. Raises InvalidSetting where the file exists."""
    if file.exists():
        raise InvalidSetting(f"{file} declares a source already: edit it, or choose another name")
    file.parent.mkdir(parents=True, exist_ok=True)
    body = {"type": FOLDER_SOURCE_TYPE, "attributes": attributes.model_dump(exclude_none=True)}
    file.write_text(yaml.safe_dump(body, sort_keys=False), encoding="utf-8")
    return declare(attributes, file)


def _documents(file: Path) -> list[dict[str, object]]:
    try:
        documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
    # ValueError: bytes that are no UTF-8, and dates such as 2026-13-01.
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise InvalidSetting(f"{file}: {error}") from error
    return [document for document in documents if isinstance(document, dict)]


def _attributes(value: object, file: Path) -> FolderSourceAttributes:
    if value is None:
        raise InvalidSetting(f"{file}: attributes are missing: tenant, name and folder are needed", field="attributes")
    try:
        return FolderSourceAttributes.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(("attributes", *(str(part) for part in first["loc"])))
        raise InvalidSetting(f"{file}: {key}={first.get('input')!r}: {first['msg']}", field=key) from error
