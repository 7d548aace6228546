"""A workbench for a process that is itself a piece of work: a notebook's kernel."""

from __future__ import annotations

import threading
from contextlib import ExitStack, closing
from functools import cache
from typing import TYPE_CHECKING

from components.core.settings import load_settings, quiet_third_parties

if TYPE_CHECKING:
    from components.bootstrap.registry import Registry
    from components.bootstrap.workbench import Workbench
    from components.database.addresses import DatabaseAddresses


@cache
def open_workbench() -> Workbench:
    """Everything, by the settings of the environment; embedded PostgreSQL is started where none runs.

    Opened once a process and closed at its end, so that a cell may be run again and again. Raises what load_settings,
    provision and build_workbench raise.

    Example: workbench = open_workbench()
             tenant = workbench.tenants.get_by_domain("northtrail.example")
    """
    from components.bootstrap.building import build_workbench

    return _until_exit().enter_context(closing(build_workbench(load_settings(), _addresses())))


@cache
def open_registry() -> Registry:
    """The same without a model: what opens quickly."""
    from components.bootstrap.registry import build_registry

    return _until_exit().enter_context(closing(build_registry(load_settings(), _addresses())))


@cache
def _addresses() -> DatabaseAddresses:
    from components.database.provision import provision

    quiet_third_parties()
    return _until_exit().enter_context(closing(provision(load_settings())))


@cache
def _until_exit() -> ExitStack:
    """Closed when the process ends, before pools of threads take no more work, which `atexit` would be after: what was
    spent is still recorded. What registers last is called first, so that the pools' module has to be there before."""
    import concurrent.futures.thread  # noqa: F401

    opened = ExitStack()
    threading._register_atexit(opened.close)  # type: ignore[attr-defined]
    return opened
