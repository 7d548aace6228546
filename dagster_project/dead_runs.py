"""Runs whose process is gone: they would hold their tenant's place in the queue for ever."""

from __future__ import annotations

import dagster as dg
import psutil

PROCESS_TAG = "helpdesk/process"
_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_MOST = 1000


def process_mark(pid: int) -> str:
    """Names a process so that its number, once given to another, is not taken for it: `<pid>:<start, seconds>`."""
    return f"{pid}:{psutil.Process(pid).create_time():.0f}"


def fail_dead_runs(instance: dg.DagsterInstance) -> int:
    """Marks runs as failed whose process no longer lives; returns how many. Queued ones stay queued.

    To be called before Dagster's daemon starts, when no run can be on its way to a process yet: a run
    without a process is then one whose process died.
    """
    dead = [run for run in _unfinished(instance) if not _lives(run.tags.get(PROCESS_TAG, ""))]
    for run in dead:
        instance.report_run_failed(run, "The process of this run is gone (killed, or the machine went down).")
    return len(dead)


def _unfinished(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    records = instance.get_run_records(dg.RunsFilter(statuses=_UNFINISHED), limit=_MOST)
    return [record.dagster_run for record in records]


def _lives(mark: str) -> bool:
    pid, _, _ = mark.partition(":")
    try:
        return (
            pid.isdigit()
            and process_mark(int(pid)) == mark
            and psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:
        return False
