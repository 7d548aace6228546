"""Credentials of nodes: named in the workflow, declared by the tenant, kept where the declaration says."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from components.agents.workflows.workflow import Node, Problem
from components.core.errors import InvalidSetting, InvalidSignature, InvalidWorkflow
from components.core.settings import resolve_secret
from components.core.tenant import Tenant
from components.helpdesk.tenant_config import read_config

# With which our own nodes reach this helpdesk from n8n; here they are in it.
OWN_TYPE = "helpdeskApi"
TYPES = ("httpHeaderAuth", "httpBearerAuth", "httpBasicAuth", "httpQueryAuth")


@dataclass(frozen=True)
class Proof:
    """What a call carries to be let in."""

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


def unresolved(node: Node, tenant: Tenant) -> Iterator[Problem]:
    """Those of a node that the tenant does not have. Raises InvalidInput for a configuration that does not read."""
    declared = read_config(tenant.config).credentials
    for kind, name in node.credentials.items():
        if kind == OWN_TYPE:
            continue
        if kind not in TYPES:
            yield Problem(node.name, f"credentials of type {kind} are not supported: {', '.join(TYPES)} are")
        elif name not in declared:
            yield Problem(node.name, f"the credentials {name!r} are not in the tenant's configuration (`credentials`)")
        else:
            try:
                resolve_secret(declared[name].secret)
            except InvalidSetting:
                yield Problem(node.name, f"the credentials {name!r} are declared, and their secret cannot be read")


def proof_of(tenant: Tenant, kind: str, name: str) -> Proof:
    """Raises InvalidWorkflow for credentials that there are not, InvalidSetting for a secret that there is not."""
    declared = read_config(tenant.config).credentials.get(name)
    if declared is None:
        raise InvalidWorkflow(f"the credentials {name!r} are not in the tenant's configuration", field="credentials")
    secret = resolve_secret(declared.secret)
    if kind == "httpBearerAuth":
        return Proof({"Authorization": f"Bearer {secret}"})
    if kind == "httpBasicAuth":
        return Proof({"Authorization": f"Basic {b64encode(f'{declared.user}:{secret}'.encode()).decode()}"})
    if kind == "httpQueryAuth":
        return Proof(query={declared.name: secret})
    return Proof({declared.name: secret})


def require_proof(tenant: Tenant, node: Node, headers: Mapping[str, str]) -> frozenset[str]:
    """Lets a call of a webhook in; the names of the headers that did. headers: names in lower case. Raises
    InvalidSignature, InvalidWorkflow, InvalidSetting."""
    access = node.parameters.get("authentication", "none")
    if access == "none":
        return frozenset()
    kind = "httpHeaderAuth" if access == "headerAuth" else "httpBasicAuth"
    wanted = proof_of(tenant, kind, node.credentials.get(kind, "")).headers
    for name, value in wanted.items():
        if not hmac.compare_digest(headers.get(name.lower(), "").encode(), value.encode()):
            raise InvalidSignature("the webhook's credentials are missing or wrong", field=name)
    return frozenset(name.lower() for name in wanted)
