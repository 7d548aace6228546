"""The worked example of `helpdesk up`, asked over HTTP as any program would, and the check of `make run CHECK=1`."""

from __future__ import annotations

import time
from dataclasses import dataclass

import httpx

from components.core.errors import Unavailable
from components.core.tenant import Tenant

DEADLINE = 60.0


@dataclass(frozen=True)
class Example:
    """A question and what came back. seconds: from asking to the whole answer."""

    tenant: str
    question: str
    answer: str
    sources: list[dict[str, object]]
    seconds: float


def await_ready(base_url: str, deadline: float = DEADLINE) -> None:
    """Until the API says that it is ready. Raises Unavailable past the deadline."""
    until = time.monotonic() + deadline
    reason = "no answer yet"
    while time.monotonic() < until:
        try:
            response = httpx.get(f"{base_url}/readyz", timeout=5.0)
            if response.status_code == httpx.codes.OK:
                return
            reason = response.text[:300]
        except httpx.TransportError as error:
            reason = str(error)
        time.sleep(0.2)
    raise Unavailable(f"the API at {base_url} was not ready within {deadline:.0f} s: {reason}")


def ask_example(base_url: str, tenant: Tenant, key: str, question: str) -> Example:
    """POST /rag/query with the tenant's key. Raises Unavailable where it does not answer with 200."""
    started = time.perf_counter()
    try:
        response = httpx.post(
            f"{base_url}/rag/query",
            headers={"Authorization": f"Bearer {key}"},
            json={"tenant_id": str(tenant.tenant_id), "question": question, "top_k": 5},
            timeout=DEADLINE,
        )
        response.raise_for_status()
    except httpx.HTTPError as error:
        raise Unavailable(f"the example question to {tenant.domain} failed: {error}") from error
    body = response.json()
    return Example(tenant.domain, question, body["answer"], body["sources"], time.perf_counter() - started)


def check_example(example: Example, known_documents: set[str]) -> None:
    """Raises Unavailable unless the answer cites, by number, documents that the tenant has."""
    cited = [str(source["doc_id"]) for source in example.sources]
    if not cited or "[1]" not in example.answer:
        raise Unavailable(f"{example.tenant}: {example.question!r} got no cited answer: {example.answer!r}")
    foreign = [document for document in cited if document not in known_documents]
    if foreign:
        raise Unavailable(f"{example.tenant}: {example.question!r} cites {foreign}, which are not its documents")


def await_page(url: str, expected: str, deadline: float = DEADLINE) -> None:
    """Until the page answers 200 and holds the text: a server that was just started may not listen yet.

    Raises Unavailable past the deadline.
    """
    until, reason = time.monotonic() + deadline, "no answer yet"
    while time.monotonic() < until:
        try:
            response = httpx.get(url, timeout=DEADLINE, follow_redirects=True)
            if response.status_code == httpx.codes.OK and expected in response.text:
                return
            reason = f"status {response.status_code}, {expected!r} is not on the page"
        except httpx.TransportError as error:
            reason = str(error)
        time.sleep(0.2)
    raise Unavailable(f"{url} was not ready within {deadline:.0f} s: {reason}")
