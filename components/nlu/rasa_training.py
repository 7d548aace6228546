"""Rasa models from training data: `rasa train` in a child process, inside a deadline, the same from the same input."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import yaml

from components.core.errors import InvalidNluData, NluUnavailable
from components.nlu.rasa_export import write_rasa_project
from components.nlu.rasa_process import RasaProcess
from components.nlu.rasa_settings import RasaSettings, overlaid_config, read_rasa_settings
from components.nlu.training_data import NluData

# A customer waits for a server, nobody for a training.
NICENESS = 10
_FORMAT = "rasa 3.6, 1"
_LOG_LINES = 25
_POLL_SECONDS = 0.1
_BEGINS = re.compile(r"Starting to train component '(\w+)'")
_EPOCH = re.compile(r"Epochs:.*?\| (\d+)/(\d+) \[")


@dataclass(frozen=True)
class RasaProgress:
    """What is being trained, and how far that is: 0 to 1."""

    component: str
    done: float


class RasaTrainer:
    """Trains with the parameters of `project`'s training.yml laid over its config.yml. Thread-safe.

    >>> trainer = RasaTrainer(Path(".venv-rasa/bin/python"), Path("apps/rasa"))
    >>> trainer.train(Path("apps/rasa"), Path("models"))  # models/4be1f0a3c29d.tar.gz
    """

    def __init__(self, python: Path, project: Path, *, settings: RasaSettings | None = None) -> None:
        """python: of Rasa's environment. project: folder with config.yml and training.yml, which every model is trained
        by, whatever its data. settings: instead of training.yml. Raises InvalidNluData where they cannot be read."""
        self.python, self.project = python, project
        self.settings = settings or read_rasa_settings(project / "training.yml")
        self._config = overlaid_config(project / "config.yml", self.settings)

    def fingerprint(self, data: NluData | Path, *, nlu_only: bool = False) -> str:
        """sha256 of all that a model depends on, in hexadecimal digits."""
        nlu_only = nlu_only or isinstance(data, NluData)
        found = hashlib.sha256(json.dumps([_FORMAT, nlu_only, self._config], sort_keys=True).encode())
        if isinstance(data, NluData):
            # The order of messages matters to a network, where NluData's own fingerprint leaves it out.
            found.update(json.dumps([data.fingerprint, [asdict(each) for each in data.messages]]).encode())
        else:
            for file in _files(data):
                found.update(json.dumps([str(file.relative_to(data)), file.read_text("utf-8")]).encode())
        return found.hexdigest()

    def train(
        self,
        data: NluData | Path,
        out: Path,
        *,
        nlu_only: bool = False,
        deadline: float | None = None,
        on_progress: Callable[[RasaProgress], None] | None = None,
        cancelled: threading.Event | None = None,
    ) -> Path:
        """The model's archive in `out`, named by its fingerprint; there at once where it was trained before.

        data: NluData, or a folder with domain.yml and the files of data/. nlu_only: without rules and stories, which
        NluData never has. deadline: seconds; none = training.yml's. Raises NluUnavailable with the end of Rasa's log
        where that fails, takes too long or `cancelled` is set; nothing is left in `out` then.
        """
        whole = not nlu_only and isinstance(data, Path)
        name = self.fingerprint(data, nlu_only=nlu_only)[:12]
        model = out / f"{name}.tar.gz"
        if model.exists():
            return model
        out.mkdir(parents=True, exist_ok=True)
        seconds = self.settings.seconds if deadline is None else deadline
        with tempfile.TemporaryDirectory(dir=out, prefix=".training-") as made:
            folder = Path(made)
            config = yaml.safe_dump(self._config, sort_keys=False)
            (folder / "config.yml").write_text(config, encoding="utf-8")
            project = folder / "project"
            if isinstance(data, NluData):
                project.mkdir()
                write_rasa_project(data, project)
            else:
                for file in _files(data):
                    (project / file.relative_to(data)).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, project / file.relative_to(data))
            arguments = ["train", *([] if whole else ["nlu"]), "--config", "config.yml", "--fixed-model-name", name]
            arguments += ["--domain", "project/domain.yml", "--data" if whole else "--nlu", "project", "--out", "model"]
            _Run(self.python, arguments, folder, seconds, on_progress, cancelled).finish()
            trained = folder / "model" / model.name
            if not trained.exists():
                raise NluUnavailable(f"Rasa has trained no model {model.name}")
            with trained.open("rb") as archive:
                os.fsync(archive.fileno())
            trained.replace(model)
        return model


class _Run:
    """One `rasa train` and what it says."""

    def __init__(
        self,
        python: Path,
        arguments: list[str],
        folder: Path,
        seconds: float,
        on_progress: Callable[[RasaProgress], None] | None,
        cancelled: threading.Event | None,
    ) -> None:
        self._seconds, self._cancelled = seconds, cancelled
        self._on_progress = on_progress
        self._lines: deque[str] = deque(maxlen=_LOG_LINES)
        self._component = ""
        self._process = RasaProcess(python, arguments, folder=folder, output=subprocess.PIPE, niceness=NICENESS)

    def finish(self) -> None:
        """Returns when a training has succeeded. Raises NluUnavailable."""
        end = time.monotonic() + self._seconds
        reader = threading.Thread(target=self._read, args=(self._process.output,), name="output of rasa train")
        reader.start()
        failure = None
        try:
            while failure is None and (status := self._process.wait(_POLL_SECONDS)) is None:
                if self._cancelled is not None and self._cancelled.is_set():
                    failure = "was cancelled"
                elif time.monotonic() > end:
                    failure = f"took more than {self._seconds:g} s"
        finally:
            self._process.kill()
            reader.join()
        if failure is None and status:
            failure = f"ended with status {status}"
        if failure is not None:
            ending = "; end of its log:\n" + "\n".join(self._lines) if self._lines else ""
            raise NluUnavailable(f"the training of Rasa {failure}{ending}")

    def _read(self, output: IO[bytes] | None) -> None:
        """Until the group is gone. Progress bars are lines that end with a carriage return."""
        if output is None:
            return
        with output:
            for line in _lines(output):
                if begins := _BEGINS.search(line):
                    self._component = begins[1]
                    self._tell(0.0)
                elif epoch := _EPOCH.search(line):
                    self._tell(int(epoch[1]) / max(1, int(epoch[2])))
                    continue
                self._lines.append(line)

    def _tell(self, done: float) -> None:
        if self._on_progress is not None:
            self._on_progress(RasaProgress(self._component, done))


def _lines(output: IO[bytes]) -> Iterator[str]:
    rest = b""
    while piece := os.read(output.fileno(), 65_536):
        *whole, rest = re.split(rb"[\r\n]+", rest[-65_536:] + piece)
        yield from (line.decode(errors="replace").strip()[:500] for line in whole if line.strip())
    if rest.strip():
        yield rest.decode(errors="replace").strip()[:500]


def _files(project: Path) -> list[Path]:
    """What Rasa trains on: domain.yml and everything in data/, or all YAML files of a folder without data/; never how
    it is trained, which is ours to say."""
    inside = project / "data"
    found = sorted(inside.rglob("*.yml")) if inside.is_dir() else sorted(project.rglob("*.yml"))
    own = {project / name for name in ("config.yml", "endpoints.yml", "credentials.yml", "training.yml")}
    domain = project / "domain.yml"
    files = [file for file in found if file not in own and file != domain and file.is_file()]
    if not files or not domain.is_file():
        raise InvalidNluData(f"{project}: domain.yml and training files *.yml are needed")
    return [domain, *files]
