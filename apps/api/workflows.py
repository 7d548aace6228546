"""/workflows: imported, checked, looked at and run; and a run's graph, drawn with its states."""

import re
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, TypeVar
from uuid import UUID, uuid4

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response

from apps.api.body_limit import LargerBody
from apps.api.openapi import problem_responses
from apps.api.run_types import RunBody, run_body
from apps.api.runs import RunStarts, Wait, status_of
from apps.api.staff_access import Staff, StaffAccess
from apps.api.tickets import RequestKey
from apps.api.workers import WorkerPool
from apps.api.workflow_types import (
    WorkflowBody,
    WorkflowList,
    WorkflowVerdict,
    WorkflowWithDocument,
    problem_bodies,
    workflow_values,
)
from components.agents.run import NewRun
from components.agents.workflows.document import LARGEST, parse_document
from components.agents.workflows.graph import states_of
from components.agents.workflows.graph_svg import draw_svg
from components.agents.workflows.store import StoredWorkflow
from components.bootstrap.actions import Actions
from components.core.errors import InvalidWorkflow, NotFound
from components.core.tenant import TenantContext
from components.helpdesk.tenants import TenantRegistry

T = TypeVar("T")

LARGER = (LargerBody(re.compile(r"/workflows(/[^/]+/validate)?"), 4 * LARGEST),)
Name = Annotated[str, Path(max_length=100, examples=["refund"])]

_READS = (
    "invalid_api_key",
    "invalid_credentials",
    "access_denied",
    "invalid_input",
    "internal_error",
    "database_unavailable",
)
_OF_ONE = (*_READS, "not_found", "unavailable")
_TAKES = (*_OF_ONE, "invalid_workflow", "invalid_json", "content_too_large", "unsupported_media_type", "conflict")
_BEGINS = (*_TAKES, "key_reused")
_DOCUMENT = {
    "requestBody": {
        "description": "A workflow in n8n's JSON, as n8n exports it; comments in it are passed over.",
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}
_PICTURE = {"description": "The graph.", "content": {"image/svg+xml": {"schema": {"type": "string"}}}}
# A picture that a browser opens runs and loads nothing.
_SAFE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "Cache-Control": "no-store"}


