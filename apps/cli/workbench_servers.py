"""JupyterLab and the Voila pages: what `helpdesk up --workbench` adds, and `helpdesk lab` alone."""

from __future__ import annotations

import json
import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

import typer

from apps.cli.console import err, out
from apps.cli.context import PROJECT
from apps.cli.ports import require_free
from apps.cli.processes import Child, ProcessGroup

if TYPE_CHECKING:
    from components.core.settings import Settings

LAB = (sys.executable, "-m", "jupyterlab")
VOILA = (sys.executable, "-m", "dashboards.voila_server")
VOILA_PATH = "/dashboards/voila/"
IDLE_SECONDS = 3600


def refuse_taken_workbench_ports(settings: Settings) -> None:
    """Before anything starts. Raises PortInUse with the way out."""
    require_free(settings.host, settings.resolved_lab_port, "HELPDESK_LAB_PORT (JupyterLab)")
    require_free(settings.host, settings.resolved_voila_port, "HELPDESK_VOILA_PORT (the Voila pages)")


def start_workbench(processes: ProcessGroup, settings: Settings) -> dict[str, str]:
    """Starts both and gives their addresses, JupyterLab's with the token that opens it: who has it runs code as the
    helpdesk, with every tenant's data."""
    token = secrets.token_urlsafe(24)
    lab = Child("JupyterLab", lab_command(settings), _log(settings, "lab"), lab_environment(settings, token))
    voila = Child("the Voila pages", VOILA, _log(settings, "voila"), kernel_environment(settings))
    processes.start(lab)
    processes.start(voila)
    return {
        "JupyterLab (notebooks)": lab_address(settings, token),
        "Voila (knowledge managers)": (f"http://{settings.host}:{settings.resolved_voila_port}{VOILA_PATH}"),
    }


def lab(
    port: Annotated[int | None, typer.Option(help="Port of JupyterLab; that of the API and three by default.")] = None,
) -> None:
    """JupyterLab alone on this data folder, until Ctrl-C; a helpdesk may run beside it, or none."""
    from components.core.settings import load_settings

    settings = load_settings(lab_port=port)
    require_free(settings.host, settings.resolved_lab_port, "--port")
    token = secrets.token_urlsafe(24)
    out.print(lab_address(settings, token), markup=False, soft_wrap=True)
    err.print("[dim]whoever opens it sees every tenant's data; Ctrl-C stops it[/]")
    command = lab_command(settings)
    os.execve(command[0], command, {**os.environ, **lab_environment(settings, token)})  # noqa: S606 - our own command


def lab_address(settings: Settings, token: str) -> str:
    """Where it is opened."""
    return f"http://{settings.host}:{settings.resolved_lab_port}/lab?{urlencode({'token': token})}"


def lab_command(settings: Settings) -> tuple[str, ...]:
    """It asks nobody for news, updates or extensions, and stops without asking back."""
    from components.helpdesk.notebooks.copies import working_copies

    configuration = _jupyter(settings) / "config"
    configuration.mkdir(parents=True, exist_ok=True)
    # What is none cannot be said on a command line.
    (configuration / "jupyter_lab_config.json").write_text(json.dumps({"LabApp": {"news_url": None}}))
    overrides = configuration / "labconfig" / "default_setting_overrides.json"
    overrides.parent.mkdir(exist_ok=True)
    overrides.write_text(json.dumps({"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}))
    options = {
        "ServerApp.ip": settings.host,
        "ServerApp.port": settings.resolved_lab_port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": working_copies(settings.data_dir),
        "ServerApp.open_browser": False,
        "ServerApp.answer_yes": True,
        "ServerApp.allow_root": os.geteuid() == 0,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.extension_manager": "readonly",
        "MappingKernelManager.cull_idle_timeout": IDLE_SECONDS,
    }
    return (*LAB, *(f"--{name}={value}" for name, value in options.items()))


def lab_environment(settings: Settings, token: str) -> dict[str, str]:
    """The token is not on the command line, which others on the machine can read."""
    return {**kernel_environment(settings), "JUPYTER_TOKEN": token}


def kernel_environment(settings: Settings) -> dict[str, str]:
    """What a kernel needs to be on the same helpdesk from whichever folder it starts in; what Jupyter keeps is in the
    data folder too."""
    jupyter = _jupyter(settings)
    environment = {
        "HELPDESK_DATA_DIR": str(settings.data_dir),
        "HELPDESK_HOST": settings.host,
        "HELPDESK_PORT": str(settings.port),
        "HELPDESK_DASHBOARDS_PORT": str(settings.resolved_dashboards_port),
        "HELPDESK_LAB_PORT": str(settings.resolved_lab_port),
        "HELPDESK_VOILA_PORT": str(settings.resolved_voila_port),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH", "")))),
        "JUPYTER_CONFIG_DIR": str(jupyter / "config"),
        "JUPYTER_DATA_DIR": str(jupyter / "data"),
        "JUPYTER_RUNTIME_DIR": str(jupyter / "runtime"),
        "IPYTHONDIR": str(jupyter / "ipython"),
        "PYTHONUNBUFFERED": "1",
    }
    for name, file in (("HELPDESK_MODELS", settings.models), ("HELPDESK_PIPELINE", Path(settings.pipeline))):
        if file is not None and file.is_file():
            environment[name] = str(file.resolve())
    return environment


def _jupyter(settings: Settings) -> Path:
    return settings.data_dir / "jupyter"


def _log(settings: Settings, name: str) -> Path:
    return settings.data_dir / "logs" / f"{name}.log"
