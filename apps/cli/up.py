"""`helpdesk up`: everything, in one terminal, until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer
from filelock import FileLock, Timeout
from rich.markup import escape

from apps.cli.bundled_rasa import BundledRasa
from apps.cli.bundled_redis import BundledRedis
from apps.cli.console import err, out, print_json
from apps.cli.context import DAGSTER, DASHBOARDS, HELPDESK, AsJson
from apps.cli.demo import Demo, seed_demo_tenants
from apps.cli.filling import fill_empty_tenants
from apps.cli.nlu_first_training import FirstTraining, ensure_trained
from apps.cli.ports import require_free
from apps.cli.processes import Child, ProcessGroup
from apps.cli.workbench_servers import refuse_taken_workbench_ports, start_workbench
from components.core.errors import Conflict, Unavailable

if TYPE_CHECKING:
    from apps.cli.example import Example
    from components.bootstrap import Registry
    from components.core.settings import Settings
    from components.database.addresses import DatabaseAddresses

WATCH_SECONDS = 2.0
START_SECONDS = 120.0


class _Stopped(Exception):
    """SIGTERM or Ctrl-C came."""


def up(
    port: Annotated[int | None, typer.Option(help="Port of the API and the chat; Dagster's UI takes the next.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 by default.")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Make the two demo tenants of deploy/demo.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Ask the examples, verify the citations, stop.")] = False,
    dagster: Annotated[bool, typer.Option(help="Serve Dagster's UI, schedule and sensors too.")] = True,
    dashboards: Annotated[bool, typer.Option(help="Serve the dashboards too.")] = True,
    rasa: Annotated[bool, typer.Option(help="Run Rasa beside the local classifier, where .venv-rasa is there.")] = True,
    workbench: Annotated[bool, typer.Option("--workbench", help="Serve JupyterLab and the Voila pages too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start PostgreSQL, Redis, Rasa, the API with the customer chat, the dashboards, and Dagster; fill what is empty;
    serve until Ctrl-C."""
    from components.bootstrap import build_registry
    from components.core.settings import load_settings
    from components.database.provision import provision

    settings = load_settings(port=port, host=host)
    # SIGINT too: a shell that starts us in the background has it ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    processes = ProcessGroup()
    redis = BundledRedis(settings)
    bundled_rasa = BundledRasa(settings, rasa)
    addresses = None
    training: FirstTraining | None = None
    held = hold_data_folder(settings)
    try:
        refuse_taken_ports(settings, dagster, dashboards)
        if workbench:
            refuse_taken_workbench_ports(settings)
        err.print(f"[dim]data folder[/] {settings.data_dir}")
        with err.status("starting PostgreSQL"):
            addresses = provision(settings)
        with err.status("starting Redis"):
            redis.start()
        registry = build_registry(settings, addresses)
        seeded = seed_demo_tenants(registry) if demo else Demo({}, {})
        training = ensure_trained(settings, registry.tenants.list())
        bundled_rasa.start()
        start_api(processes, settings, bundled_rasa.environment)
        if dashboards:
            start_dashboards(processes, settings)
        fill_empty_tenants(registry, settings)
        if dagster:
            with err.status("starting Dagster"):
                start_dagster(processes, settings)
        if training is not None:
            with err.status("training the local classifier"):
                training.wait()
            training = None
        more = start_workbench(processes, settings) if workbench else {}
        _present(registry, settings, redis, bundled_rasa, seeded, dagster, dashboards, check, as_json, more)
        if not check:
            _watch(processes, addresses, redis, bundled_rasa)
    except (_Stopped, KeyboardInterrupt):
        err.print("\nstopping")
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if training is not None:
            training.stop()
        processes.stop()
        bundled_rasa.stop()
        redis.stop()
        if addresses is not None:
            addresses.close()
        held.release()


