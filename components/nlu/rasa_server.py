"""`rasa run --enable-api` on 127.0.0.1 behind a token: started, awaited, given models, stopped."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from components.core.errors import NluUnavailable
from components.core.server_lease import is_free
from components.nlu.rasa_engine import RasaEngine
from components.nlu.rasa_http import RasaHttp
from components.nlu.rasa_process import RasaProcess
from components.nlu.rasa_training import RasaTrainer
from components.nlu.training_data import NluData

START_SECONDS = 300.0
LOAD_SECONDS = 300.0
_ASK_SECONDS = 2.0
_LOG_LIMIT = 1_000_000
# Below the ports that Linux hands to outgoing connections, above those of the bundled Redis' neighbours.
_PORTS = range(25_000, 32_768)


class RasaServer:
    """One Rasa, which serves one model. Nobody else on the machine can replace that model or use Rasa: it listens on
    127.0.0.1 and wants a random token, which is in `url` as its password and in no process list.

    Rasa runs everything in one thread: while it loads a model (some seconds) messages wait, or fall back.
    """

    def __init__(self, python: Path, home: Path, *, project: Path, port: int | None = None) -> None:
        """python: of Rasa's environment. home: the server's own folder, with its log. project: folder that has
        endpoints.yml and credentials.yml. port: none = a free one. Raises NluUnavailable where none is free."""
        self._python, self._home, self._project = python, home.resolve(), project.resolve()
        self._port = port or _free_port()
        self.url = f"http://:{secrets.token_hex(24)}@127.0.0.1:{self._port}"
        self.address = f"http://127.0.0.1:{self._port}"
        self.log = self._home / "rasa.log"
        self._http = RasaHttp(self.url)
        self._process: RasaProcess | None = None

    @property
    def is_running(self) -> bool:
        """Whether its process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Of its process, None before the first start."""
        return self._process.pid if self._process is not None else None

    def start(self, model: Path | None = None) -> None:
        """Starts Rasa with this model, or none, and returns at once. From a thread that stays: on Linux the server goes
        with it. Raises NluUnavailable for a file that is not there or a Python that is none."""
        self.stop()
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if model is not None and not model.is_file():
            raise NluUnavailable(f"{model}: no such model of Rasa")
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        # `rasa run` without a model looks for one in ./models, where nothing ever is.
        options = ["run", "--enable-api", "--interface", "127.0.0.1", "--port", str(self._port)]
        options += ["--endpoints", str(self._project / "endpoints.yml")]
        options += ["--credentials", str(self._project / "credentials.yml")]
        options += ["--model", str(model.resolve())] if model is not None else []
        token = self.url.partition("//:")[2].partition("@")[0]
        with self.log.open("ab") as log:
            self._process = RasaProcess(self._python, options, folder=self._home, output=log.fileno(), token=token)

    def await_ready(self, deadline: float = START_SECONDS) -> None:
        """Returns once Rasa answers, with or without a model. Raises NluUnavailable where it ends or takes longer."""
        end = time.monotonic() + deadline
        while time.monotonic() < end:
            if not self.is_running:
                raise NluUnavailable(f"Rasa ended while it started; end of {self.log}:\n{self._log_tail()}")
            with contextlib.suppress(NluUnavailable):
                self._http.exchange("GET", "/version", deadline=_ASK_SECONDS)
                return
            time.sleep(0.2)
        raise NluUnavailable(f"Rasa did not answer within {deadline:g} s; end of {self.log}:\n{self._log_tail()}")

    def served_model(self, deadline: float = _ASK_SECONDS) -> str | None:
        """Name of the file that it serves, None where it has no model. Raises NluUnavailable where it does not
        answer."""
        answer = self._http.exchange("GET", "/status", deadline=deadline)
        try:
            return str(answer.json()["model_file"]) if answer.status == 200 else None
        except (ValueError, KeyError, TypeError) as error:
            raise NluUnavailable(f"Rasa at {self.address} gave a wrong answer to /status") from error

    def load_model(self, model: Path, deadline: float = LOAD_SECONDS) -> None:
        """Serves this model from now on. Raises NluUnavailable for a file that is cut short or no model, and where Rasa
        does not answer; it then goes on with the model that it has."""
        if not model.is_file():
            raise NluUnavailable(f"{model}: no such model of Rasa")
        answer = self._http.exchange("PUT", "/model", {"model_file": str(model.resolve())}, deadline=deadline)
        if answer.status != 204:
            raise NluUnavailable(
                f"Rasa does not load {model} (it answered {answer.status}): the file is cut short, damaged or of "
                "another version; `helpdesk nlu train` trains it anew"
            )

    def stop(self) -> None:
        """Ends it; nothing happens where it does not run."""
        if self._process is not None:
            self._process.stop()
            self._process = None
        self._http.close()

    def _log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-10:])


@contextlib.contextmanager
def rasa_engine_trained_on(
    trainer: RasaTrainer, data: NluData, *, cancelled: threading.Event | None = None
) -> Iterator[RasaEngine]:
    """Trains Rasa on `data` alone, serves the model on a free port and stops that again: one fold of a
    cross-validation. Its threshold is 0, since it is yet to be found, and its intents are named as `data` names them.
    Raises NluUnavailable."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-rasa-") as made:
        folder = Path(made)
        model = trainer.train(data, folder / "models", nlu_only=True, cancelled=cancelled)
        server = RasaServer(trainer.python, folder / "server", project=trainer.project)
        try:
            server.start(model)
            server.await_ready()
            engine = RasaEngine(server.url, threshold=0.0, full_intents=True)
            try:
                yield engine
            finally:
                engine.close()
        finally:
            server.stop()


def find_rasa_python(configured: Path | None, root: Path) -> Path | None:
    """The Python of Rasa's environment: the configured one, else .venv-rasa below `root` where `make environment` has
    built it; None where there is none."""
    python = configured or root / ".venv-rasa" / "bin" / "python"
    return python if os.access(python, os.X_OK) else None


def _free_port() -> int:
    for port in random.SystemRandom().sample(_PORTS, 50):
        if is_free(port):
            return port
    raise NluUnavailable(f"no free port found on 127.0.0.1 between {_PORTS.start} and {_PORTS.stop - 1}")
