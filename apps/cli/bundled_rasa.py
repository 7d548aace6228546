"""The Rasa of `helpdesk up`, for all tenants without an own NLU project; it may fail and takes nothing along."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from apps.cli.console import err, warn
from apps.cli.processes import RESTART_WINDOW, RESTARTS
from components.core.errors import NluUnavailable

if TYPE_CHECKING:
    from components.core.settings import Settings
    from components.helpdesk.understanding.serving import FileSignature
    from components.nlu.rasa_server import RasaServer

ROOT = Path(__file__).resolve().parents[2]
WITHOUT = "messages are understood by the local classifier"


class BundledRasa:
    """Starts, watches, restarts and stops it, and gives it each new model of the shared project; nothing where
    HELPDESK_RASA_URL names another, where it is not wanted, or where its environment was not built. Its port is chosen
    at once, so that others may be told before it runs. Used from the main thread only (the server dies with that
    thread)."""

    def __init__(self, settings: Settings, wanted: bool = True) -> None:
        """Raises InvalidSetting for a HELPDESK_RASA_URL that is none."""
        from components.helpdesk.understanding.projects import shared_project
        from components.nlu.rasa_http import RasaHttp
        from components.nlu.rasa_server import RasaServer, find_rasa_python

        self._other = RasaHttp(settings.rasa_url) if settings.rasa_url is not None else None
        self._project = shared_project(settings.data_dir)
        self._file = address_file(settings)
        self._server: RasaServer | None = None
        self._seen: FileSignature | None = None
        self._loading: threading.Thread | None = None
        self._restarts: list[float] = []
        self._reason = "Rasa is off"
        if self._other is None and wanted:
            python = find_rasa_python(settings.rasa_python, ROOT)
            self._reason = f"no Rasa: its environment is not there ({settings.rasa_python or '.venv-rasa'})"
            if python is not None:
                home = settings.data_dir / "nlu" / "rasa"
                self._server = RasaServer(python, home, project=self._project.folder)

    @property
    def environment(self) -> dict[str, str]:
        """What a child process needs to find it; the token is part of the address."""
        return {"HELPDESK_RASA_URL": self._server.url} if self._server is not None else {}

    @property
    def address(self) -> str | None:
        """Where it is, without its token; None where there is none."""
        if self._other is not None:
            return self._other.address
        return self._server.address if self._server is not None else None

    def start(self) -> None:
        """Returns before it answers, which takes it half a minute; where it cannot start, says so and goes on."""
        if self._server is None:
            return
        self._seen = self._signature()
        try:
            self._server.start(self._model())
            self._publish(self._server.url)
        except (NluUnavailable, OSError) as error:
            self._give_up(str(error))

    def watch(self) -> None:
        """Restarts it where it has ended (past five times in a minute it stays away), and begins to load the model
        that the shared project's pointer has come to name."""
        if self._server is None:
            return
        if not self._server.is_running:
            self._restart(self._server)
        elif self._loading is None or not self._loading.is_alive():
            self._load_what_is_new(self._server)

    def stop(self) -> None:
        """Ends it; nothing happens where it does not run."""
        if self._server is not None:
            self._server.stop()
            self._file.unlink(missing_ok=True)
        if self._loading is not None:
            self._loading.join()

    def describe(self) -> str:
        """Who understands messages, in one line for people."""
        from components.helpdesk.understanding.serving import RASA_FILE, read_serving, require_intact

        without = self._without()
        try:
            serving = read_serving(self._project.models)
        except NluUnavailable:
            serving = None
        if serving is None:
            return without
        figures = ", ".join(f"{engine} {figure:.3f}" for engine, figure in serving.macro_f1.items())
        if self.address is None:
            return f"{without} ({self._reason})"
        if RASA_FILE not in serving.files and self._server is not None:
            return f"{without} ({figures}); Rasa has no model yet, which `helpdesk nlu train` and Dagster train"
        if self._server is not None:
            try:
                require_intact(self._project.models / serving.version / RASA_FILE, serving)
            except NluUnavailable as error:
                return f"{without}; {error.message}"
        if without != WITHOUT:
            return f"Rasa alone understands messages; without it, {without}"
        other = "the local classifier" if serving.leader == "rasa" else "Rasa"
        led = "Rasa" if serving.leader == "rasa" else "the local classifier"
        return f"{led} leads, {other} falls in for it (cross-validated macro F1: {figures or 'not measured'})"

    def _without(self) -> str:
        """What becomes of messages where Rasa does not answer."""
        from components.helpdesk.understanding.local_models import intact_local_model
        from components.helpdesk.understanding.serving import read_serving

        try:
            serving = read_serving(self._project.models)
            if serving is None:
                return "no message is understood: nothing was trained yet: `helpdesk nlu train`"
            fault = intact_local_model(self._project.models, serving).fault
        except NluUnavailable as error:
            return f"no message is understood: {error.message}"
        return f"{WITHOUT}: {fault}" if fault else WITHOUT

    def _restart(self, server: RasaServer) -> None:
        now = time.monotonic()
        self._restarts = [moment for moment in self._restarts if now - moment < RESTART_WINDOW] + [now]
        if len(self._restarts) > RESTARTS:
            self._give_up(f"Rasa ended {RESTARTS} times within a minute, see {server.log}")
            return
        self.start()
        if self._server is not None:
            err.print("[yellow]Rasa was gone and was started again[/]")

    def _load_what_is_new(self, server: RasaServer) -> None:
        signature = self._signature()
        if signature == self._seen:
            return
        self._seen = signature
        model = self._model()
        if model is not None:
            self._loading = threading.Thread(target=_load, args=(server, model), name="loads Rasa's model")
            self._loading.start()

    def _signature(self) -> FileSignature | None:
        from components.helpdesk.understanding.serving import serving_signature

        return serving_signature(self._project.models)

    def _model(self) -> Path | None:
        """The file that the pointer names; None where it names none, or one that was cut or altered."""
        from components.helpdesk.understanding.serving import RASA_FILE, read_serving, require_intact

        try:
            serving = read_serving(self._project.models)
            if serving is None or RASA_FILE not in serving.files:
                return None
            return require_intact(self._project.models / serving.version / RASA_FILE, serving)
        except NluUnavailable as error:
            without = self._without()
            warn(without if error.message in without else f"{error.message}; {without}")
            return None

    def _publish(self, url: str) -> None:
        """For `helpdesk nlu` in another terminal; readable by this account alone."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        new = self._file.with_suffix(".new")
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(url)
        new.replace(self._file)

    def _give_up(self, reason: str) -> None:
        warn(f"{reason}; {self._without()}")
        self.stop()
        self._server, self._reason = None, "Rasa did not start"


def address_file(settings: Settings) -> Path:
    """Holds the address of the running Rasa, its token included."""
    return settings.data_dir / "nlu" / "rasa.address"


def find_rasa_url(settings: Settings) -> str | None:
    """HELPDESK_RASA_URL, else that of the Rasa which `helpdesk up` runs for this data folder; None where there is
    none. After a crash there may be an address and nobody there."""
    if settings.rasa_url is not None:
        return settings.rasa_url
    try:
        return address_file(settings).read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def _load(server: RasaServer, model: Path) -> None:
    try:
        server.await_ready()
        server.load_model(model)
    except NluUnavailable as error:
        if server.is_running:
            warn(f"{error.message}; what was served goes on")
        return
    err.print(f"[dim]Rasa serves the newly trained model {model.parent.name}[/]")
