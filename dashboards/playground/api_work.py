"""What the page asks of the API: short calls, and work of minutes that tells how far it is and can be called off."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx

from components.core.errors import (
    AccessDenied,
    HelpdeskError,
    InvalidCredentials,
    InvalidInput,
    Unavailable,
    Unreachable,
    WorseThanActive,
)
from dashboards.desk import Desk, api_address
from dashboards.viewer import Viewer

EVENT_STREAM = "text/event-stream"
# The connection of a request, whenever it has one: what httpcore's trace calls it.
_CONNECTED = ("connect_tcp.complete", "start_tls.complete")

OnProgress = Callable[[int, int], None]
OnEnd = Callable[[Mapping[str, Any] | HelpdeskError | None], None]
logger = logging.getLogger("helpdesk.dashboards")


def call(desk: Desk, viewer: Viewer, method: str, path: str, **more: Any) -> Any:
    """A short call's answer. Raises the HelpdeskError that the API tells, and Unreachable where it does not answer."""
    try:
        with desk.api(viewer) as client:
            response = client.request(method, path, **more)
            return _checked(response)
    except httpx.TransportError as error:
        raise _unreachable(desk, error) from error


class Work:
    """A request under way, in a thread of its own: it may take minutes."""

    def __init__(
        self, desk: Desk, viewer: Viewer, path: str, body: Mapping[str, Any], on_progress: OnProgress, on_end: OnEnd
    ) -> None:
        """Starts it. on_progress: questions done, of so many. on_end, once: what came of it, why nothing did, or None
        where it was called off. Both are called in the thread."""
        self._desk, self._viewer, self._path, self._body = desk, viewer, path, body
        self._on_progress, self._on_end = on_progress, on_end
        self._cancelled, self._lock = threading.Event(), threading.Lock()
        self._connection: socket.socket | None = None
        threading.Thread(target=self._run, name="playground", daemon=True).start()

    def cancel(self) -> None:
        """Hangs up, which ends the work at the API too."""
        with self._lock:
            self._cancelled.set()
            _hang_up(self._connection)

    def _run(self) -> None:
        try:
            ended: Mapping[str, Any] | HelpdeskError | None = self._asked()
        except HelpdeskError as error:
            ended = error
        except httpx.TransportError as error:
            ended = _unreachable(self._desk, error)
        except Exception as error:
            # The edge: the thread has nobody above it.
            logger.error("work at the API has failed", exc_info=error)
            ended = Unavailable("that has failed: what went wrong is in the log of the dashboards")
        self._on_end(None if self._cancelled.is_set() else ended)

    def _asked(self) -> Mapping[str, Any]:
        with (
            self._desk.api(self._viewer) as client,
            client.stream(
                "POST",
                self._path,
                json=self._body,
                headers={"Accept": EVENT_STREAM},
                extensions={"trace": self._trace},
            ) as response,
        ):
            if response.headers.get("Content-Type", "").partition(";")[0] != EVENT_STREAM:
                response.read()
                answer: Mapping[str, Any] = _checked(response)
                return answer
            for event, data in _events(response.iter_lines()):
                if event == "progress":
                    self._on_progress(data["done"], data["total"])
                elif event == "done":
                    return data
                else:
                    raise _error_of(data)
        raise httpx.RemoteProtocolError("the stream has no end")

    def _trace(self, event: str, facts: Mapping[str, Any]) -> None:
        if event.endswith(_CONNECTED):
            with self._lock:
                self._connection = facts["return_value"].get_extra_info("socket")
                if self._cancelled.is_set():
                    _hang_up(self._connection)


def _hang_up(connection: socket.socket | None) -> None:
    if connection is not None:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            """It has ended already."""


def _events(lines: Iterator[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    event = ""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "event":
            event = value
        elif name == "data":
            yield event, json.loads(value)


def _checked(response: httpx.Response) -> Any:
    try:
        body = response.json()
    except ValueError:
        body = {
            "status": response.status_code,
            "detail": f"{response.url} answers {response.status_code}, not as an API",
        }
        raise _error_of(body) from None
    if response.is_error:
        raise _error_of(body)
    return body


def _error_of(problem: Mapping[str, Any]) -> HelpdeskError:
    status, said = problem["status"], str(problem["detail"])
    if problem.get("code") == "worse_than_active":
        worse = WorseThanActive(said)
        worse.comparison = problem.get("comparison") or {}
        return worse
    if status == 401:
        return InvalidCredentials("your sign-in has ended: sign in again")
    if status == 403:
        return AccessDenied(said)
    return InvalidInput(said, field=problem.get("field")) if status < 500 else Unavailable(said)


def _unreachable(desk: Desk, error: Exception) -> Unreachable:
    return Unreachable(
        f"the helpdesk's API does not answer at {api_address(desk.settings)} ({error}): `helpdesk up` starts it, "
        "HELPDESK_API_URL says where it is"
    )
