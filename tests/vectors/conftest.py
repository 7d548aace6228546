"""The index under test: the real one, on disk, of a small model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from vector_rows import IDENTITY, TENANT

from components.vectors.tenant_index import TenantIndex


@pytest.fixture
def index(tmp_path: Path) -> TenantIndex:
    return TenantIndex.open(tmp_path, TENANT, IDENTITY)


@pytest.fixture
def open_again(tmp_path: Path) -> Callable[[], TenantIndex]:
    """The same index through another handle, as another process holds it."""
    return lambda: TenantIndex.open(tmp_path, TENANT, IDENTITY)
