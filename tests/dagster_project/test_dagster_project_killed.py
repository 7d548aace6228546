"""A run that is killed leaves the last good state answering, and the next run completes it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest
from dagster_shop import RETURNS, SHIPPING, Shop

from dagster_project.dead_runs import PROCESS_TAG, fail_dead_runs, process_mark

ROOT = Path(__file__).parents[2]
QUESTION = "How long does a parcel to Norway take?"
RUN = """
import os, signal, sys
from pathlib import Path
from components.core.settings import load_settings
from dagster_project.instance import open_instance
from dagster_project.resources import Helpdesk
from dagster_project.run import materialise

home, tenant, asset, done = sys.argv[1:]

def kill(progress):
    if progress.asset == asset and progress.done == int(done):
        os.kill(os.getpid(), signal.SIGKILL)

helpdesk = Helpdesk(load_settings())
with open_instance(Path(home)) as instance:
    materialise(instance, helpdesk.workbench, tenant, kill)
"""


@pytest.mark.parametrize(
    ("asset", "done"),
    [("documents", 1), ("embeddings", 2), ("served_index", 0)],
    ids=["within parsing", "after writing vectors", "before promotion"],
)
def test_a_killed_run_leaves_the_last_good_state_and_the_next_completes_it(
    make_shop: Callable[..., Shop], home: Path, environment: dict[str, str], asset: str, done: int
) -> None:
    shop = make_shop(returns=RETURNS, shipping=SHIPPING)
    shop.materialise()
    shop.write("shipping.md", SHIPPING.replace("nine days", "four weeks"))
    shop.write("warranty.md", "# Warranty\n\nTents carry a warranty of seven years.\n")
    (shop.knowledge / "returns.md").unlink()

    command = [sys.executable, "-c", RUN, str(home), shop.domain, asset, str(done)]
    killed = subprocess.run(command, cwd=ROOT, env=environment, timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert "nine days" in passages(shop)
    # What the source no longer holds is withdrawn as soon as the run gets to the index.
    assert ("help/returns.md" in shop.found("return an item")) == (asset == "documents")

    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED], tags={"dagster/partition": shop.domain})
    assert shop.instance.get_runs_count(unfinished) == 1
    assert fail_dead_runs(shop.instance) == 1
    assert shop.instance.get_runs_count(unfinished) == 0

    assert shop.materialise().promoted
    assert "four weeks" in passages(shop)
    assert "nine days" not in passages(shop)
    assert shop.found("return an item") == {"help/shipping.md", "help/warranty.md"}


def passages(shop: Shop) -> str:
    answer = shop.workbench.answering.answer(shop.tenant.context, QUESTION).answer
    return " ".join(passage.text for passage in answer.passages)


def test_a_run_whose_process_lives_is_left_alone(instance: dg.DagsterInstance) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        run = dg.DagsterRun(
            job_name="knowledge",
            status=dg.DagsterRunStatus.STARTED,
            tags={PROCESS_TAG: process_mark(process.pid)},
        )
        instance.add_run(run)
        assert fail_dead_runs(instance) == 0
        process.communicate(b"\n", timeout=60)
    assert fail_dead_runs(instance) == 1
    assert instance.get_runs_count(dg.RunsFilter(run_ids=[run.run_id], statuses=[dg.DagsterRunStatus.FAILURE])) == 1
