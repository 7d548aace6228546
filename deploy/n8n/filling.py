"""What an n8n is given to begin with: the workflow, and the credentials that it works with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from instance import Instance

from apps.cli.workflow_export import CREDENTIAL, WEBHOOK_CREDENTIAL


def credentials_of(api: str, key: str, webhook_key: str) -> list[dict[str, Any]]:
    """As n8n imports them: of the helpdesk's nodes, and of whoever calls the webhook."""
    return [
        {
            "id": CREDENTIAL,
            "name": "Helpdesk API",
            "type": "helpdeskApi",
            "data": {"baseUrl": api, "apiKey": key},
        },
        {
            "id": WEBHOOK_CREDENTIAL,
            "name": "Helpdesk webhooks",
            "type": "httpHeaderAuth",
            "data": {"name": "X-Webhook-Key", "value": webhook_key},
        },
    ]


def fill(instance: Instance, form: Mapping[str, Any], credentials: list[dict[str, Any]], database: str) -> bool:
    """Imports credentials and workflow where they are other ones than the last time, or the database is, so that what
    was edited in n8n stays. Whether it did."""
    stamp = instance.home / ".filled"
    want = hashlib.sha256(json.dumps([credentials, form, database]).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == want:
        return False
    print(f"[3/4] the workflow {form['id']} and its credentials: imported", flush=True)
    instance.take_in("credentials", credentials)
    instance.take_in("workflow", [form])
    instance.publish(form["id"])
    stamp.write_text(want)
    return True
