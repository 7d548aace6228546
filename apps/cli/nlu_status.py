"""What `helpdesk nlu status` shows: each project, what of it serves, and for whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from apps.cli.bundled_rasa import find_rasa_url
from components.core.errors import InvalidSetting, NluUnavailable
from components.core.nlu import EngineName
from components.helpdesk.tenant_config import read_config
from components.helpdesk.understanding.evaluations import read_evaluation
from components.helpdesk.understanding.projects import NluProject, label_of, projects_of
from components.helpdesk.understanding.serving import NluServing, read_serving

if TYPE_CHECKING:
    from components.core.settings import Settings
    from components.core.tenant import Tenant

_ASKED_SECONDS = 2.0


@dataclass(frozen=True)
class TenantStatus:
    """first: the engine that is asked first for it, by its configuration."""

    domain: str
    first: str | None


@dataclass(frozen=True)
class ProjectStatus:
    """version, leader: None before the first training. is_outdated: whether its files have changed since, or were never
    trained. rasa: `yes`, `no`, or why it is not asked."""

    project: str
    version: str | None
    is_outdated: bool
    leader: str | None
    reason: str
    macro_f1: Mapping[EngineName, float]
    thresholds: Mapping[EngineName, float]
    rasa: str
    tenants: tuple[TenantStatus, ...]


def project_status(settings: Settings, tenants: Iterable[Tenant]) -> list[ProjectStatus]:
    """Every project, the shared one first. Each Rasa is asked, for two seconds at most."""
    return [_status(settings, *each) for each in projects_of(settings.data_dir, tenants)]


def _status(settings: Settings, project: NluProject, tenants: tuple[Tenant, ...]) -> ProjectStatus:
    fault, serving, found = "", None, None
    try:
        serving = read_serving(project.models)
        found = read_evaluation(project.models / serving.version) if serving is not None else None
    except NluUnavailable as error:
        fault = error.message
    return ProjectStatus(
        project=label_of(project, tenants),
        version=serving.version if serving is not None else None,
        is_outdated=serving is None or serving.version != project.version(),
        leader=serving.leader if serving is not None else None,
        reason=fault or (found.reason if found is not None else ""),
        macro_f1=serving.macro_f1 if serving is not None else {},
        thresholds=serving.thresholds if serving is not None else {},
        rasa=_asked(settings, project, tenants),
        tenants=tuple(TenantStatus(tenant.domain, _first(tenant, serving)) for tenant in tenants),
    )


def _first(tenant: Tenant, serving: NluServing | None) -> str | None:
    engine = read_config(tenant.config).nlu.engine
    if engine != "best":
        return engine
    return serving.leader if serving is not None else None


def _asked(settings: Settings, project: NluProject, tenants: tuple[Tenant, ...]) -> str:
    from components.nlu.rasa_engine import RasaEngine

    own = (read_config(tenant.config).nlu.rasa_url for tenant in tenants)
    url = find_rasa_url(settings) if project.is_shared else next((each for each in own if each), None)
    if url is None:
        return "no server is set up"
    try:
        engine = RasaEngine(url, threshold=0.0)
    except InvalidSetting as error:
        return error.message
    try:
        return "yes" if engine.is_serving(_ASKED_SECONDS) else "no"
    finally:
        engine.close()
