"""The playground (section 9.1 of the design): try prompts, models and pipelines, and activate what is not worse."""

import re
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from apps.api.openapi import problem_responses
from apps.api.playground_requests import ActivateRequest, EvaluateRequest, PromptSource, SaveRequest, VariantBody
from apps.api.playground_types import (
    ActivatedResponse,
    EvaluateResponse,
    MetricsOfVersion,
    MetricsResponse,
    RolledBackResponse,
    SavedResponse,
    activated,
    comparison_body,
    variant_result,
)
from apps.api.trials import Cancelled, Progress, Trials
from apps.api.workbench_access import WorkbenchAccess, Worker
from apps.api.workers import WorkerPool
from components.bootstrap import Workbench
from components.core.errors import Conflict, InvalidInput, InvalidPipeline
from components.core.prompts import UNSAVED_VERSION, PromptTemplate
from components.core.tenant import TenantContext
from components.helpdesk.evaluation.answer_comparison import compare
from components.helpdesk.evaluation.answer_run import Variant
from components.helpdesk.evaluation.answer_runs import questions_of
from components.helpdesk.evaluation.beir import EvaluationSet
from components.helpdesk.evaluation.prompt_metrics import PromptFigures
from components.helpdesk.inside_channels import PLAYGROUND
from components.retrieval.prompting import ANSWER_PROMPT

