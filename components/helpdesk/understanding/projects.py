"""Which NLU project a tenant's customers are understood by: its own, or the one that ships for all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from components.core.errors import InvalidNluData
from components.core.tenant import Tenant, TenantContext
from components.nlu.rasa_files import SUFFIXES

SHARED = "customer_service"
SHIPPED = Path(__file__).resolve().parents[3] / "apps" / "rasa"
TRAINING_SETTINGS = ("config.yml", "training.yml")
# Raise where the same files are trained to another model by new code.
RECIPE = 1
_VERSION_DIGITS = 16


@dataclass(frozen=True)
class NluProject:
    """A folder of Rasa's training files. name: SHARED, or the id of the tenant whose own it is. models: the folder of
    what was trained on it, one a version."""

    name: str
    folder: Path
    models: Path
    tenant_id: UUID | None = None

    @property
    def is_shared(self) -> bool:
        return self.tenant_id is None

    def version(self) -> str:
        """Changes with any file of the project, and with the settings it is trained by. Raises InvalidNluData where a
        file cannot be read."""
        digest = hashlib.sha256(f"{RECIPE}\n".encode())
        for name, file in self._files():
            try:
                content = file.read_bytes()
            except OSError as error:
                raise InvalidNluData(f"{file}: {error.strerror}") from error
            digest.update(f"{name}\0{len(content)}\0".encode(errors="surrogateescape"))
            digest.update(content)
        return digest.hexdigest()[:_VERSION_DIGITS]

    def settings_file(self, name: str) -> Path:
        """`config.yml` or `training.yml`. A tenant's own project is trained by the shipped ones: a pipeline names
        Python classes to load."""
        own = self.folder / name
        return own if self.is_shared and own.is_file() else SHIPPED / name

    def _files(self) -> Iterator[tuple[str, Path]]:
        yield from ((path.relative_to(self.folder).as_posix(), path) for path in training_files(self.folder))
        settings = {name: self.settings_file(name) for name in TRAINING_SETTINGS}
        yield from ((f"settings {name}", file) for name, file in settings.items() if file.is_file())


def training_files(folder: Path) -> list[Path]:
    """The YAML files below `folder`, hidden ones left out, in order of their paths."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def shared_project(data_dir: Path, shipped: Path = SHIPPED) -> NluProject:
    """The one that every tenant without an own one has."""
    return NluProject(SHARED, shipped, data_dir / "nlu" / SHARED)


def project_of(data_dir: Path, tenant: TenantContext, shipped: Path = SHIPPED) -> NluProject:
    """The tenant's own project where `helpdesk nlu import` has brought one, else the shared one."""
    own = own_folder(data_dir, tenant)
    data = own / "data"
    return (
        NluProject(str(tenant.tenant_id), data, own, tenant.tenant_id)
        if data.is_dir()
        else shared_project(data_dir, shipped)
    )


def projects_of(
    data_dir: Path, tenants: Iterable[Tenant], shipped: Path = SHIPPED
) -> tuple[tuple[NluProject, tuple[Tenant, ...]], ...]:
    """Every project with the tenants whom it understands, the shared one first, also where it has none."""
    shared = shared_project(data_dir, shipped)
    found, users = {shared.name: shared}, {shared.name: list[Tenant]()}
    for tenant in tenants:
        project = project_of(data_dir, tenant.context, shipped)
        found[project.name] = project
        users.setdefault(project.name, []).append(tenant)
    return tuple((found[name], tuple(of_it)) for name, of_it in users.items())


def label_of(project: NluProject, tenants: Iterable[Tenant]) -> str:
    """What people call it: the domain of the tenant whose own it is, else its name."""
    return project.name if project.is_shared else next((tenant.domain for tenant in tenants), project.name)


def own_folder(data_dir: Path, tenant: TenantContext) -> Path:
    """What a tenant has of its own: `data`, and a folder for each trained version."""
    return data_dir / "nlu" / str(tenant.tenant_id)