def hold_data_folder(settings: Settings) -> FileLock:
    """For as long as this start lives: two of them would share Dagster's socket, daemon and runs. Raises Conflict."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(settings.data_dir / "up.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise Conflict(
            f"another `helpdesk up` serves the data folder {settings.data_dir}: stop it first, or set "
            "HELPDESK_DATA_DIR to another folder"
        ) from error
    return lock


def refuse_taken_ports(settings: Settings, dagster: bool, dashboards: bool) -> None:
    """Before anything starts. Raises PortInUse with the way out."""
    require_free(settings.host, settings.port, "--port")
    if dagster:
        require_free(settings.host, settings.resolved_dagster_port, "--port (Dagster's UI takes the next one)")
    if dashboards:
        require_free(
            settings.host, settings.resolved_dashboards_port, "--port (the dashboards take the one after next)"
        )


def start_api(processes: ProcessGroup, settings: Settings, more: Mapping[str, str] | None = None) -> None:
    """The API with the chat; what it writes is in <data_dir>/logs. more: what its environment has besides."""
    command = (*HELPDESK, "serve", "--port", str(settings.port), "--host", settings.host)
    environment = {**_environment(settings), **(more or {})}
    processes.start(Child("the API", command, settings.data_dir / "logs" / "api.log", environment))


def start_dashboards(processes: ProcessGroup, settings: Settings) -> None:
    """Panel's server, which asks the API where a model is needed."""
    log = settings.data_dir / "logs" / "dashboards.log"
    processes.start(Child("the dashboards", DASHBOARDS, log, _environment(settings)))


def start_dagster(processes: ProcessGroup, settings: Settings) -> None:
    """Code server, daemon and webserver, as dagster_project plans them. Raises Unavailable where that fails."""
    plan = subprocess.run(  # noqa: S603 - our own command
        (*DAGSTER, "servers"),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
        env={**os.environ, **_environment(settings)},
    )
    if plan.returncode:
        raise Unavailable(f"Dagster's servers could not be planned: {plan.stderr.strip()[-600:]}")
    for server in json.loads(plan.stdout.splitlines()[-1]):
        log = settings.data_dir / "logs" / f"{server['name'].replace(' ', '-')}.log"
        child = processes.start(Child(server["name"], server["command"], log, server["environment"]))
        if server["serves"]:
            _await_file(Path(server["serves"]), child)


def _await_file(path: Path, child: Child) -> None:
    until = time.monotonic() + START_SECONDS
    while not path.exists():
        if time.monotonic() > until or not child.is_running:
            raise Unavailable(f"{child.name} did not start; end of {child.log}:\n{child.last_lines()}")
        time.sleep(0.1)


def _environment(settings: Settings) -> dict[str, str]:
    return {
        "HELPDESK_DATA_DIR": str(settings.data_dir),
        "HELPDESK_HOST": settings.host,
        "HELPDESK_PORT": str(settings.port),
        "HELPDESK_DAGSTER_PORT": str(settings.resolved_dagster_port),
        "HELPDESK_DASHBOARDS_PORT": str(settings.resolved_dashboards_port),
        "PYTHONUNBUFFERED": "1",
    }


def _examples(registry: Registry, base_url: str, keys: Mapping[str, str], check: bool) -> list[Example]:
    """One worked example; when checking, one for each demo tenant, verified."""
    from apps.cli.example import ask_example, await_page, await_ready, check_example
    from components.helpdesk.tenant_config import read_config

    await_ready(base_url)
    examples = []
    for domain, key in keys.items() if check else list(keys.items())[:1]:
        tenant = registry.tenants.get_by_domain(domain)
        questions = read_config(tenant.config).example_questions
        if not questions:
            continue
        example = ask_example(base_url, tenant, key, questions[0])
        if check:
            check_example(example, registry.document_ids(tenant))
            await_page(f"{base_url}/chat/{domain}", tenant.name)
        examples.append(example)
    return examples


