"""Dagster's own settings: its storage on the helpdesk's PostgreSQL, its queue, its manners."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from components.core.settings import Settings
from components.database.addresses import DatabaseAddresses
from components.database.files import write_private
from dagster_project.queue import PARTITION_TAG

MOST_RUNS = 2
TICK_DAYS = {"skipped": 2, "success": 30, "failure": 90, "started": 2}


def prepare_home(settings: Settings, addresses: DatabaseAddresses) -> Path:
    """Writes `<data_dir>/dagster/dagster.yaml`, readable by its owner only, and returns its folder: what
    DAGSTER_HOME is to be for the webserver, the daemon and the code server. Writing it again changes nothing."""
    home = settings.data_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    file, text = home / "dagster.yaml", yaml.safe_dump(_configuration(home, addresses), sort_keys=False)
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        write_private(file, text)
    return home


@contextmanager
def open_instance(home: Path) -> Iterator[dg.DagsterInstance]:
    """The instance of `home` for work in this process. Its connections are kept open: by default Dagster
    makes a new one for each of the some 250 statements of a run."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        instance.optimize_for_webserver(statement_timeout=30_000, pool_recycle=600, max_overflow=10)
        yield instance


def _configuration(home: Path, addresses: DatabaseAddresses) -> dict[str, Any]:
    return {
        "storage": {"postgres": {"postgres_url": addresses.dagster}},
        # The assets print nothing. Capturing the output of a process that shows progress would garble it, and
        # the files would pile up.
        "compute_logs": {
            "module": "dagster._core.storage.noop_compute_log_manager",
            "class": "NoOpComputeLogManager",
        },
        "local_artifact_storage": {
            "module": "dagster._core.storage.root",
            "class": "LocalArtifactStorage",
            "config": {"base_dir": str(home)},
        },
        "run_coordinator": {"module": "dagster._core.run_coordinator", "class": "QueuedRunCoordinator", "config": {}},
        "concurrency": {
            "runs": {
                "max_concurrent_runs": MOST_RUNS,
                # A run's partition is its tenant.
                "tag_concurrency_limits": [
                    {"key": PARTITION_TAG, "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
                ],
            }
        },
        "run_monitoring": {"enabled": True, "start_timeout_seconds": 300, "max_runtime_seconds": 6 * 3600},
        "retention": {"schedule": {"purge_after_days": TICK_DAYS}, "sensor": {"purge_after_days": TICK_DAYS}},
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
    }
