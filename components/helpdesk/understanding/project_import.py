"""Brings a tenant's own training files into the data folder, whole or not at all, and keeps the former ones."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from components.core.errors import Conflict, InvalidNluData
from components.core.tenant import TenantContext
from components.helpdesk.understanding.projects import own_folder, training_files
from components.nlu.rasa_files import read_rasa_project

_WAIT = 30.0
_IMPORTED = "imported"


@dataclass(frozen=True)
class ImportedProject:
    """folder: where it lies now. former: the one before, kept beside it; None where there was none. problems: what
    looks wrong in it and yet can be trained on."""

    folder: Path
    former: Path | None
    intents: int
    messages: int
    problems: tuple[str, ...]


def import_project(source: Path, data_dir: Path, tenant: TenantContext) -> ImportedProject:
    """Copies the *.yml files below `source`; the tenant is understood by them once they are trained.

    `data` is a link that is replaced in one step, so that no reader ever finds half of a project. Raises
    InvalidNluData for files that Rasa would not read or that are too little to train on, Conflict while another import
    is under way.
    """
    if not source.is_dir():
        raise InvalidNluData(f"{source}: no such folder; a folder with Rasa's files (nlu.yml, domain.yml) is needed")
    own = own_folder(data_dir, tenant)
    kept = own / _IMPORTED
    kept.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(own / "import.lock", timeout=_WAIT):
            fresh = kept / uuid4().hex
            try:
                _copy(source, fresh)
                # What is checked is what was copied: the source may change meanwhile.
                data = read_rasa_project(fresh)
            except BaseException as error:
                shutil.rmtree(fresh, ignore_errors=True)
                if isinstance(error, InvalidNluData):
                    raise InvalidNluData(error.message.replace(str(fresh), str(source))) from error
                raise
            former = _point(own / "data", fresh)
            _forget(kept, {fresh, former})
    except Timeout as error:
        raise Conflict(f"another import for tenant {tenant.tenant_id} has been running for over {_WAIT:g} s") from error
    problems = tuple(problem.replace(str(fresh), str(source)) for problem in data.problems)
    return ImportedProject(fresh, former, len(data.intents), len(data.messages), problems)


def _copy(source: Path, target: Path) -> None:
    inside = source.resolve()
    target.mkdir()
    for file in training_files(source):
        if not file.resolve().is_relative_to(inside):
            raise InvalidNluData(f"{file}: a link that leaves {source}, which is not allowed")
        copy = target / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(file, copy)
        except OSError as error:
            raise InvalidNluData(f"{file}: {error.strerror}") from error


def _point(link: Path, target: Path) -> Path | None:
    """Lets `link` lead to `target` and returns where it led before. A folder that somebody has put there by hand is
    moved beside the others first."""
    former = link.resolve() if link.exists() else None
    if link.is_dir() and not link.is_symlink():
        former = target.with_name(uuid4().hex)
        link.rename(former)
    new = link.with_name(f".{link.name}.{uuid4().hex}")
    new.symlink_to(os.path.relpath(target, link.parent))
    new.replace(link)
    return former


def _forget(kept: Path, wanted: set[Path | None]) -> None:
    resolved = {path.resolve() for path in wanted if path is not None}
    for folder in kept.iterdir():
        if folder.resolve() not in resolved:
            shutil.rmtree(folder, ignore_errors=True)