def _present(
    registry: Registry,
    settings: Settings,
    redis: BundledRedis,
    rasa: BundledRasa,
    seeded: Demo,
    dagster: bool,
    dashboards: bool,
    check: bool,
    as_json: bool,
    more: Mapping[str, str],
) -> None:
    base_url = f"http://{settings.host}:{settings.port}"
    addresses = {}
    for tenant in registry.tenants.list():
        addresses[f"chat with {tenant.name}"] = f"{base_url}/chat/{tenant.domain}"
        addresses[f"agents of {tenant.name}"] = f"{base_url}/console/{tenant.domain}"
    addresses["API documentation"] = f"{base_url}/docs"
    addresses["metrics"] = f"{base_url}/metrics"
    if dagster:
        addresses["Dagster (knowledge)"] = f"http://{settings.host}:{settings.resolved_dagster_port}"
    if dashboards:
        addresses["dashboards"] = f"http://{settings.host}:{settings.resolved_dashboards_port}/dashboards/"
    addresses |= more
    if redis.address is not None:
        addresses["Redis (cache)"] = redis.address
    if rasa.address is not None:
        addresses["Rasa (understanding)"] = rasa.address
    with err.status("waiting for the API"):
        examples = _examples(registry, base_url, seeded.keys, check)
    if dagster:
        from apps.cli.example import await_page

        with err.status("waiting for Dagster's UI"):
            await_page(addresses["Dagster (knowledge)"], "<html")
    if dashboards:
        from apps.cli.example import await_page

        with err.status("waiting for the dashboards"):
            await_page(addresses["dashboards"], "Sign in")
    if as_json:
        print_json({"addresses": addresses, "sign_ins": seeded.agents, "examples": examples, "checked": check})
        return
    print_addresses(addresses, seeded, examples, settings)
    err.print(f"[dim]understanding: {escape(rasa.describe())}[/]", soft_wrap=True)
    if check:
        out.print(f"[bold green]check passed[/]: {len(examples)} cited answers over HTTP, pages reachable")


def print_addresses(addresses: dict[str, str], seeded: Demo, examples: list[Example], settings: Settings) -> None:
    """The table of addresses, how the demo's agents sign in, and the worked examples."""
    out.print()
    width = max(map(len, addresses))
    for name, address in addresses.items():  # Never cut or folded: an address cut short is none.
        out.print(f" {escape(name):<{width}}  [link={address}]{address}[/link]", soft_wrap=True)
    for domain, passwords in seeded.agents.items():
        for email, password in passwords.items():
            out.print(f" sign in at {domain}: {email} {password}", markup=False, soft_wrap=True)
    if "dashboards" in addresses and settings.admin_password is None:
        from components.helpdesk.access.admin import PASSWORD_FILE, admin_password

        # That of real tenants' admin is not for every terminal.
        shown = admin_password(settings) if seeded.agents else f"the password is in {settings.data_dir / PASSWORD_FILE}"
        out.print(f" sign in at the dashboards, for all tenants: admin {shown}", markup=False, soft_wrap=True)
    for example in examples:
        out.print(f"\n[bold]{example.tenant}[/] is asked:", end=" ")
        out.print(example.question, markup=False)
        out.print(example.answer, markup=False)
        for number, source in enumerate(example.sources, start=1):
            section = f" > {source['section']}" if source["section"] else ""
            out.print(f"  [{number}] {source['doc_id']}{section}", markup=False, style="dim")
    out.print(f"\n[dim]logs in {settings.data_dir / 'logs'}. Ctrl-C stops everything.[/]")


def _watch(processes: ProcessGroup, addresses: DatabaseAddresses, redis: BundledRedis, rasa: BundledRasa) -> None:
    """Until a signal: restarts what ends, PostgreSQL, Redis and Rasa included; gives Rasa what was newly trained."""
    while True:
        time.sleep(WATCH_SECONDS)
        for name in processes.revive():
            err.print(f"[yellow]{name} ended and was started again[/]")
        if addresses.server is not None and not addresses.server.is_running:
            addresses.server.start()
            err.print("[yellow]PostgreSQL was gone and was started again[/]")
        redis.revive()
        rasa.watch()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise _Stopped