async def read_document(request: Request) -> dict[str, Any]:
    """The workflow in a request's body. Raises InvalidWorkflow."""
    body = await request.body()
    try:
        return parse_document(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidWorkflow(f"the workflow is no UTF-8: {error.reason}", field="document") from error


def workflows_router(
    actions: Actions,
    tenants: TenantRegistry,
    starts: RunStarts,
    access: StaffAccess,
    pool: WorkerPool,
    *,
    deadline: float,
) -> APIRouter:
    """The routes. A workflow, or a run, of another tenant is not found."""
    router = APIRouter(tags=["workflows"])
    workflows = actions.workflows

    async def run(call: Callable[[], T]) -> T:
        return await pool.run(call, deadline=deadline)

    def with_document(context: TenantContext, stored: StoredWorkflow) -> WorkflowWithDocument:
        problems = workflows.problems(stored.document, stored.name, tenants.get(context.tenant_id))
        told = problem_bodies(problems)
        return WorkflowWithDocument(**workflow_values(stored), document=dict(stored.document), problems=told)

    @router.get(
        "/workflows", summary="Workflows by name", operation_id="list_workflows", responses=problem_responses(*_READS)
    )
    async def list_all(staff: Annotated[Staff, Depends(access)]) -> WorkflowList:
        found = await run(partial(workflows.list, staff.tenant))
        return WorkflowList(workflows=[WorkflowBody(**workflow_values(each)) for each in found])

    @router.post(
        "/workflows",
        status_code=201,
        summary="Import a workflow in n8n's JSON",
        operation_id="import_workflow",
        openapi_extra=_DOCUMENT,
        responses=problem_responses(*_TAKES),
    )
    async def take(
        request: Request,
        staff: Annotated[Staff, Depends(access)],
        name: Annotated[str, Query(max_length=100, description="In place of the name that the document has.")] = "",
    ) -> WorkflowWithDocument:
        """It runs from now on as this version; the same document again is no new one. What cannot run is refused, with
        all that is wrong; credentials that the tenant has not declared yet are told as problems."""
        document = await read_document(request)

        def save() -> WorkflowWithDocument:
            return with_document(staff.tenant, workflows.save(staff.tenant, document, name))

        return await run(save)

    @router.get(
        "/workflows/{name}",
        summary="A workflow and its JSON",
        operation_id="get_workflow",
        responses=problem_responses(*_OF_ONE),
    )
    async def read(name: Name, staff: Annotated[Staff, Depends(access)]) -> WorkflowWithDocument:
        return await run(lambda: with_document(staff.tenant, workflows.get(staff.tenant, name)))

    @router.delete(
        "/workflows/{name}",
        status_code=204,
        summary="Have no version of a workflow run any more",
        operation_id="remove_workflow",
        responses=problem_responses(*_OF_ONE),
    )
    async def remove(name: Name, staff: Annotated[Staff, Depends(access)]) -> None:
        """Runs that have begun go on; a shipped workflow of the name is back."""
        await run(partial(workflows.remove, staff.tenant, name))

    @router.post(
        "/workflows/{name}/validate",
        summary="Say all that keeps a workflow from running",
        operation_id="validate_workflow",
        openapi_extra={"requestBody": {**_DOCUMENT["requestBody"], "required": False}},
        responses=problem_responses(*_TAKES),
    )
    async def validate(name: Name, request: Request, staff: Annotated[Staff, Depends(access)]) -> WorkflowVerdict:
        """Of the JSON in the body, or of the workflow of that name where there is none."""
        document = await read_document(request) if await request.body() else None

        def check() -> WorkflowVerdict:
            written = workflows.get(staff.tenant, name).document if document is None else document
            problems = workflows.problems(written, name, tenants.get(staff.tenant.tenant_id))
            return WorkflowVerdict(valid=not problems, problems=problem_bodies(problems))

        return await run(check)

    @router.post(
        "/workflows/{name}/run",
        summary="Run a workflow",
        operation_id="run_workflow",
        responses={
            202: {"description": "It goes on: for a moment, or until a person has approved a call", "model": RunBody},
            **problem_responses(*_BEGINS),
        },
    )
    async def begin(
        name: Name,
        response: Response,
        staff: Annotated[Staff, Depends(access)],
        given: Annotated[dict[str, Any], Body(description="The json of the item that its first node gets.")],
        key: RequestKey = None,
        wait: Wait = 0.0,
        conversation_id: Annotated[UUID | None, Query(description="For whose customer it is done.")] = None,
    ) -> RunBody:
        def prepare() -> NewRun:
            return workflows.new_run(
                tenants.get(staff.tenant.tenant_id),
                workflows.get(staff.tenant, name),
                given,
                key=f"http/{key or uuid4()}",
                caller="agent" if staff.actor.kind == "agent" else "api",
                conversation_id=conversation_id,
            )

        begun = await starts.begin(staff.tenant, await run(prepare), wait)
        response.status_code = status_of(begun)
        response.headers["Location"] = f"/runs/{begun.run_id}"
        return run_body(begun)

    @router.get(
        "/runs/{run_id}/graph",
        summary="A workflow's run as a picture",
        operation_id="draw_run",
        response_class=Response,
        responses={200: _PICTURE, **problem_responses(*_OF_ONE)},
    )
    async def draw(run_id: UUID, staff: Annotated[Staff, Depends(access)]) -> Response:
        """SVG: every node with its state, by colour and by word."""

        def picture() -> str:
            found, steps = actions.workshop.runs.get(staff.tenant, run_id)
            if found.kind != "workflow":
                raise NotFound(f"the run {run_id} is a goal's: workflows have graphs", field="run_id")
            workflow = StoredWorkflow(found.name, found.version, found.document).read()
            return draw_svg(workflow, states_of(workflow, found, steps), found.status)

        return Response(await run(picture), media_type="image/svg+xml", headers=_SAFE)

    return router
