"""/workflow-hooks: calls from outside that begin a workflow, at the path that its Webhook node has."""

import json
from typing import Annotated, Any
from urllib.parse import parse_qsl
from uuid import uuid4

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from apps.api.openapi import problem_responses
from apps.api.runs import RunStarts
from apps.api.workers import WorkerPool
from components.agents.run import NewRun
from components.agents.workflows.credentials import require_proof
from components.agents.workflows.hook import HookAnswer, answer_for, answers_at_once
from components.agents.workflows.store import Workflows, webhook_of
from components.agents.workflows.workflow import Node
from components.core.errors import InvalidInput, NotFound
from components.core.tenant import TenantContext
from components.helpdesk.tenants import TenantRegistry

# How long a caller waits for what a run comes to.
MOST_WAITED = 20.0
_PROBLEMS = (
    *("invalid_signature", "not_found", "invalid_input", "invalid_workflow", "content_too_large", "key_reused"),
    *("rate_limited", "internal_error", "invalid_setting", "database_unavailable", "unavailable"),
)
# What lets its caller in elsewhere is not kept with the run.
_SECRET = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})


def workflow_hooks_router(
    workflows: Workflows, tenants: TenantRegistry, starts: RunStarts, pool: WorkerPool, *, deadline: float
) -> APIRouter:
    """The routes. Whoever calls is let in by the credentials that the node names, or by knowing the path."""
    router = APIRouter(tags=["workflows"])

    async def answer(request: Request, domain: str, path: str) -> Response:
        body = _body(request, await request.body())
        headers = {name.lower(): value for name, value in request.headers.items()}

        def prepare() -> tuple[TenantContext, Node, NewRun]:
            tenant = tenants.find_by_domain(domain.lower())
            if tenant is None:
                raise NotFound(f"no helpdesk is at {domain!r}", field="domain")
            request.state.tenant = str(tenant.tenant_id)
            stored = workflows.called(tenant.context, path.strip("/"))
            hook = webhook_of(stored.read())
            if hook is None or hook.parameters.get("httpMethod", "GET") != request.method:
                raise NotFound(f"no workflow is called at {path[:200]!r} by {request.method}", field="path")
            secrets = _SECRET | require_proof(tenant, hook, headers)
            workflows.require_room(tenant.context)
            told = headers.get("idempotency-key") or headers.get("webhook-id") or str(uuid4())
            new = workflows.new_run(
                tenant,
                stored,
                {"params": {}, "query": dict(request.query_params), "body": body},
                key=f"hook/{stored.name}/{told}"[:300],
                caller="api",
                about={
                    "hooked": True,
                    "headers": {name: value for name, value in headers.items() if name not in secrets},
                },
            )
            return tenant.context, hook, new

        tenant, hook, new = await pool.run(prepare, deadline=deadline)
        wait = 0.0 if answers_at_once(hook) else min(MOST_WAITED, deadline)
        return _response(answer_for(hook, await starts.begin(tenant, new, wait)))

    @router.post(
        "/workflow-hooks/{domain}/{path:path}",
        summary="Begin the workflow that is called here",
        operation_id="call_workflow",
        response_class=Response,
        responses=problem_responses(*_PROBLEMS),
    )
    async def post(request: Request, domain: str, path: Annotated[str, Path(max_length=700)]) -> Response:
        """Sent again with the same Idempotency-Key (or webhook-id), it begins nothing new."""
        return await answer(request, domain, path)

    @router.get(
        "/workflow-hooks/{domain}/{path:path}",
        summary="Begin the workflow that is called here by GET",
        operation_id="get_workflow_hook",
        response_class=Response,
        responses=problem_responses(*_PROBLEMS),
    )
    async def get(request: Request, domain: str, path: Annotated[str, Path(max_length=700)]) -> Response:
        return await answer(request, domain, path)

    return router


def _body(request: Request, raw: bytes) -> Any:
    """As its type says: JSON, a form, or text. Raises InvalidInput."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        text = raw.decode()
        if not text:
            return {}
        if kind.endswith("json"):
            return json.loads(text)
        return dict(parse_qsl(text)) if kind == "application/x-www-form-urlencoded" else text
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"the body is no {kind or 'text'}: {error}", field="body") from error


def _response(answer: HookAnswer) -> Response:
    if answer.text is not None:
        return PlainTextResponse(answer.text, answer.status)
    return Response(status_code=answer.status) if answer.json is None else JSONResponse(answer.json, answer.status)
