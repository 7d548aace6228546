"""The one table from error code to HTTP status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import ClassVar

import pytest

from apps.api.problems import PROBLEMS, error_response, known_code
from components.core.errors import DatabaseUnavailable, HelpdeskError, NotFound, UnreadableDocument


def tree(root: type[HelpdeskError]) -> Iterator[type[HelpdeskError]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


def test_every_error_of_the_tree_has_a_row_of_its_own() -> None:
    ours = [kind for kind in tree(HelpdeskError) if kind.__module__ == "components.core.errors"]
    assert {kind.code for kind in ours} <= set(PROBLEMS)


def test_an_error_without_a_row_is_answered_as_its_nearest_ancestor() -> None:
    class TicketNotFound(NotFound):
        code: ClassVar[str] = "ticket_not_found"

    assert known_code(TicketNotFound) == "not_found"


def test_what_the_server_knows_of_its_own_failure_is_not_told() -> None:
    response = error_response({"path": "/x"}, DatabaseUnavailable("no route to 10.0.0.7, role helpdesk_app"))
    assert response.status_code == 503
    assert b"10.0.0.7" not in bytes(response.body)
    assert int(response.headers["Retry-After"]) > 0


def test_what_the_caller_can_correct_is_told_in_the_errors_own_words() -> None:
    error = UnreadableDocument("help/a.pdf is encrypted; remove its password", reason="encrypted_pdf")
    told = json.loads(bytes(error_response({"path": "/x"}, error).body))
    assert told["detail"] == error.message


@pytest.mark.parametrize("kind", PROBLEMS.values(), ids=PROBLEMS)
def test_every_fault_of_ours_has_words_for_the_caller_and_every_503_a_time_to_come_back(kind: object) -> None:
    from apps.api.problems import ProblemKind

    assert isinstance(kind, ProblemKind)
    assert kind.title
    assert (kind.status >= 500) <= (kind.detail is not None)
    assert (kind.status == 503) == (kind.retry_after is not None)
