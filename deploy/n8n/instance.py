"""One n8n on this machine: its settings, its commands, and its server."""

from __future__ import annotations

import json
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from installing import n8n_command, run

from apps.cli.processes import Child, ProcessGroup
from components.core.errors import Unavailable

_COMMAND_SECONDS, _START_SECONDS, _CALL_SECONDS = 180.0, 180.0, 120.0
# n8n says nothing to anybody outside this machine.
_SILENT = (
    "N8N_DIAGNOSTICS_ENABLED",
    "N8N_VERSION_NOTIFICATIONS_ENABLED",
    "N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED",
    "N8N_DYNAMIC_BANNERS_ENABLED",
    "N8N_TEMPLATES_ENABLED",
    "N8N_PERSONALIZATION_ENABLED",
    "N8N_HIRING_BANNER_ENABLED",
    "N8N_COMMUNITY_PACKAGES_ENABLED",
)


@dataclass(frozen=True)
class Instance:
    """home: where it is installed. database: n8n's settings for it. encryption_key: of what it keeps."""

    home: Path
    port: int
    database: Mapping[str, str]
    encryption_key: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.home / "n8n.log"

    def take_in(self, what: str, values: Mapping[str, Any] | list[Any]) -> None:
        """Imports a `workflow` or `credentials`, in place of what has the same id. Raises Unavailable."""
        with tempfile.NamedTemporaryFile("w", dir=self.home, suffix=".json") as file:  # readable by its owner only
            json.dump(values, file)
            file.flush()
            said = self.command(f"import:{what}", f"--input={file.name}")
        if "Successfully imported" not in said:  # n8n's exit status is 0 all the same
            raise Unavailable(f"n8n did not import the {what}: {said.strip()[-1500:]}")

    def publish(self, workflow_id: str) -> None:
        """Has its webhook listened for from the next start on. Raises Unavailable."""
        self.command("publish:workflow", f"--id={workflow_id}")

    def execute(self, workflow_id: str) -> Mapping[str, Any]:
        """Runs the workflow by hand; what n8n keeps of the execution. Raises Unavailable."""
        said = self.command("execute", f"--id={workflow_id}", "--rawOutput")
        for start in (place for place, letter in enumerate(said) if letter == "{"):
            try:
                value, _ = json.JSONDecoder().raw_decode(said, start)
            except ValueError:
                continue
            if isinstance(value, dict) and "data" in value:
                return value
        raise Unavailable(f"n8n did not run {workflow_id}: {said.strip()[-1500:]}")

    def command(self, *arguments: str) -> str:
        """What n8n prints. Raises Unavailable."""
        return run(
            [*n8n_command(self.home), *arguments],
            self.home,
            seconds=_COMMAND_SECONDS,
            environment=self._environment(),
        )

    @contextmanager
    def running(self) -> Iterator[Child]:
        """Started and ready, until the end of the block. Raises Unavailable with the end of its log."""
        group = ProcessGroup()
        child = Child("n8n", [*n8n_command(self.home), "start"], self.log, self._environment())
        try:
            group.start(child)
            self._await_ready(child)
            yield child
        finally:
            group.stop()

    def call_webhook(self, path: str, key: str, body: Mapping[str, Any]) -> Any:
        """What the workflow's last node gave. Raises Unavailable."""
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                answer = httpx.post(
                    f"{self.url}/webhook/{path}", headers={"X-Webhook-Key": key}, json=body, timeout=_CALL_SECONDS
                )
            except httpx.HTTPError as error:
                raise Unavailable(f"n8n's webhook {path} did not answer: {error}") from error
            if answer.status_code == httpx.codes.OK:
                return answer.json()
            # n8n says that it is ready a little before its webhooks are; until then nothing has run.
            if answer.status_code != httpx.codes.NOT_FOUND or time.monotonic() > until:
                told = f"{answer.status_code}: {answer.text[:500]}"
                raise Unavailable(f"n8n's webhook {path} answered {told}; see {self.log}")
            time.sleep(0.5)

    def _await_ready(self, child: Child) -> None:
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until and child.is_running:
            try:
                if httpx.get(f"{self.url}/healthz/readiness", timeout=5).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.5)
        state = f"not ready within {_START_SECONDS:.0f} s" if child.is_running else "ended"
        raise Unavailable(f"n8n {state}; end of {self.log}:\n{child.last_lines()}")

    def _environment(self) -> dict[str, str]:
        return {
            **self.database,
            **dict.fromkeys(_SILENT, "false"),
            "N8N_DISABLED_MODULES": "mcp-registry",  # would ask n8n's makers for a list
            "N8N_CUSTOM_EXTENSIONS": str(self.home / "extensions"),
            "N8N_ENCRYPTION_KEY": self.encryption_key,
            "N8N_HOST": "127.0.0.1",
            "N8N_LISTEN_ADDRESS": "127.0.0.1",
            "N8N_LOG_LEVEL": "info",
            "N8N_PORT": str(self.port),
            "N8N_RUNNERS_BROKER_PORT": str(_free_port()),
            "N8N_SECURE_COOKIE": "false",  # plain HTTP, on this machine only
            "N8N_USER_FOLDER": str(self.home),
            "NO_COLOR": "1",
        }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
