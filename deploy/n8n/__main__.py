"""`make n8n`: installs n8n with the helpdesk's nodes, imports the refund workflow, runs it once, and serves."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from filelock import FileLock, Timeout
from filling import credentials_of, fill
from installing import HERE, install
from instance import Instance
from kept_secrets import KeptSecrets
from n8n_database import provide_database

from apps.cli.ports import require_free
from apps.cli.processes import Child
from apps.cli.workflow_export import form_of
from components.core.errors import HelpdeskError, InvalidInput, InvalidSetting, Unavailable
from components.core.settings import Settings, load_settings, resolve_secret
from components.database.addresses import parse_owner_url
from components.database.provision import provision

WORKFLOW = "refund"


def main() -> None:
    """Exit status: 0 done, 1 failed, 2 asked for with something that the caller can correct."""
    os.umask(0o077)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        _serve(_arguments())
    except KeyboardInterrupt:
        sys.exit(130)
    except HelpdeskError as error:
        print(f"error: {error.message}", file=sys.stderr)
        sys.exit(2 if isinstance(error, InvalidInput) else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make n8n", description=__doc__)
    parser.add_argument("--port", type=int, default=5678, help="of n8n, on 127.0.0.1")
    parser.add_argument("--api", help="address of the helpdesk; none = as HELPDESK_HOST and HELPDESK_PORT say")
    parser.add_argument("--tenant", default="northtrail.example", help="domain of the tenant whose tools are called")
    parser.add_argument("--key", help="the tenant's API key: env:NAME or file:/path; none = one of its own is issued")
    parser.add_argument("--example", type=Path, default=HERE / "example_request.json", help="input of the first run")
    parser.add_argument("--check", action="store_true", help="run by hand and by webhook, print both, stop")
    return parser.parse_args()


def _serve(asked: argparse.Namespace) -> None:
    settings = load_settings()
    api = (asked.api or f"http://{settings.host}:{settings.port}").rstrip("/")
    example = _example(asked.example)
    require_free("127.0.0.1", asked.port, "N8N_PORT=…")
    home = settings.data_dir / "n8n"
    home.mkdir(parents=True, exist_ok=True)
    with _sole(home):
        addresses = provision(settings)
        try:
            kept = KeptSecrets(home / "secrets.json")
            key = resolve_secret(asked.key) if asked.key else kept.api_key(settings, addresses, asked.tenant)
            _require_api(api, key, asked.tenant)
            install(home)
            owner = parse_owner_url(addresses.server.url if addresses.server else _owner(settings))
            database = provide_database(owner, kept.secret("database"))
            instance = Instance(home, asked.port, database.settings, kept.secret("encryption"))
            form, webhook_key = form_of(WORKFLOW, example), kept.secret("webhook")
            is_new = fill(instance, form, credentials_of(api, key, webhook_key), database.identity)
            if is_new or asked.check:
                _run_by_hand(instance, form["id"], asked.check)
            print(f"[4/4] n8n starts on {instance.url}", flush=True)
            with instance.running() as server:
                if asked.check:
                    _tell("by webhook, it answered", instance.call_webhook(form["id"], webhook_key, example))
                else:
                    _tell_addresses(instance, api, asked.tenant, form["id"], home)
                    _await_end(server)
        finally:
            addresses.close()


@contextmanager
def _sole(home: Path) -> Iterator[None]:
    try:
        with FileLock(home / "lock", timeout=0):
            yield
    except Timeout as error:
        raise Unavailable(f"another `make n8n` uses {home}: stop that one first") from error


def _require_api(api: str, key: str, tenant: str) -> None:
    try:
        answer = httpx.get(f"{api}/tools", headers={"Authorization": f"Bearer {key}"}, timeout=30)
    except httpx.HTTPError as error:
        raise Unavailable(f"the helpdesk does not answer at {api} ({error}): start it with `make run`") from error
    if answer.status_code != httpx.codes.OK:
        raise Unavailable(f"{api}/tools answered {answer.status_code} to the key of {tenant}: {answer.text[:300]}")


def _example(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"--example={path}: {error}", field="example") from error
    if not isinstance(value, dict):
        raise InvalidInput(f"--example={path}: a JSON object is allowed", field="example")
    return value


def _owner(settings: Settings) -> str:
    if settings.database_url is None:
        raise InvalidSetting("HELPDESK_DATABASE_URL is missing", field="HELPDESK_DATABASE_URL")
    return settings.database_url.get_secret_value()


def _last_output(execution: Mapping[str, Any]) -> Any:
    result = execution["data"]["resultData"]
    last = result["runData"][result["lastNodeExecuted"]][-1]
    return [item["json"] for item in last["data"]["main"][0]]


def _tell(what: str, value: Any) -> None:
    print(f"{what}: {json.dumps(value, ensure_ascii=False)}", flush=True)


def _run_by_hand(instance: Instance, workflow_id: str, is_check: bool) -> None:
    """What keeps the workflow from its end lies with it or its tenant: it is told, and ends a check only."""
    try:
        _tell("by hand, the last node gave", _last_output(instance.execute(workflow_id)))
    except Unavailable as error:
        if is_check:
            raise
        print(f"the workflow's first run did not succeed: {error.message}", flush=True)


def _await_end(server: Child) -> None:
    """Until a signal comes. Raises Unavailable where n8n ends by itself."""
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    while server.is_running:
        if signal.sigtimedwait(ends, 1.0) is not None:
            return
    raise Unavailable(f"n8n ended; end of {server.log}:\n{server.last_lines()}")


def _tell_addresses(instance: Instance, api: str, tenant: str, workflow_id: str, home: Path) -> None:
    print(
        f"""
n8n          {instance.url}   (at the first visit it asks for an owner's account)
workflow     {instance.url}/workflow/{workflow_id}
webhook      POST {instance.url}/webhook/{workflow_id}, header X-Webhook-Key: as `webhook` in {home}/secrets.json
helpdesk     {api}, tenant {tenant}
log          {instance.log}
Ctrl-C stops it.""",
        flush=True,
    )


if __name__ == "__main__":
    main()
