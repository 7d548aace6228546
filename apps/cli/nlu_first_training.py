"""A local classifier within seconds of the first start: trained by a process of its own, beside everything else."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import IO, TYPE_CHECKING

from apps.cli.console import err, warn
from apps.cli.context import HELPDESK
from components.core.errors import HelpdeskError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from components.core.settings import Settings
    from components.core.tenant import Tenant

LONGEST_SECONDS = 600.0


class FirstTraining:
    """`helpdesk nlu train --no-rasa` under way. Rasa's own training is Dagster's: its sensor begins it a minute later
    and shows it as the asset nlu_model."""

    def __init__(self, settings: Settings) -> None:
        self._log = settings.data_dir / "logs" / "nlu-train.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "HELPDESK_DATA_DIR": str(settings.data_dir)}
        with self._log.open("ab") as log:
            self._process = _started(log, environment)

    def wait(self) -> None:
        """Until it has ended; then one line that says what came of it. A failure is said and stops nothing: messages
        are not understood until `helpdesk nlu train` has succeeded."""
        try:
            said, _ = self._process.communicate(timeout=LONGEST_SECONDS)
        except subprocess.TimeoutExpired:
            self.stop()
            warn(f"training the local classifier took more than {LONGEST_SECONDS:g} s; see {self._log}")
            return
        if self._process.returncode:
            warn(f"the local classifier was not trained, see {self._log}: {_last_line(self._log)}")
            return
        for each in json.loads(said):
            trained = f"trained in {each['seconds']:.0f} s" if each["trained"] else "up to date"
            err.print(f"[dim]understanding ({each['project']}):[/] {trained}; {each['reason']}", soft_wrap=True)

    def stop(self) -> None:
        """Ends it at once; what serves stays as it is."""
        self._process.kill()
        self._process.communicate()


def ensure_trained(settings: Settings, tenants: Iterable[Tenant]) -> FirstTraining | None:
    """Begins to train where a project has files that were never trained; None where there is nothing to do, which
    costs milliseconds. Call `wait` once everything else is started, `stop` on the way out."""
    return FirstTraining(settings) if is_due(settings, tenants) else None


def is_due(settings: Settings, tenants: Iterable[Tenant]) -> bool:
    """Whether a project's current version has not been evaluated, nothing of it serves, or what serves was cut."""
    from components.helpdesk.understanding.evaluations import read_evaluation
    from components.helpdesk.understanding.local_models import intact_local_model
    from components.helpdesk.understanding.projects import projects_of
    from components.helpdesk.understanding.serving import is_kept_twice, read_serving

    for project, _ in projects_of(settings.data_dir, tenants):
        try:
            known = read_evaluation(project.models / project.version())
            serving = read_serving(project.models)
            if known is None or serving is None or not is_kept_twice(project.models):
                return True
            if intact_local_model(project.models, serving).fault:
                return True
        except HelpdeskError:
            return True
    return False


def _started(log: IO[bytes], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own command
        (*HELPDESK, "nlu", "train", "--no-rasa", "--json"),
        stdout=subprocess.PIPE,
        stderr=log,
        stdin=subprocess.DEVNULL,
        env=environment,
    )


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it says nothing"