MOST_OF_SET = 500
_EXPRESSION = re.compile(r"\{[{%].*?[}%]\}", re.DOTALL)
_OF_USER = re.compile(r"\b(query|passages)\b")
_READS = (
    "invalid_api_key",
    "access_denied",
    "not_found",
    "invalid_input",
    "invalid_prompt",
    "internal_error",
    "database_unavailable",
    "unavailable",
)
_SENDS = (*_READS, "invalid_json", "content_too_large", "unsupported_media_type")
_TRIES = (*_SENDS, "model_not_allowed", "index_unavailable", "model_mismatch", "model_unavailable")
_STREAMS: dict[str, Any] = {
    "description": "The result. Where the request accepts `text/event-stream`: events `progress`, then one `done` with "
    "the result or one `error` with a problem; who hangs up ends the work.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}
PromptId = Annotated[str, Query(max_length=100, examples=[ANSWER_PROMPT])]


@dataclass(frozen=True)
class PlaygroundParts:
    """What the routes work with. short: threads for reads; deadline: of these, seconds."""

    workbench: Workbench
    figures: PromptFigures
    access: WorkbenchAccess
    trials: Trials
    short: WorkerPool
    deadline: float


def playground_router(parts: PlaygroundParts) -> APIRouter:
    """The routes, for programs with the tenant's key and for people whose role may use the playground."""
    router = APIRouter(tags=["playground"], prefix="/playground")

    Allowed = Annotated[Worker, Depends(parts.access)]  # noqa: N806 - a type

    @router.get(
        "/metrics",
        summary="Latency, cost and accuracy of a prompt's versions",
        operation_id="playground_metrics",
        responses=problem_responses(*_READS),
    )
    async def metrics(
        worker: Allowed,
        prompt_id: PromptId,
        version: Annotated[int | None, Query(ge=0)] = None,
        days: Annotated[int, Query(ge=1, le=3650, description="Of customers' answers, back from now.")] = 30,
    ) -> MetricsResponse:
        found = await parts.short.run(
            lambda: parts.figures.of(worker.tenant, prompt_id, version, days), deadline=parts.deadline
        )
        return MetricsResponse(
            prompt_id=prompt_id, versions=[MetricsOfVersion.model_validate(asdict(each)) for each in found]
        )

    @router.post(
        "/evaluate",
        summary="Ask queries or a set of a variant, beside another",
        operation_id="playground_evaluate",
        response_model=EvaluateResponse,
        responses={200: _STREAMS, **problem_responses(*_TRIES)},
    )
    async def evaluate(body: EvaluateRequest, request: Request, worker: Allowed) -> Response | EvaluateResponse:
        def work(on_progress: Progress, cancelled: Cancelled) -> EvaluateResponse:
            try:
                return _evaluate(parts.workbench, worker.tenant, body, on_progress, cancelled)
            except InvalidPipeline as error:
                if body.pipeline is None and (body.against is None or body.against.pipeline is None):
                    raise  # The operator's own.
                raise InvalidInput(error.message, field="pipeline") from error

        return await parts.trials.respond(request, worker.tenant, work)

    @router.post(
        "/prompts/{prompt_id}/versions",
        summary="Save a prompt as a new version",
        operation_id="playground_save",
        responses=problem_responses(*_SENDS),
    )
    async def save(prompt_id: str, body: SaveRequest, worker: Allowed) -> SavedResponse:
        def keep() -> int:
            prompts = parts.workbench.prompts
            active = prompts.active(worker.tenant, prompt_id)
            template = _with(active, PromptSource(system=body.system, user=body.user))
            author = _author(worker)
            return prompts.save(worker.tenant, prompt_id, template.system, template.user, author=author, note=body.note)

        return SavedResponse(prompt_id=prompt_id, version=await parts.short.run(keep, deadline=parts.deadline))

    @router.post(
        "/prompts/{prompt_id}/activate",
        summary="Use a version from now on, where it does not answer worse",
        operation_id="playground_activate",
        response_model=ActivatedResponse,
        responses={200: _STREAMS, **problem_responses(*_TRIES, "conflict", "worse_than_active")},
    )
    async def activate(
        prompt_id: str, body: ActivateRequest, request: Request, worker: Allowed
    ) -> Response | ActivatedResponse:
        """What was not measured yet on the present index is measured first. A version that is worse is refused with
        the comparison, unless `anyway` says why it is wanted all the same; the audit log keeps that."""

        def work(on_progress: Progress, cancelled: Cancelled) -> ActivatedResponse:
            checked = parts.workbench.prompt_gate.activate(
                worker.tenant,
                prompt_id,
                body.version,
                _author(worker),
                anyway=body.anyway,
                on_progress=on_progress,
                cancelled=cancelled,
            )
            return activated(prompt_id, checked)

        return await parts.trials.respond(request, worker.tenant, work)

    @router.post(
        "/prompts/{prompt_id}/rollback",
        summary="Use the version before the active one again",
        operation_id="playground_roll_back",
        responses=problem_responses(*_READS, "conflict"),
    )
    async def roll_back(prompt_id: str, worker: Allowed) -> RolledBackResponse:
        """At once, without an evaluation: it has served before."""
        prompts = parts.workbench.prompts
        version = await parts.short.run(
            lambda: prompts.rollback(worker.tenant, prompt_id, _author(worker)), deadline=parts.deadline
        )
        return RolledBackResponse(prompt_id=prompt_id, version=version)

    return router


def _evaluate(
    workbench: Workbench,
    tenant: TenantContext,
    body: EvaluateRequest,
    on_progress: Progress,
    cancelled: Cancelled,
) -> EvaluateResponse:
    questions = _questions(workbench, tenant, body)
    variants = [_variant(workbench, tenant, each) for each in (body.against, body) if each is not None]
    runs = workbench.answer_evaluations.in_turns(
        tenant,
        questions,
        variants,
        labelled=body.set is not None,
        channel=PLAYGROUND,
        on_progress=on_progress,
        cancelled=cancelled,
    )
    if any(each.cancelled for each in runs):
        raise Conflict("the evaluation was called off")
    run = runs[-1]
    against = runs[0] if body.against is not None else None
    comparison = None if against is None else compare(against, run)
    stored = None
    if body.set is not None:
        summary = comparison.summary() if comparison else None
        stored = replace(run.stored("trial", "playground"), comparison=summary)
        workbench.evaluation_runs.store(tenant, stored)
    return EvaluateResponse(
        **dict(variant_result(run)),
        set=body.set,
        set_version=questions.version if body.set is not None else None,
        missing=questions.told_missing,
        run_id=stored.run_id if stored else None,
        against=variant_result(against) if against else None,
        comparison=comparison_body(comparison) if comparison else None,
    )


def _questions(workbench: Workbench, tenant: TenantContext, body: EvaluateRequest) -> EvaluationSet:
    if body.test_queries is not None:
        return questions_of(body.test_queries)
    assert body.set is not None
    found = workbench.evaluation_sets.judged(tenant, body.set, body.set_version)
    if len(found.queries) > MOST_OF_SET:
        raise InvalidInput(
            f"set={body.set!r} has {len(found.queries)} questions: up to {MOST_OF_SET} are allowed here; "
            "`helpdesk evaluate answers` takes more",
            field="set",
        )
    return found


def _variant(workbench: Workbench, tenant: TenantContext, body: VariantBody) -> Variant:
    prompt: PromptTemplate | None = None
    if body.prompt_version is not None:
        prompt = workbench.prompts.get(tenant, ANSWER_PROMPT, body.prompt_version)
    elif body.prompt is not None:
        prompt = _with(workbench.prompts.active(tenant), body.prompt)
    return Variant(prompt, body.model, body.top_k, body.pipeline)


def _with(active: PromptTemplate, sent: str | PromptSource) -> PromptTemplate:
    """The active version with what was sent in its place."""
    if isinstance(sent, str):
        writes = any(_OF_USER.search(expression) for expression in _EXPRESSION.findall(sent))
        sent = PromptSource(user=sent) if writes else PromptSource(system=sent)
    system = active.system if sent.system is None else sent.system
    user = active.user if sent.user is None else sent.user
    return PromptTemplate(active.prompt_id, UNSAVED_VERSION, system, user)


def _author(worker: Worker) -> str:
    return worker.person.name if worker.person else "api"
