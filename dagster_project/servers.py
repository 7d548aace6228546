"""The three processes that Dagster consists of, as `helpdesk up` starts and watches them."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from components.core.settings import Settings

LOCATION = "helpdesk"
_LONGEST_SOCKET = 100  # The kernel's limit is 107 bytes.


@dataclass(frozen=True)
class Server:
    """One process to start. environment: the whole of it. serves: the socket it makes, where it makes one."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    serves: Path | None = None


def plan_servers(settings: Settings, home: Path, environment: Mapping[str, str]) -> tuple[Server, ...]:
    """The code server, the daemon and the webserver, in the order to start them; each is stopped by SIGTERM.

    The code server is one for both of the others: left to themselves they start one each, and the daemon
    starts its own anew every minute. It reads the sources again when somebody presses "Reload" in the
    interface. home: from prepare_home. environment: of this process, to be handed on.
    """
    socket = home / "code.sock"
    if len(os.fsencode(socket)) > _LONGEST_SOCKET:
        socket = Path(tempfile.mkdtemp(prefix="helpdesk-")) / "code.sock"
    socket.unlink(missing_ok=True)
    workspace = home / "workspace.yaml"
    location = {"grpc_server": {"socket": str(socket), "location_name": LOCATION}}
    workspace.write_text(yaml.safe_dump({"load_from": [location]}), encoding="utf-8")
    handed_on = {**environment, "DAGSTER_HOME": str(home), "HELPDESK_DATA_DIR": str(settings.data_dir)}

    def server(name: str, *arguments: str, serves: Path | None = None) -> Server:
        return Server(name, (sys.executable, "-m", *arguments), handed_on, serves)

    code = ("-m", "dagster_project.definitions", "--location-name", LOCATION, "-s", str(socket))
    log = ("--log-level", "warning")
    here = ("-h", settings.host, "-p", str(settings.resolved_dagster_port))
    return (
        server("dagster code", "dagster", "code-server", "start", *code, *log, serves=socket),
        server("dagster daemon", "dagster._daemon", "run", "-w", str(workspace), *log),
        server("dagster webserver", "dagster_webserver", "-w", str(workspace), *here, *log),
    )
