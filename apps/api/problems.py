"""How every failure looks over HTTP: one table from error code to status, told as RFC 9457 problem details."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from pydantic import BaseModel, Field
from starlette.responses import Response
from starlette.types import Scope

from components.core.errors import HelpdeskError, ModelOverloaded, RateLimited, WorseThanActive

MEDIA_TYPE = "application/problem+json"

logger = logging.getLogger("helpdesk.api")


@dataclass(frozen=True)
class ProblemKind:
    """One row of the table.

    detail: told in place of the error's own message, which is logged instead: for failures whose
        message may hold addresses, paths or keys. None passes the message on.
    retry_after: seconds, for failures that pass by themselves.
    """

    status: int
    title: str
    detail: str | None = None
    retry_after: int | None = None


_FAULT = "The server could not complete the request. Quote the request id when you report it."
_SEND_A_KEY = (
    "The API key is missing, wrong or revoked: send a valid one as 'Authorization: Bearer <key>' or 'X-Api-Key: <key>'."
)

PROBLEMS: Mapping[str, ProblemKind] = {
    # components.core.errors
    "internal_error": ProblemKind(500, "Internal error", _FAULT),
    "invalid_input": ProblemKind(422, "Invalid input"),
    "invalid_setting": ProblemKind(500, "The server is misconfigured", _FAULT),
    "invalid_pipeline": ProblemKind(500, "The server is misconfigured", _FAULT),
    "invalid_catalogue": ProblemKind(500, "The server is misconfigured", _FAULT),
    "invalid_prompt": ProblemKind(422, "Invalid prompt template"),
    "prompt_too_long": ProblemKind(422, "Prompt too long"),
    "invalid_flow": ProblemKind(422, "Invalid flow"),
    "invalid_nlu_data": ProblemKind(422, "Invalid NLU training data"),
    "invalid_tool_document": ProblemKind(422, "Invalid tool document"),
    "invalid_workflow": ProblemKind(422, "Invalid workflow"),
    "invalid_plan": ProblemKind(422, "Invalid plan"),
    "invalid_evaluation_set": ProblemKind(422, "Invalid evaluation set"),
    "unreadable_document": ProblemKind(422, "Unreadable document"),
    "not_found": ProblemKind(404, "Not found"),
    "tenant_not_found": ProblemKind(404, "Tenant not found"),
    "tool_not_found": ProblemKind(404, "Tool not found"),
    "conflict": ProblemKind(409, "Conflict"),
    "worse_than_active": ProblemKind(409, "Worse than what is active"),
    "tool_refused": ProblemKind(409, "Refused by the tool"),
    "key_reused": ProblemKind(409, "Idempotency key used for another call"),
    "outcome_unknown": ProblemKind(409, "Outcome unknown"),
    "tenant_exists": ProblemKind(409, "Tenant exists already"),
    "model_mismatch": ProblemKind(
        503, "The index must be rebuilt", "The tenant's index was made by another embedding model.", retry_after=300
    ),
    "port_in_use": ProblemKind(500, "The server is misconfigured", _FAULT),
    "access_denied": ProblemKind(403, "Access denied"),
    "invalid_api_key": ProblemKind(401, "Invalid API key", _SEND_A_KEY),
    "invalid_session_token": ProblemKind(401, "Invalid session token"),
    "invalid_credentials": ProblemKind(401, "Invalid credentials"),
    "invalid_signature": ProblemKind(401, "Invalid signature"),
    "tenant_mismatch": ProblemKind(403, "Another tenant's data"),
    "model_not_allowed": ProblemKind(403, "Model not allowed"),
    "tool_not_allowed": ProblemKind(403, "Tool not allowed"),
    "address_not_allowed": ProblemKind(403, "Address not allowed"),
    "rate_limited": ProblemKind(429, "Too many requests"),
    "budget_exhausted": ProblemKind(429, "Budget used up"),
    "unavailable": ProblemKind(
        503, "Unavailable", "The server is busy or a part of it does not answer; try again.", retry_after=2
    ),
    "database_unavailable": ProblemKind(
        503, "Database unavailable", "The database cannot be reached at present; try again.", retry_after=5
    ),
    "index_unavailable": ProblemKind(
        503,
        "Nothing indexed yet",
        "No index of the tenant's knowledge is serving yet; try again later.",
        retry_after=60,
    ),
    "model_unavailable": ProblemKind(
        503, "Model unavailable", "A model cannot be reached or ran out of time; try again.", retry_after=10
    ),
    "model_timed_out": ProblemKind(504, "Model timed out", "The model did not answer in time; try again."),
    "model_overloaded": ProblemKind(
        503, "Model overloaded", "The model asks to be left alone for a while; try again later.", retry_after=10
    ),
    "model_misbehaved": ProblemKind(
        502, "Model misbehaved", "The model's reply broke off or is not what was asked for; try again."
    ),
    "circuit_open": ProblemKind(
        503, "Model out of order", "The model has failed too often lately to be asked; try again.", retry_after=30
    ),
    "nlu_unavailable": ProblemKind(
        503, "Understanding unavailable", "No engine can understand messages at present; try again.", retry_after=5
    ),
    "unreachable": ProblemKind(503, "System unreachable", "Another system cannot be asked at present.", retry_after=5),
    "answer_lost": ProblemKind(503, "Answer lost", "Another system was asked and did not answer.", retry_after=5),
    "tool_unavailable": ProblemKind(
        503, "Tool unavailable", "The system behind a tool does not answer at present; try again.", retry_after=5
    ),
    "workflow_unavailable": ProblemKind(
        503, "Workflow unavailable", "A workflow or tool did not do its work; try again.", retry_after=5
    ),
    "channel_unavailable": ProblemKind(
        503, "Provider unavailable", "A provider of messages does not answer; try again.", retry_after=5
    ),
    "shared_state_unavailable": ProblemKind(
        503, "Shared state unavailable", "A store that this needs does not answer; try again.", retry_after=5
    ),
    # HTTP itself
    "invalid_json": ProblemKind(400, "Invalid JSON"),
    "method_not_allowed": ProblemKind(405, "Method not allowed"),
    "request_timeout": ProblemKind(408, "Request not finished in time"),
    "content_too_large": ProblemKind(413, "Request body too large"),
    "unsupported_media_type": ProblemKind(415, "Unsupported media type"),
}


class FieldError(BaseModel):
    """One thing wrong with one field of the request."""

    field: str = Field(description="Name of the field; parts of nested ones joined by dots.")
    message: str = Field(description="What is allowed, and what was sent.")


class Problem(BaseModel):
    """A failure told to a program and to a person (RFC 9457)."""

    type: str = Field(description="Stable relative URI of the kind of problem.", examples=["/problems/invalid_input"])
    title: str = Field(description="The kind of problem in a few words; the same for every occurrence.")
    status: int = Field(description="The HTTP status, repeated.")
    detail: str = Field(description="What went wrong this time, and what is allowed instead.")
    instance: str = Field(description="Path of the request that failed.")
    code: str = Field(description="Stable code; the last part of `type`.")
    request_id: str = Field(description="The X-Request-Id of this exchange, to be found in the server's log.")
    field: str | None = Field(None, description="The (first) field at fault, where there is one.")
    errors: list[FieldError] | None = Field(None, description="Every field at fault, for invalid input.")
    comparison: Annotated[
        dict[str, object] | None,
        Field(description="For what answers worse than what is active: differences with intervals, and what changed."),
    ] = None


def problem_of(
    scope: Scope,
    code: str,
    detail: str | None = None,
    *,
    field: str | None = None,
    errors: list[FieldError] | None = None,
) -> Problem:
    """The problem for a row of PROBLEMS.

    scope: the request's ASGI scope; its state holds the request id where the exchange middleware ran.
    detail: what went wrong this time; the row's title where neither this nor the row says it.
    Raises KeyError for a code that is no row.
    """
    kind = PROBLEMS[code]
    return Problem(
        type=f"/problems/{code}",
        title=kind.title,
        status=kind.status,
        detail=detail or kind.detail or kind.title,
        instance=quote(scope.get("path", "/"), errors="replace"),
        code=code,
        request_id=scope.get("state", {}).get("request_id", ""),
        field=field,
        errors=errors,
    )


def problem_response(
    scope: Scope,
    code: str,
    detail: str | None = None,
    *,
    field: str | None = None,
    errors: list[FieldError] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """`problem_of` as a response."""
    kind = PROBLEMS[code]
    problem = problem_of(scope, code, detail, field=field, errors=errors)
    return Response(
        problem.model_dump_json(exclude_none=True),
        status_code=kind.status,
        headers={**_headers(code, kind), **(headers or {})},
        media_type=MEDIA_TYPE,
    )


def error_response(scope: Scope, error: HelpdeskError) -> Response:
    """The response for one of our errors; what is not told to the caller is logged with the request id."""
    problem = problem_of_error(scope, error)
    headers = _headers(problem.code, PROBLEMS[problem.code])
    if isinstance(error, ModelOverloaded | RateLimited) and error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    return Response(
        problem.model_dump_json(exclude_none=True), status_code=problem.status, headers=headers, media_type=MEDIA_TYPE
    )


def problem_of_error(scope: Scope, error: HelpdeskError) -> Problem:
    """What is told of one of our errors; the rest is logged with the request id."""
    code = known_code(type(error))
    kind = PROBLEMS[code]
    if kind.status >= 500:
        request_id = scope.get("state", {}).get("request_id", "")
        logger.log(
            logging.ERROR if kind.status == 500 else logging.WARNING,
            "%s: %s",
            code,
            error.message,
            extra={"fields": {"request_id": request_id, "code": code}},
        )
    problem = problem_of(scope, code, kind.detail or error.message, field=error.field)
    if isinstance(error, WorseThanActive):
        problem.comparison = dict(error.comparison)
    return problem


def known_code(kind: type[HelpdeskError]) -> str:
    """The code of the nearest ancestor that has a row, so that a new error has a status from its first day."""
    return next(cls.code for cls in kind.__mro__ if issubclass(cls, HelpdeskError) and cls.code in PROBLEMS)


def _headers(code: str, kind: ProblemKind) -> dict[str, str]:
    headers: dict[str, str] = {}
    if kind.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="helpdesk"'
    if kind.retry_after is not None:
        headers["Retry-After"] = str(kind.retry_after)
    return headers
