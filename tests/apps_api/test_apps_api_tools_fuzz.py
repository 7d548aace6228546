"""Whatever a tool is told, the API answers with what its document declares, and never with a fault."""

from __future__ import annotations

import json
from typing import Any

import pytest
from apps_api_actions import *  # noqa: F403
from apps_api_actions import Counter, make_counter
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from components.bootstrap import Workbench

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ARGUMENTS = st.fixed_dictionaries({}, optional={"to": VALUES, "amount": VALUES, "subject": VALUES, "x": VALUES})
NAMES = st.sampled_from(["pay", "create_ticket", "take_back", "hidden", "none", "..", "invocations"])
DECLARED = {200, 202, 400, 403, 404, 409, 422}


@pytest.fixture(scope="module")
def caller(acting: Workbench) -> Counter:
    return make_counter(acting)


@settings(max_examples=80)
@given(body=ARGUMENTS | VALUES, name=NAMES, dry=st.booleans())
def test_no_arguments_are_a_fault(api: TestClient, caller: Counter, body: Any, name: str, dry: bool) -> None:
    headers = caller.headers | {"Content-Type": "application/json"}
    response = api.post(f"/tools/{name}/invoke?dry_run={dry}", content=json.dumps(body).encode(), headers=headers)
    assert response.status_code in DECLARED, response.text
    if response.status_code >= 400:
        assert response.json()["code"]
