"""The one composition root: settings and addresses in, a working helpdesk out."""

from components.bootstrap.building import build_workbench
from components.bootstrap.opening import open_registry, open_workbench
from components.bootstrap.registry import Registry, build_registry
from components.bootstrap.workbench import Workbench

__all__ = ["Registry", "Workbench", "build_registry", "build_workbench", "open_registry", "open_workbench"]
