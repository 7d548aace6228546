"""One small index for all tests of retrieval."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from retrieval_index import KNOWLEDGE, build_snapshot

from components.core.embeddings import Embedder
from components.models.extractive import ExtractiveGenerator
from components.models.onnx_embedder import OnnxEmbedder
from components.retrieval.loading import SHIPPED, Bindings
from components.vectors.snapshot import IndexSnapshot


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return OnnxEmbedder(threads=2)


@pytest.fixture(scope="session")
def snapshot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> IndexSnapshot:
    return build_snapshot(tmp_path_factory.mktemp("vectors"), embedder, KNOWLEDGE)


@pytest.fixture(scope="session")
def bindings(snapshot: IndexSnapshot, embedder: Embedder) -> Bindings:
    return Bindings(snapshot, embedder, ExtractiveGenerator(embedder))


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[Callable[[dict[str, Any]], object]], str]:
    """The path of the default pipeline's YAML after somebody has edited it."""

    def write(edit: Callable[[dict[str, Any]], object]) -> str:
        definition = yaml.safe_load((SHIPPED / "hybrid.yaml").read_text())
        edit(definition)
        path = tmp_path / "edited.yaml"
        path.write_text(yaml.safe_dump(definition, sort_keys=False))
        return str(path)

    return write
