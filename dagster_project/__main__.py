"""What is asked of Dagster as a process of its own: `python -m dagster_project servers|materialise|train`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import ExitStack, closing
from dataclasses import asdict

from components.core.errors import Conflict, HelpdeskError
from components.core.settings import load_settings, quiet_third_parties


def print_servers() -> None:
    """The processes to start, one JSON list on standard output; marks dead runs as failed first."""
    from components.database.provision import provision
    from dagster_project.dead_runs import fail_dead_runs
    from dagster_project.instance import open_instance, prepare_home
    from dagster_project.servers import plan_servers

    settings = load_settings()
    with closing(provision(settings)) as addresses:
        home = prepare_home(settings, addresses)
        with open_instance(home) as instance:
            fail_dead_runs(instance)
    planned = [
        {
            "name": server.name,
            "command": server.command,
            "environment": {key: text for key, text in server.environment.items() if os.environ.get(key) != text},
            "serves": str(server.serves) if server.serves else None,
        }
        for server in plan_servers(settings, home, os.environ)
    ]
    print(json.dumps(planned), flush=True)


def materialise_tenant(domain: str) -> None:
    """Every asset of the tenant, seen in Dagster's UI; progress as JSON lines on standard output.

    Raises Conflict where the new index is worse than the one that serves, else what stopped the run.
    """
    from components.bootstrap import build_workbench
    from components.database.provision import provision
    from dagster_project.instance import open_instance, prepare_home
    from dagster_project.run import materialise

    settings = load_settings()
    with ExitStack() as opened:
        addresses = opened.enter_context(closing(provision(settings)))
        workbench = opened.enter_context(closing(build_workbench(settings, addresses)))
        instance = opened.enter_context(open_instance(prepare_home(settings, addresses)))
        result = materialise(
            instance, workbench, domain, lambda progress: print(json.dumps(asdict(progress)), flush=True)
        )
    if not result.promoted:
        raise Conflict(f"{domain}: the new index was not promoted: {result.reason}")


def train_nlu(project: str) -> None:
    """The asset nlu_model of one project, seen in Dagster's UI; says at the end what came of it.

    Raises Conflict where the new version is worse than what serves, else what stopped the run.
    """
    from components.bootstrap import build_workbench
    from components.database.provision import provision
    from dagster_project.instance import open_instance, prepare_home
    from dagster_project.nlu_run import train_project

    settings = load_settings()
    with ExitStack() as opened:
        addresses = opened.enter_context(closing(provision(settings)))
        workbench = opened.enter_context(closing(build_workbench(settings, addresses)))
        instance = opened.enter_context(open_instance(prepare_home(settings, addresses)))
        result = train_project(instance, workbench, project)
    if not result.promoted:
        raise Conflict(f"{project}: the new version was not promoted: {result.reason}")
    print(result.reason, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dagster_project", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("servers", help="print the processes to start, as JSON")
    commands.add_parser("materialise", help="fill one tenant").add_argument("domain")
    commands.add_parser("train", help="train one NLU project").add_argument("project")
    arguments = parser.parse_args()
    quiet_third_parties()
    try:
        if arguments.command == "servers":
            print_servers()
        elif arguments.command == "train":
            train_nlu(arguments.project)
        else:
            materialise_tenant(arguments.domain)
    except HelpdeskError as error:
        print(f"error: {error.message}", file=sys.stderr)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
