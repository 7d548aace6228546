"""Which exception becomes which problem: the handlers that leave FastAPI no failure to word itself."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from apps.api.problems import FieldError, error_response, problem_response
from components.core.errors import HelpdeskError

_CODE_OF_STATUS = {
    400: "invalid_json",
    401: "invalid_api_key",
    403: "access_denied",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "content_too_large",
    415: "unsupported_media_type",
}
_LONGEST_ECHO = 60


def handle_failures(app: FastAPI) -> None:
    """Registers a handler on `app` for our errors, invalid requests and HTTP's own failures.

    What is none of these is a fault and left to the exchange middleware, which logs it.
    """
    app.add_exception_handler(HelpdeskError, _our_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_failure)


async def _our_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HelpdeskError)
    return error_response(request.scope, error)


async def _http_failure(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODE_OF_STATUS.get(error.status_code)
    if code is None:
        raise error
    detail = error.detail
    if code == "invalid_json":
        detail = "The body cannot be read as JSON: nested too deeply, a number too long, or not UTF-8."
    elif code == "not_found":
        detail = f"There is nothing at {request.url.path!r}; /docs lists what there is."
    elif code == "method_not_allowed":
        allowed = (error.headers or {}).get("Allow", "another method")
        detail = f"{request.method} is not allowed here; use {allowed}."
    field = "body" if code in ("invalid_json", "content_too_large") else None
    return problem_response(request.scope, code, detail, field=field, headers=error.headers)


async def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    first = faults[0]
    if first["type"] == "json_invalid":
        where = first["loc"][-1]
        detail = f"The body is not JSON: {first['ctx']['error']} at character {where}."
        return problem_response(request.scope, "invalid_json", detail, field="body")
    if isinstance(error.body, bytes) and error.body:
        sent = request.headers.get("content-type", "none")
        detail = f"Content-Type must be application/json, not {_echo(sent)}."
        return problem_response(request.scope, "unsupported_media_type", detail, field="Content-Type")
    errors = [FieldError(field=_field(fault), message=_message(fault)) for fault in faults]
    detail = "; ".join(f"{each.field}: {each.message}" for each in errors)
    return problem_response(request.scope, "invalid_input", detail, field=errors[0].field, errors=errors)


def _field(fault: dict[str, Any]) -> str:
    place, *names = fault["loc"]
    return ".".join(str(name) for name in names) or str(place)


def _message(fault: dict[str, Any]) -> str:
    if fault["type"] == "missing":
        return "is required"
    message = str(fault["msg"]).removeprefix("Value error, ")
    return f"{message}, not {_echo(fault['input'])}"


def _echo(value: object) -> str:
    """The bad value as the caller sent it, where it is short enough to help."""
    if isinstance(value, str) and len(value) > _LONGEST_ECHO:
        return f"{len(value)} characters"
    if isinstance(value, str | bool | int | float | None):
        text = repr(value) if not isinstance(value, int) or abs(value) < 10**20 else "a larger number"
        return text.encode("utf-8", "replace").decode()
    return "an object" if isinstance(value, dict) else "a list" if isinstance(value, list) else "another type"
